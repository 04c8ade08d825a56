"""One fix that was offered without its edits, with them, for the text as it is now."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from tidelock.lsp.features.code_actions import Action, code_actions
from tidelock.shared.errors import TidelockError

if TYPE_CHECKING:
    from tidelock.lsp.documents import Document
    from tidelock.shared.language.index.space import Space
    from tidelock.shared.model import Problem


def resolved_action(
    document: Document,
    start: int,
    end: int,
    problems: Sequence[Problem],
    space: Space | None = None,
    *,
    title: str,
) -> Action:
    """The fix with a title among those of a stretch, which is where its problem stood.

    Raises:
        TidelockError: the text was edited meanwhile, and there is no such fix any more.
    """
    for one in code_actions(document, start, end, problems, space):
        if one.fix.title == title and one.problem.start == start:
            return one
    raise TidelockError("the text was edited", "ask for its fixes again")
