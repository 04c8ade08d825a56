"""The sessions shown in docs/debugging.md are what the program says."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest

from kit.places import Place

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "debugging.md"
PROMPT = "debug> "
SESSIONS = re.findall(
    r"^```console\n\$ (tidelock debug .*)\n((?:.*\n)*?)```$", PAGE.read_text(), re.M
)


@pytest.mark.parametrize(("call", "shown"), SESSIONS, ids=[call[15:] for call, _ in SESSIONS])
def test_a_session_is_as_it_is_shown(place: Place, call: str, shown: str) -> None:
    lines = shown.splitlines()
    typed = [line.removeprefix(PROMPT) for line in lines if line.startswith(PROMPT)]
    expected = [line for line in lines if not line.startswith(PROMPT)]
    words = shlex.split(call)[1:]
    result = place.run(*words, stdin="".join(f"{line}\n" for line in typed), cwd=ROOT)
    said = (result.stdout + result.stderr).replace(f"{ROOT}/", "").splitlines()
    assert said == expected, result


def test_there_are_sessions() -> None:
    assert len(SESSIONS) >= 4
