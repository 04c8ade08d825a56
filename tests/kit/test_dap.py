"""The DAP client: right about a real adapter, and unforgiving to one that breaks a rule.

The file is long because every rule of the client has its breach in it.
"""

from __future__ import annotations

import signal
import socket
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from kit.dap import (
    EDITORS,
    RULES,
    DapClient,
    MemoryTransport,
    ProtocolViolation,
    RequestFailed,
    StdioTransport,
    TcpTransport,
)
from kit.framing import encode
from kit.timeline import Event, Failure, Request, Response

Json = dict[str, Any]
Answer = Callable[["Adapter", Json], None]

DEBUGPY = [sys.executable, "-m", "debugpy.adapter"]
# What debugpy's adapter does and we do not: events from a second thread may overtake the answer
# to initialize, a message gets its number under another lock than the one it is written under,
# failures have no body, and a thread that resumes may be faster than the answer.
DEBUGPY_BREAKS = ("initialize", "seq", "error-body", "resume-order")

PROGRAM = """\
def add(a, b):
    total = a + b
    return total

print(add(1, 2))
print(add(3, 4))
"""


class Adapter:
    """An adapter of a few lines that keeps every rule, until a test bends one of its answers.

    The debuggee is a counter: each resume stops at the next line, and line 9 is its end.
    """

    def __init__(self, **bent: Answer) -> None:
        self.send: Callable[[Json], None] = lambda _message: None
        self.seq = 0
        self.line = 1
        self.bent = bent
        self.launch: Json = {}
        self.capabilities: Json = {
            "supportsConfigurationDoneRequest": True,
            "exceptionBreakpointFilters": [
                {"filter": "uncaught", "label": "Uncaught", "default": True},
                {"filter": "all", "label": "All"},
            ],
        }

    def receive(self, message: Json) -> None:
        if message["type"] == "request":
            name = message["command"]
            usual: Answer = getattr(type(self), f"on_{name}", Adapter.unknown)
            self.bent.get(name, usual)(self, message)

    def put(self, message: Json) -> None:
        self.seq += 1
        self.send({"seq": self.seq, **message})

    def event(self, name: str, **body: Any) -> None:
        self.put({"type": "event", "event": name, **({"body": body} if body else {})})

    def reply(self, request: Json, body: Json | None = None, **over: Any) -> None:
        response = {"request_seq": request["seq"], "command": request["command"], "success": True}
        self.put(
            {"type": "response", **response, **({} if body is None else {"body": body}), **over}
        )

    def unknown(self, request: Json) -> None:
        text = f"{request['command']} is unknown"
        self.reply(request, {"error": {"id": 1, "format": text}}, success=False, message=text)

    def stop(self, reason: str, **body: Any) -> None:
        self.event(
            "stopped", **{"reason": reason, "threadId": 1, "allThreadsStopped": True, **body}
        )

    def on_initialize(self, request: Json) -> None:
        self.reply(request, self.capabilities)

    def on_launch(self, request: Json) -> None:
        self.launch = request
        self.event("initialized")

    on_attach = on_launch

    def on_setBreakpoints(self, request: Json) -> None:
        asked = request["arguments"]["breakpoints"]
        answer = [{"id": n, "verified": True, "line": b["line"]} for n, b in enumerate(asked, 1)]
        self.reply(request, {"breakpoints": answer})

    def on_setExceptionBreakpoints(self, request: Json) -> None:
        self.reply(request)

    def on_configurationDone(self, request: Json) -> None:
        self.reply(request)
        if "launch" not in self.bent:
            self.reply(self.launch)
        self.stop("entry")

    def on_next(self, request: Json) -> None:
        self.line += 1
        self.reply(request, {} if request["command"] == "continue" else None)
        if self.line < 9:
            self.stop("step")
        else:
            self.event("exited", exitCode=3)
            self.event("terminated")

    on_continue = on_next

    def on_pause(self, request: Json) -> None:
        self.reply(request)
        self.stop("pause")

    def on_threads(self, request: Json) -> None:
        self.reply(request, {"threads": [{"id": 1, "name": "main"}]})

    def on_stackTrace(self, request: Json) -> None:
        self.reply(
            request, {"stackFrames": [{"id": 7, "name": "f", "line": self.line, "column": 1}]}
        )

    def on_disconnect(self, request: Json) -> None:
        self.reply(request)


def connect(adapter: Adapter, **options: Any) -> DapClient:
    return DapClient(MemoryTransport(adapter), timeout=5, **options)


@pytest.fixture
def program(tmp_path: Path) -> Path:
    path = tmp_path / "program.py"
    path.write_text(PROGRAM)
    return path


@pytest.fixture
def debugpy() -> Iterator[DapClient]:
    transport = StdioTransport(DEBUGPY)
    with DapClient(transport, timeout=20, waive=DEBUGPY_BREAKS) as client:
        yield client


def test_a_session_with_a_real_adapter(debugpy: DapClient, program: Path) -> None:
    debugpy.launch(program, breakpoints={program: [2]}, console="internalConsole")
    stop = debugpy.wait_for_stop("breakpoint")
    assert stop.hit == [0]
    assert debugpy.top_frame()["line"] == 2
    assert [frame["name"] for frame in debugpy.stack()] == ["add", "<module>"]
    assert debugpy.locals() == {"a": "1", "b": "2"}
    assert debugpy.evaluate("a + 10") == "11"
    with pytest.raises(RequestFailed, match="nope"):
        debugpy.evaluate("nope", context="hover")

    mark = debugpy.timeline.mark()
    debugpy.step("next")
    assert debugpy.locals()["total"] == "3"
    debugpy.timeline.expect(Request("next") >> (Event("continued") & Event("stopped")), since=mark)
    assert debugpy.output() == ""

    debugpy.resume()
    debugpy.wait_for_stop("breakpoint")
    assert debugpy.scope("Locals") == {"a": "3", "b": "4"}
    debugpy.set_breakpoints(program, [])
    debugpy.resume()
    assert debugpy.wait_for_end() == 0
    assert debugpy.output() == "3\n7\n"
    debugpy.disconnect()
    debugpy.timeline.expect(
        Response("initialize")
        >> Request("launch")
        >> Event("initialized")
        >> Response("setBreakpoints")
        >> Response("setExceptionBreakpoints")
        >> Request("configurationDone")
        >> Response("launch")
        >> Event("stopped")
        >> Event("terminated")
        >> Response("disconnect")
    )


def test_a_real_adapter_that_refuses_to_launch(debugpy: DapClient) -> None:
    with pytest.raises(RequestFailed, match="launch failed"):
        debugpy.launch("missing.py", console="nonsense")


def test_a_whole_session_in_memory() -> None:
    adapter = Adapter()
    with connect(adapter) as client:
        client.launch("x.lua", breakpoints={"x.lua": [2, {"line": 3, "condition": "x"}]})
        assert client.wait_for_stop().reason == "entry"
        assert client.step().thread == 1
        assert client.top_frame()["line"] == 2
        assert client.pause().reason == "pause"
        adapter.line = 8
        client.resume()
        assert client.wait_for_end() == 3
        client.disconnect()
    filters = client.timeline.expect(Request("setExceptionBreakpoints"))["arguments"]
    assert filters == {"filters": ["uncaught"]}
    assert adapter.launch["arguments"] == {"program": "x.lua"}
    assert client.violations == []


def test_attach_and_configure_follow_the_same_order() -> None:
    with connect(Adapter()) as client:
        client.attach(
            port=1,
            exceptions=["all"],
            configure=lambda c: c.request_failing("setFunctionBreakpoints", {"breakpoints": []}),
        )
    client.timeline.expect(
        Request("attach", arguments={"port": 1})
        >> Request("setExceptionBreakpoints", arguments={"filters": ["all"]})
        >> Response("setFunctionBreakpoints", success=False)
        >> Request("configurationDone")
        >> Response("attach")
    )


def test_a_session_may_be_made_by_a_function() -> None:
    made: list[Adapter] = []

    def make(send: Callable[[Json], None]) -> Adapter:
        made.append(Adapter())
        made[0].send = send
        return made[0]

    with DapClient(MemoryTransport(make)) as client:
        client.launch()
    assert made[0].launch


def test_an_editor_says_what_it_can() -> None:
    for editor, flags in EDITORS.items():
        with connect(Adapter()) as client:
            client.initialize(editor, supportsRunInTerminalRequest=False, locale="de")
        arguments = client.timeline.expect(Request("initialize"))["arguments"]
        said = {name for name, value in arguments.items() if value is True} - {
            "linesStartAt1",
            "columnsStartAt1",
        }
        assert said == flags - {"supportsRunInTerminalRequest"}
        assert arguments["locale"] == "de"


def test_the_same_event_is_not_given_twice() -> None:
    def speak(adapter: Adapter, request: Json) -> None:
        for text in ("one", "two", "three"):
            adapter.event("output", output=text, category="stdout")
        adapter.reply(request)

    with connect(Adapter(pause=speak)) as client:
        client.initialize()
        client.post("pause", {"threadId": 1})
        said = [
            client.wait_for_event("output")["body"]["output"],
            client.wait_for_event("output", lambda body: body["output"] == "three")["body"],
            client.wait_for_event("output")["body"]["output"],
        ]
        assert said == ["one", {"output": "three", "category": "stdout"}, "two"]
        with pytest.raises(Failure, match="waited for the event output"):
            client.wait_for_event("output", timeout=0.01)
        assert client.output() == "onetwothree"
        assert client.output("stderr") == ""


def test_a_refusal_raises_with_its_message() -> None:
    with connect(Adapter()) as client:
        client.initialize()
        with pytest.raises(RequestFailed, match=r"stepBack failed: stepBack is unknown") as caught:
            client.request("stepBack", {"threadId": 1})
        assert caught.value.error["id"] == 1
        assert client.request_failing("stepBack", {"threadId": 1})["message"]
        with pytest.raises(Failure, match="threads was to fail, but did not"):
            client.request_failing("threads")


def test_a_stop_for_another_reason_or_an_end_fails_at_once() -> None:
    with connect(Adapter()) as client:
        client.launch()
        with pytest.raises(Failure, match="stopped by 'entry' instead of 'breakpoint'"):
            client.wait_for_stop("breakpoint", timeout=60)
        adapter = client.transport.handler  # type: ignore[attr-defined]
        adapter.line = 8
        client.resume()
        with pytest.raises(Failure, match="terminated came instead of a stop"):
            client.wait_for_stop(timeout=60)
    with connect(Adapter()) as client:
        client.initialize()
        with pytest.raises(Failure, match="which thread is meant"):
            client.resume()


def test_reverse_requests_are_answered_by_the_table() -> None:
    def ask(adapter: Adapter, request: Json) -> None:
        for command in ("runInTerminal", "startDebugging", "somethingNew", "somethingElse"):
            arguments: Json = {"request": "launch", "configuration": {}, "args": ["a"], "cwd": "."}
            adapter.put({"type": "request", "command": command, "arguments": arguments})
        adapter.reply(request)

    def fail(arguments: Json) -> Json:
        raise LookupError(arguments["args"][0])

    with connect(Adapter(pause=ask)) as client:
        client.initialize()
        client.answer("runInTerminal", lambda arguments: {"processId": len(arguments["args"])})
        client.answer("startDebugging")
        client.answer("somethingElse", fail)
        client.post("pause", {"threadId": 1})
        client.timeline.wait_for(
            Response("runInTerminal", processId=1).sent()
            >> Response("startDebugging", success=True).sent()
            >> Response("somethingNew", success=False, message=lambda text: "no answer" in text)
            >> Response("somethingElse", success=False, message="LookupError: a")
        )


def test_the_tests_own_messages_are_checked_too() -> None:
    with connect(Adapter()) as client:
        client.initialize()
        with pytest.raises(Failure, match=r"own message is wrong.*'threadId' is a required"):
            client.post("next", {})
        with pytest.raises(Failure, match="own message is wrong"):
            client.request("setBreakpoints", {"source": {}, "breakpoints": [{"line": "2"}]})
        assert client.request_failing("goto", {}, checked=False)["message"] == "goto is unknown"


def says(*messages: Json) -> Answer:
    """Send messages, then answer the request; numbers are given unless the message has one."""

    def answer(adapter: Adapter, request: Json) -> None:
        for message in messages:
            adapter.put(message)
        adapter.reply(request)

    return answer


def event(name: str, **body: Any) -> Json:
    return {"type": "event", "event": name, **({"body": body} if body else {})}


def twice(adapter: Adapter, request: Json) -> None:
    adapter.reply(request)
    adapter.reply(request)


def early_stop(adapter: Adapter, request: Json) -> None:
    adapter.stop("step")
    adapter.reply(request)


def answers(body: Json | None = None, **over: Any) -> Answer:
    return lambda adapter, request: adapter.reply(request, body, **over)


def breakpoints(*entries: Json) -> Answer:
    return answers({"breakpoints": list(entries)})


def early_launch(adapter: Adapter, request: Json) -> None:
    adapter.event("initialized")
    adapter.reply(request)


def early_event(adapter: Adapter, request: Json) -> None:
    adapter.event("output", output="too early")
    adapter.reply(request, adapter.capabilities)


def late_exit(adapter: Adapter, request: Json) -> None:
    adapter.reply(request)
    adapter.event("terminated")
    adapter.event("exited", exitCode=0)


def same_number(adapter: Adapter, request: Json) -> None:
    adapter.seq -= 1
    adapter.reply(request)


def silent(_adapter: Adapter, _request: Json) -> None:
    pass


VARIABLE: Json = {"name": "x", "value": "1", "variablesReference": 2**31}

ARGUMENTS: dict[str, Json] = {
    "setBreakpoints": {"source": {"path": "x.lua"}, "breakpoints": [{"line": 1}, {"line": 2}]},
    "variables": {"variablesReference": 1},
}

BENT: list[tuple[str, str, Answer, str]] = [
    ("schema", "threads", answers({"threads": [{"id": "1", "name": "x"}]}), "threads.0.id: '1'"),
    ("schema", "threads", answers(), "'body' is a required property"),
    ("schema", "threads", says({"type": "event", "event": 5}), "event: 5 is not of type"),
    ("schema", "threads", says({"type": "events"}), "type: 'events' is not one of"),
    ("schema", "threads", says(event("stopped")), "'body' is a required property"),
    ("schema", "variables", answers({"variables": [VARIABLE]}), "greater than the maximum"),
    ("seq", "threads", same_number, "6 after 6"),
    ("response", "pause", twice, "pause was answered before"),
    ("response", "pause", answers(command="next"), "it was pause that was asked"),
    ("response", "pause", answers(request_seq=99), "it answers no request"),
    ("error-body", "pause", answers(success=False, message="no"), "pause failed without"),
    ("error-body", "pause", answers({"error": {"id": 1, "format": "x"}}, success=False), "without"),
    ("initialize", "initialize", early_event, "event output before it was"),
    ("initialized", "threads", says(event("initialized")), "it came before"),
    ("launch-order", "launch", early_launch, "launch was answered before configurationDone"),
    ("resume-order", "next", early_stop, "stopped before next was answered"),
    ("resume-order", "continue", says(event("continued", threadId=1)), "continued before continue"),
    ("breakpoints", "setBreakpoints", breakpoints(), "2 were asked for"),
    ("breakpoint-line", "setBreakpoints", breakpoints({"verified": True}, {"verified": False}),
     "missing in"),
    ("capability", "threads", says(event("memory", memoryReference="1", offset=0, count=1)),
     "memory without supportsMemoryEvent"),
    ("capability", "threads", says({"type": "request", "command": "runInTerminal",
                                    "arguments": {"args": [], "cwd": "."}}),
     "runInTerminal without supportsRunInTerminalRequest"),
    ("end", "pause", late_exit, "exited came after terminated"),
    ("end", "pause", says(event("terminated"), event("terminated")), "terminated came twice"),
    ("unanswered", "variables", silent, "variables never was"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("rule", "command", "answer", "text"), BENT, ids=[f"{each[0]}-{each[1]}" for each in BENT]
)
def test_a_broken_rule_is_reported(rule: str, command: str, answer: Answer, text: str) -> None:
    def story() -> None:
        with connect(Adapter(**{command: answer})) as client:
            client.initialize(supportsRunInTerminalRequest=False, supportsMemoryEvent=False)
            client.launch()
            client.wait_for_stop("entry")
            if command not in ("initialize", "launch"):
                client.post(command, ARGUMENTS.get(command, {"threadId": 1}))
            client.disconnect()

    with pytest.raises(ProtocolViolation, match="violated") as caught:
        story()
    assert rule in {violation.rule for violation in caught.value.violations}
    assert text in str(caught.value)


def test_a_lenient_client_only_collects() -> None:
    with connect(Adapter(initialize=early_event), strict=False) as client:
        client.initialize()
    assert [violation.rule for violation in client.violations] == ["initialize"]


def test_every_rule_has_been_broken_once() -> None:
    assert {rule for rule, *_ in BENT} | {"framing"} == set(RULES)


def test_a_waived_rule_is_not_reported() -> None:
    with connect(Adapter(initialize=early_event), waive=["initialize"]) as client:
        client.initialize()
    with pytest.raises(ValueError, match="no such rule"):
        connect(Adapter(), waive=["initialise"])


def test_a_thread_that_was_not_stopped_may_stop_while_another_resumes() -> None:
    def other_stops(adapter: Adapter, request: Json) -> None:
        adapter.stop("breakpoint", threadId=2, allThreadsStopped=False)
        adapter.reply(request)
        adapter.stop("step", allThreadsStopped=False)

    def only_one(adapter: Adapter, request: Json) -> None:
        adapter.reply(request)
        adapter.reply(adapter.launch)
        adapter.stop("entry", allThreadsStopped=False)

    with connect(Adapter(next=other_stops, configurationDone=only_one)) as client:
        client.launch()
        client.wait_for_stop("entry")
        assert client.step(reason="breakpoint").thread == 2
        assert client.wait_for_stop("step").thread == 1


def script(body: str, grace: float = 0.5) -> StdioTransport:
    """A process that runs some Python after it has read one line."""
    head = "import sys\nsys.stdin.readline()\n"
    return StdioTransport([sys.executable, "-c", head + body], grace=grace)


@pytest.mark.parametrize(
    "printed", ["hello\n", "Content-Length: 9\n\n", "Content-Length: 2\r\n\r\n[]"]
)
def test_what_is_printed_between_messages_is_a_violation(printed: str) -> None:
    body = f"sys.stdout.write({printed!r}); sys.stdout.flush()"
    with DapClient(script(body)) as client, pytest.raises(ProtocolViolation, match="framing"):
        client.initialize()


def test_a_process_that_dies_shows_its_last_words() -> None:
    with DapClient(script("sys.exit('out of luck')")) as client, pytest.raises(Failure) as caught:
        client.initialize()
    text = str(caught.value)
    assert "waited for the response to initialize (seq 1), but the process closed" in text
    assert "(exit code 1)\nstandard error:\nout of luck" in client.timeline.picture()
    with pytest.raises(Failure, match="nobody reads any more"):
        client.post("threads")


def test_a_process_that_clings_to_life_is_ended_with_its_children() -> None:
    # The child ignores TERM, and its own child holds the pipes open.
    ready = encode({"seq": 1, "type": "event", "event": "output", "body": {"output": "ready"}})
    body = (
        "import signal, subprocess\n"
        "signal.signal(signal.SIGTERM, signal.SIG_IGN)\n"
        "subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(60)'])\n"
        f"sys.stdout.write({ready.decode()!r}); sys.stdout.flush()\n"
        "while True: signal.pause()\n"
    )
    transport = script(body, grace=0.1)
    with DapClient(transport, waive=["initialize"]) as client:
        client.send_raw(b"\n")
        client.wait_for_event("output")
    assert transport.child is not None
    assert transport.child.process.returncode == -signal.SIGKILL


class Port:
    """An adapter behind a port, for one connection."""

    def __init__(self, serve: Callable[[socket.socket], None]) -> None:
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.address: tuple[str, int] = self.listener.getsockname()
        self.thread = threading.Thread(target=self.accept, args=(serve,))
        self.thread.start()

    def accept(self, serve: Callable[[socket.socket], None]) -> None:
        connection, _ = self.listener.accept()
        with connection, self.listener:
            serve(connection)


def test_an_adapter_behind_a_port() -> None:
    def serve(connection: socket.socket) -> None:
        connection.recv(65536)
        body: Json = {"supportsConfigurationDoneRequest": True}
        whole = encode({"seq": 1, "type": "response", "request_seq": 1, "success": True,
                        "command": "initialize", "body": body})  # fmt: skip
        connection.sendall(whole[:30])
        connection.sendall(whole[30:])

    port = Port(serve)
    with DapClient(TcpTransport(*port.address)) as client:
        assert client.initialize() == {"supportsConfigurationDoneRequest": True}
        with pytest.raises(Failure, match="but the peer closed the connection"):
            client.wait_for_stop()
    port.thread.join()


def test_a_vanished_client_resets_its_connection() -> None:
    ended: list[str] = []

    def serve(connection: socket.socket) -> None:
        try:
            ended.append(repr(connection.recv(1)))
        except ConnectionResetError:
            ended.append("reset")

    port = Port(serve)
    client = DapClient(TcpTransport(*port.address))
    client.vanish()
    client.close()
    port.thread.join()
    assert ended == ["reset"]
    with pytest.raises(Failure, match="cannot send"):
        client.post("threads")


def test_half_a_message_at_the_end_of_a_connection() -> None:
    port = Port(lambda connection: connection.sendall(b"Content-Length: 10\r\n\r\n{"))
    client = DapClient(TcpTransport(*port.address))
    port.thread.join()
    with pytest.raises(ProtocolViolation, match="ended inside a message"):
        client.wait_for_event("stopped")
    client.close()


def test_a_handler_that_raises_ends_the_conversation() -> None:
    def burst(_adapter: Adapter, _request: Json) -> None:
        raise ZeroDivisionError("on purpose")

    with connect(Adapter(threads=burst)) as client:
        client.initialize()
        with pytest.raises(Failure, match="but the handler raised") as caught:
            client.threads()
        assert "ZeroDivisionError: on purpose" in str(caught.value)


def test_a_handler_cannot_send_what_is_not_json() -> None:
    raised: list[str] = []

    def send_bytes(adapter: Adapter, request: Json) -> None:
        try:
            adapter.event("output", output=b"raw")
        except TypeError as error:
            raised.append(str(error))
        adapter.reply(request)

    with connect(Adapter(pause=send_bytes)) as client:
        client.initialize()
        client.request("pause", {"threadId": 1})
    assert raised == ["Object of type bytes is not JSON serializable"]


def test_raw_bytes_reach_a_handler_as_messages() -> None:
    with connect(Adapter(), strict=False) as client:
        client.send_raw(encode({"seq": 5, "type": "request", "command": "anything"}))
        client.timeline.wait_for(Response("anything", success=False))


def test_the_error_of_a_test_is_not_hidden_by_a_violation() -> None:
    def story() -> None:
        with connect(Adapter(initialize=early_event)) as client:
            client.post("initialize", {"adapterID": "x"})
            client.timeline.wait_for(Response("initialize"))
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        story()
