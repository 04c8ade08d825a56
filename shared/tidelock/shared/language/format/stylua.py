"""StyLua, asked to lay out a text where the user has it; it is found by ``PATH`` and run at once.

What it makes of a text is its own business, and so are its options, which it reads from its files.
"""

from __future__ import annotations

import os
import shutil
import subprocess

from tidelock.shared.errors import TidelockError

_TIMEOUT_S = 10


def is_there() -> bool:
    """Whether the user has it."""
    return shutil.which("stylua") is not None


def formatted(text: str, path: str = "") -> str:
    """The text as StyLua lays it out; ``path`` is its file, empty for none.

    Raises:
        TidelockError: it is not there, or refuses; the message has its own words.
    """
    program = shutil.which("stylua")
    if program is None:
        raise TidelockError("StyLua is not on the PATH")
    words = [program, "--search-parent-directories"]
    words += ["--stdin-filepath", path] if path else []
    folder = os.path.dirname(path)
    try:
        done = subprocess.run(
            [*words, "-"],
            input=text.encode("utf-8", "surrogateescape"),
            capture_output=True,
            timeout=_TIMEOUT_S,
            cwd=folder if os.path.isdir(folder) else None,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise TidelockError(f"StyLua cannot be run: {error}") from None
    if done.returncode:
        said = done.stderr.decode("utf-8", "replace").strip().splitlines()
        raise TidelockError(f"StyLua refuses: {said[-1] if said else done.returncode}")
    return done.stdout.decode("utf-8", "surrogateescape")
