"""Modules of the running program that are run again, and what was refused of them.

Whether a text could be loaded is Lua's own verdict; a refused one is a problem of its line until
its file can be reloaded. Nothing in here waits for the program, and a check runs nothing.
"""

from __future__ import annotations

import re
import threading
from typing import TYPE_CHECKING, NamedTuple, final

from tidelock.lsp.failures import Shown, shown_line
from tidelock.shared.sources import fingerprint, read_text

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from tidelock.lsp.documents import Document
    from tidelock.lsp.moment import Loaded

_PLAIN = re.compile(r"[\w./-]+", re.ASCII)
_PLACE = re.compile(r"([^\n]*?):(\d+): (.*)", re.DOTALL)


class Refused(NamedTuple):
    """What was said against the text of a file; the line counts from 1."""

    text: str
    line: int
    message: str


def code_of(name: str) -> str:
    """The Lua that reloads a module."""
    if _PLAIN.fullmatch(name):
        return f'require("tidelock").reload("{name}")'
    escaped = "".join(f"\\{byte:03}" for byte in name.encode("utf-8", "surrogateescape"))
    return f'require("tidelock").reload("{escaped}")'


def is_changed(module: Loaded) -> bool:
    """Whether the file of a module says something else than what was loaded."""
    try:
        return fingerprint(read_text(module.path)) != module.text
    except OSError:
        return False


def refusal(module: Loaded, text: str, words: str) -> Refused:
    """What Lua's words, which may begin with a place, say against the text of a module."""
    line, place = 1, _PLACE.match(words)
    if place is not None:
        chunk = place[1].removeprefix("...")
        if not chunk or module.path.endswith(chunk):
            line, words = int(place[2]), place[3]
    words = words.partition("\n")[0]
    return Refused(text, line, f"'{module.name}' is not reloaded: {words}; the old code still runs")


@final
class Reloads:
    """What was refused, by file; from any thread.

    Args:
        check: what Lua has against a text (``LINE: words``), empty for nothing.
        changed: called when what is to be shown of a file is other than before.
    """

    def __init__(self, check: Callable[[str], str], changed: Callable[[str], None]) -> None:
        self._check = check
        self._changed = changed
        self._refused: dict[str, Refused] = {}
        self._lock = threading.Lock()

    def check(self, module: Loaded) -> Refused | None:
        """What is against the present text of a module's file, which is kept; runs nothing.

        Raises:
            OSError: the file cannot be read.
            Unavailable: that Lua is not there to be asked.
        """
        text = read_text(module.path)
        words = self._check(text) if fingerprint(text) != module.text else ""
        found = refusal(module, text, f":{words.lstrip(':')}") if words else None
        before = self._refused.get(module.path)
        if found is not None or before is None or before.text != text:
            self.keep(module.path, found)  # what has raised stays refused, though it loads
        return found

    def keep(self, path: str, found: Refused | None) -> None:
        """What is against a file from now on, None for nothing."""
        with self._lock:
            before = self._refused.pop(path, None)
            if found is not None:
                self._refused[path] = found
        if found != before:
            self._changed(path)

    def compare(self, loaded: Iterable[Loaded]) -> None:
        """Forget what is loaded no more, and what was loaded after all."""
        texts = {one.path: one.text for one in loaded}
        for path, refused in list(self._refused.items()):
            if texts.get(path) in (None, fingerprint(refused.text)):
                self.keep(path, None)

    def of(self, document: Document) -> Shown | None:
        """What is shown in a text; None when the line has changed since."""
        found = self._refused.get(document.path)
        span = None if found is None else shown_line(found.text, document, found.line)
        if found is None or span is None:
            return None
        return Shown(*span, found.message, ())
