"""What a running program was seen to hold, as a caller hands it in; nothing in here asks for it.

The label of a ``Facts`` says when and where it was seen, and goes with everything shown of it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple


class Fact(NamedTuple):
    """One name or field and what it held.

    ``type`` is Lua's name of the type, ``text`` the value in a few words, ``signature`` how to
    call it (empty for what cannot be called). ``kind`` says what it is in the program: ``local``,
    ``upvalue``, ``global``, ``field`` or ``method``. ``where`` is the place of a function's
    source, empty if there is none.
    """

    name: str
    type: str
    text: str
    signature: str = ""
    kind: str = "field"
    where: str = ""


class Facts(NamedTuple):
    """What is known live at one place.

    ``names`` are the globals and the variables of a frame, ``members`` the fields of the value
    that ``completion.target`` or ``hover.symbol_path`` names, ``value`` that value itself.
    """

    label: str
    names: Sequence[Fact] = ()
    members: Sequence[Fact] = ()
    value: Fact | None = None
