"""Emacs with eglot, set up as its guide says."""

from __future__ import annotations

import re
import shutil

import pytest

from clients.installed import HERE, PATIENT, REPOSITORY, search_path, system_program
from kit.places import Place

pytestmark = pytest.mark.clients

GUIDE = REPOSITORY / "editors" / "emacs" / "README.md"


def test_a_session(place: Place) -> None:
    tides = REPOSITORY / "examples" / "tides"
    shutil.copytree(tides, place.work, dirs_exist_ok=True)
    shutil.copy(tides / "broken" / "predictor.lua", place.work / "broken.lua")
    place.file("tidelock.toml", PATIENT)
    [snippet] = re.findall(r"```elisp\n(.*?)```", GUIDE.read_text(), re.DOTALL)
    init = place.home / "init.el"
    init.write_text(f"(package-initialize)\n{snippet}")
    # Not -Q, which leaves out the folders of Debian's packages.
    emacs = [system_program("emacs"), "-q", "--batch", "-l", init, "-l", HERE / "emacs.el"]
    result = place.run(program=emacs, env={"PATH": search_path()}, timeout=60).expect(0)
    said = result.stderr
    problems = re.findall(r"^problem (\d+) (.*)", said, re.MULTILINE)
    assert [int(line) for line, _ in problems] == [96, 113, 143, 158], result
    assert "'then' expected near 'local'" in problems[0][1]
    assert re.search(r"^new \(106 ", said, re.MULTILINE), result
    assert 'completions ("rep" "reverse")' in said, result
    assert "hover local function print_curve(predictor: Predictor, day: integer)" in said, result
    assert "definition 40\n" in said, result
    assert "printed San Francisco (Golden Gate), California\n" in said, result
    left_behind = re.search(r"^left behind \((.*)\)", said, re.MULTILINE)
    assert left_behind, result
    assert {'"M2"', '"M4"', '"M6"'} <= set(left_behind[1].split()), result
    assert said.endswith("done\n"), result
