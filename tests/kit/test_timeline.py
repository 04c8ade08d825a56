"""Order expectations: what is met, what is not, and what a failure shows."""

from __future__ import annotations

import re
import threading
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kit.timeline import (
    Event,
    Failure,
    Message,
    Pattern,
    Request,
    Response,
    Timeline,
    seconds,
    short,
)


def recorded(text: str) -> Timeline:
    """A timeline from words such as ``?next !next *stopped``: request, response, event."""
    timeline = Timeline()
    kinds = {"?": "request", "!": "response", "*": "event"}
    for word in text.split():
        kind, name = kinds[word[0]], word[1:]
        direction = "sent" if kind == "request" else "received"
        timeline.add(direction, kind, name, {"name": name}, {"type": kind, "body": {"name": name}})  # type: ignore[arg-type]
    return timeline


STEP = Request("next") >> (Event("continued") & Event("stopped")) >> Response("next")


@pytest.mark.parametrize(
    ("passed", "pattern"),
    [
        ("?next *continued *stopped !next", STEP),
        ("?next *stopped *continued !next", STEP),
        ("?next *output *stopped *output *continued ?threads !next", STEP),
        ("*stopped ?next *stopped *continued !next", STEP),
        ("*a *b", Event("a") >> Event("b")),
        ("*b *a *b", Event("a") >> Event("b")),
        ("*b", Event("a") | Event("b")),
        ("*a *a", Event("a") & Event("a")),
        ("*a *b *c", (Event("a") >> Event("c")) & Event("b")),
        ("*a *a *b", (Event("a") >> Event("b")) & Event("a")),
        ("*a *x *b", Event() >> Event() >> Event()),
        ("*a *c", Event("a") >> (Event("b") | Event("c"))),
    ],
)
def test_order_that_is_met(passed: str, pattern: Pattern) -> None:
    recorded(passed).expect(pattern)


@pytest.mark.parametrize(
    ("passed", "pattern"),
    [
        ("?next *continued !next *stopped", STEP),
        ("*stopped ?next *continued !next", STEP),
        ("*b *a", Event("a") >> Event("b")),
        ("*a", Event("a") >> Event("a")),
        ("*a", Event("a") & Event("a")),
        ("*a *b", (Event("a") >> Event("b")) & Event("a")),
        ("", Event()),
        ("?a", Event("a")),
        ("*b *a", Event("a") >> (Event("b") | Event("c"))),
    ],
)
def test_order_that_is_not_met(passed: str, pattern: Pattern) -> None:
    timeline = recorded(passed)
    with pytest.raises(Failure, match="expected"):
        timeline.expect(pattern)
    timeline.none_of(pattern)


def test_expect_gives_the_last_message_of_the_pattern() -> None:
    timeline = recorded("*a ?next *b !next")
    assert timeline.expect(Response("next") & Event("a"))["type"] == "response"


def test_fields_are_compared_with_the_body_and_then_with_the_message() -> None:
    timeline = Timeline()
    body = {"reason": "step", "source": {"path": "x.lua", "name": "x"}, "hits": [1]}
    timeline.add("received", "event", "stopped", body, {"seq": 7, "body": body})
    for pattern in (
        Event("stopped", reason="step"),
        Event("stopped", source={"path": "x.lua"}),
        Event("stopped", hits=lambda hits: 1 in hits),
        Event("stopped", seq=7),
        Event("stopped", lambda message: message["seq"] > 6),
        Event("stopped").received(),
    ):
        timeline.expect(pattern)
    for pattern in (
        Event("stopped", reason="pause"),
        Event("stopped", source={"path": "y.lua"}),
        Event("stopped", source="x"),
        Event("stopped", missing=None),
        Event("stopped", lambda message: message["seq"] > 7),
        Event("stopped").sent(),
        Message("stopped"),
    ):
        timeline.none_of(pattern)


def test_since_leaves_out_what_was_before() -> None:
    timeline = recorded("*stopped")
    mark = timeline.mark()
    timeline.expect(Event("stopped"))
    timeline.none_of(Event("stopped"), since=mark)
    assert len(timeline.all(Event())) == 1
    assert timeline.all(Event(), since=mark) == []


def test_a_failure_is_a_picture_of_the_timeline() -> None:
    timeline = recorded("?next *stopped !next")
    timeline.appendix = lambda: "standard error:\nboom"
    with pytest.raises(Failure) as caught:
        timeline.expect(STEP)
    picture = re.sub(r" +\d+\.\d{3}  ", " ", str(caught.value)).splitlines()
    assert picture == [
        "expected Request('next') >> (Event('continued') & Event('stopped')) >> Response('next')",
        "  ✓ Request('next') at 0",
        "  ✗ Event('continued')",
        "  ✓ Event('stopped') at 1",
        "  ✓ Response('next') at 2",
        "timeline:",
        '   0 → request      next  {"name": "next"}',
        '   1 ← event        stopped  {"name": "stopped"}',
        '   2 ← response     next  {"name": "next"}',
        "standard error:",
        "boom",
    ]


def test_none_of_says_where_it_was() -> None:
    with pytest.raises(Failure, match=r"not expected, yet at 0, 2: Event\('a'\) >> Event\('c'\)"):
        recorded("*a *b *c").none_of(Event("a") >> Event("c"))


def test_a_long_timeline_is_cut_at_its_beginning() -> None:
    picture = recorded("*a " * 90).picture()
    assert "... 10 earlier" in picture
    assert picture.count("event") == 80


@pytest.mark.parametrize(
    ("pattern", "text"),
    [
        (Event("a", reason="b"), "Event('a', reason='b')"),
        (Request().sent(), "Request().sent()"),
        (Event("a", text=str.isdigit), "Event('a', text=isdigit)"),
        ((Event("a") | Event("b")) & Event("c"), "(Event('a') | Event('b')) & Event('c')"),
        (Event("a") >> Event("b") | Event("c"), "(Event('a') >> Event('b')) | Event('c')"),
    ],
)
def test_a_pattern_prints_as_it_is_written(pattern: Pattern, text: str) -> None:
    assert repr(pattern) == text


def test_wait_for_is_woken_by_a_message_of_another_thread() -> None:
    timeline = Timeline()
    adder = threading.Thread(
        target=lambda: timeline.add("received", "event", "stopped", {}, {"seq": 1})
    )
    adder.start()
    assert timeline.wait_for(Event("stopped")) == {"seq": 1}
    adder.join()


def test_wait_for_fails_when_the_time_is_over() -> None:
    with pytest.raises(Failure, match=r"waited for Event\('b'\), but 0\.01 s have passed"):
        recorded("*a").wait_for(Event("b"), timeout=0.01)


def test_wait_for_fails_at_once_when_nothing_more_can_come() -> None:
    timeline = recorded("*a")
    timeline.end("the process has ended")
    assert timeline.wait_for(Event("a"), timeout=60)
    with pytest.raises(Failure, match="but the process has ended"):
        timeline.wait_for(Event("b"), timeout=60)


def test_a_client_without_a_reader_is_pumped() -> None:
    def pump(timeout: float) -> None:
        assert timeout > 5
        timeline.add("received", "message", "status", {"n": len(timeline.entries)}, {})

    timeline = Timeline(pump)
    timeline.wait_for(Message("status", n=3))
    assert len(timeline.entries) == 4


def test_time_limits_are_stretched_on_slow_machines(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TIDELOCK_TEST_SLOW", "3")
    assert seconds(2) == 6


def test_a_value_is_shown_on_one_line() -> None:
    circle: list[Any] = []
    circle.append(circle)
    assert short({"a": "é\n"}) == '{"a": "é\\n"}'
    assert short("x" * 500, 10) == '"xxxxxxxx…'
    assert short(circle) == "[[...]]"
    assert short(b"raw") == "\"b'raw'\""


@given(st.lists(st.sampled_from("abc"), max_size=8), st.permutations("abc"))
def test_any_order_means_any_order(names: list[str], order: list[str]) -> None:
    timeline = recorded(" ".join("*" + name for name in names))
    first, second, third = (Event(name) for name in order)
    pattern = first & second & third
    met = next(pattern.found(timeline.entries, 0), None)
    assert (met is not None) == (set(names) == set("abc"))


@given(st.lists(st.sampled_from("abc"), max_size=8))
def test_before_means_a_subsequence(names: list[str]) -> None:
    timeline = recorded(" ".join("*" + name for name in names))
    met = next((Event("a") >> Event("b") >> Event("c")).found(timeline.entries, 0), None)
    rest = iter(names)
    assert (met is not None) == all(name in rest for name in "abc")
