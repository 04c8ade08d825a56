"""One sample of the index: a fresh process that reads a workspace, as the language server does.

Prints seconds from the start to the last file, those that all processes computed, how many files
are known, and the most memory that this process and its workers took together, as JSON.
"""

from __future__ import annotations

import json
import os
import resource
import sys
import threading
import time

from tidelock.lsp.workspace import News, Workspace, planned
from tidelock.shared.config import Settings
from tidelock.shared.language.index.foreign import NO_WISHES
from tidelock.shared.language.index.summary import summarize


def sample(root: str, cache: str) -> dict[str, float]:
    """Read a workspace with a cache, empty for none."""
    settings = Settings()
    plan = planned(root, "5.4", settings, NO_WISHES)._replace(cache=cache)
    done = threading.Event()
    summarize("", "5.4")  # a server has it loaded

    def tell(news: News) -> None:
        if workspace.state != "scanning":
            done.set()

    workspace = Workspace(plan, tell)
    before, began = time.process_time(), time.perf_counter()
    workspace.start()
    done.wait()
    seconds = time.perf_counter() - began
    workspace.close()
    own = resource.getrusage(resource.RUSAGE_SELF)
    child = resource.getrusage(resource.RUSAGE_CHILDREN)
    workers = min(2, os.cpu_count() or 1) if child.ru_maxrss else 0
    computed = sum(one.ru_utime + one.ru_stime for one in (own, child)) - before
    return {
        "seconds": seconds,
        "computed": computed,
        "files": workspace.told["files"],
        "memory_mb": (own.ru_maxrss + child.ru_maxrss * workers) / 1024,
    }


if __name__ == "__main__":
    print(json.dumps(sample(sys.argv[1], sys.argv[2])))
