"""The program that the demo opens: a copy of ``examples/tides`` in a folder of its own.

What is typed and run there never touches the installed files.
"""

from __future__ import annotations

import os
import shutil

from tidelock.shared.errors import Unavailable
from tidelock.shared.sources import canonical

_HERE = os.path.dirname(os.path.abspath(__file__))
_PLACES = (
    os.path.join(_HERE, "tides"),  # as installed
    os.path.join(_HERE, *[os.pardir] * 5, "examples", "tides"),  # in a checkout
)
_MARK = "# The workspace of the demo ends here; its options come from the command.\n"


class Program:
    """The files of the copy, and the places in them that the story speaks of."""

    def __init__(self, folder: str) -> None:
        self.folder = canonical(folder)
        self.main = os.path.join(self.folder, "main.lua")
        self.predictor = os.path.join(self.folder, "predictor.lua")
        self.text = _read(self.predictor)
        self.broken = _read(os.path.join(self.folder, "broken", "predictor.lua"))

    def line(self, text: str) -> int:
        """The one-based line of the predictor that begins with a text."""
        for number, line in enumerate(self.text.split("\n"), 1):
            if line.strip().startswith(text):
                return number
        raise KeyError(text)

    def contents(self) -> dict[str, bytes]:
        """Every file below the folder."""
        found = {}
        for folder, _, names in os.walk(self.folder):
            for name in names:
                path = os.path.join(folder, name)
                with open(path, "rb") as file:
                    found[os.path.relpath(path, self.folder)] = file.read()
        return found


def copy(folder: str) -> Program:
    """Lay the program into an empty folder, as a workspace of its own.

    Raises:
        Unavailable: this installation came without the example.
    """
    source = next((place for place in _PLACES if os.path.isdir(place)), None)
    if source is None:
        raise Unavailable("the example program", "install Tidelock from its wheel or a checkout")
    target = os.path.join(folder, "tides")
    shutil.copytree(source, target)
    with open(os.path.join(target, "tidelock.toml"), "w", encoding="utf-8") as file:
        file.write(_MARK)
    return Program(target)


def _read(path: str) -> str:
    with open(path, encoding="utf-8") as file:
        return file.read()
