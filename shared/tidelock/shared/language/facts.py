"""What a running program was seen to hold, as a caller hands it in; nothing in here asks for it.

The label of a ``Facts`` says when and where it was seen, and goes with everything shown of it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from tidelock.shared.model import Fact

__all__ = ["Fact", "Facts"]


class Facts(NamedTuple):
    """What is known live at one place.

    ``names`` are the globals and the variables of a frame, ``members`` the fields of the value
    that ``completion.target`` or ``hover.symbol_path`` names, ``value`` that value itself.
    """

    label: str
    names: Sequence[Fact] = ()
    members: Sequence[Fact] = ()
    value: Fact | None = None
