"""What is wrong with many files, one after the other: the judge of those that nobody has open.

It comes to what an editor is shown for an open text, all parts of it together. Files share what
is found about the types of others, and are let go of again before they fill the memory. It reads
files and runs nothing but the rules it is given.
"""

from __future__ import annotations

import gc
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, NamedTuple, Protocol, final

from tidelock.lsp.diagnostics import Beyond, Check, as_wished, deepen, diagnose
from tidelock.lsp.rules import merged

if TYPE_CHECKING:
    from tidelock.lsp.diagnostics import Judged
    from tidelock.shared.config import Settings
    from tidelock.shared.language.index.foreign import Wishes
    from tidelock.shared.language.index.snapshot import Snapshot
    from tidelock.shared.language.index.space import Opened, Places, Space
    from tidelock.shared.model import Dialect, Problem
    from tidelock.shared.positions import Lines
    from tidelock.shared.syntax.tree import Mode, Tree

_MOST = 1_000_000


class File(NamedTuple):
    """A file as it is on disk, which no editor has a version of."""

    uri: str
    tree: Tree
    version: int | None = None

    @property
    def text(self) -> str:
        """Its text."""
        return self.tree.text

    @property
    def dialect(self) -> Dialect:
        """The Lua it is read as."""
        return self.tree.dialect

    @property
    def mode(self) -> Mode:
        """How it is read."""
        return self.tree.mode

    @property
    def lines(self) -> Lines:
        """Its lines."""
        return self.tree.lines


class Asked(Protocol):
    """Users' rules: ``lint.runner.Runner``."""

    def check(self, name: str, tree: Tree) -> list[Problem]:
        """What they say of a text."""

    def forget(self, name: str) -> None:
        """A text is not asked about again."""


@final
class Judge:
    """The judge of the texts of one workspace at one moment; for one thread.

    Args:
        snapshot: the files of the workspace.
        opened: the texts that count instead of their files.
        places: where modules are looked for.
        lua: the Lua that judges, which ``check`` is asked about.
        check: Lua's own verdict.
        wishes: what the project wants to see.
        settings: its other options.
        rules: users' own rules.
        names: what the running program has: its globals and its modules.
    """

    def __init__(
        self,
        snapshot: Snapshot,
        opened: Iterable[Opened],
        places: Places,
        lua: str,
        check: Check,
        wishes: Wishes,
        settings: Settings,
        rules: Asked,
        names: tuple[frozenset[str], frozenset[str]] = (frozenset(), frozenset()),
    ) -> None:
        from tidelock.lsp.workspace import dialect_of

        self._snapshot = snapshot
        self._opened = tuple(opened)
        self._places = places
        self._lua = lua
        self.dialect = dialect_of(lua)
        self._check = check
        self._wishes = wishes
        self._settings = settings
        self._rules = rules
        self._names = names
        self._read = 0
        self.space = self._fresh()

    def _fresh(self) -> Space:
        from tidelock.shared.language.index.space import Space
        from tidelock.shared.language.index.trees import Trees

        return Space(self._snapshot, self._opened, Trees(self.dialect), self._places)

    def file(self, path: str) -> File | None:
        """A file by its canonical path; None when it cannot be read."""
        if self._read > _MOST:
            self.space, self._read = self._fresh(), 0
            gc.collect()
        module = self.space.module(path)
        if module is None:
            return None
        self._read += len(module.tree.text)
        return File(module.uri, module.tree)

    def problems(
        self, text: Judged, is_shown: Callable[[Problem], bool] = lambda problem: True
    ) -> list[Problem]:
        """All that the project wants to see of a text, and that is shown, in text order."""
        settings = self._settings
        beyond = Beyond.of(self.space, settings, self._wishes, *self._names)
        own = diagnose(text, self._check, self._lua, beyond=beyond)
        own = merged(own, deepen(text, beyond))
        found = merged(own, self._rules.check(text.uri, text.tree))
        self._rules.forget(text.uri)
        return as_wished(found, text.text, settings, self._wishes, is_shown)
