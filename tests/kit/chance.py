"""How often a property is tried."""

from __future__ import annotations

import os

import pytest

_IS_FEW = os.environ.get("TIDELOCK_TEST_EXAMPLES") == "few"

once = pytest.mark.skipif(_IS_FEW, reason="the same on every Python, and told by one")
"""For long tests that have no chance in them."""


def examples(many: int) -> int:
    """So many examples, or a quarter of them where ``TIDELOCK_TEST_EXAMPLES`` is ``few``.

    One Python has to try them all; what others would find in the rest is no fault of ours.
    """
    return max(many // 4, 5) if _IS_FEW else many
