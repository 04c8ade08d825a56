"""One frozen state of a workspace: the open texts as they are shown, the other files as indexed.

What types ask of a workspace (``language.modules``) is answered here. A file is parsed when a
question leads into it, never to find out which one that is.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple, Protocol, final

from tidelock.shared.language.index.snapshot import EMPTY, Snapshot, last_name
from tidelock.shared.language.index.succession import Succession
from tidelock.shared.language.index.summary import (
    Place,
    Summary,
    Symbol,
    sets,
    summary,
)
from tidelock.shared.language.index.trees import Trees
from tidelock.shared.language.index.words import beginning
from tidelock.shared.language.mentions import type_names
from tidelock.shared.language.modules import Module
from tidelock.shared.language.paths import is_name
from tidelock.shared.language.types.declared import DeclaredClass, declared
from tidelock.shared.positions import Lines
from tidelock.shared.sources import canonical, path_of_uri, read_text, search_folders, uri_of_path

if TYPE_CHECKING:
    from tidelock.shared.language.types.inference import Types
    from tidelock.shared.syntax.tree import Tree


class Opened(Protocol):
    """A text that an editor shows; ``path`` is canonical, empty without a file."""

    @property
    def uri(self) -> str:
        """What the editor calls it."""

    @property
    def version(self) -> int:
        """Which of its versions the editor calls it."""

    @property
    def path(self) -> str:
        """Its file."""

    @property
    def tree(self) -> Tree:
        """Its tree."""


class Summarized(NamedTuple):
    """What the text with a URI offers."""

    uri: str
    summary: Summary


class Places(NamedTuple):
    """Where modules are looked for, besides the folder of the one who asks.

    ``root`` is the workspace, empty without one; ``folders`` follow it, and ``templates`` are as
    in ``package.path``, meant from the root on.
    """

    root: str = ""
    folders: tuple[str, ...] = ()
    templates: tuple[str, ...] = ()


NO_PLACES = Places()


@final
class Space:
    """The texts of a workspace at one moment; from any thread, never changed.

    Spaces of one ``succession`` hand on what they find about the types.
    """

    def __init__(
        self,
        snapshot: Snapshot = EMPTY,
        opened: Iterable[Opened] = (),
        trees: Trees | None = None,
        places: Places = NO_PLACES,
        succession: Succession | None = None,
    ) -> None:
        self.snapshot = snapshot
        self.places = places
        self.trees = trees or Trees("5.4")
        self.opened = {one.path or one.uri: one for one in opened}
        self._found: dict[tuple[str, tuple[str, ...]], str] = {}
        self._succession = succession or Succession()
        self._types: Types | None = None
        self._lock = threading.Lock()

    @property
    def types(self) -> Types:
        """The types in all the texts, made at first use."""
        with self._lock:
            if self._types is None:
                self._types = self._succession.types(self)
            return self._types

    # -- modules -------------------------------------------------------------------------------

    def resolve(self, name: str, from_uri: str) -> Module | None:
        """The module that ``require(name)`` loads in the text with a URI."""
        path = self.find(name, self.folders(from_uri))
        return self.module(path) if path else None

    def uri_of(self, name: str, from_uri: str) -> str:
        """The URI of the module that ``require(name)`` loads, empty when there is none."""
        path = self.find(name, self.folders(from_uri))
        opened = self._shown(path) if path else None
        return opened.uri if opened is not None else uri_of_path(path) if path else ""

    def folders(self, uri: str) -> tuple[str, ...]:
        """Where the ``require`` of a text looks first."""
        path = _path_of(uri)
        first = os.path.dirname(path) if path else ""
        return search_folders(first, self.places.root, self.places.folders)

    def candidates(self, name: str, folders: Sequence[str]) -> Iterator[str]:
        """The paths at which a module may be, in the order in which they are tried."""
        inner = name.replace(".", os.sep)
        for folder in folders:
            yield os.path.join(folder, f"{inner}.lua")
            yield os.path.join(folder, inner, "init.lua")
        for template in (*self.places.templates, *self.snapshot.templates):
            if template.endswith(".lua") and self.places.root:
                written = template.replace("?", inner).replace("/", os.sep)
                yield os.path.normpath(os.path.join(self.places.root, written))

    def find(self, name: str, folders: Sequence[str]) -> str:
        """The file of a module, empty when there is none."""
        key = name, tuple(folders)
        found = self._found.get(key)
        if found is None:
            paths = self.candidates(name, folders) if name.strip(".") and "\0" not in name else ()
            found = next((path for path in paths if self._is_there(path)), "")
            self._found[key] = found
        return found

    def module_names(self, folders: Sequence[str]) -> Iterator[str]:
        """The names by which files that were read can be required, for some folders to look in."""
        for path in (*self.opened, *self.snapshot.files):
            for folder in folders:
                inner = path.removeprefix(os.path.join(folder, ""))
                if inner != path and inner.endswith(".lua"):
                    stem = inner.removesuffix(".lua").removesuffix(f"{os.sep}init")
                    yield stem.replace(os.sep, ".")
                    break

    def _is_there(self, path: str) -> bool:
        return path in self.snapshot.files or path in self.opened or os.path.isfile(path)

    def modules(self, start: str, but: str) -> Iterator[tuple[str, str]]:
        """The files to require whose last name begins so, whatever its capital letters.

        Each is given with that name, as a variable could have it; all ``but`` the one at a path.
        """
        start = start.lower()
        found = [
            (last_name(path), path)
            for name, paths in self.snapshot.modules.items()
            if name.startswith(start)
            for path in paths
        ]
        for path, one in self.opened.items():
            is_new = path not in self.snapshot.files and path.endswith(".lua")
            if is_new and path != but and last_name(path).lower().startswith(start):
                found += [(last_name(path), path)] if summary(one.tree).is_module else []
        return (one for one in sorted(found) if is_name(one[0]) and one[1] != but)

    def name_of(self, path: str, folders: Sequence[str]) -> str:
        """The shortest name by which ``require`` finds a file, empty when there is none."""
        names = []
        for before, after in self._patterns(folders):
            inner = path[len(before) : len(path) - len(after)]
            if path.startswith(before) and path.endswith(after) and inner and "." not in inner:
                names.append(inner.replace(os.sep, "."))
        right = (name for name in names if self.find(name, folders) == path)
        return min(right, key=len, default="")

    def _patterns(self, folders: Sequence[str]) -> Iterator[tuple[str, str]]:
        """What stands before and behind the name of a module in the paths that are tried."""
        mark = "\n"  # no path has it
        for path in self.candidates(mark, folders):
            before, _, after = path.partition(mark)
            yield before, after

    def preloading(self, name: str) -> list[tuple[str, Place]]:
        """Where a module is put into ``package.preload``: the URI of the text, and the place."""
        texts = [Summarized(one.uri, summary(one.tree)) for one in self.opened.values()]
        for path in self.snapshot.preloading.get(name, ()):
            if path not in self.opened:
                texts.append(Summarized(uri_of_path(path), self.snapshot.files[path]))
        return [
            (text.uri, place)
            for text in texts
            for place in text.summary.preloads
            if place.name == name
        ]

    def preloaded(self) -> list[str]:
        """The modules that any text puts into ``package.preload``."""
        found = (one.name for text in self.summaries() for one in text.summary.preloads)
        return list(dict.fromkeys(found))

    # -- texts ---------------------------------------------------------------------------------

    def module(self, path: str) -> Module | None:
        """A file with its tree, as it is shown or else as it is on disk."""
        opened = self._shown(path)
        if opened is None:
            tree = self.trees.get(path)
            return None if tree is None else Module(uri_of_path(path), tree)
        return Module(opened.uri, opened.tree)

    def _shown(self, path: str) -> Opened | None:
        return self.opened.get(path) or self.opened.get(canonical(path))

    def is_present(self, uri: str, tree: Tree) -> bool:
        """Whether a tree is that of a text as it is now; nothing is read for it."""
        path = _path_of(uri)
        opened = self.opened.get(path or uri)
        return tree is (self.trees.kept(path) if opened is None else opened.tree)

    def summaries(self, but: str = "") -> Iterator[Summarized]:
        """What each text offers, the open ones first; all ``but`` the one with a URI."""
        for opened in self.opened.values():
            if opened.uri == but:
                continue
            yield Summarized(opened.uri, summary(opened.tree))
        for path, one in self.snapshot.files.items():
            if path not in self.opened:
                yield Summarized(uri_of_path(path), one)

    def lines(self, uri: str) -> Lines | None:
        """The lines of a text, without a look at what they say."""
        path = _path_of(uri)
        opened = self.opened.get(path or uri)
        if opened is not None:
            return opened.tree.lines
        try:
            return Lines(read_text(path))
        except OSError:
            return None

    def declaring(self, name: str) -> Sequence[Module]:
        """The texts whose comments declare a class, an alias or an enum of this name."""
        opened = (one for one in self.opened.values() if name in declared(one.tree).names)
        return list(self._modules(opened, self.snapshot.declaring.get(name, ())))

    def declared_names(self) -> Iterator[str]:
        """The names of the classes, aliases and enums that the comments of the texts declare."""
        names = dict.fromkeys(
            name for one in self.opened.values() for name in declared(one.tree).names
        )
        yield from names
        yield from (name for name in self.snapshot.declaring if name not in names)

    def declares_class(self, name: str) -> bool:
        """Whether a type that some text declares is a class; no file is read for it."""
        for one in self.opened.values():
            found = declared(one.tree).names.get(name)
            if found:
                return isinstance(found[0], DeclaredClass)
        for path in self.snapshot.declaring.get(name, ()):
            symbols = self.snapshot.files[path].symbols
            return any(one.name == name and one.kind == "class" for one in symbols)
        return False

    def assigning(self, name: str) -> Sequence[Module]:
        """The texts that set a global of this name."""
        opened = (one for one in self.opened.values() if name in sets(one.tree))
        return list(self._modules(opened, self.snapshot.setting.get(name, ())))

    def naming(self, word: str) -> Iterator[Module]:
        """The texts in which a word occurs as a name or a key, the open ones first, one by one."""
        opened = (one for one in self.opened.values() if summary(one.tree).names(word))
        return self._modules(opened, self.snapshot.naming(word))

    def naming_type(self, name: str) -> Iterator[Module]:
        """The texts whose comments use or declare a type of this name, the open ones first."""
        opened = (one for one in self.opened.values() if name in type_names(one.tree))
        return self._modules(opened, self.snapshot.naming_type(name))

    def _modules(self, opened: Iterable[Opened], paths: Iterable[str]) -> Iterator[Module]:
        yield from (Module(one.uri, one.tree) for one in opened)
        others = (self.module(path) for path in paths if path not in self.opened)
        yield from (one for one in others if one is not None)

    def words(self, start: str, but: str) -> Iterator[str]:
        """The words that begin with a text, in all texts ``but`` the one with a URI."""
        for opened in self.opened.values():
            if opened.uri != but:
                yield from beginning(summary(opened.tree).words, start)
        for path, one in self.snapshot.files.items():
            if path not in self.opened:
                yield from beginning(one.words, start)

    # -- globals -------------------------------------------------------------------------------

    def sets(self, name: str) -> bool:
        """Whether any text sets a global of this name; no file is read for it."""
        if any(path not in self.opened for path in self.snapshot.setting.get(name, ())):
            return True
        return any(name in sets(one.tree) for one in self.opened.values())

    def global_names(self) -> set[str]:
        """The globals that any text sets."""
        setting = self.snapshot.setting
        found = set(setting)
        for known in filter(None, map(self.snapshot.files.get, self.opened)):
            # a file that is open counts as it is shown
            found -= {one for one in known.sets if self.opened.keys() >= {*setting.get(one, ())}}
        return found.union(*(sets(one.tree) for one in self.opened.values()))

    def globals(self, but: str) -> Iterator[Symbol]:
        """The globals that texts other than the one with a URI set, each once."""
        seen: set[str] = set()
        for text in self.summaries(but):
            names = set(text.summary.sets) - seen
            for one in text.summary.symbols:
                if one.name in names and one.reach == "global" and not one.container:
                    seen.add(one.name)
                    names.discard(one.name)
                    yield one


def module_in(spaces: Sequence[Space], path: str) -> Module | None:
    """A file with its tree, as one of some spaces shows it or else as the first has it on disk."""
    return next((one for one in spaces if path in one.opened), spaces[0]).module(path)


@lru_cache(maxsize=1000)
def _path_of(uri: str) -> str:
    path = path_of_uri(uri) if uri.startswith("file:") else ""
    return canonical(path) if path else ""
