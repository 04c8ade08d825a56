"""Fixtures that every folder of tests may use."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Iterator
from pathlib import Path
from unittest import mock

import pytest
from hypothesis import HealthCheck, settings

from kit.kernels import Served, serving
from kit.live import Live, live
from kit.places import Place

# Several Luas share this process, and a kernel in it makes the symbols of its own global: each
# library must be bound to itself, also where a test imports it past the runtime.
if hasattr(os, "RTLD_DEEPBIND"):
    sys.setdlopenflags(sys.getdlopenflags() | os.RTLD_DEEPBIND)

# Where the tests are run by nohup, programs that they start would ignore this as well.
signal.signal(signal.SIGHUP, signal.SIG_DFL)

# How long an example takes says something of the machine and nothing of us.
settings.register_profile("tests", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("tests")

_CHOSEN = ("clients", "breakages", "suites")
"""Tests that a plain run leaves out: they need other programs, or much time."""


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out what is marked as chosen, unless the marker expression names it."""
    unnamed = [name for name in _CHOSEN if name not in config.option.markexpr]
    left_out = [item for item in items if any(map(item.get_closest_marker, unnamed))]
    if left_out:
        items[:] = [item for item in items if item not in left_out]
        config.hook.pytest_deselected(items=left_out)


@pytest.fixture(scope="session", autouse=True)
def data_folder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """No test, nor what it starts, writes into the data folder of whoever runs them."""
    folder = str(tmp_path_factory.mktemp("data"))
    with mock.patch.dict(os.environ, {"TIDELOCK_DATA_DIR": folder}):
        yield


@pytest.fixture
def lua() -> Iterator[Live]:
    """A live context on the Lua build under test."""
    with live() as opened:
        yield opened


@pytest.fixture(params=["embedded", "external"])
def served(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Served]:
    """A kernel, once in this process and once in its own."""
    with serving(request.param, tmp_path) as kernel:
        yield kernel


@pytest.fixture
def place() -> Iterator[Place]:
    """A home and a registry for one test that runs programs."""
    made = Place()
    yield made
    made.close()
