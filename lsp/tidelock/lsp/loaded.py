"""The texts that a running program was loaded from, as far as the server has seen them.

A module is known by a fingerprint alone; its text is kept when its file is found as it was loaded.
"""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, final

from tidelock.shared.sources import chunk_of_path, fingerprint, path_of_chunk, read_text

if TYPE_CHECKING:
    from collections.abc import Iterable

    from tidelock.lsp.moment import Loaded
    from tidelock.lsp.runs import Runs

_MOST = 8_000_000


@final
class LoadedTexts:
    """Texts by chunk name; from any thread. Of modules at most 8 million characters are kept."""

    def __init__(self, runs: Runs) -> None:
        self._runs = runs
        self._texts: dict[str, tuple[str, str]] = {}
        self._lock = threading.Lock()

    def take(self, loaded: Iterable[Loaded]) -> None:
        """The program has loaded these modules, and no others."""
        known = self._texts
        found: dict[str, tuple[str, str]] = {}
        size = 0
        for module in loaded:
            chunk = chunk_of_path(module.path)
            before = known.get(chunk)
            text = before[1] if before is not None and before[0] == module.text else None
            if text is None:
                text = _file_text(module.path)
                if text is None or fingerprint(text) != module.text:
                    continue
            size += len(text)
            if size > _MOST:
                break
            found[chunk] = module.text, text
        with self._lock:
            self._texts = found

    def of(self, chunk: str) -> str | None:
        """The text that was loaded for a chunk; None when it was not seen."""
        kept = self._texts.get(chunk)
        return kept[1] if kept is not None else self._runs.ran(chunk)

    def likely(self, chunk: str) -> tuple[str, ...]:
        """The texts of which one ran for a chunk: what the newest run was given, and the file."""
        texts = (self._runs.ran(chunk), _file_text(path_of_chunk(chunk)))
        return tuple(text for text in texts if text is not None)


def _file_text(path: str) -> str | None:
    try:
        return read_text(path)
    except OSError:
        return None
