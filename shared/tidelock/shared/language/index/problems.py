"""What a text asks of the others and nobody gives: globals that nothing sets, missing modules.

Only what is known for certain to be missing is told; a caller adds what it knows from elsewhere.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from functools import lru_cache
from itertools import chain, islice
from typing import TYPE_CHECKING, NamedTuple

from tidelock.shared.language.checks.tables import is_asked
from tidelock.shared.language.checks.variables import damage
from tidelock.shared.language.index.summary import is_dynamic, preloads, requires, sets
from tidelock.shared.language.scopes import resolve
from tidelock.shared.language.stdlib import library
from tidelock.shared.language.suppressions import wanted
from tidelock.shared.language.versions import elsewhere
from tidelock.shared.model import Problem, Severity

if TYPE_CHECKING:
    from tidelock.shared.language.index.space import Space
    from tidelock.shared.language.index.summary import Place
    from tidelock.shared.language.variables import Reference
    from tidelock.shared.model import Dialect
    from tidelock.shared.syntax.tree import Tree

_SHOWN_FOLDERS = 4


class Observed(NamedTuple):
    """The names of globals and modules that the running program has.

    Nothing is said of what it alone has; where ``is_labelled``, a hint that only it has it.
    """

    globals: Collection[str] = ()
    modules: Collection[str] = ()
    is_labelled: bool = False


class Known(NamedTuple):
    """What is there though no text shows it.

    ``globals`` and ``modules`` are names: of the host, of settings. ``is_global`` says more of
    globals, ``is_installed`` whether a module is found outside the workspace, ``observed`` what the
    running program has.
    """

    globals: Collection[str] = ()
    modules: Collection[str] = ()
    is_global: Callable[[str], bool] = lambda name: False
    is_installed: Callable[[str], bool] = lambda name: False
    observed: Observed = Observed()


NOTHING = Known()


def problems(tree: Tree, uri: str, space: Space, known: Known = NOTHING) -> list[Problem]:
    """The undefined globals and unresolved modules of a text, in text order."""
    return wanted(tree, all_problems(tree, uri, space, known))


def all_problems(tree: Tree, uri: str, space: Space, known: Known = NOTHING) -> Iterator[Problem]:
    """These and those that the text asks not to see."""
    yield from _undefined(tree, space, known)
    yield from _implicit(tree, uri, space, known)
    yield from _unresolved(tree, uri, space, known)


# -- globals -----------------------------------------------------------------------------------


def _undefined(tree: Tree, space: Space, known: Known) -> Iterator[Problem]:
    scopes = resolve(tree)
    bad = damage(tree)
    own = {*scopes.global_names(), *sets(tree), *known.globals}
    standard = {entry.name for entry in library(tree.dialect).members(())}
    severity: Severity = "hint" if is_dynamic(tree) else "warning"
    for name, references in scopes.globals.items():
        if name in own or name in standard or name in ("_G", "_ENV", "") or space.sets(name):
            continue
        if known.is_global(name):
            continue
        observed = name in known.observed.globals
        if observed and not known.observed.is_labelled:
            continue
        if _is_tested(tree, name, references):
            continue
        message = nearest = ""
        if observed:
            message = at_run_time(f"'{name}'")
        for one in references:
            if one.environment is None and not one.write and not (bad and bad.holds(one.start)):
                if not message:
                    near = chain(own, standard, space.global_names(), known.observed.globals)
                    message, nearest = _undefined_words(name, tree.dialect, near)
                grave: Severity = "hint" if observed else severity
                yield Problem(
                    "undefined-global", grave, one.start, one.end, message, instead=nearest
                )


def _is_tested(tree: Tree, name: str, references: Sequence[Reference]) -> bool:
    """Whether a text asks if a name is there that only other Luas have: it can do without."""
    if not elsewhere(name, tree.dialect):
        return False
    paths = (tree.path(one.start) for one in references)
    return any(len(path) > 1 and is_asked(path[-2], path[-1]) for path in paths)


def _implicit(tree: Tree, uri: str, space: Space, known: Known) -> Iterator[Problem]:
    """Globals that functions make, and that nothing makes before a function runs."""
    if _OWN_NAMES.search(tree.text):
        return
    bad = damage(tree)
    for name, references in resolve(tree).globals.items():
        writes = [one for one in references if one.write and one.environment is None]
        if not writes or any(one.function == 0 for one in writes):
            continue
        if name in known.globals or known.is_global(name) or library(tree.dialect).entry((name,)):
            continue
        if any(declared.name in (name, "") for declared in resolve(tree).declared):
            continue
        if any(one.uri != uri for one in space.assigning(name)):
            continue
        for one in writes:
            if not bad.holds(one.start):
                message = f"'{name}' becomes a global here; nothing declares it"
                yield Problem("implicit-global", "warning", one.start, one.end, message)


def at_run_time(what: str) -> str:
    """What is said of something that no text shows and the running program has."""
    return f"{what} is there only at run time"


_LIKE = 0.75
_FOREIGN = {"null": "nil", "none": "nil", "undefined": "nil", "true": "true", "false": "false"}
"""What other languages write for the constants of Lua, in small letters."""
_OWN_NAMES = re.compile(r"\b(?:setfenv|module)\b")


def _undefined_words(name: str, dialect: Dialect, near: Iterable[str]) -> tuple[str, str]:
    """What is to be said of a name that nobody defines, and the name that may be meant."""
    other = elsewhere(name, dialect)
    if other:
        return other, ""
    ours = _FOREIGN.get(name.lower())
    if ours is not None:
        return f"'{name}' is not defined; Lua writes '{ours}'", ours
    nearest = _nearest(name, near) if len(name) > 2 else ""
    hint = f"; did you mean '{nearest}'?" if nearest else ""
    return f"'{name}' is not defined{hint}", nearest


def _nearest(name: str, known: Iterable[str]) -> str:
    """The name that is most like another, empty when none is."""
    size, letters = len(name), set(name)
    least = _LIKE / (2 - _LIKE)  # of the longer of two names, what the shorter one has
    alike = {
        one
        for one in known
        if size * least <= len(one) <= size / least
        and len(letters.intersection(one)) >= len(letters) * least
    }
    return _most_like(name, frozenset(alike))


@lru_cache(maxsize=32)
def _most_like(name: str, alike: frozenset[str]) -> str:
    """The one of a few hundred names; kept, for each edit of a text with such a problem asks."""
    found = difflib.get_close_matches(name, sorted(alike), 1, _LIKE)
    return found[0] if found else ""


# -- modules -----------------------------------------------------------------------------------


def _unresolved(tree: Tree, uri: str, space: Space, known: Known) -> Iterator[Problem]:
    folders = space.folders(uri)
    for place in requires(tree):
        name = place.name
        entry = library(tree.dialect).entry((name,))
        if (entry is not None and entry.kind == "table") or name in known.modules:
            continue
        if space.find(name, folders) or space.preloading(name) or known.is_installed(name):
            continue
        start, end = _span(tree, place)
        if name in known.observed.modules:
            if known.observed.is_labelled:
                yield Problem("unresolved-require", "hint", start, end, at_run_time(f"'{name}'"))
            continue
        where = ", ".join(folders[:_SHOWN_FOLDERS])
        near = _near_module(name, space, folders, known)
        message = f"'{name}' is no module that can be found"
        message += f"; did you mean '{near}'?" if near else ""
        message += f"; searched in {where}" if where else ""
        instead = f"{tree.text[start]}{near}{tree.text[start]}" if near else ""
        yield Problem("unresolved-require", "warning", start, end, message, instead=instead)


_MODULES = 5_000
"""How many files are looked at for a name."""

_MOST_KEPT = 300


def _near_module(name: str, space: Space, folders: Sequence[str], known: Known) -> str:
    """The module that may be meant, looked for again only when there are other modules.

    Each edit of a text with such a problem asks, and to compare thousands of names takes long.
    """
    loads = (one.name for opened in space.opened.values() for one in preloads(opened.tree))
    modules = (*space.opened, None, *loads, None, *space.snapshot.preloading, None, *known.modules)
    key, memo = (name, *folders, modules), space.snapshot.memo
    found = memo.get(key)
    if found is None:
        if len(memo) >= _MOST_KEPT:
            memo.clear()
        found = memo[key] = _nearest_module(name, space, folders, known)
    return found


def _nearest_module(name: str, space: Space, folders: Sequence[str], known: Known) -> str:
    """One of a like name, or the same file in another folder."""
    read = islice(space.module_names(folders), _MODULES)
    names = list(dict.fromkeys((*read, *space.preloaded(), *known.modules)))
    close = _nearest(name, names)
    if close:
        return close
    last = name.rpartition(".")[2]
    same = [one for one in names if one.rpartition(".")[2] == last]
    return same[0] if len(same) == 1 else ""


def _span(tree: Tree, place: Place) -> tuple[int, int]:
    start = tree.lines.offset(place.line, place.column)
    path = tree.path(start)
    return start, path[-1].end
