"""The arithmetic of the benchmarks: order of samples, medians, percentiles, ratios."""

from __future__ import annotations

import pytest

from measure import Spread, in_turn, percentile, ratios, spread


def test_samples_are_taken_in_turn_and_back() -> None:
    order: list[str] = []

    def way(name: str) -> int:
        order.append(name)
        return len(order)

    samples = in_turn(3, {name: lambda name=name: way(name) for name in "abc"})  # type: ignore[misc]
    assert "".join(order) == "abccbaabc"
    assert samples == {"a": [1, 6, 7], "b": [2, 5, 8], "c": [3, 4, 9]}


def test_the_warming_sample_is_dropped() -> None:
    numbers = iter(range(10))
    assert in_turn(2, {"a": lambda: next(numbers)}, warm=True) == {"a": [1, 2]}


@pytest.mark.parametrize(
    ("samples", "expected"),
    [
        ([7.0], Spread(7, 7, 7, 1)),
        ([4.0, 2.0], Spread(2, 3, 4, 2)),
        ([5.0, 1.0, 3.0, 2.0, 4.0], Spread(2, 3, 4, 5)),
    ],
)
def test_spread(samples: list[float], expected: Spread) -> None:
    assert spread(samples) == expected


@pytest.mark.parametrize(
    ("share", "expected"), [(0.5, 5), (0.9, 9), (0.91, 10), (0.99, 10), (1, 10), (0, 1)]
)
def test_a_percentile_is_a_sample(share: float, expected: int) -> None:
    assert percentile([10, 1, 9, 2, 8, 3, 7, 4, 6, 5], share) == expected


def test_ratios_are_taken_within_a_round() -> None:
    # The machine is ten times slower in the second round, for both.
    assert ratios([2.0, 22.0, 2.1], [1.0, 10.0, 1.0]).middle == 2.1


def test_ratios_of_different_rounds_are_refused() -> None:
    with pytest.raises(ValueError, match="shorter"):
        ratios([1.0, 2.0], [1.0])
