"""A session without a wire: order, cancellation, failures; each request answered exactly once.

The file is long because every way in which a request can end is in it.
"""

from __future__ import annotations

import itertools
import threading
from collections.abc import Callable, Iterator, Mapping
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from kit.chance import examples
from tidelock.lsp import folder as folders
from tidelock.lsp import routes
from tidelock.lsp import session as module
from tidelock.lsp.commands import COMMANDS
from tidelock.lsp.live import Live
from tidelock.lsp.moment import NOTHING, Moment
from tidelock.lsp.session import Ports, Session
from tidelock.shared.config import Settings
from tidelock.shared.errors import ConfigError, KernelError
from tidelock.shared.language.index import files
from tidelock.shared.log import Layer
from tidelock.shared.unwanted import Unwanted

WAIT_S = 10.0
Json = dict[str, Any]
URI = "file:///w/a.lua"


class Editor:
    """A session and everything it sent."""

    def __init__(
        self, check: Callable[[str, str], str] = lambda text, lua: "", **fields: Any
    ) -> None:
        self.changed = threading.Condition()
        self.answers: dict[Any, list[Json]] = {}
        self.said: list[tuple[str, Any]] = []
        self.requests: list[tuple[Any, str, Any]] = []
        self.number = 0
        fields.setdefault("use_kernel", False)
        options = fields.pop("options", Settings())
        ports = Ports(check, options, fields.pop("workspace", "/w"), **fields)
        self.session = Session(ports, self, lambda: "run-1")

    # what the session sends

    def reply(self, number: Any, result: Any) -> None:
        self._answered(number, {"result": result})

    def refuse(self, number: Any, code: int, words: str) -> None:
        self._answered(number, {"code": code, "words": words})

    def _answered(self, number: Any, answer: Json) -> None:
        with self.changed:
            self.answers.setdefault(number, []).append(answer)
            self.changed.notify_all()

    def request(self, number: Any, method: str, params: Any) -> None:
        with self.changed:
            self.requests.append((number, method, params))
            self.changed.notify_all()

    def notify(self, method: str, params: Any) -> None:
        with self.changed:
            self.said.append((method, params))
            self.changed.notify_all()

    # what the editor sends

    def tell(self, method: str, params: Any = None) -> None:
        self.session.receive({"jsonrpc": "2.0", "method": method, "params": params})

    def post(self, method: str, params: Any = None) -> int:
        self.number += 1
        message = {"jsonrpc": "2.0", "id": self.number, "method": method, "params": params}
        self.session.receive(message)
        return self.number

    def wait(self, number: Any) -> Json:
        with self.changed:
            found = self.changed.wait_for(lambda: number in self.answers, WAIT_S)
            assert found, f"no answer to {number}: {self.answers} {self.said}"
            return self.answers[number][0]

    def ask(self, method: str, params: Any = None) -> Any:
        answer = self.wait(self.post(method, params))
        assert "result" in answer, answer
        return answer["result"]

    def refused(self, method: str, params: Any = None) -> int:
        answer = self.wait(self.post(method, params))
        assert "code" in answer, answer
        return int(answer["code"])

    def published(self, look: Callable[[Json], bool]) -> Json:
        def find() -> Json | None:
            for method, params in self.said:
                if method == "textDocument/publishDiagnostics" and look(params):
                    return params
            return None

        with self.changed:
            assert self.changed.wait_for(find, WAIT_S), self.said
            return find() or {}

    def begin(self) -> Editor:
        self.ask("initialize", {"capabilities": {}})
        self.tell("initialized", {})
        return self

    def open(self, text: str, version: int = 1, uri: str = URI) -> None:
        item = {"uri": uri, "languageId": "lua", "version": version, "text": text}
        self.tell("textDocument/didOpen", {"textDocument": item})

    def change(self, text: str, version: int, uri: str = URI) -> None:
        document = {"uri": uri, "version": version}
        changes = [{"text": text}]
        self.tell("textDocument/didChange", {"textDocument": document, "contentChanges": changes})

    def command(self, name: str, *arguments: Any) -> int:
        params = {"command": name, "arguments": list(arguments)}
        return self.post("workspace/executeCommand", params)


def at(line: int, character: int, uri: str = URI) -> Json:
    return {"textDocument": {"uri": uri}, "position": {"line": line, "character": character}}


def about(line: int, character: int, uri: str = URI) -> Json:
    """The params of any request about a place: those of all, of which each reads its own."""
    place = {"line": line, "character": character}
    span = {"start": place, "end": place}
    item = {"name": "f", "kind": 12, "uri": uri, "range": span, "selectionRange": span}
    return {
        **at(line, character, uri),
        "range": span,
        "positions": [place],
        "newName": "fresh",
        "ch": "\n",
        "options": {"tabSize": 2, "insertSpaces": True},
        "previousResultId": "none",
        "item": item,
        "title": "write 'print'",
        "data": {"uri": uri, "range": span},
        "context": {
            "triggerKind": 1,
            "isRetrigger": False,
            "includeDeclaration": True,
            "diagnostics": [],
            "frameId": 1,
            "stoppedLocation": span,
        },
    }


@pytest.fixture
def editor() -> Iterator[Editor]:
    made = Editor()
    yield made
    made.session.close()
    assert all(len(answers) == 1 for number, answers in made.answers.items() if number)


# -- life ----------------------------------------------------------------------------------------


def test_from_the_first_message_to_the_last(editor: Editor) -> None:
    assert editor.refused("textDocument/hover", at(0, 0)) == module.NOT_INITIALIZED
    assert editor.refused("shutdown") == module.NOT_INITIALIZED
    assert editor.refused("initialize", [1]) == module.INVALID_PARAMS
    result = editor.ask("initialize", {"capabilities": {}})
    assert result["capabilities"]["positionEncoding"] == "utf-16"
    assert set(result["capabilities"]["executeCommandProvider"]["commands"]) == set(COMMANDS)
    assert editor.refused("initialize", {"capabilities": {}}) == module.INVALID_REQUEST
    editor.open("x = 1")
    assert editor.published(lambda params: params["version"] == 1)["diagnostics"] == []
    assert editor.ask("shutdown") is None
    assert editor.refused("textDocument/hover", at(0, 0)) == module.INVALID_REQUEST
    editor.open("x", uri="file:///w/late.lua")
    assert editor.session.exit_code is None
    editor.tell("exit")
    assert editor.session.exit_code == 0


def test_exit_without_shutdown(editor: Editor) -> None:
    editor.begin().tell("exit")
    assert editor.session.exit_code == 1


def test_the_capabilities_come_from_the_table(editor: Editor) -> None:
    capabilities = editor.ask("initialize", {"capabilities": {}})["capabilities"]
    for route in routes.REQUESTS:
        words = route.provider[0].split("_")
        assert words[0] + "".join(word.title() for word in words[1:]) in capabilities
        assert callable(route.load())


@pytest.mark.parametrize(
    "message",
    [
        None,
        [],
        3,
        {},
        {"jsonrpc": "1.0", "id": 1, "method": "initialize"},
        {"jsonrpc": "2.0"},
        {"jsonrpc": "2.0", "id": None, "method": "x"},
        {"jsonrpc": "2.0", "id": 1.5, "method": "x"},
        {"jsonrpc": "2.0", "id": True, "method": "x"},
        {"jsonrpc": "2.0", "id": 4, "method": 5},
    ],
)
def test_what_is_no_message_is_refused_and_the_next_is_served(editor: Editor, message: Any) -> None:
    editor.session.receive(message)
    number = 1 if isinstance(message, dict) and message.get("jsonrpc") == "1.0" else None
    assert editor.wait(number)["code"] == module.INVALID_REQUEST
    editor.number = 10
    editor.begin()


def test_messages_that_are_let_pass(editor: Editor) -> None:
    editor.begin()
    for message in ({"id": 9, "result": 1}, {"id": 9, "error": {}}):
        editor.session.receive({"jsonrpc": "2.0", **message})
    for method in ("$/unknown", "unknown/thing", "workspace/didChangeConfiguration",
                   "textDocument/didSave", "initialized"):  # fmt: skip
        editor.tell(method, {"settings": None})
    editor.tell("textDocument/didOpen", {"textDocument": 3})
    editor.tell("$/cancelRequest", {"id": 99})
    editor.tell("$/cancelRequest", [1])
    assert editor.refused("unknown/thing") == module.METHOD_NOT_FOUND
    editor.open("x = 1")
    assert editor.ask("textDocument/hover", at(0, 0)) is not None


def test_the_level_of_the_log_follows_the_client(editor: Editor) -> None:
    before = Layer.sink
    editor.begin()
    for value, level in (("verbose", "debug"), ("messages", "info")):
        editor.tell("$/setTrace", {"value": value})
        editor.open("x")
        editor.ask("textDocument/hover", at(0, 0))
        assert module.log.wants(level)
    editor.tell("$/setTrace", {"value": "off"})
    editor.ask("textDocument/hover", at(0, 0))
    assert Layer.sink is before


def test_the_level_of_the_log_may_be_set_from_the_beginning(editor: Editor) -> None:
    before = Layer.sink
    editor.ask("initialize", {"capabilities": {}, "trace": "verbose"})
    editor.tell("initialized", {})
    editor.open("x")
    editor.ask("textDocument/hover", at(0, 0))
    assert module.log.wants("debug")
    editor.tell("$/setTrace", {"value": "off"})
    editor.ask("textDocument/hover", at(0, 0))
    assert Layer.sink is before


def test_the_log_says_how_long_a_request_waited_and_worked(
    editor: Editor, monkeypatch: pytest.MonkeyPatch
) -> None:
    logged: dict[str, dict[str, Any]] = {}

    def write(layer: Layer, level: str, text: str, fields: dict[str, Any]) -> None:
        if text == "request":
            with editor.changed:
                logged[fields["method"]] = fields
                editor.changed.notify_all()

    monkeypatch.setattr(Layer, "_write", write)
    monkeypatch.setattr(Layer, "wants", lambda layer, level: True)
    ticks = itertools.count()  # a second each
    clock = SimpleNamespace(monotonic=lambda: next(ticks))
    monkeypatch.setattr(module, "time", clock)
    gate = Gate(monkeypatch, "hover")
    editor.begin().open("x = 1", 4)
    for _ in range(2):  # as many as there are workers
        editor.post("textDocument/hover", at(0, 0))
        assert gate.began.acquire(timeout=WAIT_S)
    waiting = editor.post("textDocument/documentSymbol", {"textDocument": {"uri": URI}})
    editor.ask("workspace/executeCommand", {"command": "tidelock.status"})  # the lane has it
    gate.go_on.set()
    editor.wait(waiting)
    with editor.changed:
        wanted = {"textDocument/hover", "textDocument/documentSymbol"}
        assert editor.changed.wait_for(lambda: wanted <= set(logged), WAIT_S)
    hover, symbols = logged["textDocument/hover"], logged["textDocument/documentSymbol"]
    assert (symbols["uri"], symbols["version"], symbols["revision"]) == (URI, 4, 0)
    assert symbols["waited_ms"] >= 1000
    assert min(hover["ms"], symbols["ms"]) >= 1000


def test_the_editor_is_told_how_each_request_ended_where_it_wants_to_know(
    editor: Editor, monkeypatch: pytest.MonkeyPatch
) -> None:
    def traces() -> list[Json]:
        found = [params for method, params in editor.said if method == "$/logTrace"]
        editor.said.clear()
        return found

    def hover() -> None:
        editor.ask("textDocument/hover", at(0, 0))
        editor.refused("textDocument/hover", 3)

    editor.begin().open("x = 1", 4)
    hover()
    assert traces() == []
    editor.tell("$/setTrace", {"value": "messages"})
    editor.wait(editor.command("tidelock.status"))  # the lane has heard it
    traces()
    hover()
    answered, refused = traces()
    assert answered == {"message": "textDocument/hover was answered"}
    assert refused["message"].startswith("textDocument/hover was refused: ")
    gate = Gate(monkeypatch, "references")
    number = editor.post("textDocument/references", about(0, 0))
    assert gate.began.acquire(timeout=WAIT_S)
    editor.tell("$/cancelRequest", {"id": number})
    gate.go_on.set()
    (cancelled,) = traces()
    words = "textDocument/references was refused: textDocument/references was cancelled"
    assert cancelled == {"message": words}
    ticks = itertools.count()  # a second each
    monkeypatch.setattr(module, "time", SimpleNamespace(monotonic=lambda: next(ticks)))
    editor.tell("$/setTrace", {"value": "verbose"})
    editor.wait(editor.command("tidelock.status"))
    traces()
    editor.ask("textDocument/hover", at(0, 0))
    told = {"message": "textDocument/hover was answered"}
    more = f"{URI}, version 4; revision 0; waited 1000 ms, took 1000 ms"
    assert traces() == [{**told, "verbose": more}]
    editor.tell("$/setTrace", {"value": "off"})
    editor.wait(editor.command("tidelock.status"))
    traces()
    hover()
    assert traces() == []


# -- documents -----------------------------------------------------------------------------------


def test_diagnostics_follow_the_text_and_go_when_it_is_closed() -> None:
    editor = Editor(lambda text, lua: ":1: no good" if "bad" in text else "").begin()
    editor.open("bad")
    editor.published(
        lambda p: p["version"] == 1 and "no good" in [one["message"] for one in p["diagnostics"]]
    )
    editor.change("good = 1", 2)
    editor.published(lambda params: params.get("version") == 2 and not params["diagnostics"])
    editor.change("bad", 2)  # not newer: ignored
    assert editor.ask("textDocument/hover", at(0, 1)) is not None
    editor.tell("textDocument/didClose", {"textDocument": {"uri": URI}})
    editor.published(lambda params: "version" not in params and not params["diagnostics"])
    editor.tell("textDocument/didClose", {"textDocument": {"uri": URI}})
    assert editor.ask("textDocument/hover", at(0, 1)) is None
    editor.session.close()


def test_diagnostics_of_an_outdated_text_are_not_published() -> None:
    seen, go_on = threading.Event(), threading.Event()

    def check(text: str, lua: str) -> str:
        if text == "old":
            seen.set()
            go_on.wait(WAIT_S)
        return ":1: words"

    editor = Editor(check).begin()
    editor.open("old")
    assert seen.wait(WAIT_S)
    editor.change("new", 2)
    editor.ask("textDocument/hover", at(0, 0))
    go_on.set()
    editor.published(lambda params: params["version"] == 2)
    published = "textDocument/publishDiagnostics"
    versions = [params["version"] for method, params in editor.said if method == published]
    assert set(versions) == {2}
    editor.session.close()


def test_positions_outside_the_text_are_clamped(editor: Editor) -> None:
    editor.begin().open("local x = 1\nprint(x)")
    for line, character in ((99, 0), (0, 99), (99, 99)):
        editor.ask("textDocument/hover", at(line, character))
        editor.ask("textDocument/completion", at(line, character))


def test_unknown_documents_answer_null(editor: Editor) -> None:
    editor.begin()
    for route in routes.REQUESTS:
        assert editor.ask(route.method, about(0, 0, "file:///nowhere.lua")) is None


def test_requests_see_the_text_that_was_there_when_they_came(editor: Editor) -> None:
    editor.begin().open("local first = 1\nfir")
    one = editor.post("textDocument/documentSymbol", {"textDocument": {"uri": URI}})
    editor.change("local second = 1", 2)
    two = editor.post("textDocument/documentSymbol", {"textDocument": {"uri": URI}})
    names = [editor.wait(number)["result"][0]["name"] for number in (one, two)]
    assert names == ["first", "second"]


# -- requests ------------------------------------------------------------------------------------


class Gate:
    """A feature that waits until a test lets it go on."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
        self.began = threading.Semaphore(0)
        self.go_on = threading.Event()
        self.runs = 0
        self.unwanted = 0
        feature = __import__(f"tidelock.lsp.features.{name}", fromlist=["x"])
        self.real = getattr(feature, name)
        monkeypatch.setattr(feature, name, self._run)

    def _run(self, *arguments: Any, **options: Any) -> Any:
        self.runs += 1
        self.began.release()
        assert self.go_on.wait(WAIT_S)
        try:
            return self.real(*arguments, **options)
        except Unwanted:
            self.unwanted += 1
            raise


def test_a_cancelled_request_is_answered_and_one_that_waits_is_not_run(
    editor: Editor, monkeypatch: pytest.MonkeyPatch
) -> None:
    gate = Gate(monkeypatch, "hover")
    editor.begin().open("x = 1")
    running = [editor.post("textDocument/hover", at(0, 0)) for _ in range(2)]
    for _ in running:
        assert gate.began.acquire(timeout=WAIT_S)
    waiting = editor.post("textDocument/hover", at(0, 0))
    for number in (waiting, running[0]):
        editor.tell("$/cancelRequest", {"id": number})
        assert editor.wait(number)["code"] == module.CANCELLED
    gate.go_on.set()
    assert editor.wait(running[1])["result"] is not None
    assert editor.ask("textDocument/hover", at(0, 0)) is not None
    assert gate.runs == 3
    editor.tell("$/cancelRequest", {"id": running[1]})  # too late: it is answered


def test_a_cancelled_request_that_runs_ends(
    editor: Editor, monkeypatch: pytest.MonkeyPatch
) -> None:
    gate = Gate(monkeypatch, "semantic_tokens")
    editor.begin().open("x = 1\n" * 100)
    asked = {"textDocument": {"uri": URI}}
    numbers = [editor.post("textDocument/semanticTokens/full", asked) for _ in range(2)]
    for _ in numbers:
        assert gate.began.acquire(timeout=WAIT_S)
    editor.tell("$/cancelRequest", {"id": numbers[0]})
    assert editor.wait(numbers[0])["code"] == module.CANCELLED
    gate.go_on.set()
    found = editor.wait(numbers[1])["result"]
    assert len(found["data"]) == 5 * 300
    assert editor.ask("textDocument/semanticTokens/full", asked)["data"] == found["data"]
    assert (gate.runs, gate.unwanted) == (3, 1)


def test_what_a_quick_edit_changed_for_others_is_not_lost_to_the_next(
    editor: Editor, monkeypatch: pytest.MonkeyPatch
) -> None:
    began, go_on = threading.Event(), threading.Event()
    real = module.diagnose

    def diagnose(document: Any, *rest: Any) -> Any:
        if document.text == "slow()":
            began.set()
            assert go_on.wait(WAIT_S)
        return real(document, *rest)

    monkeypatch.setattr(module, "diagnose", diagnose)
    other, slow = "file:///w/other.lua", "file:///w/slow.lua"
    editor.begin().open("")
    editor.open("", uri=slow)
    editor.open("print(shared)", uri=other)
    editor.published(lambda params: params["uri"] == other and params["diagnostics"])
    editor.change("slow()", 2, slow)
    assert began.wait(WAIT_S)
    editor.change("shared = 1", 2)
    editor.change("shared = 1 -- more", 3)
    editor.ask("textDocument/documentSymbol", {"textDocument": {"uri": URI}})
    editor.said.clear()
    go_on.set()
    editor.published(lambda params: params["uri"] == other and not params["diagnostics"])


def test_a_completion_that_is_asked_again_gives_up_the_one_before(
    editor: Editor, monkeypatch: pytest.MonkeyPatch
) -> None:
    gate = Gate(monkeypatch, "completion")
    editor.begin().open("x = 1\n", uri="file:///w/b.lua")
    editor.open("x = 1\n")
    other = editor.post("textDocument/completion", at(1, 0, "file:///w/b.lua"))
    numbers = [editor.post("textDocument/completion", at(1, 0)) for _ in range(4)]
    for number in numbers[:-1]:
        assert editor.wait(number)["code"] == module.CONTENT_MODIFIED
    gate.go_on.set()
    assert editor.wait(numbers[-1])["result"]["items"]
    assert editor.wait(other)["result"]["items"]


@pytest.mark.parametrize(
    ("feature", "is_void"),
    [
        ("signature", True),
        ("formatting", True),
        ("range_formatting", True),
        ("on_type_formatting", True),
        ("completion", False),
        ("hover", False),
        ("semantic_tokens", False),
    ],
)
def test_an_edit_makes_void_what_would_not_fit_any_more(
    editor: Editor, monkeypatch: pytest.MonkeyPatch, feature: str, is_void: bool
) -> None:
    gate = Gate(monkeypatch, feature)
    editor.begin().open("print(1)\n", uri="file:///w/b.lua")
    editor.open("print(1)\n")
    route = next(one for one in routes.REQUESTS if one.feature == feature)
    other = editor.post(route.method, about(0, 6, "file:///w/b.lua"))
    number = editor.post(route.method, about(0, 6))
    for _ in range(2):
        assert gate.began.acquire(timeout=WAIT_S)
    editor.change("print(1, 2)\n", 2)
    if is_void:
        assert editor.wait(number)["code"] == module.CONTENT_MODIFIED
    gate.go_on.set()
    assert ("result" in editor.wait(number)) is not is_void
    assert "result" in editor.wait(other)


def test_shutdown_answers_what_is_open_first(
    editor: Editor, monkeypatch: pytest.MonkeyPatch
) -> None:
    gate = Gate(monkeypatch, "hover")
    editor.begin().open("x = 1")
    number = editor.post("textDocument/hover", at(0, 0))
    assert gate.began.acquire(timeout=WAIT_S)
    assert editor.ask("shutdown") is None
    assert editor.wait(number)["code"] == module.CANCELLED
    assert list(editor.answers)[-2:] == [number, editor.number]
    gate.go_on.set()


@pytest.mark.parametrize("route", routes.REQUESTS, ids=lambda route: route.feature)
def test_a_feature_that_raises_touches_nothing_else(
    editor: Editor, monkeypatch: pytest.MonkeyPatch, route: routes.Route
) -> None:
    logged: list[str] = []
    monkeypatch.setattr(Layer, "_write", lambda self, level, text, fields: logged.append(text))

    def fail(*arguments: Any, **options: Any) -> None:
        raise LookupError("no luck")

    editor.begin().open("local x = 1\nprint(x)")
    feature = __import__(f"tidelock.lsp.features.{route.feature}", fromlist=["x"])
    with monkeypatch.context() as patched:
        patched.setattr(feature, route.feature, fail)
        for _ in range(3):
            number = editor.post(route.method, about(1, 6))
            answer = editor.wait(number)
            assert answer["code"] == module.INTERNAL_ERROR
            assert "LookupError: no luck" in answer["words"]
    assert logged.count("a request failed") == 1
    answer = editor.wait(editor.post(route.method, about(1, 6)))
    assert answer.get("code") in (None, module.REQUEST_FAILED)  # there is no fix to be resolved
    assert editor.ask("textDocument/hover", at(1, 6)) is not None


@pytest.mark.parametrize("method", ["textDocument/hover", "workspace/symbol"])
def test_a_request_that_fails_before_its_feature_is_answered(
    editor: Editor, monkeypatch: pytest.MonkeyPatch, method: str
) -> None:
    def fail(folder: folders.Folder) -> None:
        raise LookupError("no luck")

    editor.begin().open("local x = 1\nprint(x)")
    with monkeypatch.context() as patched:
        patched.setattr(folders.Folder, "space", fail)
        answer = editor.wait(editor.post(method, {**at(1, 6), "query": "x"}))
    assert answer["code"] == module.INTERNAL_ERROR
    assert "LookupError: no luck" in answer["words"]
    assert editor.ask("textDocument/hover", at(1, 6)) is not None


@settings(max_examples=examples(40), deadline=None, suppress_health_check=list(HealthCheck))
@given(
    st.sampled_from([route.method for route in routes.REQUESTS] + ["workspace/executeCommand"]),
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(max_size=5),
        lambda inner: (
            st.lists(inner, max_size=3)
            | st.dictionaries(
                st.sampled_from(["textDocument", "position", "uri", "line", "context", "command"]),
                inner,
                max_size=3,
            )
        ),
        max_leaves=6,
    ),
)
def test_any_params_are_answered(method: str, params: Any) -> None:
    editor = Editor().begin()
    editor.wait(editor.post(method, params))
    assert editor.ask("shutdown") is None
    editor.session.close()


# -- the workspace and its kernel ----------------------------------------------------------------


def test_the_workspace_is_the_editors_folder(tmp_path: Any, home: Any) -> None:
    (tmp_path / "tidelock.toml").write_text("")
    (tmp_path / "inner").mkdir()
    asked: list[str] = []

    def settings_of(
        workspace: str, *, trusted: bool, said: bool, editor: Mapping[str, object]
    ) -> Settings:
        asked.append(workspace)
        return Settings(lua_version="luajit2.1", lua_path=("lib",))

    editor = Editor(settings_of=settings_of)
    folder = (tmp_path / "inner").as_uri()
    editor.ask("initialize", {"capabilities": {}, "rootUri": folder})
    editor.tell("initialized", {})
    status = editor.wait(editor.command("tidelock.status"))["result"]
    assert asked == [str(tmp_path), str(home)]  # and those of texts that lie in no folder
    assert (status["workspace"], status["dialect"]) == (str(tmp_path), "luajit")
    editor.open("x", uri=f"{folder}/a.lua")
    editor.ask("textDocument/hover", at(0, 0))
    document = editor.session.documents.get(f"{folder}/a.lua")
    assert document is not None
    assert document.search == (f"{tmp_path}/inner", str(tmp_path), f"{tmp_path}/lib")
    editor.session.close()


def test_a_workspace_whose_options_are_wrong_is_served(tmp_path: Any) -> None:
    def settings_of(
        workspace: str, *, trusted: bool, said: bool, editor: Mapping[str, object]
    ) -> Settings:
        raise ConfigError("lua.version: expected one of these")

    editor = Editor(settings_of=settings_of)
    editor.ask("initialize", {"capabilities": {}, "rootUri": tmp_path.as_uri()})
    editor.open("x = 1")
    assert editor.ask("textDocument/hover", at(0, 0)) is not None
    editor.session.close()


def test_without_a_kernel_commands_say_so(editor: Editor) -> None:
    editor.begin()
    status = editor.wait(editor.command("tidelock.status"))["result"]
    assert (status["kernel"], status["kernelId"], status["problem"]) == ("none", None, None)
    for name in ("tidelock.startKernel", "tidelock.stopKernel", "tidelock.interrupt"):
        answer = editor.wait(editor.command(name))
        assert (answer["code"], answer["words"]) == (
            module.REQUEST_FAILED,
            "this language server uses no kernel",
        )
    for arguments in ([], [{"uri": 1}], [{"uri": "file:///nowhere.lua"}], [{"uri": "untitled:x"}]):
        assert editor.wait(editor.command("tidelock.run", *arguments))["code"] == -32602
    assert editor.wait(editor.command("tidelock.dance"))["code"] == module.INVALID_PARAMS


def test_a_text_is_debugged_by_the_client() -> None:
    can = {"experimental": {"tidelock": {"startDebugging": True}}}
    for capabilities, asked in (({}, []), (can, ["tidelock/startDebugging"])):
        editor = Editor()
        editor.ask("initialize", {"capabilities": capabilities})
        editor.open("x = 1")
        argument = {"uri": URI, "stopOnEntry": True}
        told = editor.wait(editor.command("tidelock.debug", argument))["result"]
        assert (told["type"], told["program"], told["stopOnEntry"]) == (
            "tidelock", "/w/a.lua", True,
        )  # fmt: skip
        assert [method for _, method, _ in editor.requests] == asked
        assert (
            editor.wait(editor.command("tidelock.debug", {"uri": "untitled:a"}))["code"] == -32602
        )
        editor.session.close()


def test_a_command_that_fails_is_answered(editor: Editor, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*arguments: Any) -> None:
        raise LookupError("no luck")

    monkeypatch.setitem(COMMANDS, "tidelock.status", fail)  # type: ignore[misc]
    editor.begin()
    assert editor.wait(editor.command("tidelock.status"))["code"] == module.INTERNAL_ERROR


def test_live_facts_can_be_switched_off(monkeypatch: pytest.MonkeyPatch) -> None:
    started: list[Live] = []
    monkeypatch.setattr(Live, "start", lambda self: started.append(self))

    def connect(start: bool) -> Any:
        raise KernelError(f"started: {start}")

    monkeypatch.setattr(folders, "connector", lambda workspace, settings: connect)
    for enabled in (False, True):
        options = Settings(lsp_live_enabled=enabled, kernel_auto_start=False)
        editor = Editor(use_kernel=True, options=options).begin()
        answer = editor.wait(editor.command("tidelock.startKernel"))
        assert answer["words"] == "started: True"
        assert len(started) == enabled
        editor.open("har")
        assert editor.ask("textDocument/completion", at(0, 3)) is not None
        answer = editor.wait(editor.command("tidelock.run", {"uri": URI}))
        assert answer["words"] == "started: False"
        assert editor.wait(editor.command("tidelock.status"))["result"]["problem"] is None
        editor.session.close()


def test_a_folder_that_is_too_wide_is_told_once(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Any
) -> None:
    monkeypatch.setattr(files, "is_too_wide", lambda root: True)
    editor = Editor(settings_of=lambda workspace, **more: Settings())
    editor.ask("initialize", {"capabilities": {}, "rootUri": tmp_path.as_uri()})
    editor.tell("initialized", {})

    def told() -> list[str]:
        return [
            params["message"] for method, params in editor.said if method == "window/showMessage"
        ]

    with editor.changed:
        assert editor.changed.wait_for(told, WAIT_S)
    editor.session.folders.first.index.reindex()
    editor.session.folders.first.index.close()
    editor.session.close()
    assert told() == [f"{tmp_path} is too wide to read; open a project"]


def test_status_says_that_the_texts_have_to_wait(editor: Editor) -> None:
    editor.begin()
    editor.ask("workspace/executeCommand", {"command": "tidelock.status"})
    for is_busy in (True, False):
        editor.session.hangs(is_busy)
        told = [params for method, params in editor.said if method == "tidelock/status"]
        assert told[-1]["busy"] is is_busy


def test_status_is_told_on_change_and_not_too_often(
    editor: Editor, monkeypatch: pytest.MonkeyPatch
) -> None:
    editor.begin()
    moments = [NOTHING, *(Moment("running", "k", revision=n) for n in range(50))]
    editor.wait(editor.command("tidelock.status"))  # there is a folder now
    folder = editor.session.folders.first
    folder.live = live = Live(lambda start: None, 0.0, folder._moved_on)  # type: ignore[arg-type,return-value]
    for moment in moments:
        live._set(moment)

    def told() -> list[int]:
        return [p["revision"] for method, p in editor.said if method == "tidelock/status"]

    with editor.changed:
        assert editor.changed.wait_for(lambda: told()[-1:] == [49], WAIT_S), told()
    assert len(told()) <= 3
    folder.tell_status()
    assert told()[-1] == 49
