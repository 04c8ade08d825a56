"""Where the real clients are; one that is missing is a failure that says what installs it."""

from __future__ import annotations

import importlib
import os
import shutil
import sys
from pathlib import Path
from typing import Any

import pytest

HERE = Path(__file__).parent
REPOSITORY = HERE.parent.parent
PATIENT = "lsp.live.deadline_ms = 10000\n"
"""For ``tidelock.toml``: on a busy machine the running program may take its time to answer."""

_PYTHON = "pip install -e '.[test,clients]'"
_SYSTEM = "tests/clients/install.sh"


def python_program(name: str) -> str:
    """A program that a Python package brought, beside the interpreter."""
    found = shutil.which(name, path=str(Path(sys.executable).parent))
    return found or _missing(name, _PYTHON)


def system_program(name: str) -> str:
    """A program of the system, never one that a Python package brought."""
    own = str(Path(sys.executable).parent)
    folders = [folder for folder in os.get_exec_path() if folder != own]
    return shutil.which(name, path=os.pathsep.join(folders)) or _missing(name, _SYSTEM)


def python_module(name: str) -> Any:
    """A module of a client."""
    try:
        return importlib.import_module(name)
    except ModuleNotFoundError as error:
        return _missing(error.name or name, _PYTHON)


def node_packages() -> Path:
    """The folder whose ``node_modules`` holds the clients: ``TIDELOCK_CLIENTS``, else here."""
    folder = Path(os.environ.get("TIDELOCK_CLIENTS") or HERE)
    if not (folder / "node_modules" / "@vscode" / "debugadapter-testsupport").is_dir():
        _missing(f"@vscode/debugadapter-testsupport in {folder}", _SYSTEM)
    return folder


def search_path(*first: Path) -> str:
    """A PATH on which ``tidelock`` is found, after the folders given."""
    folders = [*first, Path(python_program("tidelock")).parent]
    return os.pathsep.join([*map(str, folders), *os.get_exec_path()])


def _missing(name: str, how: str) -> Any:
    pytest.fail(f"{name} is not installed here; run {how}", pytrace=False)
