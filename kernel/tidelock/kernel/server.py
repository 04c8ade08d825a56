"""The kernel: one Context behind Jupyter's five channels.

It owns the loop, the channels and the table from executions to the requests that asked for
them. What each message does stands in ``routes``; what the Context publishes becomes messages
in ``publish``.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from typing import Any, Protocol

import zmq

from tidelock.kernel import comms, moments, publish, routes
from tidelock.kernel.channels import Channels
from tidelock.kernel.clients import Clients, RateLimited
from tidelock.kernel.execution import field
from tidelock.kernel.questions import Seen
from tidelock.shared import threads
from tidelock.shared.answers import Answer
from tidelock.shared.config import Settings, attribute
from tidelock.shared.context import Context
from tidelock.shared.errors import BadRequest, TidelockError
from tidelock.shared.events import Event
from tidelock.shared.link import wire
from tidelock.shared.link.connection import Connection
from tidelock.shared.link.loop import Loop
from tidelock.shared.link.wire import Content, Message
from tidelock.shared.log import layer, reopen
from tidelock.shared.model import Idle, Running

log = layer("kernel")

_FIRST_ANSWER_WAIT_S = 0.05
_RETURN_S = 2.0
CHANGEABLE = (
    "kernel.max_clients",
    "kernel.max_queue",
    "kernel.execution_timeout_s",
    "kernel.policy.requests_per_s",
    "kernel.policy.burst",
    "kernel.policy.max_queued",
    "kernel.policy.execution_timeout_s",
    "kernel.policy.output_limit",
    "log.level",
)
"""The options that a running kernel takes over; the rest is read when it starts."""


class DebugPort(Protocol):
    """What answers ``debug_request``; the terminal's composition fills it."""

    def request(self, message: Content, reply: Callable[[Content], None]) -> None:
        """Do one DAP request; ``reply`` gets the response on the loop's thread."""

    def close(self) -> None:
        """The kernel ends."""


class Kernel:
    """A running kernel. ``start`` and ``stop`` from anywhere, the rest on the loop's thread.

    Args:
        context: the runtime and its parts, not yet open.
        connection: where to listen; ports of 0 are chosen.
        listening: file descriptors that listen already, by channel.
        debug_port: makes what answers ``debug_request``, at the first one.
    """

    def __init__(
        self,
        context: Context,
        connection: Connection,
        *,
        zmq_context: zmq.Context[Any] | None = None,
        listening: Mapping[str, int] | None = None,
        debug_port: Callable[[Kernel], DebugPort] | None = None,
    ) -> None:
        self.context = context
        self.loop = Loop("tidelock-kernel")
        self.channels = Channels(
            connection,
            self.loop,
            zmq_context or zmq.Context.instance(),
            self._deliver,
            listening=listening,
            largest=context.settings.kernel_max_message,
            most_unread=context.settings.output_subscriber_limit,
            cut_off=lambda: self._acted("output.subscriber_limit"),
        )
        self.clients = Clients(
            context.settings, lambda: len(context.debugger.sessions), self._waiting
        )
        self._sees_ends = False
        self.connection = self.channels.connection
        self.requests: dict[str, Message] = {}
        self.begun: set[str] = set()
        self.left: set[str] = set()  # executions whose client is gone: nobody answers them
        self.seen = Seen()
        self.comms: dict[str, Message] = {}
        self.subscribers: dict[str, moments.Told] = {}
        self.last_debug_request: Message | None = None
        self.cell_chunk: Callable[[str], str] | None = None
        self.restarts_in_place = True
        self.revision = 0
        self.on_stop: Callable[[], None] | None = None
        self.stopped = threading.Event()
        self._make_debug_port = debug_port
        self._debug_port: DebugPort | None = None
        self._stopping = False
        self._stopper: threading.Thread | None = None
        self._held: list[tuple[str, Message]] | None = []
        self._unsubscribe = context.bus.subscribe(self._on_event)

    # -- life --------------------------------------------------------------------------------

    def start(self) -> None:
        """Open Lua and serve on a thread of its own."""
        self.context.open()
        self._begin()
        self.loop.start()

    def serve(self) -> None:
        """Serve on the calling thread until the kernel is stopped; the context is open."""
        self._begin()
        self.loop.run()

    def _begin(self) -> None:
        self.channels.start()
        self.channels.publish("status", {"execution_state": "starting"}, b"{}")

    def stop(self) -> None:
        """Stop in order: interrupt, flush, close; from any thread."""
        self.loop.call(self.begin_stop)
        self.stopped.wait(self.context.settings.kernel_shutdown_timeout_s + 2)
        self.loop.stop()
        if self._stopper is not None:
            self._stopper.join(1)

    def begin_stop(self, after: Callable[[], None] | None = None) -> None:
        """Refuse new work and close the runtime; then end. ``after`` runs before the end."""
        if self._stopping:
            return
        self._stopping = True
        if self.on_stop is not None:
            self.on_stop()  # who looks for a kernel from now on does not find one that is ending

        def close_runtime() -> None:
            let_go = self.context.close()
            if not let_go:
                log.warn("Lua did not let go in time")
            self.loop.call(lambda: self._end(after))

        self._stopper = threads.start("tidelock-stop", close_runtime)

    def _end(self, after: Callable[[], None] | None) -> None:
        if self._debug_port is not None:
            self._debug_port.close()
        if after is not None:
            after()
        self.loop.call(self._leave)  # behind the answers that are on their way

    def _leave(self) -> None:
        self._unsubscribe()
        self.channels.close()
        self.stopped.set()
        self.loop.stop()

    def reload(self, reread: Callable[[], Settings] | None) -> None:
        """Open the log file anew, and take over the options that may change (``CHANGEABLE``)."""
        try:
            reopen()
            read = reread() if reread is not None else self.context.settings
        except (OSError, TidelockError) as error:
            log.error("the options stay as they are", why=str(error))
            return
        old = self.context.settings
        new = {key: getattr(read, attribute(key)) for key in CHANGEABLE}
        changed = {k: v for k, v in new.items() if v != getattr(old, attribute(k))}
        values: dict[str, Any] = {attribute(key): value for key, value in new.items()}
        self.context.settings = old._replace(**values)
        self.clients.follow(self.context.settings)
        log.info("the options were read again", changed=changed)

    # -- messages ----------------------------------------------------------------------------

    def _deliver(self, channel: str, request: Message) -> None:
        """Take a message; the first ones wait a moment for the first subscriber.

        A client that has not subscribed yet would lose what its first request publishes, and
        Jupyter's own then waits and asks again.
        """
        if channel == "stdin":
            self._take_input(request)
            return
        if channel == "shell":
            try:
                self.clients.hear(request, self._source)
            except TidelockError as error:
                self._turn_away(request, error)
                return
        if self._held is None:
            self._dispatch(channel, request)
            return
        self._held.append((channel, request))
        if len(self._held) == 1:
            self.channels.when_subscribed(self._release, _FIRST_ANSWER_WAIT_S)

    def _source(self) -> int:
        """The connection of a new client; from the first one on their ends are seen."""
        if not self._sees_ends:
            self._sees_ends = True
            self.channels.when_disconnected(self._disconnected)
        self.channels.read_ends()
        return self.channels.source()

    def _disconnected(self, source: int) -> None:
        gone = self.clients.vanished(source)
        if gone:
            self.loop.later(_RETURN_S, lambda: self._forget(self.clients.forget(gone)))

    def _forget(self, sessions: list[str]) -> None:
        """Free what vanished clients held; what they run goes on, with no more input."""
        for number in [n for n, opened in self.comms.items() if opened.session in sessions]:
            del self.comms[number]
        self.left |= {n for n, request in self.requests.items() if request.session in sessions}
        state = self.context.runtime.state
        if isinstance(state, Running) and state.waiting == "input" and state.run.id in self.left:
            self.context.runtime.give_line(None)

    def _waiting(self, session: str) -> int:
        """How many executions of a client wait for their turn."""
        return sum(
            request.session == session
            for number, request in self.requests.items()
            if number not in self.begun
        )

    def _acted(self, limit: str) -> None:
        self.clients.acted[limit] += 1

    def _turn_away(self, request: Message, error: TidelockError) -> None:
        """Answer a request that a limit refuses; nothing of it is done."""
        with Busy(self, request):
            if request.type.endswith("_request"):
                kind = request.type.removesuffix("_request") + "_reply"
                metadata = None
                if isinstance(error, RateLimited) and error.wait_s:
                    metadata = {"tidelock": {"retry_after_s": round(error.wait_s, 3)}}
                content = publish.refusal(error, self.context)
                self.channels.reply("shell", request, kind, content, metadata)
            else:
                comms.refuse(self, request, error)

    def _release(self) -> None:
        held, self._held = self._held or [], None
        for channel, request in held:
            self._dispatch(channel, request)

    def _dispatch(self, channel: str, request: Message) -> None:
        route = routes.find(channel, request.type)
        if request.fault or request.subshell:
            self._answer(channel, request, routes.REFUSED)
        elif route is not None and route.in_turn:
            self._run_in_turn(channel, request, route)
        elif route is not None or request.type.endswith("_request"):
            self._answer(channel, request, route)
        else:
            log.warn("no such message here", channel=channel, type=request.type)

    def _run_in_turn(self, channel: str, request: Message, route: routes.Route) -> None:
        """Queue an execution; what it cannot even begin with is answered at once."""
        try:
            if self._stopping:
                raise BadRequest("the kernel is stopping")
            route.function(self, request)
        except TidelockError as error:
            with Busy(self, request):
                self.channels.reply(
                    channel, request, "execute_reply", publish.refusal(error, self.context)
                )

    def _answer(self, channel: str, request: Message, route: routes.Route | None) -> None:
        """Answer out of turn: busy, the answer, idle, whatever happens in between."""
        kind = request.type.removesuffix("_request") + "_reply"
        busy = Busy(self, request)
        busy.__enter__()

        def finish(content: Content | None) -> None:
            if content is not None and request.type.endswith("_request"):
                self.channels.reply(channel, request, kind, content)
            busy.__exit__()

        def fail(error: BaseException) -> None:
            if not isinstance(error, TidelockError):
                log.error("a request failed", type=request.type, error=repr(error))
            if request.type.endswith("_request"):
                finish(publish.refusal(error, self.context))
            else:
                log.warn("a message was refused", type=request.type, error=str(error))
                finish(None)

        try:
            if route is None:
                raise routes.NotImplementedHere(request.type)
            result = route.function(self, request)
        except Exception as error:
            fail(error)
            return
        if not isinstance(result, Answer):
            finish(result)
            return

        def settle(done: Answer[Content]) -> None:
            if done.error is not None:
                fail(done.error)
            else:
                finish(done.result())

        result.then(lambda done: self.loop.call(lambda: settle(done)))

    @property
    def debug_port(self) -> DebugPort | None:
        """What answers ``debug_request``, made at first use."""
        if self._debug_port is None and self._make_debug_port is not None:
            self._debug_port = self._make_debug_port(self)
        return self._debug_port

    def _take_input(self, reply: Message) -> None:
        """A client answers an input request; an answer that nobody waits for is dropped."""
        if reply.type != "input_reply":
            log.warn("no such message on stdin", type=reply.type)
            return
        state = self.context.runtime.state
        asked = self.requests.get(state.run.id) if isinstance(state, Running) else None
        waits = isinstance(state, Running) and bool(state.waiting)
        # Jupyter's own client names no parent; one that does must name the last question.
        stale = reply.parent_id not in ("", self.channels.asked_for_input)
        if asked is None or not waits or stale or reply.identities != asked.identities:
            log.info("dropped an input reply that nobody waits for")
            return
        ours = reply.metadata.get("tidelock")
        if isinstance(ours, dict) and ours.get("eof") is True:
            self.context.runtime.give_line(None)
        else:
            try:
                self.context.runtime.give_line(field(reply.content, "value", str))
            except BadRequest as error:
                log.warn("an input reply was refused", error=str(error))

    def moment_changed(self) -> None:
        """Something ran, stopped or went on: who subscribed is told."""
        self.revision += 1
        if self.subscribers:
            moments.push(self)

    # -- facts -------------------------------------------------------------------------------

    def _on_event(self, event: Event) -> None:
        self.loop.call(lambda: publish.event(self, event))

    def parent_of(self, execution_id: str) -> bytes:
        """The raw parent header under which an execution publishes."""
        request = self.requests.get(execution_id)
        if request is not None:
            return request.raw_header
        head = wire.header("execute_request", self.channels.session)
        return wire.to_json({**head, "msg_id": execution_id})

    def running_parent(self) -> bytes | None:
        """The parent header of what runs now, None while idle."""
        state = self.context.runtime.state
        return None if isinstance(state, Idle) else self.parent_of(state.run.id)


class Busy:
    """The busy and idle statuses around one request that does not run Lua.

    Front ends show whatever status came last: while an execution runs it is told again.
    """

    def __init__(self, kernel: Kernel, request: Message) -> None:
        self._kernel = kernel
        self._parent = request.raw_header

    def __enter__(self) -> None:
        self._status("busy", self._parent)

    def __exit__(self, *_: object) -> None:
        self._status("idle", self._parent)
        for execution_id in self._kernel.begun:
            self._status("busy", self._kernel.parent_of(execution_id))

    def _status(self, state: str, parent: bytes) -> None:
        self._kernel.channels.publish("status", {"execution_state": state}, parent)
