"""Who works when: schedules told by events, without a clock."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator

import pytest

from tidelock.lsp import work
from tidelock.lsp.watchdog import Watchdog
from tidelock.lsp.work import Breathe, Lane, Pool
from tidelock.shared.log import Layer

WAIT_S = 10.0


@pytest.fixture
def pool() -> Iterator[Pool]:
    made = Pool()
    yield made
    made.close()


def test_the_lane_keeps_order_and_outlives_a_failure() -> None:
    lane, done = Lane("test-lane"), []
    lane.put(lambda: done.append(1))
    lane.put(lambda: [][0])
    lane.put(lambda: done.append(2))
    lane.close(WAIT_S)
    assert done == [1, 2]


def stuck_in_a_job(began: threading.Event, go_on: threading.Event) -> None:
    began.set()
    go_on.wait(WAIT_S)


def test_a_lane_that_hangs_is_told_of_once_with_what_every_thread_does(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    logged: list[str] = []
    monkeypatch.setattr(Layer, "_write", lambda self, level, text, fields: logged.append(text))
    told: list[bool] = []
    later = 0.0
    lane = Lane("test-lane")
    dog = Watchdog(lane, told.append, 1.0, lambda: time.monotonic() + later)
    jobs = [(threading.Event(), threading.Event()) for _ in range(2)]
    for began, go_on in jobs:
        lane.put(lambda began=began, go_on=go_on: stuck_in_a_job(began, go_on))  # type: ignore[misc]
    for number, (began, go_on) in enumerate(jobs, 1):
        assert began.wait(WAIT_S)
        later = 5.0
        dog.look()
        dog.look()
        assert len(logged) == number
        assert told == [True]
        lines = logged[-1].splitlines()
        assert lines[0] == "the documents have waited 1 s for one job"
        assert "thread test-lane" in lines
        assert any("stuck_in_a_job" in line for line in lines)
        go_on.set()
    lane.close(WAIT_S)
    dog.look()
    assert told == [True, False]


def test_a_lane_that_works_is_not_told_of() -> None:
    told: list[bool] = []
    lane, began, go_on = Lane("test-lane"), threading.Event(), threading.Event()
    dog = Watchdog(lane, told.append, 60.0)
    dog.look()
    lane.put(lambda: stuck_in_a_job(began, go_on))
    assert began.wait(WAIT_S)
    dog.look()
    go_on.set()
    lane.close(WAIT_S)
    dog.look()
    assert told == []


def hold(pool: Pool, count: int) -> list[threading.Event]:
    """Keep workers busy until their events are set."""
    gates, began = [threading.Event() for _ in range(count)], threading.Barrier(count + 1)

    def wait(gate: threading.Event) -> None:
        began.wait(WAIT_S)
        gate.wait(WAIT_S)

    for gate in gates:
        pool.put(0, lambda gate=gate: wait(gate))  # type: ignore[misc]
    began.wait(WAIT_S)
    return gates


def test_the_most_urgent_request_is_next(pool: Pool) -> None:
    gates = hold(pool, 2)
    done: list[str] = []
    finished = threading.Semaphore(0)
    for priority, name in ((1, "hover"), (1, "symbols"), (0, "completion")):
        pool.put(priority, lambda name=name: (done.append(name), finished.release()))  # type: ignore[misc]
    gates[0].set()  # one worker goes on, so that the order is the only one possible
    for _ in range(3):
        assert finished.acquire(timeout=WAIT_S)
    assert done == ["completion", "hover", "symbols"]
    gates[1].set()


def test_a_worker_outlives_a_failure(pool: Pool) -> None:
    done = threading.Semaphore(0)
    for _ in range(4):
        pool.put(0, lambda: [][0])
        pool.put(0, done.release)
    for _ in range(4):
        assert done.acquire(timeout=WAIT_S)


def test_in_the_background_only_the_newest_job_of_a_key_is_done(pool: Pool) -> None:
    gates = hold(pool, 1)
    done: list[str] = []
    last = threading.Event()
    pool.later("a", lambda breathe: done.append("a1"))
    pool.later("b", lambda breathe: done.append("b"))
    pool.later("a", lambda breathe: done.append("a2"))
    pool.later("c", lambda breathe: last.set())
    gates[0].set()
    assert last.wait(WAIT_S)
    # The first may have begun before it was replaced; nothing is done twice or out of order.
    assert [name for name in done if name != "a1"] == ["b", "a2"]


def test_the_background_stands_back_for_a_request(
    pool: Pool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(work, "_STAND_BACK_S", WAIT_S)
    done: list[str] = []
    began, finished = threading.Event(), threading.Event()

    def job(breathe: Breathe) -> None:
        began.set()
        gates = hold(pool, 1)
        pool.put(0, lambda: done.append("request"))
        gates[0].set()
        breathe()
        done.append("background")
        finished.set()

    pool.later("a", job)
    assert finished.wait(WAIT_S)
    assert done == ["request", "background"]


def test_it_tidies_up_when_nothing_is_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(work, "_QUIET_S", 0.001)
    tidied = threading.Event()
    pool = Pool(tidied.set)
    assert not tidied.is_set()
    pool.later("a", lambda breathe: None)
    assert tidied.wait(WAIT_S)
    pool.close()


def test_it_tidies_up_when_there_was_much(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(work, "_QUIET_S", WAIT_S)
    tidied = threading.Event()
    pool = Pool(tidied.set)
    pool.later("a", lambda breathe: pool.later("b", lambda breathe: None), 6_000_000)
    assert tidied.wait(WAIT_S)
    pool.close()
