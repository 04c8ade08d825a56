"""The Jupyter clients against a toy kernel: what is right passes, what is wrong has a name.

The file is long because every rule of the clients has its breach in it, and the toy kernel that
commits them.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import threading
import uuid
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import zmq

from kit.jupyter import RULES, Execution, JupyterPeer, RawPeer, ReplyFailed
from kit.jupyter_messages import CONTENTS, REPLIES, content_faults
from kit.rules import ProtocolViolation
from kit.timeline import Failure, Message

Json = dict[str, Any]
Answer = Callable[["ToyKernel", "Request"], None]

KEY = b"toy"


class Request:
    """A request as the toy kernel sees it."""

    def __init__(self, channel: str, identity: bytes, parts: list[bytes]) -> None:
        self.channel, self.identity = channel, identity
        self.header, _parent, self.metadata, self.content = map(json.loads, parts[:4])
        self.type: str = self.header["msg_type"]


class ToyKernel(threading.Thread):
    """A kernel of a few lines that keeps every rule, until a test bends an answer.

    Its language has four words: ``print TEXT``, ``= VALUE``, ``fail`` and ``ask``.
    """

    def __init__(self, **bent: Answer) -> None:
        super().__init__(name="toy kernel", daemon=True)
        self.bent = bent
        self.session = uuid.uuid4().hex
        self.count = 0
        self.seen: set[bytes] = set()
        self.comms: dict[str, str] = {}
        self.executing: Request | None = None
        self.context: zmq.Context[zmq.Socket[bytes]] = zmq.Context()
        self.info: Json = {
            "transport": "tcp",
            "ip": "127.0.0.1",
            "key": KEY.decode(),
            "signature_scheme": "hmac-sha256",
        }
        self.sockets: dict[str, zmq.Socket[bytes]] = {}
        kinds = {"shell": zmq.ROUTER, "control": zmq.ROUTER, "stdin": zmq.ROUTER,
                 "iopub": zmq.XPUB, "hb": zmq.REP}  # fmt: skip
        for channel, kind in kinds.items():
            socket = self.context.socket(kind)
            socket.linger = 0
            if kind == zmq.XPUB:
                socket.xpub_verbose = True
            self.info[f"{channel}_port"] = socket.bind_to_random_port("tcp://127.0.0.1")
            self.sockets[channel] = socket
        self.ending = self.context.socket(zmq.PAIR)
        self.ending.bind("inproc://ending")

    # Wire

    def frames(self, msg_type: str, content: Any, parent: Any, **over: Any) -> list[bytes]:
        header = {
            "msg_id": uuid.uuid4().hex,
            "session": self.session,
            "username": "toy",
            "date": datetime.now(UTC).isoformat(),
            "msg_type": msg_type,
            "version": "5.5",
            **over,
        }
        parts = [json.dumps(part).encode() for part in (header, parent, {}, content)]
        return [b"<IDS|MSG>", self.sign(parts), *parts]

    @staticmethod
    def sign(parts: list[bytes]) -> bytes:
        return hmac.new(KEY, b"".join(parts), hashlib.sha256).hexdigest().encode()

    def publish(self, msg_type: str, parent: Json, content: Json, **over: Any) -> None:
        self.sockets["iopub"].send_multipart(
            [msg_type.encode(), *self.frames(msg_type, content, parent, **over)]
        )

    def status(self, state: str, request: Request) -> None:
        self.publish("status", request.header, {"execution_state": state})

    def reply(self, request: Request, content: Json, **over: Any) -> None:
        msg_type = over.pop("msg_type", request.type.removesuffix("_request") + "_reply")
        channel = over.pop("channel", request.channel)
        parent = over.pop("parent", request.header)
        self.sockets[channel].send_multipart(
            [request.identity, *self.frames(msg_type, content, parent, **over)]
        )

    def run(self) -> None:
        end = self.context.socket(zmq.PAIR)
        end.connect("inproc://ending")
        poller = zmq.Poller()
        for socket in (end, *self.sockets.values()):
            poller.register(socket, zmq.POLLIN)
        while True:
            ready = dict(poller.poll())
            if end in ready:
                break
            for channel, socket in self.sockets.items():
                if socket in ready:
                    self.received(channel, socket.recv_multipart())
        end.close()
        for socket in self.sockets.values():
            socket.close()

    def close(self) -> None:
        if self.is_alive():
            self.ending.send(b"")
            self.join()
        self.ending.close()
        self.context.term()

    def received(self, channel: str, frames: list[bytes]) -> None:
        if channel == "hb":
            self.sockets["hb"].send_multipart(frames)
        elif channel == "iopub":
            topic = frames[0][1:].decode()
            if frames[0][:1] == b"\1":
                self.publish("iopub_welcome", {}, {"subscription": topic})
        elif len(frames) >= 7 and frames[1] == b"<IDS|MSG>":
            signature, parts = frames[2], frames[3:7]
            if signature == self.sign(parts) and signature not in self.seen:
                self.seen.add(signature)
                self.handle(Request(channel, frames[0], parts))

    def handle(self, request: Request) -> None:
        if request.type == "input_reply":
            asked, self.executing = self.executing, None
            assert asked is not None
            self.publish("stream", asked.header, {"name": "stdout", **self.text(request)})
            self.reply(asked, self.ok(execution_count=self.count, user_expressions={}))
            self.status("idle", asked)
            return
        whole = self.bent.get("whole")
        if whole is not None and request.type == "execute_request":
            whole(self, request)
            return
        self.status("busy", request)
        usual: Answer = getattr(type(self), request.type, ToyKernel.unknown)
        self.bent.get(request.type, usual)(self, request)
        if self.executing is not request:
            self.status("idle", request)

    @staticmethod
    def text(request: Request) -> Json:
        return {"text": request.content["value"]}

    @staticmethod
    def ok(**fields: Any) -> Json:
        return {"status": "ok", **fields}

    # Requests

    def unknown(self, request: Request) -> None:
        failure = {"ename": "NotImplemented", "evalue": request.type, "traceback": []}
        self.reply(request, {"status": "error", **failure})

    def kernel_info_request(self, request: Request) -> None:
        language = {"name": "toy", "version": "1.0", "mimetype": "text/x-toy",
                    "file_extension": ".toy"}  # fmt: skip
        self.reply(
            request,
            self.ok(
                protocol_version="5.5",
                implementation="toy",
                implementation_version="1.0",
                banner="Toy",
                language_info=language,
                help_links=[],
            ),
        )

    def execute_request(self, request: Request) -> None:
        content = request.content
        self.count += content["store_history"]
        word, _, rest = content["code"].partition(" ")
        counted = {"execution_count": self.count}
        if not content["silent"]:
            self.publish("execute_input", request.header, {"code": content["code"], **counted})
        if word == "print":
            self.publish("stream", request.header, {"name": "stdout", "text": rest + "\n"})
            self.publish("stream", request.header, {"name": "stderr", "text": "!"})
        elif word == "=" and not content["silent"]:
            shown = {"data": {"text/plain": rest}, "metadata": {}}
            self.publish("display_data", request.header, shown)
            self.publish("execute_result", request.header, {**shown, **counted})
        elif word == "ask":
            self.executing = request
            self.reply(request, {"prompt": rest, "password": False}, msg_type="input_request",
                       channel="stdin")  # fmt: skip
            return
        elif word == "fail":
            failure = {"ename": "Failed", "evalue": rest, "traceback": ["line 1", "line 2"]}
            self.publish("error", request.header, failure)
            self.reply(request, {"status": "error", **failure, **counted})
            return
        values: Json = {
            name: {"status": "ok", "data": {"text/plain": code}, "metadata": {}}
            for name, code in content["user_expressions"].items()
        }
        self.reply(request, self.ok(**counted, user_expressions=values))

    def complete_request(self, request: Request) -> None:
        end = request.content["cursor_pos"]
        self.reply(request, self.ok(matches=["print"], cursor_start=0, cursor_end=end, metadata={}))

    def inspect_request(self, request: Request) -> None:
        self.reply(request, self.ok(found=True, data={"text/plain": "word"}, metadata={}))

    def is_complete_request(self, request: Request) -> None:
        self.reply(request, {"status": "incomplete", "indent": "  "})

    def history_request(self, request: Request) -> None:
        self.reply(request, self.ok(history=[[1, 1, "print x"], [1, 2, ["= 1", "1"]]]))

    def comm_info_request(self, request: Request) -> None:
        comms = {comm_id: {"target_name": target} for comm_id, target in self.comms.items()}
        self.reply(request, self.ok(comms=comms))

    def connect_request(self, request: Request) -> None:
        ports = {name: value for name, value in self.info.items() if name.endswith("_port")}
        self.reply(request, self.ok(**ports))

    def interrupt_request(self, request: Request) -> None:
        self.reply(request, self.ok())

    def shutdown_request(self, request: Request) -> None:
        self.reply(request, self.ok(restart=request.content["restart"]))
        self.publish("shutdown_reply", request.header, self.ok(restart=False))

    def comm_open(self, request: Request) -> None:
        content = request.content
        if content["target_name"] == "toy":
            self.comms[content["comm_id"]] = "toy"
        else:
            closing = {"comm_id": content["comm_id"], "data": {}}
            self.publish("comm_close", request.header, closing)

    def comm_msg(self, request: Request) -> None:
        data = request.content["data"]
        answer = {"id": data.get("id"), "ok": data.get("action") == "echo", "result": data,
                  "error": "no such action"}  # fmt: skip
        self.publish("comm_msg", request.header, {**request.content, "data": answer})

    def comm_close(self, request: Request) -> None:
        del self.comms[request.content["comm_id"]]

    def debug_request(self, request: Request) -> None:
        asked = request.content
        response: Json = {"type": "response", "seq": 1, "request_seq": asked["seq"],
                          "command": asked["command"], "success": True}  # fmt: skip
        if asked["command"] == "debugInfo":
            response["body"] = {
                "isStarted": False, "hashMethod": "Murmur2", "hashSeed": 1, "tmpFilePrefix": "/",
                "tmpFileSuffix": ".toy", "breakpoints": [], "stoppedThreads": [],
                "richRendering": False, "exceptionPaths": [], "copyToGlobals": True,
            }  # fmt: skip
        elif asked["command"] == "attach":
            for number in (1, 2):
                event = {"type": "event", "seq": 1 + number, "event": "stopped",
                         "body": {"reason": "breakpoint", "threadId": number}}  # fmt: skip
                self.publish("debug_event", request.header, event)
        else:
            response.update(success=False, message="no such command",
                            body={"error": {"id": 1, "format": "no"}})  # fmt: skip
        self.reply(request, response)

    def create_subshell_request(self, request: Request) -> None:
        self.reply(request, self.ok(subshell_id="one"))

    def list_subshell_request(self, request: Request) -> None:
        self.reply(request, self.ok(subshell_id=["one"]))

    def delete_subshell_request(self, request: Request) -> None:
        self.reply(request, self.ok())

    def usage_request(self, request: Request) -> None:
        self.reply(request, self.ok(kernel_cpu=1.5))


@pytest.fixture
def start() -> Iterator[Callable[..., ToyKernel]]:
    kernels: list[ToyKernel] = []

    def begin(**bent: Answer) -> ToyKernel:
        kernels.append(ToyKernel(**bent))
        kernels[-1].start()
        return kernels[-1]

    yield begin
    for kernel in kernels:
        kernel.close()


@pytest.fixture
def kernel(start: Callable[..., ToyKernel]) -> ToyKernel:
    return start()


@pytest.fixture
def peer(kernel: ToyKernel) -> Iterator[JupyterPeer]:
    with JupyterPeer(kernel.info, timeout=5) as peer:
        yield peer


def test_a_cell_and_what_it_shows(peer: JupyterPeer) -> None:
    cell = peer.execute("print hello", user_expressions={"x": "1"})
    assert (cell.status, cell.stdout, cell.stderr, cell.count) == ("ok", "hello\n", "!", 1)
    assert cell.content["user_expressions"]["x"]["data"] == {"text/plain": "1"}
    assert (cell.result, cell.error, cell.displays) == (None, None, [])
    assert [message.state or message.type for message in cell.published] == [
        "busy", "execute_input", "stream", "stream", "idle",
    ]  # fmt: skip
    cell = peer.execute("= 42")
    assert (cell.result, cell.count) == ("42", 2)
    assert cell.displays == [{"text/plain": "42"}]
    cell = peer.execute("fail badly", stop_on_error=False)
    assert (cell.status, cell.error) == ("error", "Failed: badly")
    assert cell.traceback == "line 1\nline 2"
    assert peer.execute("= 1", silent=True).count == 3
    peer.timeline.expect(
        Message("execute_request", code="print hello").sent()
        >> Message("status", execution_state="busy", channel="iopub")
        >> Message("execute_input")
        >> (Message("stream", name="stdout") & Message("stream", name="stderr"))
        >> Message("status", execution_state="idle")
    )
    assert peer.violations == []


def test_every_request_has_a_verb(peer: JupyterPeer) -> None:
    assert peer.kernel_info()["banner"] == "Toy"
    assert peer.kernel_info("control")["implementation"] == "toy"
    assert peer.complete("pri")["cursor_end"] == 3
    assert peer.inspect("print", 2, detail=1)["data"] == {"text/plain": "word"}
    assert peer.is_complete("x")["indent"] == "  "
    assert peer.history() == [[1, 1, "print x"], [1, 2, ["= 1", "1"]]]
    assert peer.history("range") == peer.history("search", pattern="*")
    assert peer.comm_info("toy") == {}
    assert peer.connect_info()["shell_port"] == peer.client.shell_port
    assert peer.interrupt()["status"] == "ok"
    assert peer.create_subshell() == "one"
    assert peer.list_subshells() == ["one"]
    assert peer.delete_subshell("one")["status"] == "ok"
    assert peer.usage()["kernel_cpu"] == 1.5
    assert peer.beat(b"lub") == b"lub"
    assert peer.shutdown(restart=True)["restart"] is True


def test_a_refusal_raises_with_name_and_text(
    start: Callable[..., ToyKernel], peer: JupyterPeer
) -> None:
    strange = peer.request("shell", "strange_request", {"a": 1}, metadata={"m": 1}, buffers=[b"b"])
    assert strange.status == "error"
    with JupyterPeer(start(history_request=ToyKernel.unknown).info) as other:
        with pytest.raises(ReplyFailed, match="NotImplemented: history_request") as caught:
            other.history()
        assert caught.value.content["traceback"] == []


def test_input_is_given_when_it_is_asked_for(peer: JupyterPeer) -> None:
    cell = peer.execute("ask name?", answers=["Selene"])
    assert (cell.prompts, cell.stdout) == (["name?"], "Selene")
    cell = peer.start("ask again?", answers=[])
    peer.wait_until(lambda: cell.prompts or None, None, "the prompt")
    peer.answer("late")
    assert cell.wait().stdout == "late"


def test_a_cell_can_be_left_running(peer: JupyterPeer) -> None:
    cell = peer.start("ask", answers=[])
    assert not cell.done
    with pytest.raises(Failure, match="execute_request has no reply yet"):
        _ = cell.status
    assert peer.kernel_info("control")["status"] == "ok"
    with pytest.raises(Failure, match="waited for reply and idle of execute_request"):
        cell.wait(timeout=0.05)
    peer.answer("now")
    assert cell.wait_for("stream", lambda content: content["text"] == "now").channel == "iopub"
    assert cell.wait().stdout == "now"


def test_a_comm_is_a_conversation(peer: JupyterPeer) -> None:
    comm = peer.comm("toy")
    assert peer.comm_info() == {comm.id: "toy"}
    comm.send({"action": "echo", "n": 1})
    assert comm.receive()["ok"] is True
    assert comm.ask("echo", value=5) == {"id": 1, "action": "echo", "value": 5}
    assert comm.receive(lambda data: data["id"] == 1)["result"]["value"] == 5
    with pytest.raises(Failure, match='sing failed: "no such action"'):
        comm.ask("sing")
    assert len(comm.messages) == 3
    assert not comm.closed
    comm.close()
    assert peer.comm_info() == {}
    assert peer.comm("nobody").closed


def test_debugging_goes_over_control(peer: JupyterPeer) -> None:
    assert peer.debug("debugInfo")["body"]["hashMethod"] == "Murmur2"
    assert peer.debug_failing("sing")["message"] == "no such command"
    with pytest.raises(ReplyFailed, match="debug_request failed: failure: no such command"):
        peer.debug("sing")
    with pytest.raises(Failure, match="debugInfo was to fail, but did not"):
        peer.debug_failing("debugInfo")
    peer.debug("attach")
    second = peer.wait_for_debug_event("stopped", lambda body: body["threadId"] == 2)
    assert second["body"]["reason"] == "breakpoint"
    assert peer.wait_for_debug_event("stopped")["body"]["threadId"] == 1
    with pytest.raises(Failure, match="the debug event stopped"):
        peer.wait_for_debug_event("stopped", timeout=0.02)


def test_what_others_do_is_seen_and_not_mistaken(kernel: ToyKernel, peer: JupyterPeer) -> None:
    with JupyterPeer(kernel.info) as other:
        other.execute("print from another")
        peer.timeline.wait_for(
            Message("stream", text="from another\n") >> Message("status", execution_state="idle")
        )
    assert {"stream", "iopub_welcome"} <= {message.type for message in peer.others}
    assert peer.execute("= 2").count == 2


def test_a_connection_file_is_read(kernel: ToyKernel, tmp_path: Path) -> None:
    path = tmp_path / "kernel.json"
    path.write_text(json.dumps(kernel.info))
    with JupyterPeer(path) as peer, RawPeer(path) as raw:
        assert peer.execute("= 1").result == "1"
        assert raw.ready().request("shell", "kernel_info_request").type == "kernel_info_reply"


def test_a_kernel_that_is_silent_fails_with_a_picture(start: Callable[..., ToyKernel]) -> None:
    kernel = start(kernel_info_request=lambda _kernel, _request: None)
    with pytest.raises(Failure, match="the kernel's first reply") as caught:
        JupyterPeer(kernel.info, timeout=0.2)
    assert "→ message      shell   kernel_info_request" in str(caught.value)


# Kernels that break a rule


def answers(content: Json, **over: Any) -> Answer:
    return lambda kernel, request: kernel.reply(request, content, **over)


def cell(*steps: str, **over: Any) -> Answer:
    """An execution as a list of what is published, ``reply`` in between."""
    count = {"execution_count": 1}
    shown = {"data": {"text/plain": "1"}, "metadata": {}}
    failure = {"ename": "E", "evalue": "v", "traceback": []}
    contents: dict[str, Json] = {
        "busy": {"execution_state": "busy"},
        "idle": {"execution_state": "idle"},
        "starting": {"execution_state": "starting"},
        "execute_input": {"code": "print 1", **count},
        "stream": {"name": "stdout", "text": "1"},
        "execute_result": {**shown, **count},
        "error": failure,
        "failed": {"status": "error", **failure, **count},
        "reply": {"status": "ok", "user_expressions": {}, **count},
        "input_request": {"prompt": "", "password": False},
    }

    def answer(kernel: ToyKernel, request: Request) -> None:
        for step in steps:
            content = {**contents[step], **over.get(step, {})}
            if step in ("reply", "failed"):
                kernel.reply(request, content)
            elif step == "input_request":
                kernel.reply(request, content, msg_type=step, channel="stdin")
            else:
                msg_type = "status" if step in ("busy", "idle", "starting") else step
                kernel.publish(msg_type, request.header, content)

    return answer


def wrong_signature(kernel: ToyKernel, request: Request) -> None:
    frames = kernel.frames("history_reply", {}, request.header)
    kernel.sockets["shell"].send_multipart([request.identity, frames[0], b"00", *frames[2:]])


def same_bytes(kernel: ToyKernel, request: Request) -> None:
    frames = kernel.frames("history_reply", kernel.ok(history=[]), request.header)
    for _ in range(2):
        kernel.sockets["shell"].send_multipart([request.identity, *frames])


def not_a_number(kernel: ToyKernel, request: Request) -> None:
    kernel.reply(request, kernel.ok(history=[], extra=float("nan")))


def content_list(kernel: ToyKernel, request: Request) -> None:
    kernel.sockets["shell"].send_multipart(
        [request.identity, *kernel.frames("history_reply", [], request.header)]
    )


def publishes(msg_type: str, content: Json, parent: Json | None = None) -> Answer:
    def answer(kernel: ToyKernel, request: Request) -> None:
        kernel.publish(msg_type, request.header if parent is None else parent, content)
        kernel.reply(request, kernel.ok(history=[]))

    return answer


def altered_parent(kernel: ToyKernel, request: Request) -> None:
    kernel.reply(request, kernel.ok(history=[]), parent={**request.header, "username": "who"})


def orphan(kernel: ToyKernel, request: Request) -> None:
    lost = {**request.header, "msg_id": "never"}
    kernel.publish("stream", lost, {"name": "stdout", "text": "x"})
    kernel.reply(request, kernel.ok(history=[]))


def twice(kernel: ToyKernel, request: Request) -> None:
    for _ in range(2):
        kernel.reply(request, kernel.ok(history=[]))


def same_id(kernel: ToyKernel, request: Request) -> None:
    kernel.publish("clear_output", request.header, {"wait": True}, msg_id="one")
    kernel.reply(request, kernel.ok(history=[]), msg_id="one")


def wrong_debug(kernel: ToyKernel, request: Request) -> None:
    asked = request.content
    kernel.reply(request, {"type": "response", "seq": 1, "request_seq": asked["seq"] + 1,
                           "command": asked["command"], "success": True, "body": {}})  # fmt: skip


def no_breakpoints(kernel: ToyKernel, request: Request) -> None:
    asked = request.content
    kernel.reply(request, {"type": "response", "seq": 1, "request_seq": asked["seq"],
                           "command": asked["command"], "success": True,
                           "body": {"breakpoints": []}})  # fmt: skip


GOOD = ("busy", "execute_input", "reply", "idle")
OK = {"status": "ok"}
COMPLETION = {**OK, "matches": [], "cursor_start": 0, "cursor_end": 9, "metadata": {}}
EXTRA = {"name": "stdout", "text": "x"}

BENT: list[tuple[str, str, Answer, str]] = [
    ("wire", "history", wrong_signature, "Invalid Signature"),
    ("wire", "history", same_bytes, "Duplicate Signature"),
    ("wire", "history", not_a_number, "NaN"),
    ("wire", "history", content_list, "the content is no object"),
    ("header", "history", answers({**OK, "history": []}, date="today"), "no ISO 8601 date"),
    ("header", "history", answers({**OK, "history": []}, date="2025-01-01T00:00:00"), "time zone"),
    ("header", "history", answers({**OK, "history": []}, session=""), "header.session"),
    ("header", "history", answers({**OK, "history": []}, version="4.1"), "version 5.x"),
    ("header", "history", same_id, "has been used before"),
    ("content", "history", answers(OK), "content.history is missing"),
    ("content", "history", answers({"status": "error", "ename": "E"}), "evalue is missing"),
    ("content", "history", answers({"history": []}), "content.status is missing"),
    ("content", "history", publishes("stream", {"name": "out", "text": "x"}), "none of"),
    ("content", "history", publishes("progress", {}), "no message type 'progress'"),
    ("channel", "history", publishes("history_reply", {**OK, "history": []}), "on iopub"),
    ("channel", "history", answers(EXTRA, msg_type="stream"), "stream on shell"),
    ("parent", "history", altered_parent, "not the header of the request"),
    ("parent", "history", orphan, "no request that we sent"),
    ("parent", "history", publishes("stream", EXTRA, parent={}), "stream has no parent"),
    ("parent", "history", publishes("status", {"execution_state": "starting"}), "starting has"),
    ("session", "history", answers({**OK, "history": []}, session="new"), "new after"),
    ("busy", "whole", cell("execute_input", "busy", "reply", "idle"), "execute_input came before"),
    ("busy", "whole", cell("busy", *GOOD), "it came before"),
    ("idle", "whole", cell(*GOOD, "stream"), "stream came after it"),
    ("idle", "whole", cell(*GOOD, "idle"), "idle came after it"),
    ("input", "whole", cell("busy", "stream", *GOOD[1:]), "stream before execute_input"),
    ("input", "whole", cell("busy", "execute_input", *GOOD[1:]), "execute_input came before"),
    ("input", "whole", cell(*GOOD, execute_input={"code": "other"}), "not what was sent"),
    ("reply", "whole", cell("busy", "execute_input", "reply", "reply", "idle"), "before"),
    ("reply", "history", twice, "history_request was answered before"),
    ("reply", "history", answers(OK, msg_type="interrupt_reply"), "interrupt_reply to history"),
    ("reply", "history", answers({**OK, "history": []}, channel="control"), "asked on shell"),
    ("count", "whole", cell(*GOOD, execute_input={"execution_count": 2}), "the reply says 1"),
    ("error", "whole", cell("busy", "execute_input", "error", "reply", "idle"), "replied []"),
    ("error", "whole", cell("busy", "execute_input", "failed", "idle"), "published []"),
    ("error", "whole", cell("busy", "execute_input", "error", "failed", "idle",
                            error={"evalue": "w"}), "('E', 'w')"),
    ("silent", "silent", cell(*GOOD), "execute_input of a silent execution"),
    ("silent", "silent", cell("busy", "execute_result", "reply", "idle"), "execute_result of"),
    ("stdin", "whole", cell("busy", "execute_input", "input_request", "reply", "idle"),
     "allow_stdin was false"),
    ("cursor", "complete", answers(COMPLETION), "9 is behind the end 3"),
    ("debug", "debug", wrong_debug, "answers (1, 'setBreakpoints')"),
    ("debug", "debug", no_breakpoints, "1 breakpoints were asked for"),
]  # fmt: skip

ACTS: dict[str, Callable[[JupyterPeer], object]] = {
    "history": lambda peer: peer.request("shell", "history_request", {}),
    "complete": lambda peer: peer.complete("pri"),
    "whole": lambda peer: peer.execute("print 1"),
    "silent": lambda peer: peer.execute("print 1", silent=True),
    "debug": lambda peer: peer.debug(
        "setBreakpoints", {"source": {"path": "x"}, "breakpoints": [{"line": 1}]}
    ),
}


@pytest.mark.parametrize(
    ("rule", "act", "answer", "text"), BENT, ids=[f"{rule}-{text}" for rule, _, _, text in BENT]
)
def test_a_broken_rule_is_reported(
    start: Callable[..., ToyKernel], rule: str, act: str, answer: Answer, text: str
) -> None:
    name = {"whole": "whole", "silent": "whole"}.get(act, f"{act}_request")
    kernel = start(**{name: answer})

    def story() -> None:
        with JupyterPeer(kernel.info, timeout=0.3) as peer:
            ACTS[act](peer)
            peer.kernel_info()

    with pytest.raises(ProtocolViolation, match="violated") as caught:
        story()
    assert {violation.rule for violation in caught.value.violations} >= {rule}
    assert text in "\n".join(violation.text for violation in caught.value.violations)


def test_every_rule_has_been_broken_once() -> None:
    assert {rule for rule, *_ in BENT} == set(RULES)


def test_a_waived_rule_is_not_reported(start: Callable[..., ToyKernel]) -> None:
    kernel = start(whole=cell("busy", *GOOD))
    with JupyterPeer(kernel.info, waive=["busy"]) as peer:
        assert peer.execute("print 1").status == "ok"
    with JupyterPeer(kernel.info, strict=False) as peer:
        peer.execute("print 1")
    assert [violation.rule for violation in peer.violations] == ["busy"]


def test_an_aborted_cell_and_a_late_fact_are_fine(start: Callable[..., ToyKernel]) -> None:
    def aborted(kernel: ToyKernel, request: Request) -> None:
        kernel.status("busy", request)
        kernel.reply(request, {"status": "aborted"})
        kernel.status("idle", request)
        event = {"type": "event", "seq": 1, "event": "continued", "body": {"threadId": 1}}
        kernel.publish("debug_event", request.header, event)

    with JupyterPeer(start(whole=aborted).info) as peer:
        assert peer.execute("print 1").status == "aborted"
        peer.wait_for_debug_event("continued")


# The table of contents

FULL: dict[str, Json] = {
    "comm_info_reply": {**OK, "comms": {"id": {"target_name": "x"}}},
    "complete_reply": {
        **OK, "matches": ["a"], "cursor_start": 0, "cursor_end": 1,
        "metadata": {"_jupyter_types_experimental": [{"start": 0, "end": 1, "text": "a"}]},
    },
    "display_data": {"data": {"image/svg+xml": "<svg/>"}, "metadata": {}, "transient": {}},
    "execute_reply": {
        **OK, "execution_count": 1, "payload": [{"source": "page"}],
        "user_expressions": {"x": {"status": "error", "ename": "", "evalue": "", "traceback": []}},
    },
    "is_complete_reply": {"status": "complete"},
    "input_request": {"prompt": "> ", "password": True},
}  # fmt: skip

FAULTY: list[tuple[str, Json, str]] = [
    ("complete_reply", {**COMPLETION, "cursor_start": 10}, "cursor_start 10 lies behind"),
    ("complete_reply", {**COMPLETION, "matches": [1]}, "content.matches[0]: 1 is no text"),
    ("complete_reply", {**COMPLETION, "cursor_end": True}, "true is no count"),
    ("complete_reply", {**COMPLETION, "cursor_end": -1}, "-1 is no count"),
    ("is_complete_reply", {"status": "complete", "indent": ""}, "indent with status 'complete'"),
    ("is_complete_reply", {"status": "incomplete", "indent": 2}, "indent is no text"),
    ("is_complete_reply", {"status": "ok"}, "none of"),
    ("execute_result", {"data": {}, "metadata": {}, "execution_count": 1}, "text/plain"),
    ("display_data", {"data": {"plain": ""}, "metadata": {}}, "'plain' is no possible name"),
    ("display_data", {"data": [], "metadata": {}}, "[] is no object"),
    ("update_display_data", {"data": {}, "metadata": {}}, "transient is missing"),
    ("history_reply", {**OK, "history": [[1, 2]]}, "has not three parts"),
    ("history_reply", {**OK, "history": [[1, "2", "x"]]}, '"2" is no integer'),
    ("history_reply", {**OK, "history": [[1, 2, ["x"]]]}, "is no"),
    ("execute_reply", {**OK, "execution_count": 1, "user_expressions": {"x": {}}}, "missing"),
    ("execute_reply", {"status": "error", "ename": "", "evalue": "", "traceback": []}, "count"),
    ("status", {"execution_state": "dead"}, '"dead" is none of'),
    ("input_request", {"prompt": "x"}, "password is missing"),
    ("debug_reply", {"type": "response"}, "required"),
    ("debug_event", {"type": "event", "seq": 1, "event": "stopped"}, "required"),
    ("kernel_info_reply", {**OK, "language_info": []}, "language_info: [] is no object"),
    ("error", {"ename": "E", "evalue": "v", "traceback": "t"}, '"t" is no array'),
    ("strange_reply", OK, "no message type"),
]


@pytest.mark.parametrize("msg_type", FULL)
def test_a_right_content_has_no_faults(msg_type: str) -> None:
    assert content_faults(msg_type, FULL[msg_type]) == []


@pytest.mark.parametrize(("msg_type", "content", "text"), FAULTY)
def test_a_wrong_content_is_told_in_one_line(msg_type: str, content: Json, text: str) -> None:
    assert text in "\n".join(content_faults(msg_type, content))


@pytest.mark.parametrize("msg_type", [*REPLIES, *CONTENTS])
@pytest.mark.parametrize("content", [None, [], "x", {}, {"status": "ok"}, {"status": []}])
def test_any_content_can_be_judged(msg_type: str, content: Any) -> None:
    content_faults(msg_type, content)


# The raw peer


@pytest.fixture
def raw(kernel: ToyKernel) -> Iterator[RawPeer]:
    with RawPeer(kernel.info, timeout=5) as raw:
        yield raw.ready()


def test_raw_messages_that_are_right_are_answered(raw: RawPeer) -> None:
    reply = raw.request("control", "kernel_info_request")
    assert (reply.type, reply.content["banner"], reply.metadata) == ("kernel_info_reply", "Toy", {})
    assert reply.buffers == []
    assert raw.beat(b"lub") == b"lub"
    header = raw.header("execute_request", msg_id="mine", username=None)
    content = {"code": "= 1", "silent": False, "store_history": True, "user_expressions": {}}
    raw.send("shell", raw.message("execute_request", content, header=header, buffers=[b"x"]))
    published = raw.published("mine")
    assert [message.identities for message in published][-2:] == [[b"execute_result"], [b"status"]]
    assert published[1].content["code"] == "= 1"
    assert all(message.parent == header for message in published)


@pytest.mark.parametrize("channel", ["shell", "control"])
@pytest.mark.parametrize("spoil", ["unsigned", "forged", "tampered", "cut", "key", "parts"])
def test_raw_messages_that_are_wrong_are_dropped(
    kernel: ToyKernel, raw: RawPeer, channel: str, spoil: str
) -> None:
    good = raw.message("kernel_info_request")
    if spoil == "key":
        with RawPeer(kernel.info, key="wrong") as stranger:
            frames = stranger.message("kernel_info_request")
    else:
        frames = {
            "unsigned": lambda: raw.unsigned(good),
            "forged": lambda: raw.forged(good),
            "tampered": lambda: raw.tampered(good, {"evil": True}),
            "cut": lambda: raw.cut(good, 4),
            "parts": lambda: raw.signed([b"x", b"y"]),
        }[spoil]()
    raw.assert_dropped(channel, frames)


def test_a_replay_is_dropped(raw: RawPeer) -> None:
    frames = raw.message("kernel_info_request")
    raw.send("shell", frames)
    assert raw.receive("shell").type == "kernel_info_reply"
    raw.assert_dropped("shell", frames)


def test_an_answer_where_silence_was_due_is_told(raw: RawPeer) -> None:
    with pytest.raises(Failure, match="answered: kernel_info_reply"):
        raw.assert_dropped("shell", raw.message("kernel_info_request"))


def test_noise_on_stdin_is_dropped(raw: RawPeer) -> None:
    raw.assert_dropped("stdin", [b"noise"])
    assert not raw.waiting("stdin")


def test_silence_has_a_limit(raw: RawPeer) -> None:
    with pytest.raises(Failure, match=r"nothing came on shell within 0\.02 s"):
        raw.receive("shell", timeout=0.02)


def test_closing_twice_is_fine(kernel: ToyKernel) -> None:
    raw, peer = RawPeer(kernel.info), JupyterPeer(kernel.info)
    for _ in range(2):
        raw.close()
        peer.close()


def test_kernels_in_this_process_are_reached_by_their_context() -> None:
    context: zmq.Context[zmq.Socket[bytes]] = zmq.Context()
    info = {"transport": "inproc", "ip": "toy", "key": "k", "signature_scheme": "hmac-sha256",
            **{f"{name}_port": port for port, name in
               enumerate(("shell", "iopub", "stdin", "control", "hb"), 1)}}  # fmt: skip
    shell = context.socket(zmq.ROUTER)
    shell.bind("inproc://toy-1")
    with RawPeer(info, context=context) as raw, JupyterPeer(info, context=context, wait=False) as p:
        raw.send("shell", [b"a"])
        assert shell.recv_multipart() == [raw.identity, b"a"]
        p.post("shell", "kernel_info_request")
        assert shell.recv_multipart()[0] == p.session.encode()
    shell.close(0)
    context.term()


def test_an_execution_is_an_exchange(peer: JupyterPeer) -> None:
    assert isinstance(peer.start("= 1").wait(), Execution)
