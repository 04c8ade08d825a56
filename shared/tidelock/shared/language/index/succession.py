"""What was found about texts, handed from one state of a workspace to the next.

After an edit the types in all texts that do not depend on the edited one stay as they are known.
A text depends on another when something found in it came from there, by however many others; and
it depends on what it asked the workspace. Where that cannot be told, everything is found anew.
"""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, final

from tidelock.shared.language.index.summary import sets
from tidelock.shared.language.members import members
from tidelock.shared.language.types.declared import declared
from tidelock.shared.language.types.inference import Types

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from tidelock.shared.language.index.space import Space
    from tidelock.shared.language.types.texts import Question, Text
    from tidelock.shared.syntax.tree import Tree


@final
class Succession:
    """The spaces of one workspace, one after the other; from any thread.

    ``left`` counts the letters of the texts whose types were given up: what was found of them
    refers to itself and waits for the collector.
    """

    def __init__(self) -> None:
        self.left = 0
        self._lock = threading.Lock()
        self._last: tuple[Space, Types] | None = None

    def types(self, space: Space) -> Types:
        """The types of a space, with all that the one before it knows and is still so."""
        made = Types(space)
        with self._lock:
            last = self._last
            is_stale = None if last is None else _changes(last[0], space)
            if last is not None and is_stale is not None:
                for text in _kept(last[1].taken_over(), is_stale):
                    made.take(text)
            if last is not None:
                self.left += _edited(last[0], space)
            self._last = space, made
        return made


def _edited(before: Space, after: Space) -> int:
    """The letters of the open texts that are others now."""
    found = ((one.tree, after.opened.get(key)) for key, one in before.opened.items())
    return sum(len(old.text) for old, one in found if one is None or one.tree is not old)


def _kept(texts: Iterable[Text], is_stale: Callable[[Text], bool]) -> list[Text]:
    """The texts that neither are stale nor stand on one that is, with what was found in them."""
    known = dict.fromkeys(texts)
    askers: dict[Text, list[Text]] = {}
    for text in known:
        for other in text.others:
            askers.setdefault(other, []).append(text)
    gone = {text for text in known if is_stale(text)}
    gone.update(other for other in askers if other not in known)
    todo = list(gone)
    while todo:
        for asker in askers.get(todo.pop(), ()):
            if asker not in gone:
                gone.add(asker)
                todo.append(asker)
    kept = [text for text in known if text not in gone]
    for text in kept:
        # These are found under types of other texts, which nobody would let go of.
        for key in [key for key in text.memo if isinstance(key, tuple) and key[0] == "index"]:
            del text.memo[key]
    return kept


def _changes(before: Space, after: Space) -> Callable[[Text], bool] | None:
    """Whether what is known of a text is out of date; None where all of it must be taken so."""
    if (before.snapshot, before.trees, before.places) != (
        after.snapshot,
        after.trees,
        after.places,
    ):
        return None
    if before.opened.keys() != after.opened.keys():
        return None
    questions: set[Question] = set()
    for key, opened in after.opened.items():
        old, new = before.opened[key].tree, opened.tree
        if old is new:
            continue
        if _extends_strings(old) or _extends_strings(new):
            return None  # every text may see it, and none is known to
        questions.update(("global", name) for name in {*sets(old)} ^ {*sets(new)})
        classes = {*declared(old).names} ^ {*declared(new).names}
        questions.update(("class", name) for name in classes)

    def is_stale(text: Text) -> bool:
        return (
            not after.is_present(text.uri, text.tree)
            or not questions.isdisjoint(text.asked)
            or any(after.uri_of(name, text.uri) != uri for name, uri in text.requires.items())
        )

    return is_stale


def _extends_strings(tree: Tree) -> bool:
    return members(tree).may_give("string")


__all__ = ["Succession"]
