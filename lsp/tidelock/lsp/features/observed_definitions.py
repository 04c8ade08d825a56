"""What a program has made, as LuaCATS definitions: its globals and the fields of its tables.

Written from what was observed; nothing of it is known to be declared anywhere.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from tidelock.lsp.moment import Question, View, label, place_text
from tidelock.shared.language.paths import is_name, tail

if TYPE_CHECKING:
    from tidelock.shared.model import Fact

_PARAMETER = re.compile(r"[A-Za-z_]\w*|\.\.\.", re.ASCII)
_CALL = re.compile(r"\(([^()]*)\)")


def observed_definitions(view: View) -> str:
    """A definition file of the globals of the running program; empty when it has made none.

    A table that is not told in time has no fields in it, and names beyond those that are kept are
    left out; the head of the file says so.
    """
    moment = view.moment
    parts: list[str] = []
    for fact in sorted(moment.names, key=lambda one: one.name):
        if is_name(fact.name):
            parts += _definition(fact.name, fact)
            if fact.type == "table":
                answered = view.ask(Question("members", fact.name))
                for member in answered.facts if answered is not None else ():
                    parts += _definition(fact.name + tail((member.name,)), member)
    if not parts:
        return ""
    head = f"---@meta\n-- {label(moment.state, moment.executions).capitalize()}.\n"
    if view.is_late:
        head += "-- Fields are missing: the program did not tell all in time.\n"
    if moment.is_cut:
        head += "-- Names are missing: there are more than 'lsp.live.max_names' or can be told.\n"
    return "\n".join([head, *parts])


def _definition(path: str, fact: Fact) -> Iterator[str]:
    """One name with its type, and where a function was found."""
    place = f"--- {place_text(fact.where)}\n" if fact.where else ""
    if fact.type == "function":
        call = _CALL.search(fact.signature)
        words = [word.strip() for word in call[1].split(",")] if call and call[1].strip() else []
        is_plain = call is not None and all(_PARAMETER.fullmatch(word) for word in words)
        given = ", ".join(words) if is_plain else "..."
        if path.endswith("]"):  # a key that cannot stand in the name of a function
            yield f"{place}{path} = function({given}) end\n"
        else:
            yield f"{place}function {path}({given}) end\n"
    elif fact.type == "table":
        yield f"{path} = {{}}\n"
    else:
        yield f"---@type {fact.type}\n{path} = nil\n"
