"""Our own client, embedded and connected: nothing lost, and a lost kernel is told."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest

from kit.kernels import Served, embedded, external
from tidelock.shared.errors import KernelError
from tidelock.shared.link.client import KernelClient
from tidelock.shared.link.loop import Loop
from tidelock.shared.link.wire import Message


def text_of(reply: object) -> str:
    return "".join(m.content["text"] for m in reply.published if m.type == "stream")  # type: ignore[attr-defined]


def test_the_first_execution_of_a_new_client_loses_nothing(served: Served) -> None:
    for number in range(20):
        client = served.client()
        reply = client.execute(f"print({number})").result(20)
        assert text_of(reply) == f"{number}\n"
        client.close()


def test_operations(served: Served) -> None:
    client = served.client()
    assert client.kernel_info().result(20).content["implementation"] == "tidelock"
    assert client.is_complete("for").result(20).content["status"] == "incomplete"
    client.execute("hello_world = 1").result(20)
    assert client.complete("hello_w", 7).result(20).content["matches"] == ["hello_world"]
    assert client.inspect("hello_world", 3).result(20).content["found"] is True
    assert client.history(1).result(20).content["history"][0][2] == "hello_world = 1"
    assert client.debug("debugInfo").result(20).content["success"] is True
    with pytest.raises(KernelError, match="has no comm"):
        client.comm("nope", {"action": "x"}).result(20)
    with pytest.raises(KernelError, match="no action"):
        client.comm("tidelock.kernel", {"action": "x"}).result(20)


def test_input_comes_from_the_handler(served: Served) -> None:
    client = served.client()
    lines = iter(["one", None])
    client.on_input(lambda prompt, password: next(lines))
    reply = client.execute("return io.read(), io.read()", allow_stdin=True).result(20)
    result = [
        m.content["data"]["text/plain"] for m in reply.published if m.type == "execute_result"
    ]
    assert result == ['"one"\tnil']


def test_messages_come_while_the_request_is_under_way(served: Served) -> None:
    client = served.client()
    seen: list[str] = []
    printed = threading.Event()

    def listen(message: Message) -> None:
        seen.append(str(message.content.get("execution_state", message.type)))
        if message.type == "stream":
            printed.set()

    done = client.execute("print('early') while not stop do end", listener=listen)
    assert printed.wait(20)
    client.interrupt().result(20)
    assert done.result(20).content["ename"] == "Interrupted"
    # Behind the interrupt's own idle the cell is told busy again.
    assert seen == ["busy", "execute_input", "stream", "busy", "error", "idle"]


def test_a_closed_client_fails_what_is_open(served: Served) -> None:
    client, other = served.client(), served.client()
    done = client.execute("while not stop do end")
    other.comm("tidelock.kernel", {"action": "ask", "what": "names"}).result(20)
    client.close()
    with pytest.raises(KernelError, match="closed"):
        done.result(20)
    with pytest.raises(KernelError, match="kernel lost"):
        client.execute("1").result(20)
    other.interrupt().result(20)


def test_a_killed_kernel_is_noticed_by_its_heartbeat(tmp_path: Path) -> None:
    with external(tmp_path) as served:
        client = KernelClient(served.connection, heartbeat_s=0.05)
        client.wait_ready(20)
        told: list[str] = []
        client.on_lost(told.append)
        done = client.execute("while true do end")
        assert served.process is not None
        served.process.kill()
        with pytest.raises(KernelError, match="kernel lost: its heartbeat stopped"):
            done.result(20)
        assert told == ["its heartbeat stopped"]
        client.close()


def test_a_kernel_that_is_not_there_is_an_error_with_its_address(tmp_path: Path) -> None:
    with external(tmp_path) as served:
        where = served.connection
    client = KernelClient(where, heartbeat_s=0)
    with pytest.raises(KernelError, match=f"127.0.0.1:{where.shell_port} does not answer"):
        client.wait_ready(0.3)
    client.close()


def test_opening_and_closing_leaves_no_thread_behind() -> None:
    with embedded():
        pass
    before = set(threading.enumerate())
    for _ in range(20):
        with embedded() as served:
            served.client().execute("return 1").result(20)
    assert set(threading.enumerate()) - before == set()


def test_the_loop_goes_on_after_a_callback_that_fails() -> None:
    loop = Loop("test")
    seen: list[str] = []

    def fails() -> None:
        raise ValueError("no")

    loop.call(fails)
    loop.call(lambda: seen.append("called"))
    loop.later(0.001, lambda: seen.append("timer"))
    cancelled = loop.later(0.001, lambda: seen.append("never"))
    cancelled.cancel()
    loop.later(0.002, lambda: loop.stop(0))
    loop.run()
    assert seen == ["called", "timer"]
