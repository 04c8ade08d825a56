"""Every text the runtime may load, and the one rule that joins path, URI and chunk name.

A source is known by its chunk name: ``@`` and the canonical absolute path for files, ``=In[n]``
and the like for inputs. Nobody else compares paths. It holds the editors' unsaved texts
(overlays) and never writes a file.
"""

from __future__ import annotations

import os
import re
import threading
from collections.abc import Iterable
from typing import NamedTuple

from tidelock.shared.config import find_project_file
from tidelock.shared.errors import UsageError

_PLACE = re.compile(r"(?P<name>[^\n]*?):(?P<line>\d+): ")
_MOST_PLACES = 60


def canonical(path: str) -> str:
    """The one spelling of a path: absolute, links resolved, case folded where it means nothing."""
    return os.path.normcase(os.path.realpath(path))


def chunk_of_path(path: str) -> str:
    """The chunk name of a file."""
    return "@" + canonical(path)


def path_of_chunk(chunk: str) -> str:
    """The path behind a chunk name, empty for inputs and loaded strings."""
    return chunk[1:] if chunk.startswith("@") else ""


def path_of_uri(uri: str) -> str:
    """The path of a ``file:`` URI or of a plain path; empty for other schemes (RFC 8089)."""
    if "://" not in uri and not uri.startswith("file:"):
        return uri
    import urllib.parse  # late: kernels meet plain paths

    parts = urllib.parse.urlsplit(uri)
    if parts.scheme != "file":
        return ""
    path = urllib.parse.unquote(parts.path)
    if parts.netloc and parts.netloc != "localhost":
        path = f"//{parts.netloc}{path}"
    if len(path) > 2 and path[0] == "/" and path[2] == ":":  # /C:/x on Windows
        path = path[1:]
    return path


def uri_of_path(path: str) -> str:
    """The ``file:`` URI of an absolute path."""
    import urllib.parse

    path = path.replace(os.sep, "/")
    return "file://" + urllib.parse.quote(path if path.startswith("/") else "/" + path, safe="/:")


def display_name(chunk: str) -> str:
    """A chunk name as people read it: files relative to the current folder when below it."""
    path = path_of_chunk(chunk)
    if not path:
        return chunk[1:] if chunk.startswith("=") else f'[string "{chunk.splitlines()[0]}"]'
    relative = os.path.relpath(path)
    return path if relative.startswith("..") else relative


def search_folders(first: str, workspace: str, further: Iterable[str]) -> tuple[str, ...]:
    """Where ``require`` looks before Lua's own path does.

    That is beside a script (or in a given folder, empty for none), in the workspace, and in the
    folders of ``lua.path``, which are meant from the workspace on.
    """
    below = [os.path.join(workspace, folder) for folder in further]
    return tuple(dict.fromkeys(folder for folder in (first, workspace, *below) if folder))


def decode(raw: bytes) -> str:
    """File bytes as text that gives the same bytes again, whatever they are."""
    return raw.decode("utf-8", "surrogateescape")


def read_text(path: str) -> str:
    """The text of a file, in the same way; raises ``OSError`` when it cannot be read."""
    with open(path, "rb") as file:
        return decode(file.read())


def encode(text: str) -> bytes:
    """The bytes of a text made by ``decode``; other lone surrogates become ``?``."""
    try:
        return text.encode("utf-8", "surrogateescape")
    except UnicodeEncodeError:
        return text.encode("utf-8", "replace")


def fingerprint(text: str) -> str:
    """What tells versions of a text apart, in every process: length and CRC-32 of its bytes."""
    from zlib import crc32  # late: no kernel starts with files

    raw = encode(text)
    return f"{len(raw)}-{crc32(raw):08x}"


class Script(NamedTuple):
    """A script file read for running: its text and its chunk name."""

    path: str
    text: str
    chunk: str


class Sources:
    """The texts of one Context; safe from any thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._overlays: dict[str, str] = {}
        self._inputs: dict[str, str] = {}
        self._titles: dict[str, str] = {}

    def put_overlay(self, path: str, text: str) -> None:
        """Use this unsaved text for a path from the next load on."""
        with self._lock:
            self._overlays[chunk_of_path(path)] = text

    def drop_overlay(self, path: str) -> None:
        """Use the file on disk again."""
        with self._lock:
            self._overlays.pop(chunk_of_path(path), None)

    def put_input(self, chunk: str, text: str) -> None:
        """Remember the text of a cell, REPL input or command, for stops and error excerpts."""
        with self._lock:
            self._inputs[chunk] = text
            while len(self._inputs) > 1000:
                oldest = next(iter(self._inputs))
                del self._inputs[oldest]
                self._titles.pop(oldest, None)

    def entitle(self, chunk: str, title: str) -> None:
        """Let people read this in place of a chunk name that was made for a debugger's client."""
        with self._lock:
            if chunk in self._inputs:
                self._titles[chunk] = title

    def title(self, chunk: str) -> str:
        """A chunk name as people read it."""
        with self._lock:
            known = self._titles.get(chunk)
        return known or display_name(chunk)

    def retitled(self, message: str, chunks: Iterable[str]) -> str:
        """A message of Lua's with the titles of sources in place of the names it knows them by.

        Lua shortens long names to dots and their end (luaO_chunkid).
        """
        with self._lock:
            titles = {path_of_chunk(chunk): self._titles.get(chunk) for chunk in chunks}
        for path, title in titles.items():
            if title and path:
                message = message.replace(f"{path}:", f"{title}:")
                place = message.partition(":")[0]
                if place.startswith("...") and path.endswith(place[3:]):
                    message = title + message[len(place) :]
        return message

    def places(self, message: str, chunks: Iterable[str]) -> list[tuple[str, int]]:
        """Where a message of Lua's says that it comes from, as chunk names and one-based lines.

        A function of ``coroutine.wrap`` puts the place of its caller in front of what it passes on
        (lcorolib.c, auxwrap), so that the last place is the innermost. Files are looked for among
        ``chunks``; a loaded string is passed over, other words that look like a place end it.
        """
        files = [chunk for chunk in chunks if path_of_chunk(chunk)]
        found: list[tuple[str, int]] = []
        match = _PLACE.match(message)
        while match is not None and len(found) < _MOST_PLACES:
            chunk = self._named(match["name"], files)
            if chunk:
                found.append((chunk, int(match["line"])))
            elif not match["name"].startswith("[string "):
                break
            match = _PLACE.match(message, match.end())
        return found

    def _named(self, name: str, files: list[str]) -> str:
        """The chunk that Lua calls by a name in its messages (luaO_chunkid); empty for none."""
        if self.is_input(f"={name}"):
            return f"={name}"
        for chunk in files:
            path = path_of_chunk(chunk)
            if name == path or (name.startswith("...") and path.endswith(name[3:])):
                return chunk
        return ""

    def is_input(self, chunk: str) -> bool:
        """Whether a source is a cell, REPL input or command, whatever its name looks like."""
        with self._lock:
            return chunk in self._inputs

    def inputs_of(self, text: str) -> list[str]:
        """The chunk names of the inputs that had this text, the oldest first."""
        with self._lock:
            return [chunk for chunk, known in self._inputs.items() if known == text]

    def is_known(self, chunk: str) -> bool:
        """Whether a source has a text, as far as that can be told without reading it."""
        with self._lock:
            if chunk in self._overlays or chunk in self._inputs:
                return True
        return os.path.exists(path_of_chunk(chunk))

    def text(self, chunk: str) -> str | None:
        """The text of a source as it would load now; None when it cannot be read."""
        with self._lock:
            known = self._overlays.get(chunk) or self._inputs.get(chunk)
        path = path_of_chunk(chunk)
        if known is not None or not path:
            return known
        try:
            return read_text(path)
        except OSError:
            return None

    def script(self, path: str) -> Script:
        """Read a script to run it.

        Raises:
            UsageError: it is missing, unreadable, a folder, or a precompiled chunk.
        """
        full = canonical(path)
        chunk = "@" + full
        if os.path.isdir(full):
            raise UsageError(f"{path} is a folder", "name a Lua file")
        text = self.text(chunk)
        if text is None:
            why = "cannot be read" if os.path.exists(full) else "does not exist"
            raise UsageError(f"script {path} {why}")
        if text.startswith("\x1b"):
            raise UsageError(f"precompiled chunk not accepted: {path}", "run the Lua source")
        return Script(full, text, chunk)


def workspace_of(path: str) -> str:
    """The workspace folder of a file or folder, canonical.

    The nearest folder upwards that holds ``tidelock.toml``, else the version-control root,
    else the folder itself.
    """
    folder = canonical(path)
    if not os.path.isdir(folder):
        folder = os.path.dirname(folder)
    project = find_project_file(folder)
    if project:
        return os.path.dirname(project)
    above = folder
    while True:
        if any(os.path.exists(os.path.join(above, mark)) for mark in (".git", ".hg", ".svn")):
            return above
        parent = os.path.dirname(above)
        if parent == above:
            return folder
        above = parent
