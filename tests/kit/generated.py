"""Parts of the documents that are made from the code: a stale one fails, a flag writes it anew.

A part stands between ``<!-- made: NAME -->`` and ``<!-- end: NAME -->``; all around it is written
by hand and never touched.
"""

from __future__ import annotations

import difflib
import os
from pathlib import Path

from kit.timeline import Failure

FLAG = "TIDELOCK_TEST_REWRITE"
"""The environment variable that lets a test write what it would else complain about."""


def check_made(page: Path, name: str, made: str) -> None:
    """The part of a page is what was made of the code just now."""
    begin, end = f"<!-- made: {name} -->\n", f"<!-- end: {name} -->"
    head, opened, rest = page.read_text("utf-8").partition(begin)
    there, closed, tail = rest.partition(end)
    if not opened or not closed:
        raise Failure(f"{page.name} has no part between {begin.strip()} and {end}")
    if there == made:
        return
    if os.environ.get(FLAG):
        page.write_text(f"{head}{begin}{made}{end}{tail}", "utf-8")
        return
    lines = difflib.unified_diff(there.splitlines(), made.splitlines(), "page", "code", lineterm="")
    raise Failure(f"{page.name}: {name} is stale; run this test with {FLAG}=1\n" + "\n".join(lines))


def table(head: list[str], rows: list[list[str]]) -> str:
    """A table of Markdown."""
    cells = [head, ["---"] * len(head), *rows]
    return "".join(
        "| " + " | ".join(cell.replace("|", "\\|") for cell in row) + " |\n" for row in cells
    )
