"""Steps 3 and 6: the program is run by a signed request, and an endless loop is ended."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import zmq

from tidelock.shared.link import wire
from tidelock.terminal.demo.peers import WAIT_S, Silent

if TYPE_CHECKING:
    from tidelock.shared.answers import Answer
    from tidelock.shared.link.wire import Content, Message
    from tidelock.terminal.demo.stage import Stage

_LOOP = "spins = 0\nwhile true do\n  spins = spins + 1\nend"
_LOOP_S = 120  # whatever becomes of the demo, its loop does not spin for ever
_HIGHEST = "Highest water   2.14 on 25 Nov 10:50"


def run(stage: Stage) -> None:
    """Step 3: a forged request is dropped, a signed one prints while it runs."""
    _forge(stage)
    see, client = stage.tally.see, stage.client
    began = time.monotonic()
    pieces: list[tuple[float, str]] = []
    meanwhile: list[Answer[Content]] = []

    def heard(message: Message) -> None:
        if message.type != "stream":
            return
        if not pieces:
            meanwhile.append(client.comm("tidelock.kernel", {"action": "status"}))
        pieces.append((time.monotonic() - began, message.content["text"]))

    with open(stage.program.main, encoding="utf-8") as file:
        code = file.read()
    fields = {"kind": "script", "source": stage.program.main, "search": [stage.program.folder]}
    reply = client.execute(code, listener=heard, tidelock=fields).result(WAIT_S)
    took = time.monotonic() - began
    text = "".join(piece for _, piece in pieces)
    state = meanwhile[0].result(WAIT_S)["state"] if meanwhile else "no output"
    when = f"first line after {pieces[0][0] * 1000:.0f} ms" if pieces else "nothing came"
    # Output that is held back until the end comes in one piece, with the last lines in it.
    early = bool(pieces) and "Highest" not in pieces[0][1]
    see("prints-while-running", early and state == "running", f"{when}, the program then: {state}")
    told = reply.content
    see(
        "runs",
        told["status"] == "ok" and len(pieces) > 1,
        f"{told['status']} after {took * 1000:.0f} ms, in {len(pieces)} pieces",
    )
    highest = next((line.strip() for line in text.splitlines() if "Highest" in line), "")
    see("right-output", highest == _HIGHEST, highest)
    lines = text.splitlines()
    stage.tally.teller.picture([*lines[3:17:2], *lines[30:32]])


def _forge(stage: Stage) -> None:
    """Send a request that is signed with a wrong key."""
    if stage.connection is None:
        raise Silent("the workspace has no kernel")
    before = stage.ask(action="status")["dropped"]
    context: zmq.Context[zmq.Socket[bytes]] = zmq.Context.instance()
    with context.socket(zmq.DEALER) as shell:
        shell.connect(stage.connection.address("shell"))
        head = wire.header("execute_request", wire.new_id())
        content = {"code": "forged = true", "silent": False, "store_history": True}
        shell.send_multipart(wire.pack(wire.Signer(b"not the key"), head, content))
        deadline = time.monotonic() + WAIT_S
        dropped = before
        while dropped == before and time.monotonic() < deadline:
            dropped = stage.ask(action="status")["dropped"]
    value = stage.value("tostring(forged)")
    seen = f"{dropped - before} message dropped, forged is {value}"
    stage.tally.see("wrong-key", dropped > before and value == '"nil"', seen)


def interrupt(stage: Stage) -> None:
    """Step 6: a loop without end is looked into, ended, and forgotten."""
    see, client = stage.tally.see, stage.client
    answer = client.execute(_LOOP, tidelock={"timeout_s": _LOOP_S})
    first, second = _spins(stage, 0), 0
    if first:
        second = _spins(stage, first)
    see("asked-while-running", second > first > 0, f"spins is {first:,}, then {second:,}")
    began = time.monotonic()
    client.interrupt()
    told = answer.result(WAIT_S).content
    took = (time.monotonic() - began) * 1000
    see("interrupted", told.get("ename") == "Interrupted", f"{told.get('ename')} in {took:.1f} ms")
    value = stage.value("harbour.by_name.M2.name .. ', ' .. (spins > 0 and 'kept' or 'lost')")
    see("goes-on", value == '"M2, kept"', value)


def _spins(stage: Stage, more_than: int) -> int:
    """The loop's counter while it runs, once it is greater than a number; 0 if it never is."""
    deadline = time.monotonic() + WAIT_S
    while time.monotonic() < deadline:
        told = stage.ask(action="ask", what="value", root="spins", keys=[])
        facts = told["facts"]
        if told["state"] == "running" and facts and facts[0]["type"] == "number":
            count = int(float(facts[0]["text"]))
            if count > more_than:
                return count
    return 0
