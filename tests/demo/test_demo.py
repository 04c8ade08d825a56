"""``tidelock demo`` as a user starts it: transcript, checks, document, and what goes wrong."""

from __future__ import annotations

import json
from pathlib import Path

from kit.programs import Pty, run, spawn
from tidelock.terminal.demo.story import EXPECTED, STEPS


def test_every_observation_holds(tmp_path: Path) -> None:
    result = run("demo", "--check", home=tmp_path).expect(0)
    lines = result.stdout.splitlines()
    assert [line.split()[:2] for line in lines[:-1]] == [["ok", str(e.step)] for e in EXPECTED]
    assert [line.split()[2] for line in lines[:-1]] == [f"{e.name}:" for e in EXPECTED]
    assert len(EXPECTED) >= 25
    assert lines[-1].startswith(f"{len(EXPECTED)} of {len(EXPECTED)} observations held")
    assert result.stderr == ""
    assert not list((tmp_path / "run" / "kernels").glob("*.json"))


def test_the_transcript_shows_seven_steps_and_what_a_user_would_see(tmp_path: Path) -> None:
    text = run("demo", home=tmp_path).expect(0).stdout
    assert len(STEPS) == 7
    places = [text.index(f"\n{number}  {step.title}  ") for number, step in enumerate(STEPS, 1)]
    assert places == sorted(places)
    for seen in (
        "^^^^^ 'then' expected near 'local'",
        "Sat 2026-11-21  low  01:42   0.52  high 08:15",
        "print(harbour.by_name.  →  2MK3, 2N2",
        '→ 161 |         local kind = rising and "high" or "low"',
        "low  01:42   0.52  HIGH 08:15   1.84",
    ):
        assert seen in text
    assert "\x1b" not in text


def test_the_document_has_everything(tmp_path: Path) -> None:
    told = json.loads(run("demo", "--output", "json", home=tmp_path).expect(0).stdout)
    assert (told["command"], told["ok"], told["error"]) == ("demo", True, None)
    assert [one["name"] for one in told["observations"]] == [e.name for e in EXPECTED]
    assert all(one["held"] and one["seen"] and one["at_s"] > 0 for one in told["observations"])
    assert [step["title"] for step in told["steps"]] == [step.title for step in STEPS]


def test_the_story_is_the_same_on_the_lua_that_is_named(tmp_path: Path) -> None:
    result = run("demo", "--check", "--lua", "5.1", home=tmp_path).expect(0)
    assert "own-words" in result.stdout


def test_colours_are_for_terminals(tmp_path: Path) -> None:
    with Pty("demo", "--check", home=tmp_path, env={"TERM": "xterm"}) as terminal:
        terminal.expect("observations held", 60)
        assert b"\x1b[32mok" in terminal.raw
        assert terminal.wait() == 0


def test_an_installation_that_cannot_do_it_says_what_failed(tmp_path: Path) -> None:
    blocked = tmp_path / "file"
    blocked.write_text("no folder can be made here")
    env = {"TIDELOCK_RUNTIME_DIR": str(blocked / "run")}
    result = run("demo", "--check", home=tmp_path, env=env).expect(1)
    failed = [line for line in result.stdout.splitlines() if line.startswith("FAIL")]
    assert failed[0].startswith("FAIL 1 kernel: ")
    assert "runtime folder" in failed[0]


def test_an_interrupted_demo_leaves_no_kernel(tmp_path: Path) -> None:
    import signal

    with spawn("demo", home=tmp_path) as program:
        program.wait_for_line("the program ends well")
        program.signal(signal.SIGINT)
        assert program.wait().code == 130
    assert not list((tmp_path / "run" / "kernels").glob("*.json"))
