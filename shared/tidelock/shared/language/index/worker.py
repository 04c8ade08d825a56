"""A process that summarizes files: ``python -m tidelock.shared.language.index.worker DIALECT``.

It is given one path a line, as JSON, and answers each with a line ``[path, summary]``; the summary
is null when the file cannot be read. It ends with its input, so that nobody outlives its parent.
"""

from __future__ import annotations

import gc
import json
import sys
from typing import TYPE_CHECKING, TextIO, cast

from tidelock.shared.language.index.summary import Summary, summarize
from tidelock.shared.sources import decode

if TYPE_CHECKING:
    from tidelock.shared.model import Dialect


def summarize_file(path: str, dialect: Dialect) -> Summary | None:
    """The summary of a file; None when it cannot be read."""
    try:
        with open(path, "rb") as file:
            return summarize(decode(file.read()), dialect)
    except OSError:
        return None


def serve(dialect: Dialect, source: TextIO, output: TextIO) -> None:
    """Answer until there is nothing more to read."""
    for count, line in enumerate(source):
        path = json.loads(line)
        output.write(json.dumps([path, summarize_file(path, dialect)]) + "\n")
        output.flush()
        if count % 50 == 49:
            gc.collect()


if __name__ == "__main__":
    gc.disable()  # trees are rings: they are collected between files
    serve(cast("Dialect", sys.argv[1]), sys.stdin, sys.stdout)
