"""What the pages say: links lead somewhere, examples are good, names are those of the code."""

from __future__ import annotations

import ast
import json
import re
import shlex
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

from tidelock.kernel import comms
from tidelock.shared.config import load
from tidelock.shared.syntax import inputs
from tidelock.shared.syntax.parser import parse
from tidelock.terminal import arguments
from tidelock.terminal.catalogue import BY_NAME

ROOT = Path(__file__).parents[2]
PAGES = [ROOT / "README.md", ROOT / "CHANGELOG.md", *sorted((ROOT / "docs").glob("*.md"))]
NAMES = [page.relative_to(ROOT).as_posix() for page in PAGES]
ARCHITECTURE, EDITORS = (
    (ROOT / "docs" / f"{name}.md").read_text("utf-8") for name in ("architecture", "editors")
)


def blocks(page: Path, language: str) -> Iterator[str]:
    """The examples of a page in one language."""
    for found in re.finditer(rf"^```{language}\n(.*?)^```$", page.read_text("utf-8"), re.M | re.S):
        yield found[1]


def quoted(path: str, pattern: str) -> set[str]:
    """The texts that a pattern's first group finds in a file of ours."""
    return set(re.findall(pattern, (ROOT / path).read_text("utf-8")))


def assert_listed(page: str, names: set[str]) -> None:
    """Each of the names begins a line of a table."""
    rows = set(re.findall(r"^\| `([^`]+)` \|", page, re.M))
    assert names - rows == set()


@pytest.mark.parametrize("page", PAGES, ids=NAMES)
def test_links_lead_somewhere(page: Path) -> None:
    targets = re.findall(r"\]\(([^)#\s]+)[^)]*\)", page.read_text("utf-8"))
    files = [target for target in targets if "://" not in target]
    assert [target for target in files if not (page.parent / target).exists()] == []


@pytest.mark.parametrize("page", PAGES, ids=NAMES)
def test_files_that_are_named_exist(page: Path) -> None:
    named = re.findall(r"`((?:tests|docs|benchmarks|examples|editors)/[\w./-]+)`", page.read_text())
    assert [name for name in named if not (ROOT / name).exists()] == []


@pytest.mark.parametrize("page", PAGES, ids=NAMES)
def test_commands_are_those_of_the_program(page: Path) -> None:
    for block in (*blocks(page, "sh"), *blocks(page, "console")):
        for line in block.splitlines():
            words = shlex.split(line.removeprefix("$ "), comments=True)
            if words[:1] == ["tidelock"]:
                taken = arguments._take_apart(words[1:])
                if taken.command:
                    arguments._options(BY_NAME[taken.command], taken)


@pytest.mark.parametrize("page", PAGES, ids=NAMES)
def test_examples_are_well_formed(page: Path, tmp_path: Path) -> None:
    for block in blocks(page, "lua"):
        text = inputs.chunk(block, "luajit") if page.name == "notebooks.md" else block
        assert parse(text, "luajit").problems == (), block
    for block in blocks(page, "json"):
        json.loads(block)
    for block in blocks(page, "python"):
        ast.parse(block)
    for block in blocks(page, "toml"):
        if tomllib.loads(block).keys() & {"lua", "kernel", "output", "lsp", "log", "store"}:
            (tmp_path / "tidelock.toml").write_text(block)
            load(str(tmp_path), environment={})


def test_the_fields_of_an_execution_are_listed() -> None:
    reading = r'(?:field\(ours, |_texts\(ours, |ours\.get\()"(\w+)"'
    read = quoted("kernel/tidelock/kernel/execution.py", reading)
    assert {"kind", "search", "timeout_s"} <= read
    assert_listed(ARCHITECTURE, read)


def test_the_comms_are_listed() -> None:
    for target, actions in comms._TARGETS.items():
        assert f"`{target}`" in ARCHITECTURE
        for action in actions:
            assert re.search(rf"^\|[^|]*\| `{action}` \|", ARCHITECTURE, re.M), action


def test_the_arguments_of_a_launch_are_listed() -> None:
    routes = (ROOT / "dap/tidelock/dap/routes.py").read_text("utf-8")
    text = routes[routes.index("def launch(") : routes.index("def _begin(")]
    launching = (ROOT / "dap/tidelock/dap/launching.py").read_text("utf-8")
    text += launching[launching.index("def run_of(") : launching.index("def begin(")]
    read = set(re.findall(r'arguments(?:, |\.get\()"(\w+)"', text)) | {"key"}
    assert {"program", "stopOnEntry", "stopOnAttach"} <= read
    assert_listed(EDITORS, read - {"stopOnAttach"})
    assert "`attach` takes `stopOnAttach` and `key`." in EDITORS
