"""Lua's own test suites, with a breakpoint compiled in on every statement, run as without.

They lie in the source distribution of lupa, for Lua 5.3 to 5.5; ``tox -e suites`` fetches it.
Compared are how each file ends and what it prints, but for numbers: seeds, times, and how deep
a stack may become, differ from run to run. Some files fail in both ways, where they expect that
a function of the library is written in C which here is not (``print``).
"""

from __future__ import annotations

import os
import re
import tarfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from kit.live import live
from tidelock.shared.model import BreakpointRequest

pytestmark = pytest.mark.suites
VERSIONS = ("5.3", "5.4", "5.5")
NOT_ALONE = {"all.lua", "main.lua", "big.lua", "verybig.lua", "heavy.lua"}
"""These drive the others, need a ``lua`` program, or more memory than there is."""
HOW = {
    "a bare condition": {"condition": "nil == false and 1 ~= 1"},
    "a hit count never reached": {"hit_condition": "> 1000000000"},
}
SEES_CALLS = {"coroutine.lua"}
"""A call hook of the program's own sees the calls that breakpoints with more than that make."""
FLAGS = "_port = true; _soft = true; _nomsg = true"
NUMBER = re.compile(r"\S*\d\S*")


@pytest.fixture(scope="session")
def suites(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The suites, unpacked."""
    folder = os.environ.get("TIDELOCK_TEST_SUITES")
    if not folder:
        pytest.skip("TIDELOCK_TEST_SUITES names no folder with lupa's source distribution")
    (archive,) = Path(folder).glob("lupa-*.tar.gz")
    made = tmp_path_factory.mktemp("suites")
    with tarfile.open(archive) as packed:
        wanted = [each for each in packed if "/testes/" in each.name]
        packed.extractall(made, wanted, filter="data")
    (root,) = made.glob("lupa-*/third-party")
    return root


def ran(version: str, path: Path, how: dict[str, str] | None) -> tuple[str, ...]:
    """How a file ends and what it prints; ``how`` are the breakpoints, on every statement."""
    text = path.read_text("utf-8", "surrogateescape")
    chunk = f"@{path}"
    with live(lua_version=version, debug_breakpoint_limit=100_000) as lua:
        lua.run(FLAGS)
        if how is not None:
            lua.context.sources.put_input(chunk, text)
            every = [BreakpointRequest(line, **how) for line in range(1, text.count("\n") + 2)]
            points = lua.debugger.set_breakpoints("test", chunk, every)
            # One on each statement: only where it is alone is a condition compiled in bare.
            alone = [p.asked for p in points if p.verified and p.line == p.asked.line]
            assert lua.debugger.set_breakpoints("test", chunk, alone)
        name = lua.start(text, chunk=chunk, timeout_s=100, directory=str(path.parent))
        outcome = lua.finish(name)
        said = NUMBER.sub("#", lua.output(name))
        late = {point.message for point in lua.debugger.breakpoints() if point.verified}
        assert late <= {""}  # every one of them is compiled in
        return said, outcome.status, outcome.error, outcome.text


def files() -> Iterator[tuple[str, str]]:
    names = (
        "api attrib bitwise bwcoercion calls closure code constructs coroutine cstack db errors "
        "events files gc gengc goto literals locals math memerr nextvar pm sort strings tpack "
        "tracegc utf8 vararg"
    )
    for version in VERSIONS:
        for name in names.split():
            yield version, f"{name}.lua"


@pytest.mark.parametrize(("version", "name"), list(files()))
def test_a_file_runs_the_same(suites: Path, version: str, name: str) -> None:
    path = suites / f"lua{version.replace('.', '')}" / "testes" / name
    if not path.exists():
        pytest.skip("not in this version's suite")
    plain = ran(version, path, None)
    for words, how in HOW.items():
        if name in SEES_CALLS and "bare" not in words:
            continue
        assert ran(version, path, how) == plain, words


def test_nothing_is_left_out(suites: Path) -> None:
    for version in VERSIONS:
        there = (suites / f"lua{version.replace('.', '')}" / "testes").glob("*.lua")
        assert {path.name for path in there} - {name for _, name in files()} <= NOT_ALONE
