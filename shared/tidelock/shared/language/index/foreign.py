"""What the project files of other tools say: ``.luarc.json``, ``.luarc.jsonc``, ``.luacheckrc``.

Nothing of them is run: ``.luacheckrc`` is Lua and read with our parser, so only constants count.
What cannot be used is a problem of that file and leaves the rest in force.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

from tidelock.shared.language.checks.codes import CODES, NAMED
from tidelock.shared.language.luacheck import FLAGS, Pattern, is_pattern, pattern, standard
from tidelock.shared.language.paths import constant
from tidelock.shared.model import Problem, Severity
from tidelock.shared.sources import read_text
from tidelock.shared.syntax.parser import parse
from tidelock.shared.syntax.tree import (
    Assign,
    Binary,
    Constant,
    Expression,
    KeyedField,
    Name,
    NamedField,
    Paren,
    String,
    Table,
)

if TYPE_CHECKING:
    from tidelock.shared.config import Settings
    from tidelock.shared.model import Dialect

T = TypeVar("T")

NAMES = (".luarc.json", ".luarc.jsonc", ".luacheckrc")
_DIALECTS: Mapping[str, Dialect] = {
    "Lua 5.1": "5.1", "Lua 5.2": "5.2", "Lua 5.3": "5.3", "Lua 5.4": "5.4", "Lua 5.5": "5.5",
    "LuaJIT": "luajit",
}  # fmt: skip
_SEVERITIES: Mapping[str, Severity] = {
    "Error": "error", "Warning": "warning", "Information": "information", "Hint": "hint",
}  # fmt: skip


class Found(NamedTuple):
    """A file in which something is wrong, with its text and what that is."""

    path: str
    text: str
    problems: tuple[Problem, ...]


class Wishes(NamedTuple):
    """What the files ask for; later ones add to earlier ones.

    ``dialect`` is None where none is named. ``templates`` are as in ``package.path``. ``disabled``
    are codes of problems, all of them if it ``is_silent``, ``hidden`` codes with a pattern of
    names. ``scopes`` say of codes whether they are told in files that are not open.
    """

    dialect: Dialect | None = None
    templates: tuple[str, ...] = ()
    libraries: tuple[str, ...] = ()
    ignore: tuple[str, ...] = ()
    use_gitignore: bool = True
    globals: tuple[str, ...] = ()
    global_patterns: tuple[str, ...] = ()
    disabled: frozenset[str] = frozenset()
    severities: tuple[tuple[str, Severity], ...] = ()
    hidden: tuple[tuple[str, str], ...] = ()
    files: tuple[Found, ...] = ()
    is_silent: bool = False
    scopes: tuple[tuple[str, str], ...] = ()

    def judged(self, problem: Problem, text: str) -> Problem | None:
        """A problem as the project wants it shown; None when it does not. ``load`` has its way."""
        if problem.origin == "load" or problem.severity == "error":
            return problem
        if self.is_silent or problem.code in self.disabled:
            return None
        name = text[problem.start : problem.end]
        for code, form in self.hidden:
            if code == problem.code and re.search(form, name):
                return None
        severity = dict(self.severities).get(problem.code)
        return problem if severity is None else problem._replace(severity=severity)

    def is_wide(self, problem: Problem) -> bool:
        """Whether a problem is told in a file that nobody has open."""
        scope = dict(self.scopes).get(problem.code)
        if scope is not None:
            return scope == "workspace"
        code = CODES.get(problem.code)
        return problem.severity != "hint" if code is None else code.scope == "workspace"

    def is_global(self, name: str) -> bool:
        """Whether a global is declared."""
        return name in self.globals or any(re.search(one, name) for one in self.global_patterns)


NO_WISHES = Wishes()


def read(root: str) -> Wishes:
    """What the files of a folder ask for, nothing where there is none; never raises."""
    wishes = NO_WISHES
    for name in NAMES if root else ():
        path = os.path.join(root, name)
        try:
            text = read_text(path)
        except OSError:
            continue
        reader = _Reader(wishes)
        if name == ".luacheckrc":
            reader.luacheck(text)
        else:
            reader.luarc(text)
        found = Found(path, text, tuple(reader.problems))
        wishes = reader.wishes._replace(files=(*reader.wishes.files, found))
    return wishes


class _Reader:
    """Adds one file to the wishes."""

    def __init__(self, wishes: Wishes) -> None:
        self.wishes = wishes
        self.problems: list[Problem] = []

    def problem(self, start: int, end: int, message: str) -> None:
        self.problems.append(Problem("configuration", "warning", start, end, message))

    def add(self, **lists: tuple[Any, ...]) -> None:
        """Append to some of the wishes."""
        for name, values in lists.items():
            joined: dict[str, Any] = {name: (*getattr(self.wishes, name), *values)}
            self.wishes = self.wishes._replace(**joined)

    # -- LuaLS -------------------------------------------------------------------------------------

    def luarc(self, text: str) -> None:
        """``.luarc.json``; comments and trailing commas are allowed in both forms."""
        try:
            table = json.loads(_plain_json(text))
        except ValueError as error:
            place = getattr(error, "pos", 0)
            words = str(error).partition(": line")[0]
            self.problem(place, place + 1, f"no JSON: {words[:1].lower()}{words[1:]}")
            return
        if not isinstance(table, dict):
            self.problem(0, 1, "expected an object")
            return
        settings = dict(_flat(table))
        for key, use in _LUARC.items():
            if key in settings:
                value = settings[key]
                if not use(self, value):
                    named = re.search(rf'"[^"\n]*{key.rpartition(".")[2]}"', text)
                    start, end = named.span() if named else (0, 1)
                    message = f"{key}: {json.dumps(value)[:60]} cannot be used"
                    self.problem(start, end, message)

    def version(self, value: Any) -> bool:
        """``runtime.version``."""
        dialect = _DIALECTS.get(value) if isinstance(value, str) else None
        if dialect is not None:
            self.wishes = self.wishes._replace(dialect=dialect)
        return dialect is not None

    def strings(self, name: str, value: Any) -> bool:
        """A list of texts."""
        if not _are_texts(value):
            return False
        self.add(**{name: tuple(value)})
        return True

    def library(self, value: Any) -> bool:
        """``workspace.library``: a list, or an object with true values; variables of LuaLS not."""
        if isinstance(value, dict):
            value = [name for name, wanted in value.items() if wanted is True]
        if not _are_texts(value):
            return False
        self.add(libraries=tuple(one for one in value if "${" not in one))
        return True

    def patterns(self, value: Any) -> bool:
        """``diagnostics.globalsRegex``."""
        are_patterns = _are_texts(value) and all(map(is_pattern, value))
        return are_patterns and self.strings("global_patterns", value)

    def disable(self, value: Any) -> bool:
        """``diagnostics.disable``."""
        if not _are_texts(value):
            return False
        self.wishes = self.wishes._replace(disabled=self.wishes.disabled | _codes(value))
        return True

    def severity(self, value: Any) -> bool:
        """``diagnostics.severity``; a ``!`` behind a word makes no difference here."""
        if not isinstance(value, dict):
            return False
        words = {name: _SEVERITIES.get(str(word).rstrip("!")) for name, word in value.items()}
        known = {name: one for name, one in words.items() if one is not None}
        self.add(severities=tuple(_by_code(known)))
        return len(known) == len(words)

    def gitignore(self, value: Any) -> bool:
        """``workspace.useGitIgnore``."""
        if isinstance(value, bool):
            self.wishes = self.wishes._replace(use_gitignore=value)
        return isinstance(value, bool)

    # -- luacheck ----------------------------------------------------------------------------------

    def luacheck(self, text: str) -> None:
        """``.luacheckrc``: assignments of constants in the main chunk."""
        tree = parse(text, "5.4")
        for fault in tree.problems[:3]:
            self.problem(fault.start, fault.end, fault.message)
        for statement in tree.body.statements:
            if not isinstance(statement, Assign):
                continue
            for target, value in zip(statement.targets, statement.values, strict=False):
                if isinstance(target, Name):
                    self._option(target, value)

    def _option(self, target: Name, value: Expression) -> None:
        name = target.name
        if name in ("globals", "read_globals", "new_globals", "new_read_globals"):
            names = tuple(_names(value))
            self.add(globals=tuple(one.partition(".")[0] for one in names))
            is_read = isinstance(value, Table)
        elif name == "std":
            is_read = self._standard(value)
        elif name == "ignore":
            patterns = list(_names(value))
            self.add(hidden=_hidden(filter(None, map(pattern, patterns))))
            is_read = isinstance(value, Table)
        elif name in FLAGS:
            is_read = isinstance(value, Constant)
            if isinstance(value, Constant) and value.text == "false":
                self.add(hidden=_hidden([FLAGS[name]]))
        else:
            return
        if not is_read:
            self.problem(target.start, value.end, f"'{name}' is no constant and is passed over")

    def _standard(self, value: Expression) -> bool:
        if not isinstance(value, String):
            return isinstance(value, Table | Name)
        self.add(globals=standard(value.value, with_versions=False))
        return True


_LUARC: Mapping[str, Any] = {
    "runtime.version": _Reader.version,
    "runtime.path": lambda reader, value: reader.strings("templates", value),
    "workspace.library": _Reader.library,
    "workspace.ignoreDir": lambda reader, value: reader.strings("ignore", value),
    "workspace.useGitIgnore": _Reader.gitignore,
    "diagnostics.globals": lambda reader, value: reader.strings("globals", value),
    "diagnostics.globalsRegex": _Reader.patterns,
    "diagnostics.disable": _Reader.disable,
    "diagnostics.severity": _Reader.severity,
}
_SPLIT = frozenset(key.partition(".")[0] for key in _LUARC)

_JSON = re.compile(
    r'"(?:\\.|[^"\\])*"|//[^\n\r]*|/\*.*?\*/|,(?=(?:\s|//[^\n]*|/\*.*?\*/)*[}\]])', re.S
)


def _plain_json(text: str) -> str:
    """The same with blanks where comments and trailing commas are, so that places stay."""
    text = text.replace("\ufeff", " ")
    return _JSON.sub(
        lambda match: match[0] if match[0][0] == '"' else re.sub(r"[^\n\r]", " ", match[0]), text
    )


def _flat(table: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    """Settings by key, however they are nested: ``Lua.runtime.version``, ``runtime: {version}``."""
    for name, value in table.items():
        key = name.removeprefix("Lua.")
        if name == "Lua" and isinstance(value, dict):
            yield from _flat(value)
        elif key in _SPLIT and isinstance(value, dict):
            yield from ((f"{key}.{inner}", one) for inner, one in value.items())
        else:
            yield key, value


def _are_texts(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(one, str) for one in value)


def _names(value: Expression) -> Iterator[str]:
    """The texts of a list, and the keys of what is declared with fields."""
    while isinstance(value, Paren):
        value = value.inner
    if isinstance(value, Binary) or not isinstance(value, Table):
        return
    for item in value.fields:
        if isinstance(item, NamedField):
            yield item.name.name
        elif isinstance(item, KeyedField):
            key = constant(item.key)
            if isinstance(key, str):
                yield key
        elif isinstance(item, String):
            yield item.value


def _hidden(patterns: Iterable[Pattern]) -> tuple[tuple[str, str], ...]:
    """Each code of some patterns, with the form of its names."""
    return tuple((code, one.form) for one in patterns for code in sorted(one.codes or ()))


def _codes(names: Iterable[str]) -> set[str]:
    """The codes that names stand for; those of users' rules stand for themselves."""
    return {code for name in names for code in NAMED.get(name, (name,))}


def _by_code(words: Mapping[str, T]) -> Iterator[tuple[str, T]]:
    """What is said of codes; what is said of one by its own name counts more."""
    for is_own in (False, True):
        for name, word in words.items():
            for code in NAMED.get(name, (name,)):
                if (code == name) is is_own:
                    yield code, word


def _words(table: Iterable[str]) -> dict[str, str]:
    """A table of names and words, as options have it."""
    return dict(one.partition("=")[::2] for one in table)


def with_settings(wishes: Wishes, settings: Settings) -> Wishes:
    """The wishes of other tools' files, and those of the project's own options, which win."""
    words = _words(settings.lsp_diagnostics_severity)
    scopes = dict(_by_code(_words(settings.lsp_diagnostics_scope)))
    severities = {
        name: severity
        for name, word in words.items()
        for severity in _SEVERITIES.values()
        if severity == word
    }
    off = _codes([name for name, word in words.items() if word == "off"])
    patterns = tuple(one for one in settings.lsp_diagnostics_globals_pattern if is_pattern(one))
    off |= {code for code, scope in scopes.items() if scope == "off"}
    own = tuple(_by_code(severities))
    disabled = (wishes.disabled - {code for code, _ in own}) | off
    return wishes._replace(
        is_silent=not settings.lsp_diagnostics_enable,
        disabled=disabled | _codes(settings.lsp_diagnostics_disable),
        severities=(*wishes.severities, *own),
        scopes=tuple(scopes.items()),
        globals=(*wishes.globals, *settings.lsp_diagnostics_globals),
        global_patterns=(*wishes.global_patterns, *patterns),
    )


__all__ = ["NAMES", "NO_WISHES", "Found", "Wishes", "read", "with_settings"]
