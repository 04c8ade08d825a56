"""The texts of a workspace as types see them; who finds and keeps them is known elsewhere."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple, Protocol

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tidelock.shared.syntax.tree import Tree


class Module(NamedTuple):
    """A text and the URI it is known by."""

    uri: str
    tree: Tree


class Workspace(Protocol):
    """One frozen state of many texts; the same question always has the same answer."""

    def resolve(self, name: str, from_uri: str) -> Module | None:
        """The module that ``require(name)`` loads in the text with a URI."""

    def declaring(self, name: str) -> Sequence[Module]:
        """The texts whose comments declare a class, an alias or an enum of this name."""

    def assigning(self, name: str) -> Sequence[Module]:
        """The texts that set a global of this name."""
