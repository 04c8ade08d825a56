"""Every observation of the demo fails when the code behind it is broken on purpose.

Each case lays the sources into a folder, spoils one place there, and starts the demo on them:
the named observation must not hold. What else falls with it does not matter.
(Chosen by ``-m breakages``: each case is a demo of its own. That its place is there is always
looked at.)
"""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from typing import NamedTuple

import pytest

from kit.programs import run
from tidelock.terminal.demo.story import EXPECTED

ROOT = Path(__file__).parents[2]
FOLDERS = ("shared", "kernel", "dap", "lsp", "editors/terminal")
SHARED, KERNEL, DAP = "shared/tidelock/shared/", "kernel/tidelock/kernel/", "dap/tidelock/dap/"
LSP, TERMINAL = "lsp/tidelock/lsp/", "editors/terminal/tidelock/terminal/"
LUA = SHARED + "runtime/lua/"


class Breakage(NamedTuple):
    """What is spoilt: a text that stands once in a file, and what takes its place."""

    file: str
    old: str
    new: str


BREAKAGES = {
    "server": Breakage(LSP + "convert.py", 'ServerInfo(name="tidelock"', 'ServerInfo(name="other"'),
    "kernel": Breakage(SHARED + "link/start.py", '"launch", "--shared",', '"launch",'),
    "private-file": Breakage(
        SHARED + "link/connection.py", "os.O_TRUNC, 0o600)", "os.O_TRUNC, 0o644)"
    ),
    "kernel-info": Breakage(
        KERNEL + "questions.py", '"implementation": "tidelock"', '"implementation": "other"'
    ),
    "several-problems": Breakage(
        LSP + "diagnostics.py", "return sorted(found, key", "return sorted(found[:1], key"
    ),
    "own-words": Breakage(
        LSP + "diagnostics.py", "verdict = from_load(tree, refusal) if refusal else None",
        "verdict, judged = None, False",
    ),
    "good-module": Breakage(
        LSP + "documents.py", "        self._open[self._key(uri)] = made\n",
        "        made.text = before.text\n        self._open[self._key(uri)] = made\n",
    ),
    "static-completion": Breakage(
        LSP + "features/completion.py", "for item in proposed.items if", "for item in [] if",
    ),
    "static-hover": Breakage(
        LSP + "features/hover.py", "found = language.hover(", "found = facts and language.hover(",
    ),
    "not-yet": Breakage(
        LUA + "loader.lua", "function T.set_path(prefix)",
        "T.globals.harbour = { by_name = { M2 = 1 } }\nfunction T.set_path(prefix)",
    ),
    "wrong-key": Breakage(SHARED + "link/wire.py", "    signer.verify(signature, parts)\n", ""),
    "prints-while-running": Breakage(
        SHARED + "runtime/streams.py", "if not self._wake.is_set():", "if not data:",
    ),
    "runs": Breakage(KERNEL + "publish.py", '{"status": outcome.status,', '{"status": "error",'),
    "right-output": Breakage(
        SHARED + "runtime/streams.py", "self._pieces.append((stream, data))",
        'self._pieces.append((stream, data.replace(b"2.14", b"2.41")))',
    ),
    "observed-completion": Breakage(
        KERNEL + "comms.py", 'if what == "members":', 'if what == "no members":'
    ),
    "observed-hover": Breakage(
        LSP + "features/hover.py", "    facts = observed.value(document, symbol, view)",
        "    facts = None and observed.value(document, symbol, view)",
    ),
    "breakpoint": Breakage(
        DAP + "convert.py", '"verified": point.verified}', '"verified": False}'
    ),
    "stopped": Breakage(
        SHARED + "debug/instrument.py",
        "    return Instrumented(woven(text, written), tuple(sites))",
        "    return Instrumented(text, tuple(sites))",
    ),
    "stack": Breakage(LUA + "serve.lua", "  local chain = { host.chain() }\n", (
        "  local chain = { host.chain() }\n  chain = { standing, standing }\n"
    )),
    "condition": Breakage(
        SHARED + "debug/instrument.py",
        '            call = f"if {bare} then {call} end"', "            pass",
    ),
    "next-line-not-run": Breakage(
        SHARED + "debug/instrument.py",
        "            pieces += [text[place : call.offset], call.text]\n"
        "            place = call.offset",
        '            here = text.index("\\n", call.offset)\n'
        '            pieces += [text[place:here], f" {call.text}"]\n            place = here',
    ),
    "locals": Breakage(DAP + "convert.py", '"name": value.name,', '"name": value.name + "?",'),
    "evaluate": Breakage(LUA + "evaluate.lua", "  return run(compile(text, scope(", (
        "  return 0, run(compile(text, scope("
    )),
    "same-runtime": Breakage(
        DAP + "routes.py", "    session.launched = launching.run_of(session, arguments)\n", (
            "    session.context.restart().wait(5)\n"
            "    session.launched = launching.run_of(session, arguments)\n"
        ),
    ),
    "second-client": Breakage(
        KERNEL + "comms.py", 'frame = field(data, "frame", int, 0)', "frame = 0"
    ),
    "completes-in-frame": Breakage(
        LSP + "features/observed.py", "    for frame in view.moment.frames:", "    for frame in ():"
    ),
    "step-over": Breakage(DAP + "routes.py", '_resume("over")', '_resume("out")'),
    "set-variable": Breakage(LUA + "evaluate.lua", "  T.set_child(handle, name, value)\n", ""),
    "step-in": Breakage(DAP + "routes.py", '_resume("in")', '_resume("over")'),
    "step-out": Breakage(DAP + "routes.py", '_resume("out")', '_resume("in")'),
    "continues": Breakage(
        DAP + "publish.py", 'session.event("exited", {"exitCode": code})',
        'session.event("exited", {"exitCode": 1})',
    ),
    "change-seen": Breakage(
        DAP + "publish.py", '{"category": happened.stream, "output": happened.text}',
        '{"category": "stderr", "output": happened.text}',
    ),
    "asked-while-running": Breakage(
        SHARED + "runtime/lane.py", "native.call_serve(state)\n        if self._ending",
        "pass\n        if self._ending",
    ),
    "interrupted": Breakage(
        KERNEL + "routes.py", "    kernel.context.runtime.interrupt()\n", ""
    ),
    "goes-on": Breakage(
        KERNEL + "routes.py", "    kernel.context.runtime.interrupt()\n",
        "    kernel.context.runtime.interrupt()\n    kernel.context.restart()\n",
    ),
    "processes-end": Breakage(
        LSP + "session.py", 'self.exit_code = 0 if self._state == "down" else 1',
        "self.exit_code = 1",
    ),
    "kernel-ends": Breakage(
        KERNEL + "routes.py", "        kernel.begin_stop(lambda: _resolve_now(done, content))\n",
        "        pass\n",
    ),
    "files-untouched": Breakage(
        LSP + "session.py", '        """A text is open."""\n',
        '        """A text is open."""\n'
        '        open(path_of_chunk(chunk_of_uri(uri)), "w").write(text)\n',
    ),
}  # fmt: skip


def test_every_observation_has_its_breakage() -> None:
    assert set(BREAKAGES) == {expected.name for expected in EXPECTED}


@pytest.mark.parametrize("name", BREAKAGES)
def test_what_is_spoilt_stands_once_in_its_file(name: str) -> None:
    spoilt, old, _ = BREAKAGES[name]
    assert (ROOT / spoilt).read_text("utf-8").count(old) == 1


@pytest.mark.breakages
@pytest.mark.parametrize("name", BREAKAGES)
def test_the_observation_fails_when_its_code_is_broken(name: str, tmp_path: Path) -> None:
    sources = tmp_path / "sources"
    for folder in FOLDERS:
        shutil.copytree(
            ROOT / folder, sources / folder, ignore=shutil.ignore_patterns("__pycache__")
        )
    shutil.copytree(ROOT / "examples", sources / "examples")
    _spoil(sources, BREAKAGES[name])
    _spoil(sources, Breakage(TERMINAL + "demo/peers.py", "\nWAIT_S = 20.0\n", "\nWAIT_S = 4.0\n"))
    path = os.pathsep.join(str(sources / folder) for folder in FOLDERS)
    result = run("demo", "--check", home=tmp_path / "home", env={"PYTHONPATH": path}, timeout=100)
    assert result.code == 1, result
    lines = [line for line in result.stdout.splitlines() if f" {name}: " in line]
    assert [line.split()[0] for line in lines] == ["FAIL"], result


def _spoil(sources: Path, breakage: Breakage) -> None:
    file = sources / breakage.file
    file.write_text(file.read_text("utf-8").replace(breakage.old, breakage.new), "utf-8")
