"""The real clients are chosen with ``-m clients``; a plain run deselects them and needs none."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from kit.places import Place


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave the clients out unless the marker expression names them."""
    if "clients" in config.option.markexpr:
        return
    left_out = [item for item in items if item.get_closest_marker("clients")]
    items[:] = [item for item in items if not item.get_closest_marker("clients")]
    config.hook.pytest_deselected(items=left_out)


@pytest.fixture
def place(place: Place) -> Iterator[Place]:
    """The test's own place; a kernel that a client started is stopped after."""
    yield place
    if place.registered():
        place.run("kernel", "stop", "--all").expect()
