"""Fixtures that every folder of tests may use."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from kit.live import Live, live


@pytest.fixture()
def lua() -> Iterator[Live]:
    """A live context on the Lua build under test."""
    with live() as opened:
        yield opened
