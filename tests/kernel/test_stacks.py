"""A loop that does not come round is told of, with what every thread does; an idle one is not."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest

from kit.kernels import Served, embedded
from kit.timeline import Timeline
from tidelock.kernel.stacks import Watchdog
from tidelock.shared import log

HANGS_S = 0.5
"""Longer than a busy machine lets a thread wait, shorter than ten seconds."""
TOLD = f"the loop has not come round for {HANGS_S:g} s"  # this file's lines stand in the stacks


class Lines:
    """A log that is read while it is written."""

    def __init__(self) -> None:
        self.text = ""
        self.news = Timeline()

    def write(self, text: str) -> None:
        with self.news.changed:
            self.text += text
            self.news.changed.notify_all()

    def flush(self) -> None:
        """Nothing is kept back."""

    def wait_for(self, text: str, count: int = 1) -> None:
        """Wait until a text stands there so many times."""
        self.news.wait_until(lambda: self.text.count(text) >= count or None, 20.0, repr(text))


@pytest.fixture
def lines() -> Iterator[Lines]:
    made = Lines()
    log.write_to(made)
    yield made
    log.write_to(None)


@pytest.fixture
def watched(lines: Lines) -> Iterator[Served]:
    with embedded() as served:
        assert served.embedded is not None
        Watchdog(served.embedded.kernel, HANGS_S)
        yield served


def hang(served: Served, until: threading.Event) -> None:
    assert served.embedded is not None
    served.embedded.kernel.loop.call(until.wait)


def test_a_loop_that_hangs_is_told_of_once_each_time(watched: Served, lines: Lines) -> None:
    client = watched.client()
    for count in (1, 2):
        release = threading.Event()
        hang(watched, release)
        lines.wait_for(TOLD, count)
        lines.wait_for("thread tidelock-lane", count)
        assert "thread tidelock-kernel" in lines.text
        assert "threading.py" in lines.text.split("thread tidelock-kernel")[count]  # where it hangs
        release.set()
        assert client.execute("x = 1").result(20).content["status"] == "ok"
        assert lines.text.count(TOLD) == count


def test_a_busy_or_idle_kernel_is_not_told_of(watched: Served, lines: Lines) -> None:
    client = watched.client()
    for _ in range(3):
        running = client.execute("while true do end")
        for _ in range(20):
            client.kernel_info().result(20)
        client.interrupt().result(20)
        running.result(20)
    release = threading.Event()
    hang(watched, release)  # when this is told, whatever came before would have been
    lines.wait_for(TOLD)
    release.set()
    client.kernel_info().result(20)
    assert lines.text.count(TOLD) == 1


def test_it_sleeps_while_nothing_happens_and_ends_with_the_kernel(lines: Lines) -> None:
    with embedded() as served:
        assert served.embedded is not None
        kernel = served.embedded.kernel
        dog = Watchdog(kernel, 0.01)
        waited: list[float | None] = []
        asleep = threading.Event()
        wait = dog._woke.wait

        def sleep(timeout: float | None = None) -> bool:
            waited.append(timeout)
            asleep.set()
            return wait(timeout)

        dog._woke.wait = sleep  # type: ignore[method-assign]
        served.client().kernel_info().result(20)
        assert asleep.wait(20)
        assert waited[0] is None  # without a timer
        (thread,) = [one for one in threading.enumerate() if one.name == "tidelock-watchdog"]
    thread.join(20)
    assert not thread.is_alive()
