"""Running scripts both ways: in the command's own process and on a kernel beside it."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from kit.places import Place
from kit.programs import Program, Result
from kit.timeline import until

Run = Callable[..., Result]


@pytest.fixture(scope="module")
def outside() -> Iterator[Place]:
    """A place in which a kernel called ``outside`` runs."""
    made = Place()
    with made.kernel("--id", "outside"):
        yield made
    made.close()


class Mode:
    """Running scripts in one of the two ways; results must be the same."""

    def __init__(self, place: Place, flags: tuple[str, ...]) -> None:
        self.place = place
        self.flags = flags
        self.file = place.file

    def run(self, command: str, what: str | Path, *more: str, **options: Any) -> Result:
        """``run`` or ``exec``, with the flags that choose the kernel."""
        return self.place.run(command, what, *self.flags, *more, **options)

    def spawn(self, command: str, what: str | Path, *more: str) -> Program:
        """The same, to read along."""
        return self.place.spawn(command, what, *self.flags, *more)


@pytest.fixture(params=["embedded", "connected"])
def lua(request: pytest.FixtureRequest) -> Mode:
    """A kernel in the command's process, and one in a process of its own."""
    if request.param == "embedded":
        return Mode(request.getfixturevalue("place"), ())
    return Mode(request.getfixturevalue("outside"), ("--connect", "outside"))


def gone(pid: int) -> bool:
    """Whether a process has ended, its parent perhaps not asking."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] == "Z"
    except (FileNotFoundError, ProcessLookupError):
        return True


@contextlib.contextmanager
def detached(place: Place, *flags: str) -> Iterator[dict[str, Any]]:
    """A kernel in the background: what its start says of it."""
    started = place.run("kernel", "start", "--daemon", "--output", "json", *flags).expect()
    document: dict[str, Any] = json.loads(started.stdout)
    try:
        yield document
    finally:
        if not gone(document["pid"]):
            place.run("kernel", "stop", document["kernel_id"]).expect()
        until(lambda: gone(document["pid"]), "its end")
