"""The rules of a protocol and who broke them.

A client reports each breach as it sees it, on whatever thread; the test hears of it at the next
call it makes, so that no breach can pass unseen and none kills a reader thread.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

from kit.timeline import Failure, Timeline, short

T = TypeVar("T")


@dataclass(frozen=True)
class Violation:
    """One breach: the name of the rule, what happened, and the message that shows it."""

    rule: str
    text: str
    message: Any = None

    def __str__(self) -> str:
        shown = "" if self.message is None else f"\n    {short(self.message, 400)}"
        return f"[{self.rule}] {self.text}{shown}"


class ProtocolViolation(Failure):
    """The peer broke rules of its protocol."""

    def __init__(self, violations: list[Violation], picture: str) -> None:
        listed = "\n".join(f"  {violation}" for violation in violations)
        super().__init__(f"the protocol was violated:\n{listed}\n{picture}")
        self.violations = violations


class Judge:
    """Collects the breaches of one client's peer.

    Args:
        timeline: what the picture is taken from; its lock guards the list.
        rules: what each rule says; a rule that is not here cannot be broken or waived.
        waive: rules that this peer is known to break.
        strict: whether ``settle`` raises; if not, the test reads ``violations`` itself.
    """

    def __init__(
        self,
        timeline: Timeline,
        rules: Mapping[str, str],
        waive: Collection[str] = (),
        strict: bool = True,
    ) -> None:
        if unknown := set(waive) - set(rules):
            raise ValueError(f"no such rule: {sorted(unknown)}; there are {sorted(rules)}")
        self.violations: list[Violation] = []
        self._timeline = timeline
        self._rules = rules
        self._waived = frozenset(waive)
        self._strict = strict
        self._told = 0

    def broken(self, rule: str, text: str, message: Any = None) -> None:
        """A rule was broken; safe on any thread."""
        if rule not in self._rules:
            raise ValueError(f"no such rule: {rule}")
        if rule in self._waived:
            return
        with self._timeline.changed:
            self.violations.append(Violation(rule, text, message))
            self._timeline.changed.notify_all()

    def watching(self, look: Callable[[], T]) -> Callable[[], T]:
        """The same function, which raises instead if a rule was broken."""

        def settled() -> T:
            self.settle()
            return look()

        return settled

    def settle(self) -> None:
        """Raise what was broken since the last time, if strict."""
        with self._timeline.changed:
            fresh = self.violations[self._told :]
            self._told = len(self.violations)
        if fresh and self._strict:
            raise ProtocolViolation(fresh, self._timeline.picture())
