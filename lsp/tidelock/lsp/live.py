"""The link to the workspace's kernel: finds it, mirrors its moment, puts questions to it.

The server lives without a kernel and outlives each one. Nobody who answers an editor waits here
for longer than the deadline of a question; finding and starting happen on a thread of their own.
It knows kernels by ``shared.link`` only.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from tidelock.lsp.failures import Began, Place
from tidelock.lsp.moment import (
    NOTHING,
    Answered,
    Moment,
    Question,
    StoppedFrame,
    facts_of,
    loaded_modules,
    moment_of,
)
from tidelock.shared.answers import Answer
from tidelock.shared.errors import KernelError, TidelockError
from tidelock.shared.log import layer
from tidelock.shared.sources import path_of_chunk, read_text

if TYPE_CHECKING:
    from tidelock.shared.config import Settings
    from tidelock.shared.link.client import KernelClient
    from tidelock.shared.link.wire import Content, Message

log = layer("lsp")

Connect = Callable[[bool], "KernelClient"]
"""Find the kernel, or if True start it; gives a client that is ready, or raises KernelError."""
Failed = Callable[[Began, str, tuple[str, ...], tuple[Place, ...]], None]
_RETRY_S = 5.0
_LONGEST_RETRY_S = 60.0
_ANSWER_S = 5.0
_REST_S = 2.0
_PATIENCE = 3
_FRAMES = 20
KERNEL = "tidelock.kernel"
"""The comm target that a runtime answers on."""


def connector(workspace: str, settings: Settings) -> Connect:
    """How the shared kernel of a workspace is reached."""

    def connect(may_start: bool) -> KernelClient:
        from tidelock.shared.link.client import KernelClient  # late: not needed to answer editors
        from tidelock.shared.link.start import find_or_start

        found = find_or_start(workspace, settings, may_start=may_start)
        client = KernelClient(found, heartbeat_s=settings.client_heartbeat_interval_ms / 1000)
        try:
            client.wait_ready(settings.client_connect_timeout_s)
        except BaseException:
            client.close()
            raise
        return client

    return connect


class Live:
    """The mirror of the running program. Methods from any thread.

    Args:
        connect: how a kernel is reached.
        deadline_s: how long a question may take; may be changed later.
        max_names: how many names of the program are kept at most.
        changed: called with each new moment, on whatever thread learnt of it; must not wait.
        may_start: whether the first search may start a kernel. One that ended later is found
            again when it is back, and started only by ``client(start=True)``: it may have been
            stopped on purpose.
        began: called when something is run.
        failed: called with what was run, and the words, helps and stack of the error that ended it.
        overlay: the text that an editor's run gave to the kernel for a chunk, if any.
        clock: seconds that only grow.
    """

    def __init__(
        self,
        connect: Connect,
        deadline_s: float,
        changed: Callable[[Moment], None],
        *,
        max_names: int = 5000,
        may_start: bool = True,
        began: Callable[[Began], None] = lambda began: None,
        failed: Failed = lambda began, words, helps, stack: None,
        overlay: Callable[[str], str | None] = lambda chunk: None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.moment = NOTHING
        self.problem = ""
        self._connect = connect
        self.deadline_s = deadline_s
        self.max_names = max_names
        self._changed = changed
        self._may_start = may_start
        self._began = began
        self._failed = failed
        self._overlay = overlay
        self._clock = clock
        self._client: KernelClient | None = None
        self._connecting = threading.Lock()
        self._changing = threading.Lock()
        self._wake = threading.Event()
        self._closed = self._is_looking = False
        self._has_found = False
        self._turn = 0
        self._newest = 0  # the newest revision that was heard of
        self._is_asking = False
        self._missed = 0
        self._rests_until = 0.0

    # -- finding a kernel ----------------------------------------------------------------------

    def start(self) -> None:
        """Look for the kernel now and whenever there is none, in the background; once."""
        if self._is_looking:
            return
        self._is_looking = True
        threading.Thread(target=self._look, name="tidelock-live", daemon=True).start()

    def need(self) -> None:
        """Start a kernel if there is none, also where ``may_start`` was not given.

        Once one has been found, it does nothing.
        """
        if not (self._may_start or self._has_found):
            self._may_start = True
            self._wake.set()

    def close(self) -> None:
        """Leave the kernel; it runs on."""
        self._closed = True
        self._wake.set()
        client, self._client = self._client, None
        if client is not None:
            client.close()

    def _look(self) -> None:
        wait = _RETRY_S
        while True:
            self._wake.clear()
            if self._closed:
                return
            if self._client is None:
                may_start = self._may_start and not self._has_found
                try:
                    self.client(start=may_start)
                    wait = _RETRY_S
                except Exception as error:
                    log.info("no kernel", why=str(error) or repr(error))
                    wait = min(wait * 2, _LONGEST_RETRY_S) if may_start else _RETRY_S
            self._wake.wait(wait)

    def client(self, *, start: bool) -> KernelClient:
        """A client of the kernel, found or (if asked) started; this may take seconds.

        Raises:
            KernelError: there is none.
        """
        with self._connecting:
            if self._client is not None and not self._client.lost:
                return self._client
            if self._closed:
                raise KernelError("the language server is ending")
            try:
                client = self._connect(start)
            except (TidelockError, OSError) as error:
                self.problem = str(error) if start else ""
                raise
            self._client = client
            if self._closed:  # while it was looked for
                self.close()
                raise KernelError("the language server is ending")
            self.problem, self._has_found = "", True
            client.on_lost(lambda reason: self._lost(client, reason))
            client.on_message(lambda message: self._heard(client, message))
            self._newest, self._is_asking = 0, False
            try:
                self._tell(client, self._subscribed(client).result(_ANSWER_S))
            except (KernelError, TimeoutError) as error:
                self._lost(client, str(error))
                raise KernelError(f"the kernel does not tell what it runs: {error}") from None
        return client

    def present(self) -> KernelClient | None:
        """The client of the kernel, if there is one now."""
        return self._client

    def _lost(self, client: KernelClient, reason: str) -> None:
        if self._client is not client:
            return
        log.info("the kernel is gone", why=reason)
        self._client = None
        client.close()
        self._set(NOTHING)

    # -- the mirror, on the client's thread ----------------------------------------------------

    def _heard(self, client: KernelClient, message: Message) -> None:
        kind, content = message.type, message.content
        if kind == "comm_msg":
            data = content.get("data", {})
            if isinstance(data, dict) and data.get("event") == "moment":
                self._follow(client, data.get("result", {}))
        elif kind == "error" and content.get("ename") == "LuaError":
            told = message.metadata.get("tidelock", {}).get("error", {})
            stack = tuple(
                Place(str(one["name"]), str(one["chunk"]), int(one["line"]))
                for one in told.get("stack", ())
            )
            helps = tuple(str(one) for one in told.get("help", ()))
            self._failed(_what_began(told), str(content.get("evalue")), helps, stack)
        elif kind == "execute_input":
            ours = message.metadata.get("tidelock", {})
            self._began(_what_began(ours, str(content.get("code", ""))))
            count, run = int(content.get("execution_count", 0)), message.parent_id
            self._set(
                self.moment._replace(
                    state="running",
                    executions=count,
                    execution=run,
                    frames=(),
                    since_s=self._clock(),
                )
            )
        elif kind == "shutdown_reply" and not content.get("restart"):
            self._lost(client, "it was stopped")
        elif kind == "status" and content.get("execution_state") == "starting":
            self._ask_moment(client)

    def _subscribed(self, client: KernelClient) -> Answer[Content]:
        return client.subscribe(KERNEL, {"action": "subscribe", "max_names": self.max_names})

    def keep_names(self, most: int) -> None:
        """How many names are wanted from now on."""
        client, before, self.max_names = self._client, self.max_names, most
        if most != before and client is not None:
            self._ask_moment(client)

    def _ask_moment(self, client: KernelClient, *, again: bool = True) -> None:
        """Learn the whole moment: of a runtime that was made anew, or when a message was lost."""
        if self._is_asking:
            return
        self._is_asking, self._newest, most = True, 0, self.max_names

        def take(done: Answer[Content]) -> None:
            self._is_asking = False
            if done.error is None:
                told = done.result()
                self._tell(client, told)
                is_older = told.get("revision", 0) < self._newest  # passed over meanwhile
                again_wanted = is_older or most != self.max_names
            else:
                again_wanted = again and not client.lost
            if again_wanted:
                self._ask_moment(client, again=False)

        self._subscribed(client).then(take)

    def _follow(self, client: KernelClient, told: Content) -> None:
        """Take what is other than at an earlier revision, or ask for all if that was missed."""
        try:
            known, self._newest = self.moment, int(told["revision"])
            is_same = told["kernel_id"] == known.kernel
            if is_same and self._newest <= known.revision:
                return
            if not is_same or told["since"] != known.revision:
                log.info("a moment was missed", since=told["since"], known=known.revision)
                self._ask_moment(client)
                return
            moment = moment_of(told, known)
        except (KeyError, TypeError, ValueError) as error:
            log.warn("a moment that cannot be read", error=repr(error))
            return
        self._take(client, moment)

    def _tell(self, client: KernelClient, told: Content) -> None:
        """Take a whole moment."""
        try:
            moment = moment_of(told)
        except (KeyError, TypeError, ValueError) as error:
            log.warn("a moment that cannot be read", error=repr(error))
            return
        self._take(client, moment)

    def _take(self, client: KernelClient, moment: Moment) -> None:
        known = self.moment
        if known.kernel == moment.kernel and moment.revision < known.revision:
            return  # another thread was told more meanwhile
        if known.kernel == moment.kernel:  # of one that was there before, the age is not known
            is_same = (known.state, known.executions) == (moment.state, moment.executions)
            moment = moment._replace(since_s=known.since_s if is_same else self._clock())
        if moment.modules:  # what is known of their files stays until it is told anew
            moment = moment._replace(loaded=known.loaded if known.kernel == moment.kernel else ())
        turn = self._set(moment)

        def add(done: Answer[Content]) -> None:
            if done.error is None and turn == self._turn:
                frames = tuple(self._frame(frame) for frame in done.result()["frames"])
                self._set(self.moment._replace(frames=frames), later=False)

        def add_modules(done: Answer[Content]) -> None:
            if done.error is None and turn == self._turn:
                self._set(self.moment._replace(loaded=loaded_modules(done.result())), later=False)

        if moment.modules:
            client.comm(KERNEL, {"action": "modules"}).then(add_modules)
        if moment.state == "paused":
            client.comm(KERNEL, {"action": "frames", "count": _FRAMES}).then(add)

    def _frame(self, told: Content) -> StoppedFrame:
        """A frame with the text that its chunk was loaded from."""
        chunk = str(told["chunk"])
        text = self._overlay(chunk)
        if text is None:
            text = _file_text(path_of_chunk(chunk))
        return StoppedFrame(int(told["id"]), chunk, int(told["line"]), text)

    def _set(self, moment: Moment, *, later: bool = True) -> int:
        """Take a new moment, or more of the same; its number, by which a later one is known."""
        with self._changing:
            self._turn += later
            turn, before, self.moment = self._turn, self.moment, moment
            if moment.state != before.state:
                self._missed = 0
        if moment != before:
            self._changed(moment)
        return turn

    # -- questions -----------------------------------------------------------------------------

    def ask(self, question: Question) -> Answered | None:
        """The answer, None when it did not come within the deadline or nobody is asked now."""
        client = self._client
        if client is None or client.lost or self._rests():
            return None
        content: dict[str, Any] = {"action": "ask", **question._asdict()}
        answer = client.comm(KERNEL, {**content, "keys": list(question.keys)})
        if not answer.wait(self.deadline_s):
            answer.cancel()
            self._missed += 1
            self._rests_until = self._clock() + _REST_S
            return None
        self._missed = 0
        if answer.error is not None:
            log.debug("a question was refused", question=question, why=str(answer.error))
            return Answered(self.moment.state)
        told = answer.result()
        return Answered(str(told["state"]), facts_of(told["facts"]))

    def _rests(self) -> bool:
        """Whether the program has been too slow three times running, and not long ago."""
        if self._missed < _PATIENCE:
            return False
        if self._clock() < self._rests_until:
            return True
        self._missed = _PATIENCE - 1
        return False


def _what_began(told: Content, code: str = "") -> Began:
    """What is run, from what the kernel adds to its messages about it."""
    return Began(str(told.get("chunk", "")), str(told.get("kind", "")), code)


def _file_text(path: str) -> str:
    if not path:
        return ""
    try:
        return read_text(path)
    except OSError:
        return ""
