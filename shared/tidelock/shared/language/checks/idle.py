"""Comments that ask not to see what is not there.

Only codes are judged that other tools with the same names find where we do: what these see by
their own types, or tell of more than we do, may be what a comment is for. Comments without a code
hide everything, and are let alone for the same reason.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from tidelock.shared.language.checks.codes import CODES
from tidelock.shared.language.scopes import resolve
from tidelock.shared.language.suppressions import suppressions
from tidelock.shared.model import Problem

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from tidelock.shared.syntax.tree import Tree

_GROUPS = ("names", "unused", "flow", "values", "safety", "annotations")
_OTHERWISE = frozenset(
    (
        *("duplicate-set-field", "implicit-global", "unresolved-require", "unused-value"),
        *("unused-argument", "unused-suppression", "bad-format"),
        *("circular-require", "different-requires"),
        *("redefined-local", "shadowed-local"),  # 'self', and what begins with '_'
        *("unset-local", "write-only-local", "unused-function"),
        *("read-only-global", "constant-condition", "confusing-precedence"),
        "empty-block",  # one with a comment
        "duplicate-index",  # on the first of them
        *("doc-syntax-error", "unknown-diag-code", "unknown-doc-tag"),
    )
)
"""What others find in more places, or what depends on what is installed."""


def may_be_idle(tree: Tree) -> bool:
    """Whether a text has such comments, and is whole: what is broken is not judged."""
    return tree.ok and any(_judged(one.codes) for one in suppressions(tree).hidings)


def idle(tree: Tree, found: Iterable[Problem]) -> Iterator[Problem]:
    """The words of comments that hide none of the problems of a text, those that it hides too."""
    every = [*found, *_unread(tree)]
    for one in suppressions(tree).hidings:
        if not _judged(one.codes) or any(one.hides(problem, tree.text) for problem in every):
            continue
        message = f"'{tree.text[one.start : one.end]}' hides nothing here"
        yield Problem("unused-suppression", "hint", one.start, one.end, message)


def _unread(tree: Tree) -> Iterator[Problem]:
    """What others call unused: all that is never read, whatever its name and what is behind it."""
    for one in resolve(tree).locals:
        if one.name != "_" and one.kind != "self" and all(use.write for use in one.references):
            code = "unused-loop-variable" if one.kind == "for" else "unused-local"
            yield Problem(code, "hint", one.start, one.end, "")


def _judged(codes: frozenset[str]) -> bool:
    """Whether it is sure what is meant; of a name for several codes one is enough to be used."""
    groups = {CODES[one].group for one in codes}
    return bool(codes - _OTHERWISE) and groups <= set(_GROUPS)
