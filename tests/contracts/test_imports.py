"""Who may import whom: the contracts of pyproject.toml, and what an import graph cannot see."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest
from importlinter.cli import EXIT_STATUS_SUCCESS, lint_imports

ROOT = Path(__file__).parents[2]
PORTIONS = ("shared", "kernel", "dap", "lsp", "editors/terminal")


def modules() -> Iterator[tuple[str, Path]]:
    """Every module of ours with its file."""
    for portion in PORTIONS:
        for path in sorted((ROOT / portion).rglob("*.py")):
            parts = path.relative_to(ROOT / portion).with_suffix("").parts
            yield ".".join(parts).removesuffix(".__init__"), path


def test_the_contracts_hold(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(ROOT)
    code = lint_imports(config_filename="pyproject.toml", no_cache=True)
    assert code == EXIT_STATUS_SUCCESS, capsys.readouterr().out


def test_what_is_imported_by_name_is_known() -> None:
    """A module named at run time escapes the contracts; these are the places that may do it."""
    dynamic = {
        name
        for name, path in modules()
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        if getattr(node, "id", getattr(node, "attr", "")) in ("import_module", "__import__")
    }
    assert dynamic == {
        "tidelock.shared.runtime.builds",  # the Lua build that was asked for
        "tidelock.shared.runtime.bridge",  # what a script wants of Python
        "tidelock.lsp.routes",  # a feature of its own portion, at its first request
        "tidelock.terminal.arguments",  # a command of its own portion
    }


def test_only_the_runtime_names_lupa() -> None:
    named = {
        name
        for name, path in modules()
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(node, ast.Constant)
        and isinstance(node.value, str)
        and node.value.startswith("lupa.")
    }
    assert named == {"tidelock.shared.runtime.builds"}
