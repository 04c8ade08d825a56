"""What the real clients share."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest

from kit.places import Place
from kit.programs import TIDELOCK


@pytest.fixture
def place(place: Place) -> Iterator[Place]:
    """The test's own place; a kernel that a client started is stopped after."""
    yield place
    if place.registered():
        place.run("kernel", "stop", "--all").expect()


@pytest.fixture
def spec(place: Place) -> dict[str, str]:
    """An environment in which Jupyter finds the kernel by its name, ``tidelock``."""
    words = [*TIDELOCK, "kernel", "launch", "-f", "{connection_file}"]
    told = {"argv": words, "display_name": "Lua", "language": "lua", "interrupt_mode": "message"}
    folder = place.home / "jupyter" / "kernels" / "tidelock"
    folder.mkdir(parents=True)
    (folder / "kernel.json").write_text(json.dumps(told))
    return {"JUPYTER_PATH": str(place.home / "jupyter")}
