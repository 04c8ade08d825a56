"""What no committed file may hold, and what a long one must say of itself."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
LONGEST = 400

HOSTS = re.compile(
    r"(?:pypi|pythonhosted|npmjs|yarnpkg|crates|golang|luarocks|debian|ubuntu|conda|anaconda)"
    r"\.(?:org|com|io)\b",
    re.IGNORECASE,
)
"""Package registries: which one a machine uses is its own matter."""


def committed(*patterns: str) -> list[Path]:
    """The files under version control."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--", *patterns], cwd=ROOT, capture_output=True, text=True
    )
    if listed.returncode:
        pytest.skip("not a checkout: nothing is committed here")
    return [ROOT / name for name in listed.stdout.split("\0") if name and (ROOT / name).exists()]


def told(path: Path, pattern: re.Pattern[str]) -> list[str]:
    """Where a pattern is found in a file."""
    lines = path.read_text("utf-8", "replace").splitlines()
    return [
        f"{path.relative_to(ROOT)}:{number}: {line.strip()}"
        for number, line in enumerate(lines, 1)
        if pattern.search(line)
    ]


def test_no_file_names_a_package_registry() -> None:
    assert [line for path in committed() for line in told(path, HOSTS)] == []


def test_no_file_names_a_place_of_one_machine() -> None:
    """The checkout's own folder, and homes: other places in tests are invented ones."""
    homes = r"/(?:home|Users|root)/\w"
    machine = re.compile("|".join([re.escape(f"{ROOT}/"), homes]))
    assert [line for path in committed() for line in told(path, machine)] == []


@pytest.mark.parametrize("pattern", ["*.py", "*.lua"])
def test_a_long_file_says_why_it_is_long(pattern: str) -> None:
    silent = []
    for path in committed(pattern):
        lines = path.read_text("utf-8", "replace").splitlines()
        top = " ".join(" ".join(lines[:25]).replace("--", "").split())
        if len(lines) > LONGEST and "long because" not in top:
            silent.append(f"{path.relative_to(ROOT)}: {len(lines)} lines")
    assert silent == []
