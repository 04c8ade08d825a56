"""Conditions of exception filters: expressions in which ``err`` is the error, or patterns.

It reads them and says what is wrong; it never runs one.
"""

from __future__ import annotations

from tidelock.shared.model import Dialect
from tidelock.shared.syntax import conditions, literals
from tidelock.shared.syntax.parser import parse
from tidelock.shared.syntax.tokens import STRING


def is_pattern(condition: str, dialect: Dialect) -> bool:
    """Whether a condition is nothing but a string literal: a Lua pattern on the message."""
    return bool(_literal(condition, dialect))


def _literal(condition: str, dialect: Dialect) -> str:
    """The string literal that is the whole condition, as written; else empty."""
    tokens = list(parse(condition, dialect, "expression").tokens)
    if [token.kind for token in tokens] != [STRING]:
        return ""
    return condition[tokens[0].start : tokens[0].end]


def fault(condition: str, dialect: Dialect) -> str:
    """What is wrong with a condition; empty when nothing is."""
    problem = conditions.check(condition, dialect)
    if problem is not None:
        return f"condition: {problem.message}"
    literal = _literal(condition, dialect)
    words = _pattern_fault(literals.string(literal, dialect)) if literal else ""
    return f"condition: {words}" if words else ""


def _pattern_fault(pattern: bytes) -> str:
    """What Lua would say of a pattern that is malformed (Lua manual, "Patterns")."""
    place = opened = 0
    while place < len(pattern):
        sign = pattern[place : place + 1]
        place += 1
        if sign == b"%":
            letter = pattern[place : place + 1]
            if not letter:
                return "malformed pattern (ends with '%')"
            place += 1
            if letter == b"b":
                if len(pattern) < place + 2:
                    return "malformed pattern (missing arguments to '%b')"
                place += 2
            elif letter == b"f" and pattern[place : place + 1] != b"[":
                return "missing '[' after '%f' in pattern"
        elif sign == b"[":
            place = _after_set(pattern, place)
            if not place:
                return "malformed pattern (missing ']')"
        elif sign == b"(":
            opened += 1
        elif sign == b")":
            opened -= 1
            if opened < 0:
                return "invalid pattern capture"
    return "unfinished capture" if opened else ""


def _after_set(pattern: bytes, place: int) -> int:
    """The place after a set that begins before ``place``; 0 when it does not end."""
    if pattern[place : place + 1] == b"^":
        place += 1
    first = place
    while place < len(pattern):
        sign = pattern[place : place + 1]
        if sign == b"]" and place > first:
            return place + 1
        place += 2 if sign == b"%" else 1
    return 0
