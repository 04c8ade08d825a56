"""What modules require of each other, followed from one text: circles, and files with two names.

What lies beside the file that asks may be another module than the one it means: a file that seems
to require itself does not, and a name that only leads there is none that others use.

Files are followed by their summaries; they are read only where a circle seems to be, to see if it
closes while the modules load, which a ``require`` inside a function does not.
"""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING, NamedTuple, final

from tidelock.shared.language.index.summary import requires
from tidelock.shared.model import Problem
from tidelock.shared.sources import canonical, path_of_uri, uri_of_path
from tidelock.shared.syntax.tree import FunctionBody

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from tidelock.shared.language.index.space import Space
    from tidelock.shared.language.index.summary import Place
    from tidelock.shared.syntax.tree import Tree

_FILES = 100
"""How many files are followed from one text."""


class _Link(NamedTuple):
    """A module that a text requires: its name there, and its file."""

    name: str
    path: str


@final
class _Graph:
    """The files that can be reached from a text, each with what it requires."""

    __slots__ = ("_exact", "_space", "links")

    def __init__(self, tree: Tree, path: str, uri: str, space: Space) -> None:
        self._space = space
        self._exact: dict[str, list[_Link]] = {path: self._found(uri, _loading(tree))}
        self.links: dict[str, list[_Link]] = {path: self._found(uri, requires(tree))}
        todo = deque(self.links[path])
        while todo and len(self.links) < _FILES:
            link = todo.popleft()
            if link.path not in self.links:
                self.links[link.path] = self._required(link.path)
                todo += self.links[link.path]

    def _required(self, path: str) -> list[_Link]:
        opened = self._space.opened.get(path)
        if opened is not None:
            return self._found(opened.uri, requires(opened.tree))
        known = self._space.snapshot.files.get(path)
        return [] if known is None else self._found(uri_of_path(path), known.requires)

    def _found(self, uri: str, places: Iterable[Place]) -> list[_Link]:
        folders = self._space.folders(uri)
        found = ((one.name, self._space.find(one.name, folders)) for one in places)
        return [_Link(name, path) for name, path in found if path]

    def anywhere(self) -> dict[str, set[str]]:
        """The names of files that lead to them from everywhere, not only from beside them."""
        folders = self._space.folders("")
        found: dict[str, set[str]] = {}
        for links in self.links.values():
            for link in links:
                if self._space.find(link.name, folders) == link.path:
                    found.setdefault(link.path, set()).add(link.name)
        return found

    def circle(self, first: _Link, home: str) -> list[_Link] | None:
        """The shortest way from a module back to a file, all of it while they load."""
        while True:
            way = self._way(first, home)
            unsure = [one.path for one in way or () if one.path not in self._exact]
            unsure = [path for path in unsure if path != home]
            if not unsure:
                return way
            for path in unsure:
                module = self._space.module(path)
                places = () if module is None else _loading(module.tree)
                self._exact[path] = self._found(uri_of_path(path), places)

    def _way(self, first: _Link, home: str) -> list[_Link] | None:
        before: dict[str, tuple[str, _Link]] = {first.path: ("", first)}
        todo = deque([first.path])
        while todo:
            path = todo.popleft()
            if path == home:
                way: list[_Link] = []
                while path:
                    path, link = before[path]
                    way.append(link)
                return way[::-1]
            for link in self._exact.get(path, self.links.get(path, [])):
                if link.path not in before:
                    before[link.path] = path, link
                    todo.append(link.path)
        return None


def _loading(tree: Tree) -> list[Place]:
    """What a text requires while it loads."""
    found = []
    for one in requires(tree):
        path = tree.path(tree.lines.offset(one.line, one.column))
        if not any(isinstance(node, FunctionBody) for node in path):
            found.append(one)
    return found


def requiring(tree: Tree, uri: str, space: Space) -> Iterator[Problem]:
    """The problems of the modules that a text requires, with those that the text asks to hide."""
    own = requires(tree)
    home = canonical(path_of_uri(uri)) if uri.startswith("file:") else ""
    if not own or not home:
        return
    graph = _Graph(tree, home, uri, space)
    anywhere = graph.anywhere()
    here: dict[str, set[str]] = {}
    for link in graph.links[home]:
        here.setdefault(link.path, set()).add(link.name)
    loading = _loading(tree)
    for place in own:
        path = space.find(place.name, space.folders(uri))
        if not path or path == home:
            continue
        start = tree.lines.offset(place.line, place.column)
        end = tree.path(start)[-1].end
        names = here[path] | (anywhere[path] if place.name in anywhere.get(path, ()) else set())
        best = min(names, key=_plainness)
        if best != place.name:
            message = f"'{place.name}' is required as '{best}' too; it would be loaded twice"
            quote = tree.text[start] if tree.text[start] in "'\"" else ""
            instead = f"{quote}{best}{quote}" if quote else ""
            yield Problem("different-requires", "warning", start, end, message, instead=instead)
        if place in loading:
            way = graph.circle(_Link(place.name, path), home)
            if way is not None:
                message = _words([one.name for one in way])
                yield Problem("circular-require", "information", start, end, message)


def _plainness(name: str) -> tuple[bool, int, str]:
    return "/" in name, len(name), name


def _words(names: list[str]) -> str:
    """How modules come back to the text that requires the first of them."""
    name, *between, _ = names
    by = ""
    if between:
        by = f" by '{between[0]}'" + (" and others" if len(between) > 1 else "")
    return f"'{name}' comes back here{by} while it loads"
