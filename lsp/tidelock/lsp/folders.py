"""The folders of an editor's session, and which of them serves a text.

They are changed on the document lane, and asked from anywhere. Each is a workspace: two folders
of the editor that lie in one workspace are one of ours. A text is served by the innermost folder
that holds it, else by the first that reads it as a library or finds modules there; a new one by the
first. All others are served alone: by a folder that reads no files and has the options of the
user's home. A folder knows all open texts that its index has, those that others serve included.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, final

from tidelock.lsp import convert
from tidelock.lsp.documents import chunk_of_uri
from tidelock.lsp.folder import Folder
from tidelock.shared import threads
from tidelock.shared.errors import TidelockError
from tidelock.shared.log import layer
from tidelock.shared.sources import canonical, path_of_chunk, uri_of_path, workspace_of

if TYPE_CHECKING:
    from tidelock.lsp.documents import Document
    from tidelock.lsp.session import Session
    from tidelock.shared.config import Settings

log = layer("lsp")

_MOST_PLACES = 10_000


@final
class Folders:
    """The folders of a session, in the order in which the editor opened them.

    There is always one after ``begin``: where the editor has opened none, one whose files are not
    read, and that serves all texts. The first looks for a kernel at once and starts one, others
    start theirs when a text of them is open; the one of texts that lie in no folder begins with the
    first of them, and has its kernel started by commands only. A path that is no folder on disk is
    none.
    """

    def __init__(self, session: Session) -> None:
        self._session = session
        self._all: tuple[Folder, ...] = ()
        self._apart: Folder | None = None
        self._every: tuple[Folder, ...] = ()
        self._innermost: tuple[Folder, ...] = ()
        self._opened: dict[str, str] = {}
        self._places: dict[str, tuple[Folder, ...]] = {}
        self._notebooks: dict[str, str] = {}
        self._has_started = False

    def __iter__(self) -> Iterator[Folder]:
        return iter(self._every)

    # -- their coming and going, on the lane ---------------------------------------------------

    def begin(self, paths: Iterable[str]) -> None:
        """Make those that the editor has opened; nothing is read yet."""
        self._open(paths)
        self._take(self._wanted())

    def link(self) -> None:
        """Have a link to a kernel for each."""
        for folder in self._every:
            folder.link()

    def start(self) -> None:
        """Have each look for its kernel and read its files; once."""
        if self._has_started:
            return
        self._has_started = True
        self.link()
        for folder in self._all:
            folder.start(is_needed=self._is_needed(folder))
        if self._is_needed(self.alone):
            self.attend(self.alone)

    def attend(self, folder: Folder) -> None:
        """Begin what a folder has not begun, for a text of it is open; on the lane."""
        if folder in self._all:
            folder.need()
        elif self._has_started:
            folder.start(is_needed=False)

    def change(self, removed: Iterable[str], added: Iterable[str]) -> None:
        """Some were closed, others opened, by their paths; open texts go where they belong now."""
        for path in removed:
            for known in [one for one in self._opened if canonical(one) == canonical(path)]:
                del self._opened[known]
        self._open(added)
        session, before = self._session, self._every
        self._take(self._wanted())
        for folder in self._all if self._has_started else ():
            folder.start(is_needed=self._is_needed(folder))
        if self._has_started:
            self.alone.link()
        for folder in before:
            if folder not in self._every:
                for found in folder.wishes.files:
                    session.show_problems(convert.withdrawal(uri_of_path(found.path)))
                threads.start("tidelock-leave", folder.close)  # it may have to wait
        self.first.need()
        self.rearrange(is_wide=True)
        session.preferences.ask()

    def rearrange(self, *, is_wide: bool = False) -> None:
        """Texts may be other folders' than before, which are judged; on the lane.

        All are where the change ``is_wide``.
        """
        before, self._places = self._places, {}
        for document in self._session.documents:
            folder, known = self.of(document.uri), before.get(document.uri)
            shown = folder.renewed(document)
            self.attend(folder)
            if is_wide or (known is not None and known[0] is not folder):
                self._session.judge(shown)
        for folder in self._all if self._has_started else ():
            folder.resume_survey()

    def _is_needed(self, folder: Folder) -> bool:
        """Whether somebody may want the program of a folder."""
        return folder is self.first or any(True for _ in self.served_by(folder))

    def _take(self, folders: tuple[Folder, ...]) -> None:
        self._all = folders
        self._apart = self._home() if self._opened else None
        self._every = tuple(dict.fromkeys((*folders, self.alone)))
        self._innermost = tuple(sorted(folders, key=lambda one: -len(one.workspace)))
        self._places = {}

    def _home(self) -> Folder:
        """The one of the user's home."""
        home = canonical(os.path.expanduser("~"))
        last = [one for one in self._every if not one.is_open]
        known = [one for one in (*self._all, *last) if one.workspace == home]
        return known[0] if known else self._made(home, is_open=False)

    def close(self) -> None:
        """End them all."""
        for folder in self._every:
            folder.close()

    def _open(self, paths: Iterable[str]) -> None:
        ports = self._session.ports
        for path in paths:
            if not os.path.isdir(path):
                log.info("no folder on disk", path=path)
            elif path not in self._opened:
                own = ports.settings_of is None
                self._opened[path] = ports.workspace if own else workspace_of(path)

    def _wanted(self) -> tuple[Folder, ...]:
        """The folders of what is open, those that are there kept."""
        known = {(one.workspace, one.is_open): one for one in self._all}
        ports = self._session.ports
        keys = [(workspace, True) for workspace in dict.fromkeys(self._opened.values())]
        keys = keys or [(ports.workspace, False)]
        return tuple(known.get(key) or self._made(key[0], is_open=key[1]) for key in keys)

    def _made(self, workspace: str, *, is_open: bool) -> Folder:
        ports, settings = self._session.ports, self._session.ports.settings
        is_same = workspace == ports.workspace
        is_set = bool(self._session.preferences.of(workspace))
        is_known = is_same and not (is_open and (self._session.manner.trusted or self._all))
        if is_set or not is_known:
            settings = self.options(workspace, settings, said=is_same)
        return Folder(self._session, workspace, settings, is_open=is_open)

    def options(self, workspace: str, before: Settings, *, said: bool) -> Settings:
        """The options of a workspace as they are now; those from before if they are wrong."""
        ports, trusted = self._session.ports, self._session.manner.trusted
        if ports.settings_of is None:
            return before
        editor = self._session.preferences.of(workspace)
        try:
            return ports.settings_of(workspace, trusted=trusted, said=said, editor=editor)
        except TidelockError as error:
            log.warn("the options of the workspace cannot be used", why=str(error))
            return before

    # -- whose a text is, from anywhere --------------------------------------------------------

    @property
    def first(self) -> Folder:
        """The one that is meant where no text is named."""
        return self._all[0]

    @property
    def alone(self) -> Folder:
        """The one that serves texts which lie in none."""
        return self._apart or self._all[0]

    def scopes(self) -> list[tuple[str, str]]:
        """The workspaces with the URIs of the folders that stand for them in the editor."""
        paths = {workspace: path for path, workspace in reversed(self._opened.items())}
        return [
            (one.workspace, uri_of_path(paths[one.workspace]) if one.is_open else "")
            for one in self._every
        ]

    @property
    def is_one(self) -> bool:
        """Whether the editor has one only."""
        return len(self._all) == 1

    def of(self, uri: str) -> Folder:
        """The one that serves a text, or the place with a URI; the first for an empty one."""
        return self.knowing(uri)[0] if uri else self.first

    def knowing(self, uri: str) -> tuple[Folder, ...]:
        """The folders in which a text counts, the one that serves it first."""
        places = self._places  # another one while it is looked for: what is found goes with it
        found = places.get(uri)
        if found is None:
            path = self.path(uri)
            holding = [one for one in self._innermost if one.holds(path)][:1]
            reading = [one for one in self._all if one.knows(path)]
            is_new = uri.startswith("untitled:")  # typed where the first folder's program is
            home = self.first if is_new else self.alone
            found = tuple(dict.fromkeys([*holding, *reading])) or (home,)
            if len(places) < _MOST_PLACES:
                places[uri] = found
        return found

    def nested(self, uri: str) -> tuple[Folder, ...]:
        """Those that know a text besides the one that serves it, and those that lie in that one."""
        folder, *others = self.knowing(uri)
        for one in self._all if folder.is_open else ():
            if one is not folder and folder.holds(one.workspace):
                others.append(one)
        return tuple(dict.fromkeys(others))

    def served_by(self, folder: Folder) -> Iterable[Document]:
        """The open texts that a folder serves."""
        return [one for one in self._session.documents if self.of(one.uri) is folder]

    def known_to(self, folder: Folder) -> Iterable[Document]:
        """The open texts that count in a folder."""
        return [one for one in self._session.documents if folder in self.knowing(one.uri)]

    def stopped_in(self, document: Document) -> Folder:
        """The one whose program stands in a text, else the one that serves it."""
        if document.chunk:
            for folder in self._every:
                if any(frame.chunk == document.chunk for frame in folder.view().moment.frames):
                    return folder
        return self.of(document.uri)

    # -- notebooks -----------------------------------------------------------------------------

    def path(self, uri: str) -> str:
        """Where a text has its place: its file, or that of the notebook of a cell; else empty."""
        return path_of_chunk(chunk_of_uri(self._notebooks.get(uri, uri)))

    def put_cell(self, uri: str, notebook: str) -> None:
        """A text is a cell of a notebook; on the lane."""
        self._notebooks[uri] = notebook
        self._places.pop(uri, None)

    def forget(self, uri: str) -> None:
        """A text is closed; on the lane."""
        self._notebooks.pop(uri, None)
        self._places.pop(uri, None)
