"""Finds users' rules, in files and among what is installed, and refuses those that cannot work.

It imports their code: only the worker process may call it.
"""

from __future__ import annotations

import importlib.metadata
import importlib.util
import inspect
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from types import ModuleType
from typing import Any, NamedTuple, get_args

from tidelock.shared.language.checks.codes import CODES
from tidelock.shared.language.rules import GROUP, Rule
from tidelock.shared.model import Severity


class Loaded(NamedTuple):
    """Rules by their code, and a sentence on each that is refused."""

    rules: dict[str, type[Rule]]
    refused: list[str]


def load(paths: Iterable[str]) -> Loaded:
    """Every rule of some files and folders (their ``.py`` files), and of installed packages."""
    loaded = Loaded({}, [])
    for entry in sorted(importlib.metadata.entry_points(group=GROUP), key=lambda one: one.name):
        try:
            found = entry.load()
        except Exception as error:
            loaded.refused.append(f"{entry.value}: {_said(error)}")
            continue
        for rule in _rules(found):
            _take(rule, loaded)
    for path in paths:
        for file in _files(Path(path), loaded):
            try:
                module = _imported(file)
            except Exception as error:
                loaded.refused.append(f"{file}{_line(error, file)}: {_said(error)}")
                continue
            for rule in _rules(module):
                _take(rule, loaded)
    return loaded


def _files(path: Path, loaded: Loaded) -> list[Path]:
    if path.is_dir():
        return sorted(path.glob("*.py"))
    if not path.is_file():
        loaded.refused.append(f"{path}: there is no such file or folder")
        return []
    return [path]


def _imported(file: Path) -> ModuleType:
    name = f"tidelock_rules_{file.stem}_{abs(hash(str(file)))}"
    spec = importlib.util.spec_from_file_location(name, file)
    assert spec is not None
    assert spec.loader is not None
    module = sys.modules[name] = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def _rules(found: object) -> Iterator[type[Rule]]:
    """A rule, or those that a module defines itself; names that begin with ``_`` are bases."""
    if not isinstance(found, ModuleType):
        yield found  # type: ignore[misc]  # looked at when it is taken
        return
    for name, value in vars(found).items():
        is_rule = isinstance(value, type) and issubclass(value, Rule)
        if is_rule and value.__module__ == found.__name__ and not name.startswith("_"):
            yield value


def _take(rule: Any, loaded: Loaded) -> None:
    if not (isinstance(rule, type) and issubclass(rule, Rule)):
        loaded.refused.append(f"{rule!r} is no class derived from Rule")
        return
    code = rule.code
    why = ""
    if not isinstance(code, str) or "-" not in code or not code.replace("-", "").isalnum():
        why = f"the code {code!r} needs a '-' in it, as in 'no-print'"
    elif code in CODES:
        why = f"'{code}' is a code of Tidelock's own"
    elif code in loaded.rules:
        why = f"there is another rule '{code}' in {_place(loaded.rules[code])}"
    elif rule.severity not in get_args(Severity):
        why = f"the severity {rule.severity!r} is none of {', '.join(get_args(Severity))}"
    if why:
        loaded.refused.append(f"{_place(rule)}: {rule.__name__}: {why}")
    else:
        loaded.rules[code] = rule


def _place(rule: type[Rule]) -> str:
    try:
        return f"{inspect.getsourcefile(rule)}:{inspect.getsourcelines(rule)[1]}"
    except (OSError, TypeError):
        return rule.__module__


def _said(error: BaseException) -> str:
    return f"{type(error).__name__}: {error}"


def _line(error: BaseException, file: Path) -> str:
    """Where in a file an error came from, as ``:LINE``."""
    if isinstance(error, SyntaxError) and error.filename == str(file):
        return f":{error.lineno}"
    trace = error.__traceback__
    line = ""
    while trace is not None:
        if trace.tb_frame.f_code.co_filename == str(file):
            line = f":{trace.tb_lineno}"
        trace = trace.tb_next
    return line
