"""How every number here is made: samples taken in turn, medians, and the spread beside them.

A ratio is taken between two samples of the same round and never between two runs: the machine
drifts, but it drifts for both. It knows nothing of what is measured.
"""

from __future__ import annotations

import statistics
from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple, TypeVar

T = TypeVar("T")


class Spread(NamedTuple):
    """The median of some samples with the quartiles around it, and how many there were."""

    low: float
    middle: float
    high: float
    size: int


def spread(samples: Sequence[float]) -> Spread:
    """Median and quartiles; of fewer than three samples the least and the greatest."""
    ordered = sorted(samples)
    middle = statistics.median(ordered)
    if len(ordered) < 3:
        return Spread(ordered[0], middle, ordered[-1], len(ordered))
    low, _, high = statistics.quantiles(ordered, n=4, method="inclusive")
    return Spread(low, middle, high, len(ordered))


def percentile(samples: Sequence[float], share: float) -> float:
    """The smallest sample that at least this share of all (0 to 1) does not exceed."""
    ordered = sorted(samples)
    place = -(-share * len(ordered) // 1)  # rounded up
    return ordered[min(max(int(place) - 1, 0), len(ordered) - 1)]


def in_turn(
    rounds: int, ways: Mapping[str, Callable[[], T]], *, warm: bool = False
) -> dict[str, list[T]]:
    """Take a sample each way, ``rounds`` times over: A B C, C B A, A B C, ...

    Args:
        rounds: how many samples of each.
        ways: name to what takes one sample.
        warm: take one of each before and drop it (caches, byte code).
    """
    if warm:
        for take in ways.values():
            take()
    samples: dict[str, list[T]] = {name: [] for name in ways}
    for number in range(rounds):
        order = list(ways.items())
        for name, take in order if number % 2 == 0 else reversed(order):
            samples[name].append(take())
    return samples


def ratios(samples: Sequence[float], base: Sequence[float]) -> Spread:
    """The ratios of samples to those of a base taken in the same rounds."""
    return spread([ours / theirs for ours, theirs in zip(samples, base, strict=True)])
