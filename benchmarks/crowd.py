"""Many clients on one kernel beside ipykernel, and subscribers that read late.

Every client has sockets of its own and sends its next cell when the last one has its reply and
its idle. One of them looks at everything at once, the others afterwards: what is measured is the
kernel, not fifty readers in one Python process.
"""

from __future__ import annotations

import contextlib
import sys
import tempfile
import time
from functools import partial

import zmq

from kernels import OURS, THEIRS, Kernel, RawMessage, RawPeer, launches
from measure import in_turn, spread
from report import Bar, Options, Table, main

COMMAND = "python benchmarks/crowd.py"
CROWDS = (10, 50)
FLUSHED = {
    OURS: "for i = 1, {} do io.write(i, '\\n') io.flush() end",
    THEIRS: "for i in range({}): print(i + 1, flush=True)",
}


def measure(options: Options) -> list[Table]:
    """The tables of many clients and of late readers."""
    with contextlib.ExitStack() as stack:
        home = stack.enter_context(tempfile.TemporaryDirectory())
        kernels = []
        for launch in launches(options, home):
            kernels.append(Kernel(launch))
            stack.callback(kernels[-1].close)
            kernels[-1].run("x = 1")
        return [crowds(options, kernels), late_readers(options, kernels)]


def crowds(options: Options, kernels: list[Kernel]) -> Table:
    """Cells a second that many clients get through together."""
    rounds = options.rounds or (1 if options.quick else 5)
    cells = 4 if options.quick else 20
    table = Table("crowd", "Many clients on one kernel, in cells per second", COMMAND)
    for count in CROWDS:
        ways = {kernel.name: partial(_crowd, kernel, count, cells) for kernel in kernels}
        speeds = {name: spread(some) for name, some in in_turn(rounds, ways, warm=True).items()}
        ratio = speeds[OURS].middle / speeds[THEIRS].middle
        table.add(f"{count} clients", Bar(4, ("ratio",), at_least=True), **speeds, ratio=ratio)
    table.notes.append(
        f"each client sends {cells} cells that print, one after the other; {rounds} times in turn, "
        "medians with quartiles; every output came once, under its own cell, to every client"
    )
    return table


class _Client:
    """One client of a crowd: its cells ready to be sent, and what it has seen of the open one."""

    def __init__(self, kernel: Kernel, number: int, cells: int) -> None:
        self.peer = RawPeer(kernel.peer.info, timeout=30)
        self.peer.ready()
        self.shell = self.peer.socket("shell")
        self.words: dict[bytes, bytes] = {}
        self.waiting = []
        for cell in range(cells):
            header = self.peer.header("execute_request")
            word = f"client {number} cell {cell}"
            content = {"code": f"print('{word}')", "silent": False, "store_history": True}
            self.waiting.append(self.peer.message("execute_request", content, header=header))
            self.words[header["msg_id"].encode()] = word.encode()
        self.waiting.reverse()

    def send(self) -> bool:
        """Send the next cell; whether there was one."""
        if self.waiting:
            self.shell.send_multipart(self.waiting.pop())
            return True
        return False


def _crowd(kernel: Kernel, count: int, cells: int) -> float:
    clients = [_Client(kernel, number, cells) for number in range(count)]
    try:
        observer = clients[0].peer.socket("iopub")
        owners = {request: client for client in clients for request in client.words}
        parts = dict.fromkeys(owners, 0)  # a reply and an idle end a cell
        poller = zmq.Poller()
        poller.register(observer, zmq.POLLIN)
        for client in clients:
            poller.register(client.shell, zmq.POLLIN)
        began = time.perf_counter()
        for client in clients:
            client.send()
        left = len(owners)
        while left:
            for socket, _ in poller.poll(30_000):
                for frames in _all_of(socket):
                    if socket is observer and b'"idle"' not in frames[-1]:
                        continue
                    request = _request_of(frames)
                    if request not in parts:
                        continue
                    parts[request] += 1
                    if parts[request] == 2:
                        left -= 1
                        owners[request].send()
        taken = time.perf_counter() - began
        words = {request: client.words[request] for request, client in owners.items()}
        # The observer has taken its messages out already; the others have all of theirs.
        for client in clients[1:]:
            _judge(kernel, client, words)
        return len(owners) / taken
    finally:
        for client in clients:
            client.peer.close()


def _all_of(socket: zmq.Socket[bytes]) -> list[list[bytes]]:
    found = []
    with contextlib.suppress(zmq.Again):
        while True:
            found.append(socket.recv_multipart(zmq.NOBLOCK))
    return found


def _request_of(frames: list[bytes]) -> bytes:
    message = RawMessage(frames)
    return str(message.parent.get("msg_id", "")).encode()


def _judge(kernel: Kernel, client: _Client, words: dict[bytes, bytes]) -> None:
    """Every cell's output came to a client once, under its own request."""
    heard: dict[bytes, bytes] = {}
    left = sum(len(text) + 1 for text in words.values())
    while left > 0:  # a line may come in pieces
        message = client.peer.iopub()
        if message.type == "stream":
            request, text = message.parent["msg_id"].encode(), message.content["text"].encode()
            heard[request] = heard.get(request, b"") + text
            left -= len(text)
    wrong = {k for k, text in words.items() if heard.get(k) != text + b"\n"}
    if wrong:
        raise RuntimeError(f"{kernel.name}: {len(wrong)} outputs are not under their cells")


# -- reading late ------------------------------------------------------------------------------


def late_readers(options: Options, kernels: list[Kernel]) -> Table:
    """What a subscriber gets that reads nothing until the cell has ended."""
    lines = 2_000 if options.quick else 20_000
    table = Table("late readers", "A subscriber that reads when the cell has ended", COMMAND)
    found = {kernel.name: _late(kernel, lines) for kernel in kernels}
    own = Bar(0, (OURS,))
    missing = {name: lost for name, (lost, _) in found.items()}
    idles = {name: 0 if is_idle else 1 for name, (_, is_idle) in found.items()}
    table.add(f"lines lost, of {lines:,} that were flushed one by one", own, **missing)
    table.add("idle lost", own, **idles)
    table.notes.append(
        "the subscriber has ZeroMQ's usual limit of 1,000 waiting messages, as Jupyter's clients do"
    )
    return table


def _late(kernel: Kernel, lines: int) -> tuple[int, bool]:
    peer = RawPeer(kernel.peer.info, timeout=30)
    try:
        peer.ready()
        late = peer._context.socket(zmq.SUB)
        late.linger = 0
        late.subscribe(b"")
        late.connect(peer.socket("iopub").last_endpoint)
        while not late.poll(50):  # until it is joined
            kernel.run("x = 1")
        kernel.run(FLUSHED[kernel.name].format(lines))
        text, is_idle = "", False
        while late.poll(1000):
            message = RawMessage(late.recv_multipart())
            if message.type == "stream":
                text += message.content["text"]
            is_idle = message.content.get("execution_state") == "idle"
        late.close()
        return lines - text.count("\n"), is_idle
    finally:
        peer.close()


if __name__ == "__main__":
    sys.exit(main(measure))
