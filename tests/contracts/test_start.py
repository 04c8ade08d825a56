"""What a kernel has imported when its first reply is there: nothing that this does not need."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest
from jupyter_client.connect import write_connection_file

from kit.jupyter import RawPeer
from kit.kernels import external
from kit.lua import build_under_test
from kit.programs import TIDELOCK, environment

LATE = {
    "argparse", "ast", "asyncio", "concurrent", "configparser", "csv", "dataclasses", "decimal",
    "difflib", "dis", "email", "glob", "html", "http", "inspect", "logging", "multiprocessing",
    "pathlib", "pprint", "queue", "selectors", "shutil", "socket", "sqlite3", "ssl", "statistics",
    "subprocess", "tempfile", "textwrap", "tomllib", "unittest", "urllib", "uuid", "xml",
}  # fmt: skip
"""Modules of the standard library that cost a millisecond or more, and are not needed."""

if sys.version_info >= (3, 12):
    LATE -= {"ast", "dis", "inspect"}  # pyzmq's compiled part brings them (built for a stable ABI)


def imported(log: str) -> set[str]:
    """The modules that ``-X importtime`` tells of."""
    return set(re.findall(r"^import time: +\d+ \| +\d+ \| *([\w.]+)$", log, re.MULTILINE))


@contextmanager
def launched_by_jupyter(folder: Path) -> Iterator[tuple[dict[str, object], Path]]:
    """A kernel of a connection file that was written before it."""
    file, fields = write_connection_file(str(folder / "kernel.json"), key=b"secret")
    log = folder / "kernel.log"
    with log.open("wb") as output:
        process = subprocess.Popen(
            [*TIDELOCK, "kernel", "launch", "-f", file],
            cwd=folder,
            env=environment(folder / "home", {"PYTHONPROFILEIMPORTTIME": "1"}),
            stdout=output,
            stderr=output,
        )
        try:
            yield fields, log
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait(10)


@pytest.fixture(params=["by Jupyter", "for a workspace"])
def at_first_reply(
    request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> set[str]:
    """What is imported when ``kernel_info_reply`` comes."""
    for name in [name for name in os.environ if name.startswith("COVERAGE_PROCESS")]:
        monkeypatch.delenv(name)  # it would import the measurement's own modules
    if request.param == "by Jupyter":
        with launched_by_jupyter(tmp_path) as (fields, log), RawPeer(fields) as raw:
            assert raw.request("shell", "kernel_info_request").content["status"] == "ok"
            return imported(log.read_text())
    monkeypatch.setenv("PYTHONPROFILEIMPORTTIME", "1")
    with external(tmp_path) as served:
        raw = served.raw()
        assert raw.request("shell", "kernel_info_request").content["status"] == "ok"
        return imported((tmp_path / "kernel.log").read_text())


def test_the_first_reply_needs_little(at_first_reply: set[str]) -> None:
    assert {"tidelock.kernel.server", "tidelock.shared.runtime.lane", "zmq"} <= at_first_reply
    tops = {name.partition(".")[0] for name in at_first_reply}
    assert tops & LATE == set()
    installed = set(packages_distributions()) - {"_distutils_hack"}  # setuptools puts it anywhere
    assert tops & installed - {"tidelock"} == {"zmq", "lupa"}
    ours = {name for name in at_first_reply if name.startswith("tidelock.")}
    faces = re.compile(r"tidelock\.(dap|lsp|shared\.(syntax|language))\b")
    assert [name for name in sorted(ours) if faces.match(name)] == []
    builds = {name for name in at_first_reply if re.match(r"lupa\.lua(jit)?\d", name)}
    assert builds <= {build_under_test().module}


def test_a_language_server_answers_before_it_knows_lua() -> None:
    """What reads texts is loaded behind the answer to ``initialize``."""
    code = "import sys, tidelock.lsp.server; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    loaded = set(done.stdout.split())
    assert "tidelock.lsp.session" in loaded
    assert [
        one for one in sorted(loaded) if re.match(r"tidelock\.shared\.(syntax|language)", one)
    ] == []
