"""What is wrong with a document: our parser's findings and the verdict of Lua's own ``load``.

Nothing is loaded here: who can ask Lua hands its verdict in.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from itertools import islice
from typing import TYPE_CHECKING, NamedTuple, Protocol

from tidelock.shared.errors import Unavailable
from tidelock.shared.log import layer

if TYPE_CHECKING:
    from tidelock.shared.config import Settings
    from tidelock.shared.language.index.foreign import Wishes
    from tidelock.shared.language.index.problems import Known
    from tidelock.shared.language.index.space import Space
    from tidelock.shared.model import Dialect, Problem
    from tidelock.shared.positions import Lines
    from tidelock.shared.syntax.tree import Mode, Tree

log = layer("lsp")

Check = Callable[[str, str], str]
"""Lua's verdict on a text in a Lua: ``LINE: words``, or empty; raises ``Unavailable``."""


class Judged(Protocol):
    """A text that is judged: open, or a file."""

    @property
    def uri(self) -> str:
        """What an editor calls it."""

    @property
    def version(self) -> int | None:
        """The editor's; None for a file."""

    @property
    def text(self) -> str:
        """The text itself."""

    @property
    def dialect(self) -> Dialect:
        """The Lua it is read as."""

    @property
    def mode(self) -> Mode:
        """How it is read."""

    @property
    def tree(self) -> Tree:
        """Its tree."""

    @property
    def lines(self) -> Lines:
        """Its lines."""


class Beyond(NamedTuple):
    """What is known from other texts, and of the running program by name.

    ``python`` says whether programs may reach Python, ``arguments`` which parameters must be used.
    What the program has beyond all texts is passed over, or a hint where it ``is_labelled``.
    """

    space: Space
    globals: frozenset[str] = frozenset()
    modules: frozenset[str] = frozenset()
    is_labelled: bool = False
    is_global: Callable[[str], bool] = lambda name: False
    python: bool = False
    arguments: str = "after-last-used"

    @classmethod
    def of(
        cls,
        space: Space,
        settings: Settings,
        wishes: Wishes,
        globals_: frozenset[str],
        modules: frozenset[str],
    ) -> Beyond:
        """What is known by the options of a workspace; the program has some globals and modules."""
        return cls(
            space,
            globals_,
            modules,
            is_labelled=settings.lsp_live_diagnostics == "label",
            is_global=wishes.is_global,
            python=settings.lua_python_access,
            arguments=settings.lsp_diagnostics_unused_arguments,
        )


def as_wished(
    found: Iterable[Problem],
    text: str,
    settings: Settings,
    wishes: Wishes,
    is_shown: Callable[[Problem], bool] = lambda problem: True,
) -> list[Problem]:
    """The problems of a text that the project wants to see, and that are shown then."""
    judged = (wishes.judged(one, text) for one in found)
    shown = (one for one in judged if one is not None and is_shown(one))
    return list(islice(shown, settings.lsp_diagnostics_max_per_file))


def diagnose(
    document: Judged,
    check: Check,
    lua: str,
    breathe: Callable[[], None] = lambda: None,
    beyond: Beyond | None = None,
) -> list[Problem]:
    """The problems that a text shows at once, in text order: of its grammar and its names.

    Args:
        document: the text.
        check: Lua's own verdict; without that Lua our parser decides alone.
        lua: the Lua that is selected.
        breathe: called between the parts of the work.
        beyond: what other texts and the program add; None while that is not known.
    """
    from tidelock.shared.language.checks.finding import at_once
    from tidelock.shared.language.diagnostics import from_load, problems

    tree = document.tree
    breathe()
    text = document.text
    if document.mode == "input":
        from tidelock.shared.syntax.inputs import chunk

        text = chunk(text, document.dialect)
    try:
        refusal, judged = check(text, lua), True
    except Unavailable as error:
        log.warn("nobody to ask whether a text is valid", lua=lua, why=str(error))
        refusal, judged = "", False
    breathe()
    if judged and not refusal and tree.problems:
        first = tree.problems[0].message
        log.info("load accepts what our parser refuses", uri=document.uri, problem=first)
    verdict = from_load(tree, refusal) if refusal else None
    found = problems(tree, verdict, judged=judged)
    breathe()
    found += at_once(tree, "after-last-used" if beyond is None else beyond.arguments)
    if beyond is not None:
        breathe()
        found += _wide(document, beyond)
    return sorted(found, key=lambda one: (one.start, one.end))


def deepen(
    document: Judged, beyond: Beyond, breathe: Callable[[], None] = lambda: None
) -> list[Problem]:
    """The problems of a text that its meaning tells: those of annotations and types."""
    from tidelock.shared.language.checks.finding import in_depth
    from tidelock.shared.language.index.requiring import requiring
    from tidelock.shared.language.members import members
    from tidelock.shared.language.suppressions import wanted

    space = beyond.space

    def sets(name: str, key: str) -> bool:
        return any(key in members(one.tree).fields((name,)) for one in space.naming(key))

    def others() -> Iterator[Problem]:
        from tidelock.shared.language.index import problems

        # what a program has does not tell whether a comment has a use
        known = _known(document, beyond)._replace(observed=problems.Observed())
        return problems.all_problems(document.tree, document.uri, space, known)

    found = in_depth(document.tree, space.types, document.uri, sets, breathe, others)
    breathe()
    return [*found, *wanted(document.tree, requiring(document.tree, document.uri, space))]


def _wide(document: Judged, beyond: Beyond) -> list[Problem]:
    from tidelock.shared.language.index import problems

    known = _known(document, beyond)
    return problems.problems(document.tree, document.uri, beyond.space, known)


def _known(document: Judged, beyond: Beyond) -> Known:
    from tidelock.shared.language.index import installed, problems

    dialect = document.dialect
    return problems.Known(
        set(installed.host_globals(python=beyond.python)),
        set(installed.built_in(dialect)),
        beyond.is_global,
        lambda name: installed.is_installed(name, dialect),
        problems.Observed(beyond.globals, beyond.modules, beyond.is_labelled),
    )
