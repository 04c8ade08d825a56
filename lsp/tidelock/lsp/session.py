"""One editor's session: what it has said, what it waits for, and who works on it.

``receive`` runs on the protocol's thread and only sorts. Documents are the lane's, requests the
workers'; every request is answered exactly once, whoever comes first: its feature, a cancellation,
or the end. It knows no wire: it is given what sends. The file is long because every way in which a
request can end stands in it, beside the one place that lets it end once.
"""

from __future__ import annotations

import contextlib
import itertools
import os
import threading
import time
import traceback
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol, final

from tidelock.lsp import commands, convert, routes
from tidelock.lsp import convert_runs as left
from tidelock.lsp.diagnostics import Beyond, Check, deepen, diagnose
from tidelock.lsp.documents import Change, Document, Documents, chunk_of_uri
from tidelock.lsp.findings import Findings
from tidelock.lsp.folders import Folders
from tidelock.lsp.lookout import Lookout
from tidelock.lsp.manner import Json, Manner, Refresh, at
from tidelock.lsp.preferences import Preferences
from tidelock.lsp.progress import Board, Progress
from tidelock.lsp.proposals import Proposals
from tidelock.lsp.refreshes import Given, Refreshes
from tidelock.lsp.sent import Sent
from tidelock.lsp.standing import glanced
from tidelock.lsp.work import Breathe, Lane, Pool
from tidelock.lsp.workspace import News, concerns, difference, option_names
from tidelock.shared.answers import Answer
from tidelock.shared.config import Settings
from tidelock.shared.errors import BadRequest, TidelockError
from tidelock.shared.log import Layer, layer
from tidelock.shared.log import configure as configure_log
from tidelock.shared.sources import canonical, path_of_chunk, read_text
from tidelock.shared.unwanted import Unwanted, ends_if
from tidelock.shared.version import VERSION

if TYPE_CHECKING:
    from contextlib import AbstractContextManager

    from tidelock.lsp.folder import Folder
    from tidelock.lsp.rules import Rules
    from tidelock.lsp.standing import Offer
    from tidelock.shared.language.index.space import Space
    from tidelock.shared.model import Problem

    Before = Callable[[], Offer | None]

log = layer("lsp")

INVALID_REQUEST, METHOD_NOT_FOUND, INVALID_PARAMS, INTERNAL_ERROR = -32600, -32601, -32602, -32603
NOT_INITIALIZED = -32002
CANCELLED, CONTENT_MODIFIED, REQUEST_FAILED = -32800, -32801, -32803

Number = int | str
_SAME_FAILURE_S = 60.0
_GIVE_WAY_S = 0.005
"""After an edit: the request that comes with it is answered before the text is judged."""


class Wire(Protocol):
    """What sends JSON to the editor; from any thread, never waiting for it."""

    def reply(self, number: Number, result: Json) -> None:
        """Answer a request."""

    def refuse(self, number: Number | None, code: int, words: str) -> None:
        """Answer a request with an error; no number for one that cannot be read."""

    def notify(self, method: str, params: Json) -> None:
        """Send a notification."""

    def request(self, number: Number, method: str, params: Json) -> None:
        """Ask the editor; its answer comes to ``Session.receive``."""


class SettingsOf(Protocol):
    """Reads the options of a workspace; what is odd about them is told unless it was ``said``."""

    def __call__(
        self, workspace: str, *, trusted: bool, said: bool, editor: Mapping[str, object]
    ) -> Settings:
        """Those in force there, with what the ``editor`` is set to.

        Raises:
            TidelockError: they cannot be used.
        """


class Ports(NamedTuple):
    """What is handed in from outside.

    ``check`` is Lua's own verdict on a text, ``settings`` and ``workspace`` hold until the
    editor names another folder; then ``settings_of`` gives those of it, of a folder
    that is ``trusted`` also what has its code run (None: nothing changes).
    ``tidy`` is called when there is nothing to do.
    """

    check: Check
    settings: Settings
    workspace: str
    settings_of: SettingsOf | None = None
    use_kernel: bool = True
    tidy: Callable[[], None] = lambda: None


def _number(value: Json) -> Number | None:
    """The id of a request; None for what cannot be one."""
    return value if type(value) in (int, str) else None


@final
class Request:
    """One request that waits for its answer; settled once, from any thread."""

    __slots__ = (
        "_lock",
        "_session",
        "began",
        "came",
        "document",
        "is_settled",
        "method",
        "number",
        "progress",
    )

    def __init__(self, session: Session, number: Number, method: str) -> None:
        self.number = number
        self.method = method
        self.came = time.monotonic()
        self.began: float | None = None
        self.document: Document | None = None
        self.progress: Progress | None = None
        self.is_settled = False
        self._session = session
        self._lock = threading.Lock()

    def reply(self, result: Any) -> bool:
        """Answer with a result; whether there was no answer before."""
        is_first = self._settle("answered")
        if is_first:
            self._session.wire.reply(self.number, result)
        return is_first

    def refuse(self, code: int, words: str) -> None:
        """Answer with an error."""
        if self._settle(f"refused: {words}"):
            self._session.wire.refuse(self.number, code, words)

    def cancel(self) -> None:
        """Nobody waits for it any more."""
        self.refuse(CANCELLED, f"{self.method} was cancelled")

    def _settle(self, outcome: str) -> bool:
        with self._lock:
            if self.is_settled:
                return False
            self.is_settled = True
        self._session.settled(self, outcome)
        return True


class Session:
    """The state of one editor's session.

    ``exit_code`` is there when the editor has left: 0 after ``shutdown``, else 1. ``is_busy`` says
    that the documents wait for something that takes too long.
    """

    def __init__(self, ports: Ports, wire: Wire, new_id: Callable[[], str]) -> None:
        self.ports = ports
        self.wire = wire
        self.new_id = new_id
        self.manner = Manner()
        self.documents = Documents()
        self.preferences = Preferences(self)
        self.folders = Folders(self)
        self.lane = Lane("tidelock-documents")
        self.exit_code: int | None = None
        self.is_busy = False
        self._state = "new"
        self._open: dict[Number, Request] = {}
        self._pool = Pool(ports.tidy)
        self.lookout = Lookout(self._pool.later, self._look_at_files, self._tell_of_files)
        self.board = Board(self.ask, wire.notify)
        self.findings = Findings()
        self._looks = itertools.count(1)
        self._shown: dict[str, int] = {}  # which look at a text's problems was told last
        self._sent = Sent()
        self._proposals = Proposals()
        self._refreshes = Refreshes(self.documents, self._pool.later, self._send_refresh)
        # What texts offered before the changes that have not been looked at.
        self._before: dict[str, Before] = {}
        self._asked: dict[Number, tuple[str, Answer[Json]]] = {}
        self._numbers = itertools.count(1)
        self._failures: dict[tuple[str, str], float] = {}
        self._warned: set[str] = set()
        self._trace = "off"
        self._sink = Layer.sink

    # -- messages, on the protocol's thread ----------------------------------------------------

    def receive(self, message: Json) -> None:
        """Take one message of the editor."""
        if not isinstance(message, dict):
            self.wire.refuse(None, INVALID_REQUEST, "no message of JSON-RPC 2.0")
            return
        self.lookout.heard()
        method, params = message.get("method"), message.get("params")
        number = _number(message.get("id"))
        if message.get("jsonrpc") != "2.0":
            self.wire.refuse(number, INVALID_REQUEST, "no message of JSON-RPC 2.0")
        elif method is None and ("result" in message or "error" in message):
            self._answered(number, message)
        elif not isinstance(method, str) or ("id" in message and number is None):
            self.wire.refuse(None, INVALID_REQUEST, "neither request nor notification")
        elif number is not None:
            self._requested(number, method, params)
        else:
            self._notified(method, params)

    def _requested(self, number: Number, method: str, params: Json) -> None:
        request = Request(self, number, method)
        self._open[number] = request
        if self._state == "down":
            request.refuse(INVALID_REQUEST, f"{method} after shutdown")
        elif method == "initialize":
            self._initialize(request, params)
        elif self._state == "new":
            request.refuse(NOT_INITIALIZED, f"{method} before initialize")
        elif method == "shutdown":
            self._shutdown(request)
        elif method == "workspace/executeCommand":
            self._command(request, params)
        elif (route := routes.request(method)) is not None:
            self._show(request, route.title, params)
            self._begin(request, lambda: self._dispatch(request, route, params))
        elif (search := routes.search(method)) is not None:
            self._show(request, search.title, params)
            self._begin(request, lambda: self._look(request, search, params))
        elif (telling := routes.telling(method)) is not None:
            self._begin(request, lambda: self._tell(request, telling, params))
        else:
            request.refuse(METHOD_NOT_FOUND, f"there is no {method}")

    def _notified(self, method: str, params: Json) -> None:
        if method == "exit":
            self.leave()
        elif self._state != "ready":
            log.info("a notification at the wrong time", method=method, state=self._state)
        elif method == "$/cancelRequest":
            number = _number(params.get("id")) if isinstance(params, dict) else None
            request = None if number is None else self._open.get(number)
            if request is not None:
                request.cancel()
        elif method == "initialized":
            self.lane.put(self._start)
        elif (heard := routes.notification(method)) is not None:
            self.lane.put(lambda: self._hear(heard, params))
        elif not method.startswith("$/"):
            log.info("a notification that is not known", method=method)

    def settled(self, request: Request, outcome: str) -> None:
        """A request has its answer, which is sent next; the outcome is for people to read."""
        if request.progress is not None:
            request.progress.end()
        if self._open.get(request.number) is request:
            del self._open[request.number]
        if self._trace != "off" or log.wants("debug"):
            self._log(request, outcome)

    # -- life ----------------------------------------------------------------------------------

    def _initialize(self, request: Request, params: Json) -> None:
        if self._state != "new":
            request.refuse(INVALID_REQUEST, "initialize comes once")
            return
        try:
            self.manner = Manner.of(params)
        except BadRequest as error:
            request.refuse(INVALID_PARAMS, str(error))
            return
        self._state = "ready"
        self.board.is_shown = self.manner.shows_progress
        self._refreshes.kinds = self.manner.refreshes
        result = convert.initialize_result(
            self.manner,
            routes.PROVIDERS,
            commands.COMMANDS,
            VERSION,
            routes.NOTEBOOKS,
            routes.SHOWN,
        )
        request.reply(convert.plain(result))
        self.lane.put(self._settle_in)

    def _settle_in(self) -> None:
        """What could wait for the first answer; the lane's first job, before any document."""
        self.folders.begin(self.manner.folders)
        if self.manner.trace in ("messages", "verbose"):
            self.trace(self.manner.trace)
        self._pool.put(routes.VISIBLE, self._warm_up)

    def show_problems(self, params: object) -> None:
        """Publish diagnostics."""
        self.wire.notify("textDocument/publishDiagnostics", convert.plain(params))

    def show_file(self, params: Json) -> None:
        """Publish the problems of a file, unless it is open now; from any thread."""

        def show() -> None:
            if self.is_ready and self.documents.get(params["uri"]) is None:
                self.show_problems(params)

        self.lane.put(show)

    def _start(self) -> None:
        if not self.is_ready:
            return  # it has left meanwhile
        if self.manner.watches:
            wanted = convert.plain(convert.watch_registration(option_names()))
            asked = self.ask("client/registerCapability", wanted)
            asked.then(lambda answer: self.lane.put(lambda: self._look_out(answer)))
        else:
            self._look_out()
        self.preferences.begin()

    def _look_out(self, answer: Answer[Json] | None = None) -> None:
        """Look for changes on disk ourselves, unless the editor has said that it tells of them."""
        if answer is not None and answer.error is None:
            return
        self.lookout.begin()
        for folder in self.folders:
            folder.index.watch()

    def _look_at_files(self) -> Iterator[list[str]]:
        return itertools.chain.from_iterable(folder.index.look() for folder in self.folders)

    def _tell_of_files(self, paths: list[str]) -> None:
        self.lane.put(lambda: self.reread(paths))

    def ask(self, method: str, params: Json = None) -> Answer[Json]:
        """Ask the editor for something; that it refuses is logged. Only commands wait for it."""
        number = f"tidelock-{next(self._numbers)}"
        asked = self._asked[number] = method, Answer[Json]()
        self.wire.request(number, method, params)
        return asked[1]

    def _answered(self, number: Number | None, message: Json) -> None:
        asked = self._asked.pop(number, None) if number is not None else None
        if asked is None:
            log.info("an answer nobody waits for", id=number)
        elif "error" in message:
            words = str(message["error"])[:200]
            log.warn("the editor refuses", method=asked[0], error=words)
            asked[1].fail(TidelockError(f"the editor refuses {asked[0]}", words))
        else:
            asked[1].resolve(message["result"])

    def _warm_up(self) -> None:
        """Load what the first request would wait for."""
        for route in routes.REQUESTS:
            route.load()
        for search in routes.SEARCHES:
            search.load()
        for telling in routes.TELLINGS:
            telling.load()
        from tidelock.shared.language.index.space import Space

        folder = self.folders.first
        nothing = Document("untitled:nothing", 0, "nothing()", folder.dialect)
        diagnose(nothing, lambda text, lua: "", folder.lua, beyond=Beyond(Space()))

    @property
    def is_ready(self) -> bool:
        """Whether the editor listens: it has begun and not ended."""
        return self._state == "ready"

    def _shutdown(self, request: Request) -> None:
        self._state = "down"
        for other in list(self._open.values()):
            if other is not request:
                other.refuse(CANCELLED, "the server shuts down")
        request.reply(None)

    def leave(self) -> int:
        """The editor is gone, with ``exit`` or without a word; the exit code.

        Neovim says ``shutdown`` as it ends and does not stay for the answer.
        """
        if self.exit_code is None:
            self.exit_code = 0 if self._state == "down" else 1
        return self.exit_code

    def close(self) -> None:
        """End the threads and leave the kernel."""
        self._state = "down"
        self.lane.close()
        self._pool.close()
        self.folders.close()

    def hangs(self, is_busy: bool) -> None:
        """The document lane takes long, or goes on; the editor is told by the watching thread."""
        self.is_busy = is_busy
        for folder in self.folders:
            folder.tell_status()

    def warn_once(self, words: str) -> None:
        """Show the user a message that was not shown before."""
        if words not in self._warned:
            self._warned.add(words)
            self.warn(words)

    def warn(self, words: str) -> None:
        """Show the user a message, and keep it in the log."""
        log.warn(words)
        self.wire.notify("window/showMessage", convert.plain(convert.warning(words)))

    # -- documents, on the lane ----------------------------------------------------------------

    def move(self, removed: Iterable[str], added: Iterable[str]) -> None:
        """The editor has closed some folders and opened others."""
        self.folders.change(removed, added)

    def _hear(self, heard: routes.Heard, params: Json) -> None:
        try:
            heard.function(self, heard.decode(params))
        except BadRequest as error:
            log.warn("a notification that does not fit", method=heard.method, why=str(error))

    def show_cell(self, notebook: str, uri: str, version: int, text: str) -> None:
        """A cell of a notebook is open."""
        self.folders.put_cell(uri, notebook)
        folder = self.folders.of(uri)
        document = folder.made(uri, version, text, "input")
        self.documents.open(document)
        self.folders.attend(folder)
        self.judge(document, lambda: None)

    def show(self, uri: str, version: int, text: str) -> None:
        """A text is open."""
        folder = self.folders.of(uri)
        document = folder.made(uri, version, text)
        self.documents.open(document)
        self.folders.attend(folder)
        known = folder.survey.known(document.path)
        if known is not None and known["uri"] != uri:  # one file, spelled in two ways
            self.show_problems(convert.withdrawal(known["uri"]))
        self.judge(document, lambda: folder.on_disk(document))

    def edit(self, uri: str, version: int, changes: Iterable[Change]) -> None:
        """A text has changed."""
        self.lookout.typed()
        before = self.documents.get(uri)
        document = self.documents.change(uri, version, changes, self.manner.encoding)
        if document is not None and before is not None:
            self._give_up_fleeting(document)
            self.judge(document, lambda: glanced(before.tree))

    def hide(self, uri: str) -> None:
        """A text is closed."""
        document = self.documents.close(uri)
        if document is not None:
            folders = self.folders.knowing(document.uri)
            folders[0].rules.forget(uri)
            self.folders.forget(uri)
            known = folders[0].survey.known(document.path)
            if known is None or known["uri"] != document.uri:
                self.show_problems(convert.withdrawal(document.uri))
            if known is not None:
                self.show_problems(known)
            self.findings.forget(document.uri)
            self._shown.pop(document.uri, None)
            self._sent.forget(document.uri)
            self._proposals.forget(document.uri)
            self._refreshes.forget(document.uri)
            before = self._before.pop(document.uri, lambda: glanced(document.tree))
            for folder in folders:
                news = difference(before(), folder.on_disk(document))
                self._judge_others(folder, news)
                folder.survey.poke()

    def saved(self, uri: str) -> None:
        """A text was saved: what a reload would say of it is shown, nothing is run."""
        self.lookout.saved()
        path = path_of_chunk(chunk_of_uri(uri))
        folders = [one for one in self.folders if one.has_loaded(path)]

        def work(breathe: Breathe) -> None:
            for folder in folders:
                folder.check_reload(path)
            self.refresh("codeLens")

        if folders:
            self._pool.later(f"reload of {uri}", work)

    def refresh(self, *kinds: Refresh) -> None:
        """What was answered may be another thing; from any thread.

        The editor is told to ask anew where it is, at most twice a second.
        """
        for what in kinds:
            self._refreshes.change(what)

    def _send_refresh(self, what: Refresh) -> None:
        if self.is_ready:
            self.ask(f"workspace/{what}/refresh")

    def reread(self, paths: Iterable[str]) -> None:
        """Files have changed on disk; the text of an open one stays the editor's."""
        files = [canonical(path) for path in paths]
        names = {os.path.basename(path) for path in files}
        is_other = not names.isdisjoint(option_names())
        for folder in self.folders:
            if is_other:
                folder.reconfigure()
            folder.index.reread(files)

    def trace(self, value: str) -> None:
        """Log more, or as before; the editor is told of each request that ends, or not."""
        self._trace = value
        Layer.sink = self._sink
        if value != "off":
            level = "debug" if value == "verbose" else "info"
            configure_log(f"{self.folders.first.settings.log_level},lsp={level}")

    def document(self, uri: str) -> Document | None:
        """The text of a URI: as it is open, else as its file is."""
        found = self.documents.get(uri)
        if found is not None:
            return found
        try:
            return self.folders.of(uri).made(uri, 0, read_text(path_of_chunk(chunk_of_uri(uri))))
        except OSError:
            return None

    def judge(self, document: Document, before: Before | None = None) -> None:
        """Find the problems of a text when there is time.

        With what it offered ``before``, other open texts are looked at if that makes a difference.
        """
        if before is not None:
            # That of the oldest change that nobody has looked at yet counts.
            self._before.setdefault(document.uri, before)

        def work(breathe: Breathe) -> None:
            before = self._before.pop(document.uri, None)
            self._diagnose(document, breathe)
            if before is not None and len(list(self.documents)) > 1:
                news = difference(before(), glanced(document.tree))
                for folder in self.folders.knowing(document.uri):
                    self.judge_others(folder, news, document)

        self._pool.later(document.uri, work, delay_s=_GIVE_WAY_S)
        for folder in self.folders.knowing(document.uri):
            folder.survey.poke()

    def judge_others(self, folder: Folder, news: News, but: Document | None = None) -> None:
        """Look again at the texts of a folder that a change in others concerns; from any thread."""
        self.lane.put(lambda: self._judge_others(folder, news, but))
        if news.is_wide:
            self.refresh("semanticTokens")

    def judge_again(self, folder: Folder, uris: frozenset[str]) -> None:
        """Look again at some texts of a folder; from any thread."""

        def judge() -> None:
            for document in self.folders.served_by(folder):
                if document.uri in uris:
                    self.judge(document)

        self.lane.put(judge)

    def _judge_others(self, folder: Folder, news: News, but: Document | None = None) -> None:
        concerned = [
            document
            for document in self.folders.served_by(folder)
            if (but is None or document.uri != but.uri)
            and (news.is_wide or (news.globals and concerns(news, document)))
        ]
        for document in concerned:
            self.judge(document)
        if concerned:
            self.refresh("inlayHint")

    def _diagnose(self, document: Document, breathe: Breathe) -> None:
        folder = self.folders.of(document.uri)
        beyond = folder.beyond()
        try:
            with self._while_present(document):
                breathe()
                found = diagnose(document, self.ports.check, folder.lua, breathe, beyond)
        except Unwanted:
            return
        self.findings.take(document, "names", found)
        rules = folder.rules if document.mode == "chunk" else None
        known = None if rules is None else rules.known(document)
        if known is not None:
            self.findings.take(document, "rules", known)
        self._publish(document)
        if beyond is not None:
            delay_s = folder.settings.lsp_diagnostics_delay_ms / 1000
            key = f"types of {document.uri}"
            self._pool.later(key, lambda breathe: self._deepen(document, breathe), delay_s=delay_s)
        if rules is not None and known is None:
            self._ask_rules(rules, document)
        with contextlib.suppress(Unwanted), self._while_present(document):
            document.foresee(breathe)

    def _ask_rules(self, rules: Rules, document: Document) -> None:
        """Have users' own rules judge a text, in their process."""

        def add(more: list[Problem]) -> None:
            if self.findings.take(document, "rules", more):
                self._publish(document)

        rules.ask(document, lambda: self.documents.is_present(document), add)

    def _while_present(self, document: Document) -> AbstractContextManager[None]:
        """Work on a version of a text, which ends as unwanted when a newer one is there."""
        return ends_if(lambda: not self.documents.is_present(document))

    def _deepen(self, document: Document, breathe: Breathe) -> None:
        """Add what takes the meaning of a text, when nobody has typed for a while."""
        folder = self.folders.of(document.uri)
        beyond = folder.beyond()
        try:
            with self._while_present(document):
                found = [] if beyond is None else deepen(document, beyond, breathe)
                found = folder.as_observed(document, found)
        except Unwanted:
            return
        if self.findings.take(document, "types", found):
            self._publish(document)
        self._tidy_up(folder)

    def show_again(self, changed: Callable[[], set[str]]) -> None:
        """Tell the problems of some texts anew, those of ``changed``; from any thread.

        They are chunks (of cells URIs) about which a run or a reload says something else now.
        """
        self.lane.put(lambda: self._show_again(changed()))

    def _show_again(self, chunks: set[str]) -> None:
        for document in self.documents:
            if (document.chunk or document.uri) in chunks:
                self._publish(document)

    def _judged(self, document: Document) -> list[Problem]:
        """The problems of a text: those that were told of this version, else found now."""
        found, folder = self.findings.of(document), self.folders.of(document.uri)
        if found is None:
            found = diagnose(document, self.ports.check, folder.lua, beyond=folder.beyond())
        return folder.as_wished(document, found)

    def _publish(self, document: Document) -> None:
        look = next(self._looks)
        found = self.findings.of(document)
        if found is None:
            return
        folder = self.folders.of(document.uri)
        problems = folder.as_wished(document, found)
        made = convert.publication(document, problems, self.manner)
        for one in self.folders:
            refused = one.reloads.of(document)
            for failure in one.failures.of(document):
                if refused is None or failure.start != refused.start:
                    shown = left.runtime_error(failure, document, self.manner)
                    made.diagnostics = [*made.diagnostics, shown]
            if refused is not None:
                shown = left.reload_refused(refused, document, self.manner)
                made.diagnostics = [*made.diagnostics, shown]
        params = convert.plain(made)

        def publish() -> None:
            is_newest = look > self._shown.get(document.uri, 0)  # others may have looked since
            if is_newest and self.documents.is_present(document) and self.is_ready:
                self._shown[document.uri] = look
                self.wire.notify("textDocument/publishDiagnostics", params)

        self.lane.put(publish)

    # -- requests ------------------------------------------------------------------------------

    def _show(self, request: Request, title: str, params: Json) -> None:
        """Have the editor show a request that takes long, with a button that gives it up."""
        if title:
            token = convert.work_token(params)
            request.progress = self.board.begin(title, token, request.cancel)

    def _begin(self, request: Request, begin: Callable[[], None]) -> None:
        """Begin a request on the lane, after the texts that came before; errors answer it."""

        def work() -> None:
            try:
                begin()
            except BadRequest as error:
                request.refuse(INVALID_PARAMS, str(error))
            except Exception as error:
                self._failed(request, error)

        self.lane.put(work)

    def _look(self, request: Request, search: routes.Search, params: Json) -> None:
        """Hand a question about the workspace to a worker, with the texts of now."""
        asked = search.decode(params)
        spaces = [folder.space() for folder in self.folders]

        def find() -> Json:
            return convert.plain(search.encode(search.load()(spaces, asked), self.manner))

        self._pool.put(routes.VISIBLE, lambda: self._answer(request, find))

    def _tell(self, request: Request, telling: routes.Telling, params: Json) -> None:
        """Hand a question about a proposal to a worker; one that is not kept stays as it is."""
        number, index = telling.decode(params)
        listed = self._proposals.get(number, index)
        if listed is None:
            request.reply(params)
            return
        request.document = listed.document

        def find() -> Json:
            return convert.plain(telling.encode(telling.load()(listed, index), params, self.manner))

        self._pool.put(routes.VISIBLE, lambda: self._answer(request, find))

    def _dispatch(self, request: Request, route: routes.Route, params: Json) -> None:
        """Take the snapshot, on the lane, and hand over to a worker."""
        asked = route.decode(params)
        find_text = self.document if route.reaches else self.documents.get
        document = request.document = find_text(asked.uri)
        if document is None:
            request.reply(None)
            return
        if route.replaces:
            self._replace(request, document)
        kind = route.refresh
        turn = self._refreshes.turn(kind) if kind else 0
        space = self.folders.of(document.uri).space() if route.is_wide else None
        others = self.folders.nested(document.uri) if route.is_nested else ()
        nested = [one.space() for one in others]
        answer: Any = None

        def find() -> Json:
            nonlocal answer
            found = self._found(route, document, asked, space, nested)
            if request.is_settled:
                return None  # nobody hears it
            if route.is_kept and space is not None and self.manner.resolves_items:
                found = self._proposals.keep(document, space, found)
            answer = shown = route.encode(found, document, self.manner)
            if route.finish is not None:
                shown = route.finish(self._sent, document, asked, shown)
            return convert.plain(shown)

        def remember() -> None:
            if kind:
                what = f"{route.feature} {asked._replace(previous='')}"
                again = lambda newer: self._again(route, newer, asked)  # noqa: E731
                given = Given(document.version, what, turn, answer, again)
                self._refreshes.give(kind, document.uri, given)

        self._pool.put(route.priority, lambda: self._answer(request, find, remember))

    def _found(
        self,
        route: routes.Route,
        document: Document,
        asked: convert.Asked,
        space: Space | None,
        nested: Sequence[Space] = (),
    ) -> Any:
        """What a feature finds."""
        arguments: list[Any] = [document]
        for place in asked.places:
            arguments.append(document.lines.offset(*place, self.manner.encoding))
        if route.is_live:
            arguments.append(self.folders.stopped_in(document).view())
        if route.is_judged:
            arguments.append(self._judged(document))
        if space is not None:
            arguments.append(space)
        settings = self.folders.of(document.uri).settings
        wishes = {**route.taste(settings), **route.fits(self.manner)}
        reach = {"nested": nested} if nested else {}
        return route.load()(*arguments, **{**wishes, **reach, **asked.options})

    def _again(self, route: routes.Route, document: Document, asked: convert.Asked) -> Any:
        """What a request would be answered now; in the background."""
        folder = self.folders.of(document.uri)
        space = folder.space() if route.is_wide else None
        found = route.encode(self._found(route, document, asked, space), document, self.manner)
        self._tidy_up(folder)
        return found

    def _replace(self, request: Request, document: Document) -> None:
        """Give up what the same feature was asked about the same text before."""
        for other in list(self._open.values()):
            same = other.method == request.method and other is not request
            if same and other.document is not None and other.document.uri == document.uri:
                other.refuse(CONTENT_MODIFIED, f"{other.method} was asked again")

    def _give_up_fleeting(self, document: Document) -> None:
        """Refuse what was asked about a text before it was edited and has no use now.

        Completion is not among it: editors filter a list by what is typed meanwhile, and some do
        not ask again.
        """
        for other in list(self._open.values()):
            route = routes.request(other.method)
            is_about = other.document is not None and other.document.uri == document.uri
            if is_about and route is not None and route.fleeting:
                other.refuse(CONTENT_MODIFIED, "the text was edited")

    def _answer(
        self, request: Request, find: Callable[[], Json], then: Callable[[], None] = lambda: None
    ) -> None:
        """Find an answer and send it, on a worker; an error in it is the answer too.

        ``then`` is done when what was found was sent.
        """
        if request.is_settled:
            return
        request.began = time.monotonic()
        try:
            with ends_if(lambda: request.is_settled):
                found = find()
            if request.reply(found):
                then()
            self._tidy_up(self.folders.of(request.document.uri if request.document else ""))
        except Unwanted:
            pass  # it has its answer: cancelled, or asked anew
        except TidelockError as error:  # a feature that says why it does not
            request.refuse(REQUEST_FAILED, str(error))
        except Exception as error:
            self._failed(request, error)

    def _log(self, request: Request, outcome: str) -> None:
        """What a request was about, how it ended, how long it waited and was worked on."""
        now, document = time.monotonic(), request.document
        began = now if request.began is None else request.began
        waited_ms, ms = round((began - request.came) * 1000, 1), round((now - began) * 1000, 1)
        uri, version = (document.uri, document.version) if document is not None else (None, None)
        folder = self.folders.of(uri) if uri else next(iter(self.folders), None)
        revision = None if folder is None else folder.view().moment.revision
        log.debug(
            "request",
            method=request.method,
            uri=uri,
            version=version,
            revision=revision,
            waited_ms=waited_ms,
            ms=ms,
        )
        if self._trace != "off":
            words = f"{request.method} was {outcome}"
            about = f"{uri}, version {version}; " if uri else ""
            more = f"{about}revision {revision}; waited {waited_ms} ms, took {ms} ms"
            told = convert.log_trace(words, more if self._trace == "verbose" else None)
            self.wire.notify("$/logTrace", convert.plain(told))

    def _tidy_up(self, folder: Folder) -> None:
        """Let go, when there is time, of the trees and types that an answer has led to."""
        left = folder.index.left
        if left > folder.weighed:
            # a key of its own: what is weighed must not be replaced
            key = f"left {left} of {folder.workspace}"
            self._pool.later(key, lambda breathe: None, left - folder.weighed)
            folder.weighed = left

    def _failed(self, request: Request, error: Exception) -> None:
        """Answer with the failure; the same one is logged once a minute."""
        words = f"{type(error).__name__}: {error}"
        now = time.monotonic()
        key = (request.method, words)
        if now - self._failures.get(key, -_SAME_FAILURE_S) >= _SAME_FAILURE_S:
            self._failures[key] = now
            trace = "".join(traceback.format_exception(error))
            log.error("a request failed", method=request.method, trace=trace)
        request.refuse(INTERNAL_ERROR, f"{request.method} failed: {words}; the log has more")

    # -- commands, each on a thread of its own -------------------------------------------------

    def _command(self, request: Request, params: Json) -> None:
        self._show(request, commands.title(at(params, "command")), params)

        def run() -> None:
            request.began = time.monotonic()
            try:
                name, arguments = convert.command(params)
                command = commands.COMMANDS.get(name)
                if command is None:
                    raise BadRequest(f"there is no command {name}")
                request.reply(command(self, self.folders.of(convert.subject(arguments)), arguments))
            except BadRequest as error:
                request.refuse(INVALID_PARAMS, str(error))
            except (TidelockError, TimeoutError) as error:
                request.refuse(REQUEST_FAILED, str(error))
            except Unwanted:
                pass  # it was cancelled
            except Exception as error:
                self._failed(request, error)

        def work() -> None:
            with ends_if(lambda: request.is_settled):
                run()

        def begin() -> None:
            threading.Thread(target=work, name="tidelock-command", daemon=True).start()

        self.lane.put(begin)  # after the documents that were sent before
