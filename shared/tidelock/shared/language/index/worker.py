"""A process that summarizes files: ``python -m tidelock.shared.language.index.worker DIALECT``.

It is given one path a line, as JSON, and answers each with a line ``[path, digest, summary]``;
the summary is null when the file cannot be read. It ends with its input, so that nobody outlives
its parent.
"""

from __future__ import annotations

import contextlib
import gc
import json
import os
import sys
from typing import TYPE_CHECKING, NamedTuple, TextIO, cast

from tidelock.shared.language.index.cache import digest
from tidelock.shared.language.index.summary import Summary, summarize
from tidelock.shared.sources import decode

if TYPE_CHECKING:
    from tidelock.shared.model import Dialect


class Read(NamedTuple):
    """A file that was read: what it depends on, and its summary; None when it could not be."""

    path: str
    digest: str
    summary: Summary | None


def read_file(path: str, dialect: Dialect) -> Read:
    """Read and summarize a file."""
    try:
        with open(path, "rb") as file:
            raw = file.read()
    except OSError:
        return Read(path, "", None)
    return Read(path, digest(raw, dialect), summarize(decode(raw), dialect))


def serve(dialect: Dialect, source: TextIO, output: TextIO) -> None:
    """Answer until there is nothing more to read."""
    for line in source:
        path = json.loads(line)
        output.write(json.dumps(read_file(path, dialect)) + "\n")
        output.flush()


if __name__ == "__main__":
    with contextlib.suppress(AttributeError, OSError):
        os.nice(5)  # whoever types goes before
    gc.disable()  # a summary leaves nothing behind
    serve(cast("Dialect", sys.argv[1]), sys.stdin, sys.stdout)
