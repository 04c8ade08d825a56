"""The index of the workspace: read by a thread of its own, asked by anyone, never waited for.

What is known so far is a ``Space``; while the first scan goes on it grows. Files change when the
client tells, or when a ``look`` finds it; the text of an open document is always the editor's.
"""

from __future__ import annotations

import os
import queue
import threading
from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING, Any, Literal, NamedTuple, final

from tidelock.lsp.standing import Offer, summarized
from tidelock.shared import threads
from tidelock.shared.config import PROJECT_FILE
from tidelock.shared.log import layer
from tidelock.shared.sources import canonical

if TYPE_CHECKING:
    from tidelock.lsp.documents import Document
    from tidelock.lsp.progress import Progress
    from tidelock.shared.config import Settings
    from tidelock.shared.language.index.files import Limits
    from tidelock.shared.language.index.foreign import Wishes
    from tidelock.shared.language.index.outlook import Outlook
    from tidelock.shared.language.index.space import Places, Space
    from tidelock.shared.language.index.summary import Summary
    from tidelock.shared.model import Dialect

log = layer("lsp")

State = Literal["none", "scanning", "ready", "refused", "cancelled"]
_PUBLISHED = 100


class News(NamedTuple):
    """What changed: globals that came or went, and whether files or declarations did."""

    globals: frozenset[str] = frozenset()
    is_wide: bool = False


NO_NEWS = News()


class Plan(NamedTuple):
    """What a workspace is read as; without ``roots`` nothing is scanned.

    The first root is the workspace's own, others are libraries. ``cache`` is the file of the cache,
    empty for none.
    """

    roots: tuple[str, ...]
    dialect: Dialect
    places: Places
    limits: Limits
    cache: str = ""
    cache_mb: int = 0
    workers: int = 0


def lua_of(settings: Settings, wishes: Wishes | None) -> str:
    """The Lua that judges texts: the option's, else the one that another tool's file names."""
    named = settings.lua_version
    if named == type(settings)().lua_version and wishes is not None:
        return wishes.dialect or named
    return named


def dialect_of(lua: str) -> Dialect:
    """The Lua that texts are read as."""
    return "luajit" if lua.startswith("luajit") else lua  # type: ignore[return-value]


def planned(root: str, dialect: Dialect, settings: Settings, wishes: Wishes) -> Plan:
    """The plan for a folder (empty for none), by the options and other tools' files."""
    from tidelock.shared.language.index import cache
    from tidelock.shared.language.index.files import Limits
    from tidelock.shared.language.index.space import Places

    libraries = tuple(
        canonical(os.path.join(root, os.path.expanduser(one)))
        for one in (*settings.lsp_workspace_library, *wishes.libraries)
    )
    return Plan(
        (root, *libraries) if root else (),
        dialect,
        Places(root, (*settings.lua_path, *libraries), wishes.templates),
        Limits(
            (*settings.lsp_workspace_ignore, *wishes.ignore),
            settings.lsp_workspace_use_gitignore and wishes.use_gitignore,
            settings.lsp_workspace_max_files,
            settings.lsp_workspace_max_file_kb,
        ),
        cache.place(root) if root and settings.lsp_workspace_cache_mb else "",
        settings.lsp_workspace_cache_mb,
        settings.lsp_workspace_workers,
    )


def option_names() -> tuple[str, ...]:
    """What files are called that may say how a folder is read: ours, and those of other tools."""
    from tidelock.shared.language.index.foreign import NAMES

    return (PROJECT_FILE, *NAMES)


def option_files(plan: Plan) -> list[str]:
    """The files that may say how the folder of a plan is read."""
    return [os.path.join(root, name) for root in plan.roots[:1] for name in option_names()]


@final
class Workspace:
    """The files of a workspace and what they offer.

    ``space`` may be asked from anywhere; ``tell`` is called on the index's own thread after a
    change, ``begin`` makes the progress of a reading, if somebody sees it. ``state`` is none before
    ``start``, refused for a folder nobody means to read, and cancelled when the user gave the
    reading up: what was read is known, and what is not there is not judged.
    """

    def __init__(
        self,
        plan: Plan,
        tell: Callable[[News], None],
        begin: Callable[[str], Progress | None] = lambda title: None,
    ) -> None:
        from tidelock.shared.language.index.snapshot import EMPTY  # late, as all of the language
        from tidelock.shared.language.index.succession import Succession
        from tidelock.shared.language.index.trees import Trees

        self.plan = plan
        self.state: State = "none"
        self._tell = tell
        self._begin = begin
        self.trees = Trees(plan.dialect)
        self._snapshot = EMPTY
        self._succession = Succession()
        self._large: dict[str, None] = {}
        self._is_watching = False
        self._outlook: Outlook | None = None
        self._kept: tuple[tuple[object, ...], Space] | None = None
        self._jobs: queue.SimpleQueue[Callable[[], None] | None] = queue.SimpleQueue()
        self._is_closed = False
        self._thread: threading.Thread | None = None

    @property
    def told(self) -> dict[str, Any]:
        """What an editor may show of it."""
        told = {"state": self.state, "files": len(self._snapshot.files)}
        return {**told, "tooLarge": len(self._large)} if self._large else told

    @property
    def left(self) -> int:
        """How much it has led to that waits for the collector, in letters of text."""
        return self.trees.read + self._succession.left

    def summary(self, path: str) -> Summary | None:
        """What a file offers as it is on disk; None for one that is not indexed."""
        return self._snapshot.files.get(path)

    def space(self, opened: Iterable[Document]) -> Space:
        """The workspace now, with the texts that are open."""
        from tidelock.shared.language.index.space import Space

        texts = tuple(opened)
        key: tuple[object, ...] = (self._snapshot, *texts)
        kept = self._kept
        if kept is not None and list(map(id, kept[0])) == list(map(id, key)):
            return kept[1]
        made = Space(self._snapshot, texts, self.trees, self.plan.places, self._succession)
        self._kept = key, made
        return made

    # -- reading, on a thread of its own -------------------------------------------------------

    def start(self) -> None:
        """Read the workspace; returns at once."""
        if self._thread is not None:
            return
        self._thread = threads.start("tidelock-index", self._run)
        self._jobs.put(self._scan)

    def reread(self, paths: Iterable[str]) -> None:
        """Some files have changed, come or gone."""
        changed = tuple(paths)
        if self._thread is not None:  # else all is still to be read
            self._jobs.put(lambda: self._reread(changed))

    def reindex(self) -> None:
        """Read everything anew, whatever the cache has."""
        self._jobs.put(lambda: self._scan(afresh=True))

    def watch(self) -> None:
        """Remember what a reading comes by, for ``look``; all is read again if it was before."""
        if not self._is_watching:
            self._is_watching = True
            if self._thread is not None:
                self._jobs.put(self._scan)

    def look(self) -> Iterator[list[str]]:
        """The files that are others on disk than at the last look, bit by bit; nothing is read.

        Those are the files it reads and the options of the folder. There are none before
        ``watch``, nor for a folder that is not read. One thread at a time goes through them.
        """
        return iter(()) if self._outlook is None else self._outlook.look()

    def replan(self, plan: Plan) -> None:
        """Read by another plan; what is known by the old one stays until then."""
        from tidelock.shared.language.index.snapshot import EMPTY
        from tidelock.shared.language.index.trees import Trees

        if self._thread is None:
            self.plan, self.trees = plan, Trees(plan.dialect)
            return

        def work() -> None:
            if plan.dialect != self.plan.dialect:
                self.trees = Trees(plan.dialect)
                self._snapshot = EMPTY
            self.plan = plan
            self._scan()

        self._jobs.put(work)

    def close(self) -> None:
        """End the reading, also in the midst of it."""
        self._is_closed = True
        self._jobs.put(None)
        if self._thread is not None:
            self._thread.join(2.0)

    def _run(self) -> None:
        while (job := self._jobs.get()) is not None:
            try:
                job()
            except Exception as error:  # one file that is odd must not end the index
                log.error("the index stumbled", error=repr(error))

    def _scan(self, *, afresh: bool = False) -> None:
        from tidelock.shared.language.index import files
        from tidelock.shared.language.index.cache import Cache
        from tidelock.shared.language.index.outlook import Outlook
        from tidelock.shared.language.index.scanning import scan_cached

        plan = self.plan
        if plan.roots and files.is_too_wide(plan.roots[0]):
            self.state, self._outlook = "refused", None
            self._tell(News(is_wide=True))  # what is there is all that there will be
            return
        self.state = "scanning"
        self._tell(NO_NEWS)
        gone: dict[str, Summary | None] = dict.fromkeys(self._snapshot.files)
        at_once = _PUBLISHED if not gone else plan.limits.max_files  # a first reading shows itself
        large: dict[str, None] = {}
        outlook = Outlook(plan.roots, plan.limits, option_files(plan))
        paths = [
            path
            for root in plan.roots
            for path in files.lua_files(root, plan.limits, large.setdefault, outlook.come_by)
        ]
        if self._is_watching:
            outlook.take([*paths, *large])
            self._outlook = outlook
        if large and large != self._large:
            log.warn(
                "files larger than lsp.workspace.max_file_kb are not read",
                count=len(large),
                first=next(iter(large)),
                max_file_kb=plan.limits.max_file_kb,
            )
        self._large = large
        with Cache(plan.cache, plan.cache_mb) as cache:
            if afresh:
                cache.clear()
            found: dict[str, Summary | None] = {}
            progress = self._begin("Reading Lua files")
            for count, read in enumerate(scan_cached(paths, plan.dialect, cache, plan.workers), 1):
                if self._is_closed:
                    return
                if progress is not None:
                    progress.at(count, len(paths))
                    if progress.is_cancelled:
                        break
                gone.pop(read.path, None)
                found[read.path] = read.summary
                if len(found) > at_once:
                    self._snapshot = self._snapshot.changed(found)
                    found = {}
            is_cancelled = progress is not None and progress.is_cancelled
            self._snapshot = self._snapshot.changed(found if is_cancelled else {**gone, **found})
            self.state = "cancelled" if is_cancelled else "ready"
            if progress is not None:
                progress.end()
            self._tell(News(is_wide=True))  # before the cache is written

    def _reread(self, paths: tuple[str, ...]) -> None:
        from tidelock.shared.language.index.files import is_too_large, is_wanted
        from tidelock.shared.language.index.worker import read_file

        plan, before = self.plan, self._snapshot.files
        found: dict[str, Summary | None] = {}
        for path in paths:
            if path in before or any(is_wanted(root, path, plan.limits) for root in plan.roots):
                is_there = os.path.isfile(path) and not is_too_large(path, plan.limits)
                found[path] = read_file(path, plan.dialect).summary if is_there else None
        news = NO_NEWS
        for path, after in found.items():
            news = joined(news, difference(offered(before.get(path)), offered(after)))
        self._snapshot = self._snapshot.changed(found)
        if found:
            self._tell(news)


def difference(before: Offer | None, after: Offer | None) -> News:
    """What two versions of a text, or its coming and going, mean to other texts."""
    old, new = before or Offer(), after or Offer()
    is_wide = (before is None) != (after is None)
    is_wide = is_wide or (old.preloads, old.paths) != (new.preloads, new.paths)
    return News(frozenset(old.sets) ^ frozenset(new.sets), is_wide)


def offered(known: Summary | None) -> Offer | None:
    """What the file of a summary offers; None where there is none."""
    return None if known is None else summarized(known)


def concerns(news: News, document: Document) -> bool:
    """Whether a text reads one of the globals that came or went."""
    from tidelock.shared.language.index.summary import summary

    return not news.globals.isdisjoint(summary(document.tree).reads)


def joined(one: News, other: News) -> News:
    """Both."""
    return News(one.globals | other.globals, one.is_wide or other.is_wide)
