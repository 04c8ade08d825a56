"""One namespace over five folders: a stray ``__init__.py`` in one would hide the other four."""

from __future__ import annotations

import ast
import importlib
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PORTIONS = ("shared", "kernel", "dap", "lsp", "editors/terminal")


@pytest.mark.parametrize("portion", PORTIONS)
def test_a_portion_of_the_namespace(portion: str) -> None:
    namespace = ROOT / portion / "tidelock"
    assert not (namespace / "__init__.py").exists()
    (package,) = [each for each in namespace.iterdir() if each.name != "__pycache__"]
    assert package.name == Path(portion).name
    assert (package / "__init__.py").exists()
    assert (package / "py.typed").exists()
    found = importlib.import_module(f"tidelock.{package.name}")
    assert found.__doc__


def test_every_folder_called_tidelock_is_a_portion() -> None:
    """But for the one whose modules are Neovim's, in Lua."""
    found = {
        path.parent.relative_to(ROOT).as_posix()
        for path in ROOT.rglob("tidelock")
        if not any(part.startswith(".") for part in path.parts)
        if any(path.rglob("*.py"))
    }
    assert found == set(PORTIONS)


def test_the_wheel_and_the_editable_install_hold_all_of_them() -> None:
    with (ROOT / "pyproject.toml").open("rb") as file:
        build = tomllib.load(file)["tool"]["hatch"]["build"]
    assert build["dev-mode-dirs"] == list(PORTIONS)
    assert build["targets"]["wheel"]["packages"] == [f"{each}/tidelock" for each in PORTIONS]


def test_a_folder_with_python_files_is_a_package() -> None:
    """A folder without ``__init__.py`` would be a namespace that nothing declares."""
    missing = {
        path.parent.relative_to(ROOT).as_posix()
        for portion in PORTIONS
        for path in (ROOT / portion / "tidelock").rglob("*.py")
        if not (path.parent / "__init__.py").exists()
    }
    assert missing == set()


def test_a_package_does_not_import_its_own_modules() -> None:
    """Most imports are late and happen on several threads: one that imports a package, which
    imports its module, and one that imports the module, which imports its package first, meet,
    and Python then gives one of them a module that is only half there.
    """
    eager = [
        f"{path.relative_to(ROOT)}:{node.lineno}"
        for portion in PORTIONS
        for path in sorted((ROOT / portion / "tidelock").rglob("__init__.py"))
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(node, ast.Import | ast.ImportFrom)
    ]
    assert eager == []
