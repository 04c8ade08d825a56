"""StyLua, asked to lay out a text where the user has it; it is found by ``PATH`` and run at once.

What it makes of a text is its own business, and so are its options, which it reads from its files.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import time

from tidelock.shared.errors import TidelockError
from tidelock.shared.unwanted import look

_TIMEOUT_S = 10.0
_LOOK_S = 0.1


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
        with subprocess.Popen(
            [*words, "-"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            cwd=folder if os.path.isdir(folder) else None,
        ) as process:
            laid_out, said = _talk(process, text.encode("utf-8", "surrogateescape"))
    except OSError as error:
        raise TidelockError(f"StyLua cannot be run: {error}") from None
    if process.returncode:
        lines = said.decode("utf-8", "replace").strip().splitlines()
        raise TidelockError(f"StyLua refuses: {lines[-1] if lines else process.returncode}")
    return laid_out.decode("utf-8", "surrogateescape")


def _talk(process: subprocess.Popen[bytes], told: bytes) -> tuple[bytes, bytes]:
    """What a program answers on both its streams; it is ended if it takes long or is unwanted."""
    until = time.monotonic() + _TIMEOUT_S
    more: bytes | None = told
    try:
        while True:
            try:
                return process.communicate(more, _LOOK_S)
            except subprocess.TimeoutExpired:
                more = None  # it has been taken, and is written on
            look()
            if time.monotonic() > until:
                raise TidelockError(f"StyLua takes longer than {_TIMEOUT_S:.0f} s")
    except BaseException:
        process.kill()
        raise
