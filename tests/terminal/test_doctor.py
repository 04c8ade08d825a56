"""``tidelock doctor``: a line for each thing, and what to do about it."""

from __future__ import annotations

import json
import re

from kit.lua import lua_builds

from .conftest import Place


def test_a_sound_installation(place: Place) -> None:
    result = place.run("doctor").expect()
    grades = re.findall(r"^(ok|warn|fail) +(.*?): ", result.stdout, re.MULTILINE)
    names = [name for _, name in grades]
    assert "fail" not in {grade for grade, _ in grades}
    assert names[0] == "Python"
    assert {f"Lua {build.name}" for build in lua_builds() if not build.jit} <= set(names)
    for name in ("ZeroMQ", "configuration", "runtime folder", "kernels", "workspace kernel"):
        assert ("ok", name) in grades
    assert f"{place.home}/run/kernels, private (700)" in result.stdout
    assert result.stderr == ""


def test_what_is_wrong_is_said_with_a_remedy(place: Place) -> None:
    place.file("tidelock.toml", "lua.version = '7'")
    blocked = place.file("file", "")
    result = place.run("doctor", "--output", "json", env={"TIDELOCK_RUNTIME_DIR": str(blocked)})
    document = json.loads(result.expect(1).stdout)
    assert document["failed"]
    failed = {c["name"]: c["remedy"] for c in document["checks"] if c["grade"] == "fail"}
    assert failed == {
        "configuration": "mend these; tidelock config path shows the files",
        "runtime folder": "set TIDELOCK_RUNTIME_DIR to another one",
    }


def test_kernels_are_counted(place: Place) -> None:
    with place.kernel():
        output = place.run("doctor").expect().stdout
        assert "ok    kernels: 1 alive\n" in output
        assert re.search(r"^ok +workspace kernel: \S+ answers", output, re.MULTILINE)
    broken = place.home / "run" / "kernels" / "tidelock-kernel-x.json"
    broken.write_text("{}")
    output = place.run("doctor").expect().stdout
    assert "warn  kernels: 1 broken\n      tidelock kernel list names them\n" in output
    broken.unlink()
