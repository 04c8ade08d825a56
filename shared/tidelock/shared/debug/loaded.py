"""The code that Lua has loaded: which calls it carries, and which breakpoints came late for it.

The caller holds the lock. It plans how late breakpoints get into loaded functions; the lane
carries that out (``runtime/lua/swap.lua``) and tells what became of it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING

from tidelock.shared.model import Breakpoint, Dialect, Spot

if TYPE_CHECKING:
    from tidelock.shared.debug.instrument import Site
    from tidelock.shared.debug.swap import Plan

_LATE = "set in code that is already loaded: "
IN_REACH = _LATE + "in force as soon as Lua can be reached"
AT_ONCE = _LATE + "compiled into its functions at once"
BY_HOOK = _LATE + "works by a line hook until it is loaded again"
MEANWHILE = _LATE + "works by a line hook while"
UNDER_WAY = AT_ONCE + "; calls under way have it by a line hook"
LATE_SITE = 0
LEFT_SITE = -1
"""Instead of a site's number: by line hook, everywhere or only in calls of replaced functions."""

_SWEEP = 1000
"""So many more chunks are loaded before it is looked again which can be forgotten."""

Standing = Sequence[tuple[Spot, Breakpoint]]


class LoadedCode:
    """See the module.

    Args:
        dialect: the Lua that loads.
        standing: the spots of a chunk with what stands on them.
        text_of: the text of a chunk now, or None.
        is_known: whether a chunk has a text now, without reading it.
    """

    def __init__(
        self,
        dialect: Dialect,
        standing: Callable[[str], Standing],
        text_of: Callable[[str], str | None],
        is_known: Callable[[str], bool],
    ) -> None:
        self._dialect = dialect
        self._standing = standing
        self._text_of = text_of
        self._is_known = is_known
        self._sweep_at = _SWEEP
        self._texts: dict[str, set[int]] = {}  # all that a chunk name ever stood for
        self._chunks: dict[str, None] = {}
        self._sites: dict[str, tuple[Site, ...]] = {}
        self._last_site = self._last_plan = 0
        self._token = ""
        self._plans: dict[int, Plan] = {}
        self._newest: dict[str, int] = {}
        self._left: dict[str, tuple[int, frozenset[int]]] = {}

    def __contains__(self, chunk: str) -> bool:
        return chunk in self._chunks

    def chunks(self) -> list[str]:
        """The names of what is loaded, in the order of loading."""
        return list(self._chunks)

    def load(self, chunk: str, text: str, token: str) -> None:
        """A chunk is loaded with a text, as yet without calls; ``token`` is the probe's string."""
        self._token = token
        self._texts.setdefault(chunk, set()).add(hash(text))
        self._chunks[chunk] = None
        self.strip(chunk)
        if len(self._chunks) > self._sweep_at:
            self._sweep(chunk)

    def _sweep(self, newest: str) -> None:
        """Forget what no breakpoint can be set in any more: old inputs and loaded strings.

        Their texts are gone, so a program that loads for ever does not grow by that.
        """
        for chunk in list(self._chunks):
            if chunk != newest and not self._is_known(chunk) and not self._standing(chunk):
                self.strip(chunk)
                del self._chunks[chunk], self._texts[chunk]
        self._sweep_at = len(self._chunks) + _SWEEP

    def strip(self, chunk: str) -> None:
        """A chunk carries no calls."""
        self._sites.pop(chunk, None)
        self._left.pop(chunk, None)
        self._plans.pop(self._newest.pop(chunk, 0), None)

    def forget(self, keep: Callable[[str], bool]) -> None:
        """Nothing counts as loaded but what is to be kept."""
        for chunk in [chunk for chunk in self._chunks if not keep(chunk)]:
            self.strip(chunk)
            del self._chunks[chunk]

    def forget_state(self) -> None:
        """The Lua state is new."""
        self.forget(lambda chunk: False)
        self._texts.clear()

    def instrument(self, chunk: str, text: str, *, guarded: bool) -> str | None:
        """The text of a chunk with its breakpoints compiled in; None when it has none."""
        from tidelock.shared.debug.instrument import instrument

        points = self._standing(chunk)
        if not points:
            return None
        first, token = self._last_site + 1, self._token
        result = instrument(text, self._dialect, points, token, first, guarded_globals=guarded)
        self._last_site += len(result.sites)
        self._sites[chunk] = result.sites
        return result.text if result.sites else None

    def sites(self, point: Breakpoint, spot: Spot) -> list[Site]:
        """The calls in loaded code that carry a breakpoint at a spot; of each copy of the code."""
        from tidelock.shared.debug.instrument import needs

        found = []
        for site in self._sites.get(spot.chunk, ()):
            if (site.spot.line, site.spot.column) != (spot.line, spot.column):
                continue
            if site.condition:
                if site.condition == point.asked.condition:
                    found.append(site)
            elif site.serves(needs(point, self._dialect), self._dialect):
                found.append(site)
        return found

    def carriers(self, point: Breakpoint, spot: Spot) -> list[tuple[int, Site | None]]:
        """What carries a breakpoint at a spot of loaded code: numbers of sites, and hooks."""
        if spot.chunk not in self._chunks:
            return []  # nothing to watch yet: it is compiled in when the source loads
        found: list[tuple[int, Site | None]] = [
            (site.number, site) for site in self.sites(point, spot)
        ]
        if not found:
            return [(LATE_SITE, None)]
        if point.id in self._left.get(spot.chunk, (0, ()))[1]:
            found.append((LEFT_SITE, None))
        return found

    def late(self, points: Iterable[Breakpoint]) -> dict[str, list[tuple[Spot, Breakpoint]]]:
        """By chunk: the spots, with their breakpoints, that no loaded code carries."""
        found: dict[str, list[tuple[Spot, Breakpoint]]] = {}
        for point in points:
            for spot in point.spots if point.verified else ():
                if spot.chunk in self._chunks and not self.sites(point, spot):
                    found.setdefault(spot.chunk, []).append((spot, point))
        return found

    def plans(self, points: Iterable[Breakpoint]) -> list[tuple[int, Plan]]:
        """How to bring late breakpoints in, by number; none where the last plan still holds.

        A plan with a ``refusal`` is not to be carried out.
        """
        made = []
        for chunk, late in self.late(points).items():
            ids = frozenset(point.id for _, point in late)
            last = self._plans.get(self._newest.get(chunk, 0))
            if last is None or last.late != ids:
                made.append(self._plan(chunk, late, ids))
        return made

    def _plan(self, chunk: str, late: Standing, ids: frozenset[int]) -> tuple[int, Plan]:
        from tidelock.shared.debug.swap import Plan, plan

        text = loaded_form(self._text_of(chunk) or "")
        if self._texts.get(chunk) != {hash(text)}:
            made = Plan(chunk, ids, (), (), "another version of its text has been loaded")
        else:
            spots = [(spot, point.id) for spot, point in late]
            standing, first = self._standing(chunk), self._last_site + 1
            made = plan(
                chunk, text, self._dialect, standing, spots, self._token, first,
                guarded_globals=True,
            )  # fmt: skip
        self._last_site += len(made.sites)
        self._last_plan += 1
        self._plans.pop(self._newest.get(chunk, 0), None)
        self._newest[chunk] = self._last_plan
        self._plans[self._last_plan] = made
        return self._last_plan, made

    def begins(self, number: int) -> bool:
        """Whether a plan is still the newest of its chunk."""
        return number in self._plans

    def ends(self, number: int, has_left: bool) -> frozenset[int]:
        """A plan was carried out; returns the breakpoints that it brought in.

        Sites of earlier copies stay for what still stands: calls under way run them.
        """
        plan = self._plans.pop(number)
        chunk = plan.chunk
        del self._newest[chunk]
        spots = {(spot.line, spot.column) for spot, _ in self._standing(chunk)}
        kept = [s for s in self._sites.get(chunk, ()) if (s.spot.line, s.spot.column) in spots]
        self._sites[chunk] = (*kept, *plan.sites)
        if has_left:
            _, before = self._left.get(chunk, (0, frozenset()))
            self._left[chunk] = (number, before | plan.late)
        return plan.late

    def left(self, number: int) -> frozenset[int]:
        """The calls that a plan left have ended; returns its breakpoints.

        Nothing for a plan that was never carried out: it is forgotten, so that it is made again.
        """
        for chunk, (plan, ids) in self._left.items():
            if plan == number:
                del self._left[chunk]
                return ids
        waited = self._plans.pop(number, None)
        if waited is not None:
            del self._newest[waited.chunk]
        return frozenset()


def loaded_form(text: str) -> str:
    """A text as it is handed to Lua: without a mark of UTF-8 and a first line that begins with #.

    The same as ``T.plain`` in ``runtime/lua/loader.lua``.
    """
    text = text.removeprefix("\ufeff")
    if text.startswith("#"):
        return text[text.index("\n") :] if "\n" in text else ""
    return text
