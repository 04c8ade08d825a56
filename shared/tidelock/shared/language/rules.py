"""Lint rules that users write: Python classes that visit the tree of a text in luaparser's classes.

``Rule`` is what a rule begins from. Rules run in a process of their own (``language.lint``), never
in the one that serves an editor.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ClassVar

from tidelock.shared.model import Severity

__all__ = ["GROUP", "Report", "Rule"]

Report = Callable[[Any, str], None]
"""``report(node, message)``: there is a problem at a node of the tree."""

GROUP = "tidelock.rules"
"""The entry point group in which installed packages offer rules, or modules of them."""


class Rule:
    """A rule: one is made for each text, and sees its nodes in text order.

    For each node the method named after its class is called, ``visit_Call(node, report)``, or
    after the nearest class it is made of (``visit_Op``, ``visit_Node``). Classes are those of
    ``luaparser.astnodes`` and ``tidelock.shared.syntax.public``.
    """

    code: ClassVar[str] = ""
    """The name of the problem, with a ``-`` in it: ``no-print``."""

    severity: ClassVar[Severity] = "warning"
    """``error``, ``warning``, ``information`` or ``hint``."""
