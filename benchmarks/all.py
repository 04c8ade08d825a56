"""Every benchmark in turn, with the flags that each of them has."""

from __future__ import annotations

import sys

import checks
import crowd
import debugger
import editor
import index
import kernel  # noqa: TID251 - the script beside this one
import parsing
import pause
import stops
from report import main

if __name__ == "__main__":
    sys.exit(
        main(
            debugger.measure,
            pause.measure,
            stops.measure,
            kernel.measure,
            crowd.measure,
            parsing.measure,
            checks.measure,
            index.measure,
            editor.measure,
        )
    )
