"""What the real clients share."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from kit.places import Place


@pytest.fixture
def place(place: Place) -> Iterator[Place]:
    """The test's own place; a kernel that a client started is stopped after."""
    yield place
    if place.registered():
        place.run("kernel", "stop", "--all").expect()
