"""The language client: right about a real server, and unforgiving to one that breaks a rule.

The file is long because every rule of the client has its breach in it.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from lsprotocol import types

from kit.framing import encode
from kit.lsp import LspClient, MemoryTransport, RequestFailed, uri
from kit.lsp_conduct import RULES
from kit.rules import ProtocolViolation
from kit.timeline import Failure, Notification, Request, Response

Json = dict[str, Any]
Answer = Callable[["Server", Json], None]

SERVER = """
import sys
from lsprotocol import types
from pygls.exceptions import JsonRpcInvalidParams
from pygls.lsp.server import LanguageServer

server = LanguageServer("toy", "1")

def publish(params):
    document = server.workspace.get_text_document(params.text_document.uri)
    problems = [
        types.Diagnostic(
            types.Range(types.Position(n, 0), types.Position(n, len(line))), "shouting"
        )
        for n, line in enumerate(document.lines)
        if line.strip().isupper()
    ]
    server.text_document_publish_diagnostics(
        types.PublishDiagnosticsParams(document.uri, problems, document.version)
    )

server.feature("textDocument/didOpen")(publish)
server.feature("textDocument/didChange")(publish)

@server.feature("textDocument/completion", types.CompletionOptions(trigger_characters=["."]))
def completion(params):
    context = params.context and params.context.trigger_character
    items = [types.CompletionItem(label=label) for label in ("one", "two", context or "three")]
    return types.CompletionList(is_incomplete=False, items=items)

@server.feature("textDocument/hover")
def hover(params):
    document = server.workspace.get_text_document(params.text_document.uri)
    word = document.word_at_position(params.position)
    if word == "bad":
        raise JsonRpcInvalidParams("no bad words")
    if word:
        return types.Hover(types.MarkupContent(types.MarkupKind.Markdown, f"**{word}**"))

@server.command("ask")
async def ask(*args):
    items = [types.ConfigurationItem(section="toy.size"), types.ConfigurationItem(section="x.y")]
    settings = await server.workspace_configuration_async(types.ConfigurationParams(items))
    watch = types.Registration("w", "workspace/didChangeWatchedFiles", {"watchers": []})
    await server.client_register_capability_async(types.RegistrationParams([watch]))
    progress = server.work_done_progress
    await progress.create_async("token")
    progress.begin("token", types.WorkDoneProgressBegin("asking"))
    progress.end("token", types.WorkDoneProgressEnd())
    print("asked", file=sys.stderr, flush=True)
    return settings

server.start_io()
"""


@pytest.fixture
def server(tmp_path: Path) -> Iterator[LspClient]:
    script = tmp_path / "server.py"
    script.write_text(SERVER)
    argv = [sys.executable, str(script)]
    with LspClient(argv, tmp_path, timeout=20, settings={"toy": {"size": 3}}) as client:
        yield client


def test_a_session_with_a_real_server(server: LspClient, tmp_path: Path) -> None:
    result = server.initialize(tmp_path, {"workspace": {"applyEdit": None}}, {"speed": 1})
    assert isinstance(result, types.InitializeResult)
    assert result.server_info == types.ServerInfo("toy", "1")
    assert server.capabilities is not None
    assert server.capabilities.hover_provider is not None

    file = tmp_path / "a.lua"
    file.write_text("quiet\nLOUD\n")
    assert server.open(file) == file.as_uri()
    assert [found.range.start.line for found in server.diagnostics(file)] == [1]
    assert server.change("a.lua", "LOUD\nquiet\nLOUD") == 2
    assert [found.range.start.line for found in server.diagnostics("a.lua")] == [0, 2]
    assert server.edit(file, (0, 0), (0, 4), "quiet") == 3
    assert [found.message for found in server.diagnostics(file)] == ["shouting"]
    assert len(server.diagnostics(file, version=1, predicate=len)) == 1

    hover = server.hover(file, 1, 2)
    assert hover is not None
    assert isinstance(hover.contents, types.MarkupContent)
    assert hover.contents.value == "**quiet**"
    assert server.hover(file, 9, 0) is None
    assert [item.label for item in server.completion(file, 0, 0)] == ["one", "two", "three"]
    assert server.completion(file, 0, 0, triggerCharacter=".")[2].label == "."

    server.edit(file, (0, 0), (0, 5), "bad")
    assert server.request_failing("textDocument/hover", server.at(file, 0, 1)).code == -32602
    with pytest.raises(RequestFailed, match=r"no bad words.*-32602") as caught:
        server.hover(file, 0, 1)
    assert caught.value.message == "no bad words"

    asked = server.request("workspace/executeCommand", types.ExecuteCommandParams("ask"))
    assert asked == [3, None]
    assert list(server.registered) == ["w"]
    begun = server.wait_for_notification("$/progress")
    assert begun.value["title"] == "asking"

    server.save(file)
    server.close(file)
    assert server.shutdown() == 0
    assert server.transport.describe().count("\nasked\n") == 1
    server.timeline.expect(
        Response("initialize")
        >> Notification("initialized").sent()
        >> Notification("textDocument/didOpen")
        >> Notification("textDocument/publishDiagnostics", version=1)
        >> Request("workspace/configuration").received()
        >> Response("workspace/configuration").sent()
        >> Response("shutdown")
    )


class Server:
    """A server of a few lines that keeps every rule, until a test bends one of its answers."""

    def __init__(self, **bent: Answer) -> None:
        self.send: Callable[[Json], None] = lambda _message: None
        self.bent = bent

    def receive(self, message: Json) -> None:
        name = message.get("method", "").rpartition("/")[2]
        if name in self.bent:
            self.bent[name](self, message)
        elif "id" in message and "method" in message:
            self.reply(message, {"capabilities": {}} if name == "initialize" else None)

    def put(self, **message: Any) -> None:
        self.send({"jsonrpc": "2.0", **message})

    def reply(self, request: Json, result: Any, **over: Any) -> None:
        self.put(**{"id": request["id"], "result": result, **over})


def connect(**bent: Answer) -> LspClient:
    return LspClient(MemoryTransport(Server(**bent)), timeout=5)


def answers(result: Any, **over: Any) -> Answer:
    return lambda server, request: server.reply(request, result, **over)


def says(*messages: Json, result: Any = None) -> Answer:
    def answer(server: Server, request: Json) -> None:
        for message in messages:
            server.put(**message)
        if "id" in request:
            server.reply(request, result)

    return answer


def log(kind: Any, **more: Any) -> Json:
    return {"method": "window/logMessage", "params": {"type": kind, "message": "x"}, **more}


def progress(kind: str, token: Any = "t", **value: Any) -> Json:
    return {"method": "$/progress", "params": {"token": token, "value": {"kind": kind, **value}}}


def test_notifications_are_given_once_in_order() -> None:
    with connect(hover=says(log(1), log(2), log(3))) as client:
        client.initialize()
        client.hover("a.lua", 0, 0)
        types_ = [
            client.wait_for_notification("window/logMessage").type,
            client.wait_for_notification("window/logMessage", lambda params: params.type == 3).type,
            client.wait_for_notification("window/logMessage").type,
        ]
        assert [kind.value for kind in types_] == [1, 3, 2]
        with pytest.raises(Failure, match="the notification window/logMessage"):
            client.wait_for_notification("window/logMessage", timeout=0.01)


def test_requests_of_the_server_are_answered_by_the_table() -> None:
    asks = says(
        {"id": "a", "method": "workspace/workspaceFolders"},
        {"id": "b", "method": "toy/strange", "params": {}},
        {"id": "c", "method": "window/showDocument", "params": {"uri": "file:///x"}},
    )

    def fail(params: Any) -> None:
        raise LookupError(params["uri"])

    with connect(hover=asks) as client:
        client.initialize("/somewhere")
        client.answers["window/showDocument"] = fail
        client.hover("a.lua", 0, 0)
        client.timeline.wait_for(
            Response("workspace/workspaceFolders", result=[{"uri": "file:///somewhere",
                                                            "name": "somewhere"}]).sent()
            >> Response("toy/strange", error={"code": -32601})
            >> Response("window/showDocument", error={"message": "LookupError: file:///x"})
        )  # fmt: skip


def test_diagnostics_without_a_version_count_from_the_last_change() -> None:
    def publish(server: Server, message: Json) -> None:
        where = message["params"]["textDocument"]["uri"]
        for text in ("first", "second"):
            place = {"line": 0, "character": 0}
            found = {"range": {"start": place, "end": place}, "message": text}
            params = {"uri": where, "diagnostics": [found]}
            server.put(method="textDocument/publishDiagnostics", params=params)

    with connect(didChange=publish) as client:
        client.initialize()
        client.open("untitled:a", "")
        with pytest.raises(Failure, match="diagnostics of version 1 of untitled:a"):
            client.diagnostics("untitled:a", timeout=0.01)
        client.change("untitled:a", "x")
        found = client.diagnostics("untitled:a", predicate=lambda all_: all_[0].message == "second")
        assert found[0].severity is None
        client.close("untitled:a")
        with pytest.raises(Failure, match="diagnostics of version 0"):
            client.diagnostics("untitled:a", timeout=0.01)


def test_an_answer_can_be_cancelled_and_waited_for_later() -> None:
    waiting: list[Json] = []

    def cancel(server: Server, message: Json) -> None:
        (request,) = (each for each in waiting if each["id"] == message["params"]["id"])
        server.put(id=request["id"], error={"code": -32800, "message": "cancelled"})

    with connect(hover=lambda _server, message: waiting.append(message), cancelRequest=cancel) as c:
        c.initialize()
        pending = c.post("textDocument/hover", c.at("a.lua", 0, 0))
        with pytest.raises(Failure, match="waited for the response to textDocument/hover"):
            pending.wait(timeout=0.01)
        c.cancel(pending)
        with pytest.raises(RequestFailed, match=r"cancelled \(-32800\)"):
            pending.value()


def test_the_tests_own_messages_are_checked_too() -> None:
    with connect() as client:
        client.initialize()
        for params in ({}, {**client.document("a.lua"), "position": {"line": "0", "character": 0}}):
            with pytest.raises(Failure, match="own message is wrong"):
                client.request("textDocument/hover", params)
        client.post("textDocument/hover", {}, checked=False).wait()
        with pytest.raises(Failure, match="was to fail, but did not"):
            client.request_failing("toy/anything", [1])


def test_unknown_methods_pass_as_they_are() -> None:
    with connect(anything=says({"method": "toy/news", "params": {"n": 1}}, result=5)) as client:
        client.initialize()
        assert client.request("toy/anything", {"a": 1}) == 5
        assert client.wait_for_notification("toy/news") == {"n": 1}


def test_a_path_or_a_uri(tmp_path: Path) -> None:
    assert uri("untitled:a") == "untitled:a"
    assert uri("a b.lua", tmp_path) == f"{tmp_path.as_uri()}/a%20b.lua"
    assert uri(tmp_path / "x.lua") == f"{tmp_path.as_uri()}/x.lua"


LABEL = {"label": 5}
ITEM = {"isIncomplete": False, "items": [{"label": "x"}]}
SPAN = {"start": {"line": -1, "character": 0}, "end": {"line": 0, "character": 0}}
CREATE = {"id": 1, "method": "window/workDoneProgress/create", "params": {"token": "t"}}


def diagnostics(**params: Any) -> Json:
    return {
        "method": "textDocument/publishDiagnostics",
        "params": {"uri": "untitled:a", "diagnostics": [], **params},
    }


def twice(server: Server, request: Json) -> None:
    server.reply(request, None)
    server.reply(request, None)


def early(*messages: Json) -> Answer:
    return says(*messages, result={"capabilities": {}})


BENT: list[tuple[str, str, Answer, str]] = [
    ("jsonrpc", "hover", answers(None, jsonrpc="1.0"), "jsonrpc is '1.0'"),
    ("jsonrpc", "hover", answers(None, error={"code": 1, "message": "x"}), "either result or"),
    ("jsonrpc", "hover", says({"id": 2.5, "result": 1}), "id is 2.5"),
    ("jsonrpc", "hover", says({"method": 5}), "method is no text"),
    ("jsonrpc", "hover", says({}), "neither method nor id"),
    ("jsonrpc", "hover", says(log(1, params=5)), "params are neither"),
    ("jsonrpc", "hover", says({**CREATE, "id": None}), "id is None"),
    ("schema", "completion", answers({**ITEM, "items": [LABEL]}), "5 is not of its type"),
    ("schema", "completion", answers({**ITEM, "isIncomplete": 1}), "1 is not of its type"),
    ("schema", "completion", answers({"isIncomplete": False}), "required field missing"),
    ("schema", "documentSymbol", answers({}), "{} is not of its type"),
    ("schema", "hover", answers({"contents": "x", "range": SPAN}), "-1"),
    ("schema", "hover", answers({"contents": {"kind": "html", "value": "x"}}), "html"),
    ("schema", "hover", answers({"contents": {"kind": "markdown", "value": None}}), "null is not"),
    ("schema", "hover", answers("text"), "HoverResponse"),
    ("schema", "hover", says(log(9)), "9 is not a valid"),
    ("schema", "hover", says(diagnostics(version="2")), '"2" is not of its type'),
    ("schema", "initialize", answers({}), "required field missing"),
    ("response", "hover", twice, "textDocument/hover was answered before"),
    ("response", "hover", answers(None, id=99), "answers no request"),
    ("response", "hover", answers(None, id=None), "answers no request"),
    ("initialize", "initialize", early(diagnostics()), "publishDiagnostics before it"),
    ("direction", "hover", says({"method": "textDocument/didSave", "params": {}}), "for clients"),
    ("capability", "hover", says({"id": 1, "method": "workspace/codeLens/refresh"}), "without"),
    ("progress", "hover", says(progress("begin", title="x")), "begin of 't', never created"),
    ("progress", "hover", says(CREATE, progress("end")), "end of 't', not begun"),
    ("progress", "hover", says(CREATE, progress("begin", title="x"), progress("begin", title="x")),
     "begin of 't', begun"),
    ("progress", "hover", says(progress("other")), "'t' was never created"),
    ("version", "hover", says(diagnostics(version=2)), "2, and the client has 1"),
    ("version", "hover", says(diagnostics(uri="untitled:b", version=1)), "the client has None"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("rule", "method", "answer", "text"), BENT, ids=[f"{rule}-{text}" for rule, _, _, text in BENT]
)
def test_a_broken_rule_is_reported(rule: str, method: str, answer: Answer, text: str) -> None:
    def story() -> None:
        with connect(**{method: answer}) as client:
            client.initialize()
            client.open("untitled:a", "")
            if method == "documentSymbol":
                client.request("textDocument/documentSymbol", client.document("untitled:a"))
            elif method == "completion":
                client.completion("untitled:a", 0, 0)
            else:
                client.post("textDocument/hover", client.at("untitled:a", 0, 0))
            client.request("toy/barrier")

    with pytest.raises(ProtocolViolation, match="violated") as caught:
        story()
    assert {violation.rule for violation in caught.value.violations} == {rule}
    assert text in "\n".join(violation.text for violation in caught.value.violations)


def test_diagnostics_may_cross_the_end_of_their_document() -> None:
    crossing = says(diagnostics(version=1), diagnostics(), diagnostics(version=1))

    def story() -> None:
        with connect(didClose=crossing) as client:
            client.initialize()
            client.open("untitled:a", "")
            client.close("untitled:a")
            client.request("toy/barrier")

    with pytest.raises(ProtocolViolation) as caught:
        story()
    (late,) = caught.value.violations  # the one behind the withdrawal
    assert late.text == "1, and the client has None"


PROCESS = """
import sys
def put(body):
    sys.stdout.write(f"Content-Length: {len(body)}\\r\\n\\r\\n{body}"); sys.stdout.flush()
def until(word):
    seen = b""
    while word not in seen:
        seen += sys.stdin.buffer.read1()
"""


def process(body: str) -> LspClient:
    return LspClient([sys.executable, "-c", PROCESS + body], timeout=5)


def test_a_request_left_behind_at_shutdown_is_told() -> None:
    answer = '{"jsonrpc": "2.0", "id": 2, "result": null}'
    with process(f"until(b'shutdown'); put({answer!r}); until(b'exit'); sys.exit(4)") as client:
        client.post("textDocument/hover", client.at("untitled:a", 0, 0))
        with pytest.raises(ProtocolViolation, match=r"textDocument/hover never was"):
            client.shutdown()


def test_the_exit_code_of_a_server_is_given() -> None:
    answer = '{"jsonrpc": "2.0", "id": 1, "result": null}'
    with process(f"until(b'shutdown'); put({answer!r}); until(b'exit'); sys.exit(4)") as client:
        assert client.shutdown() == 4


def test_what_is_printed_is_no_message() -> None:
    with (
        process("until(b'initialize'); print('hello')") as client,
        pytest.raises(ProtocolViolation, match=r"framing.*hello"),
    ):
        client.initialize()


def test_every_rule_has_been_broken_once() -> None:
    assert {rule for rule, *_ in BENT} | {"framing", "unanswered"} == set(RULES)


def test_a_server_that_dies_shows_its_last_words() -> None:
    with (
        process("until(b'initialize'); sys.exit('out of luck')") as client,
        pytest.raises(Failure, match="but the process closed its standard output"),
    ):
        client.initialize()
    assert "exit code 1)\nstandard error:\nout of luck" in client.timeline.picture()


def test_a_vanished_client_and_raw_bytes() -> None:
    with connect() as client:
        client.send_raw(encode({"jsonrpc": "2.0", "method": "toy/none"}))
        client.vanish()
        with pytest.raises(Failure, match="the client closed the connection"):
            client.initialize()
