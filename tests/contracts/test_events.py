"""The closed set of facts: each face has something to say about each, or says that it has not."""

from __future__ import annotations

from types import ModuleType
from typing import get_args

import pytest

from tidelock.dap import publish as dap
from tidelock.kernel import publish as kernel
from tidelock.shared.events import EVENTS, Event


def test_the_list_of_events_is_the_union() -> None:
    assert get_args(Event) == EVENTS


@pytest.mark.parametrize("face", [kernel, dap], ids=["kernel", "dap"])
def test_every_event_is_handled_or_ignored_in_writing(face: ModuleType) -> None:
    assert set(face._PUBLISHERS) == set(EVENTS)
