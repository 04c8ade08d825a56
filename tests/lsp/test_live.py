"""The mirror of a kernel that a test speaks for: what it tells, and what is made of silence."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tidelock.lsp import live as module
from tidelock.lsp.live import Live, connector
from tidelock.lsp.moment import Answered, Moment, Question, StoppedFrame
from tidelock.shared.answers import Answer, answered, failed
from tidelock.shared.config import Settings
from tidelock.shared.errors import KernelError
from tidelock.shared.link.wire import Message

WAIT_S = 10.0
Json = dict[str, Any]


def moment(state: str = "idle", **fields: Any) -> Json:
    return {
        "kernel_id": "k1",
        "state": state,
        "revision": 1,
        "execution": None,
        "execution_count": 7,
        "lua": "Lua 5.4",
        "globals": [],
        "modules": [],
        "cut": False,
        **fields,
    }


class Scripted:
    """A kernel's client; ``replies`` are answers by action, a missing one never comes."""

    def __init__(self, **replies: Answer[Json]) -> None:
        self.lost = ""
        self.closed = False
        self.asked: list[Json] = []
        self.replies = {"subscribe": answered(moment()), **replies}
        self.revision = 1
        self.listener: Callable[[Message], None] = lambda message: None
        self.lose: Callable[[str], None] = lambda reason: None

    def comm(self, target: str, data: Json) -> Answer[Json]:
        assert target == "tidelock.kernel"
        self.asked.append(data)
        return self.replies.get(data["action"]) or Answer()

    def subscribe(self, target: str, data: Json) -> Answer[Json]:
        return self.comm(target, data)

    def on_lost(self, call: Callable[[str], None]) -> None:
        self.lose = call

    def on_message(self, listener: Callable[[Message], None]) -> None:
        self.listener = listener

    def close(self) -> None:
        self.closed = True

    def says(self, kind: str, content: Json, parent: str = "p1") -> None:
        self.listener(Message({"msg_type": kind}, {"msg_id": parent}, {}, content))

    def pushes(self, told: Json, *, is_lost: bool = False) -> None:
        """The next difference; one that is lost never comes."""
        since, self.revision = self.revision, self.revision + 1
        told = {"since": since, "gone": [], **told, "revision": self.revision}
        if not is_lost:
            self.says("comm_msg", {"comm_id": "c", "data": {"event": "moment", "result": told}})


class Mirror:
    """A ``Live`` of scripted kernels, and every moment it told."""

    def __init__(self, *clients: Scripted | KernelError, **options: Any) -> None:
        self.clients = list(clients)
        self.starts: list[bool] = []
        self.moments: list[Moment] = []
        self.changed = threading.Condition()
        self.now = 0.0
        options.setdefault("deadline_s", 0.0)
        self.live = Live(self._connect, changed=self._take, clock=lambda: self.now, **options)

    def _connect(self, start: bool) -> Any:
        with self.changed:
            self.starts.append(start)
            self.changed.notify_all()
        client = self.clients.pop(0) if self.clients else KernelError("none runs")
        if isinstance(client, KernelError):
            raise client
        return client

    def _take(self, told: Moment) -> None:
        with self.changed:
            self.moments.append(told)
            self.changed.notify_all()

    def wait(self, look: Callable[[], object]) -> None:
        with self.changed:
            assert self.changed.wait_for(look, WAIT_S), self.moments

    def join(self) -> None:
        self.live.client(start=False)


def fact(name: str, text: str = "1") -> Json:
    return {"name": name, "type": "number", "text": text, "signature": "", "kind": "global",
            "where": ""}  # fmt: skip


def test_a_moment_is_mirrored() -> None:
    kernel = Scripted(subscribe=answered(moment(globals=[fact("g")], modules=["m"])))
    mirror = Mirror(kernel)
    mirror.join()
    told = mirror.live.moment
    assert (told.state, told.kernel, told.lua, told.executions) == ("idle", "k1", "Lua 5.4", 7)
    assert [one.name for one in told.names] == ["g"]
    assert told.modules == ("m",)
    kernel.says("execute_input", {"execution_count": 8}, "run-8")
    assert mirror.live.moment.state == "running"
    assert (mirror.live.moment.executions, mirror.live.moment.execution) == (8, "run-8")
    kernel.pushes(moment(execution_count=8))
    assert (mirror.live.moment.state, mirror.live.moment.revision) == ("idle", 2)
    before = len(mirror.moments)
    kernel.revision = 1
    kernel.pushes(moment(execution_count=8))
    kernel.says("comm_msg", {"comm_id": "c", "data": {"ok": True}})
    kernel.says("comm_msg", {"comm_id": "c", "data": [1]})
    kernel.pushes({"state": "idle"})
    assert len(mirror.moments) == before, "nothing new was told"


def test_a_pause_brings_its_frames(tmp_path: Path) -> None:
    script = tmp_path / "a.lua"
    script.write_text("print(1)\n")
    frames = [
        {"id": 11, "name": "f", "chunk": f"@{script}", "line": 3},
        {"id": 12, "name": "g", "chunk": "@/gone.lua", "line": 4},
        {"id": 13, "name": "g", "chunk": "@unsaved", "line": 4},
        {"id": 14, "name": "g", "chunk": "=[C]", "line": 0},
    ]
    late: Answer[Json] = Answer()
    kernel = Scripted(frames=late)
    mirror = Mirror(kernel, overlay=lambda chunk: "text" if chunk == "@unsaved" else None)
    mirror.join()
    kernel.pushes(moment("paused"))
    assert (mirror.live.moment.state, mirror.live.moment.frames) == ("paused", ())
    late.resolve({"frames": frames})
    assert mirror.live.moment.frames == (
        StoppedFrame(11, f"@{script}", 3, "print(1)\n"),
        StoppedFrame(12, "@/gone.lua", 4, ""),
        StoppedFrame(13, "@unsaved", 4, "text"),
        StoppedFrame(14, "=[C]", 0, ""),
    )


def test_frames_that_come_after_the_resume_are_dropped() -> None:
    late: Answer[Json] = Answer()
    kernel = Scripted(frames=late)
    mirror = Mirror(kernel)
    mirror.join()
    kernel.pushes(moment("paused"))
    kernel.pushes(moment("running"))
    late.resolve({"frames": [{"id": 1, "name": "", "chunk": "@a", "line": 1}]})
    assert (mirror.live.moment.state, mirror.live.moment.frames) == ("running", ())


def test_a_runtime_that_was_made_anew_is_asked() -> None:
    kernel = Scripted()
    mirror = Mirror(kernel)
    mirror.join()
    kernel.replies["subscribe"] = answered(moment(execution_count=0))
    kernel.says("status", {"execution_state": "busy"})
    kernel.says("shutdown_reply", {"status": "ok", "restart": True})
    kernel.says("status", {"execution_state": "starting"})
    assert mirror.live.moment.executions == 0
    kernel.replies["subscribe"] = failed(KernelError("gone"))
    kernel.says("status", {"execution_state": "starting"})
    assert mirror.live.moment.state == "idle"


def test_a_kernel_that_is_stopped_or_lost_is_let_go() -> None:
    for end in ("stopped", "lost"):
        kernel = Scripted()
        mirror = Mirror(kernel)
        mirror.join()
        if end == "stopped":
            kernel.says("shutdown_reply", {"status": "ok", "restart": False})
        else:
            kernel.lose("its heartbeat stopped")
        assert mirror.live.moment.state == "none"
        assert mirror.live.present() is None
        assert kernel.closed
        kernel.lose("again")
        assert mirror.live.ask(Question("names")) is None


def test_a_question_and_its_answer() -> None:
    facts = [fact("x")]
    kernel = Scripted(ask=answered({"state": "running", "revision": 1, "facts": facts}))
    mirror = Mirror(kernel)
    mirror.join()
    found = mirror.live.ask(Question("members", "t", ("a", 2), 5))
    assert found is not None
    assert (found.state, [one.name for one in found.facts]) == ("running", ["x"])
    assert kernel.asked[-1] == {
        "action": "ask", "what": "members", "root": "t", "keys": ["a", 2], "frame": 5,
    }  # fmt: skip
    kernel.replies["ask"] = failed(KernelError("the frame is gone"))
    assert mirror.live.ask(Question("names")) == Answered("idle")


def test_three_missed_deadlines_and_nobody_is_asked_for_a_while() -> None:
    kernel = Scripted()
    mirror = Mirror(kernel)
    mirror.join()

    def asked() -> bool:
        before = len(kernel.asked)
        assert mirror.live.ask(Question("names")) is None
        return len(kernel.asked) > before

    assert [asked() for _ in range(5)] == [True, True, True, False, False]
    mirror.now += 2.1
    assert [asked() for _ in range(2)] == [True, False], "once more, and silent again"
    kernel.pushes(moment("running"))
    assert [asked() for _ in range(4)] == [True, True, True, False]
    mirror.now += 2.1
    kernel.replies["ask"] = answered({"state": "idle", "facts": []})
    for _ in range(5):
        assert mirror.live.ask(Question("names")) is not None


def test_without_a_kernel_nothing_is_asked() -> None:
    mirror = Mirror()
    assert mirror.live.ask(Question("names")) is None
    with pytest.raises(KernelError, match="none runs"):
        mirror.live.client(start=True)
    assert mirror.live.problem == "none runs"
    mirror.live.close()
    with pytest.raises(KernelError, match="is ending"):
        mirror.live.client(start=True)


def test_a_kernel_that_does_not_answer_is_let_go(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_ANSWER_S", 0.0)
    silent = Scripted(subscribe=Answer())
    mirror = Mirror(silent, Scripted())
    with pytest.raises(KernelError, match="does not tell"):
        mirror.join()
    assert silent.closed
    first = mirror.live.client(start=False)
    assert mirror.live.client(start=False) is first


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[Live]]:
    monkeypatch.setattr(module, "_RETRY_S", 0.001)
    monkeypatch.setattr(module, "_LONGEST_RETRY_S", 0.001)
    running: list[Live] = []
    yield running
    for live in running:
        live.close()


def test_a_kernel_that_is_found_too_late_is_let_go() -> None:
    kernel = Scripted()

    def connect(start: bool) -> Any:
        live.close()
        return kernel

    live = Live(connect, 0.0, lambda moment: None)
    with pytest.raises(KernelError, match="ending"):
        live.client(start=True)
    assert kernel.closed
    assert kernel.asked == []
    assert live.present() is None


def test_a_kernel_is_started_once_and_later_only_found(quick: list[Live]) -> None:
    first, second = Scripted(), Scripted()
    mirror = Mirror(
        KernelError("cannot"), KernelError("cannot"), first, KernelError("gone"), second
    )
    quick.append(mirror.live)
    mirror.live.start()
    mirror.wait(lambda: mirror.live.present() is first)
    first.lose("killed")
    mirror.wait(lambda: mirror.live.present() is second and mirror.live.moment.state == "idle")
    assert mirror.starts[:5] == [True, True, True, False, False]


def test_one_that_may_not_start_only_looks(quick: list[Live]) -> None:
    kernel = Scripted()
    mirror = Mirror(KernelError("none"), kernel, may_start=False)
    quick.append(mirror.live)
    mirror.live.start()
    mirror.wait(lambda: mirror.live.present() is kernel)
    assert mirror.starts == [False, False]


def test_one_that_is_needed_later_is_started_once(quick: list[Live]) -> None:
    first, second = Scripted(), Scripted()
    mirror = Mirror(KernelError("none"), may_start=False)
    quick.append(mirror.live)
    mirror.live.start()
    mirror.wait(lambda: len(mirror.starts) > 1)
    assert True not in mirror.starts
    mirror.live.need()
    mirror.wait(lambda: True in mirror.starts)
    mirror.clients.append(first)
    mirror.wait(lambda: mirror.live.present() is first)
    first.lose("stopped")
    count = len(mirror.starts)
    mirror.live.need()  # there was one, and somebody stopped it
    mirror.clients.append(second)
    mirror.wait(lambda: mirror.live.present() is second)
    assert True not in mirror.starts[count:]


def test_the_connector_needs_a_kernel_to_be_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TIDELOCK_RUNTIME_DIR", str(tmp_path))
    with pytest.raises(KernelError, match="no kernel runs"):
        connector(str(tmp_path), Settings())(False)


def test_since_when_the_program_is_as_it_is() -> None:
    kernel = Scripted()
    mirror = Mirror(kernel)
    mirror.join()
    assert mirror.live.moment.since_s is None, "it was there before"
    mirror.now = 10.0
    kernel.says("execute_input", {"execution_count": 8})
    assert mirror.live.moment.since_s == 10.0
    mirror.now = 20.0
    kernel.pushes(moment(execution_count=8))
    mirror.now = 30.0
    kernel.pushes(moment(execution_count=8, revision=2))
    assert mirror.live.moment.since_s == 20.0
