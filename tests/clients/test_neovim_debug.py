"""A debug session inside Neovim, current and old, through the configuration for nvim-dap.

nvim-dap itself is in no package registry: ``neovim/dap.lua`` stands for it and sends what it
sends, from inside the editor, through the adapter that our configuration names.
"""

from __future__ import annotations

import json
import re
import shutil
from typing import Any

import pytest

from clients.installed import HERE, REPOSITORY, python_program, search_path, system_program
from kit.places import Place

pytestmark = pytest.mark.clients

OURS = REPOSITORY / "editors" / "neovim"
PROGRAM = """\
local function add(left, right)
  local sum = left + right
  return sum
end

local total = 1
total = add(total, 10)
print("total " .. total)
mark = "passed " .. total
print("done")
"""


def snippet(guide: str) -> str:
    """What a guide tells users of nvim-dap to paste."""
    text = (REPOSITORY / guide).read_text()
    codes = re.findall(r"```lua\n(.*?)```", text, re.DOTALL)
    found = [code for code in codes if 'require("dap")' in code or "tidelock.dap" in code]
    assert len(found) == 1, f"{guide} has {len(found)} snippets for nvim-dap"
    return str(found[0])


@pytest.fixture(
    params=[
        ("current", "editors/neovim/README.md"),
        ("old", "editors/neovim/README.md"),
        ("current", "docs/editors.md"),
        ("current", "README.md"),
    ],
    ids=" ".join,
)
def seen(request: pytest.FixtureRequest, place: Place) -> dict[str, Any]:
    """What ``neovim/story.lua`` saw in Neovim 0.11, or in the one that Debian has."""
    version, guide = request.param
    program = python_program("nvim") if version == "current" else system_program("nvim")
    configuration = place.home / "config" / "nvim"
    shutil.copytree(OURS / "lua", configuration / "lua")
    shutil.copy(HERE / "neovim" / "dap.lua", configuration / "lua")
    (configuration / "init.lua").write_text(snippet(guide))
    place.file("tidelock.toml", "")
    found = place.home / "seen.json"
    result = place.run(
        *("--headless", "-n", "-i", "NONE", "-c", f"luafile {HERE / 'neovim' / 'story.lua'}"),
        program=[program],
        env={
            "PATH": search_path(),
            "PROGRAM": str(place.file("sum.lua", PROGRAM)),
            "SEEN": str(found),
        },
        timeout=90,
    )
    assert found.exists(), result
    told: dict[str, Any] = json.loads(found.read_text())
    assert "problem" not in told, told
    return told


def stack(stop: dict[str, Any]) -> list[tuple[str, int]]:
    """Names and lines of a stop's frames, innermost first."""
    return [(frame["name"], frame["line"]) for frame in stop["frames"]]


def variables(stop: dict[str, Any]) -> dict[str, str]:
    """The locals of a stop's innermost frame that are set."""
    return {each["name"]: each["value"] for each in stop["scopes"][0]["variables"]}


def test_a_debug_session(seen: dict[str, Any], place: Place) -> None:
    assert [(point["verified"], point["line"]) for point in seen["breakpoints"]] == [(True, 7)]
    assert seen["capabilities"]["supportsSetVariable"] is True

    stop = seen["breakpoint"]
    assert stop["stopped"]["reason"] == "breakpoint"
    assert stop["stopped"]["hitBreakpointIds"] == [seen["breakpoints"][0]["id"]]
    assert [thread["id"] for thread in stop["threads"]] == [stop["stopped"]["threadId"]]
    assert stack(stop) == [("main chunk", 7)]
    assert stop["frames"][0]["source"]["path"] == str(place.work / "sum.lua")
    assert variables(stop)["total"] == "1"
    assert stop["evaluated"] == "1"  # the line of the breakpoint has not run
    assert seen["changed"]["value"] == "5"

    entered = seen["entered"]
    assert entered["stopped"]["reason"] == "step"
    assert stack(entered) == [("add", 2), ("main chunk", 7)]
    assert variables(entered) == {"left": "5", "right": "10"}  # what was set is what was passed
    assert stack(seen["next"]) == [("add", 3), ("main chunk", 7)]
    assert seen["next"]["evaluated"] == "15"

    left = seen["left"]
    assert stack(left) == [("main chunk", 9)]
    assert left["printed"] == "total 15\n"
    assert left["evaluated"] == "nil"  # stopped before the line that sets it
    assert stack(seen["marked"]) == [("main chunk", 10)]
    assert seen["marked"]["evaluated"] == '"passed 15"'
    assert seen["marked"]["printed"] == "total 15\n"  # and this line has not run either

    assert seen["exited"] == {"exitCode": 0}
    assert seen["printed"] == "total 15\ndone\n"


def test_sessions_after_it(seen: dict[str, Any], place: Place) -> None:
    again = seen["again"]
    assert stack(again) == [("main chunk", 9)]
    assert again["printed"] == "total 11\n"
    # The second program ended where it stood when its session left it.
    assert seen["kept"] == '"passed 15"'
    (kernel,) = place.registered()  # one for all three sessions
    assert kernel["shared"] is True
