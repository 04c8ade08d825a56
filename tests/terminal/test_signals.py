"""What a kernel process does on each signal, in the foreground and detached."""

from __future__ import annotations

import contextlib
import json
import os
import re
import signal

import pytest

from kit.programs import TIDELOCK, Program
from kit.timeline import until

from .conftest import Place, detached


def what(place: Place, name: str) -> str:
    """What a kernel does, as the list says it."""
    document = json.loads(place.run("kernel", "list", "--output", "json").expect().stdout)
    return {one["kernel_id"]: str(one["status"]) for one in document["kernels"]}[name]


def test_a_hangup_opens_the_log_anew_and_reads_what_may_change(place: Place) -> None:
    project = place.file("tidelock.toml", '[log]\nlevel = "info"\n[kernel]\nmax_clients = 50\n')
    with detached(place, "--id", "k1", "--log-file", "k.log") as document:
        path, pid = place.work / "k.log", document["pid"]
        with place.spawn("exec", "print('on') while true do end", "--connect", "k1") as script:
            script.wait_for_line("on")
            path.rename(place.work / "moved")
            project.write_text('[log]\nlevel = "info"\n[kernel]\nmax_clients = 1\nport = 1\n')
            os.kill(pid, signal.SIGHUP)
            until(path.exists, "the new log")
            until(lambda: "read again changed={'kernel.max_clients': 1}" in path.read_text(), "it")
            assert what(place, "k1") == "running"  # it is busy, and goes on
            late = place.run("exec", "1", "--connect", "k1").expect(4)
            assert "kernel.max_clients is 1, and as many" in late.stderr
            project.write_text("[kernel]\nmax_clients = 'many'\n")
            os.kill(pid, signal.SIGHUP)
            until(lambda: "the options stay as they are" in path.read_text(), "the refusal")
            assert "max_clients: expected an integer" in path.read_text()
            project.unlink()
            os.kill(pid, signal.SIGINT)  # interrupts what runs
            assert script.wait().code == 130
        os.kill(pid, signal.SIGINT)  # and does not stop a detached one
        assert what(place, "k1") == "idle"


@pytest.mark.parametrize("doing", ["idle", "running", "paused"])
def test_the_stacks_of_a_kernel(place: Place, doing: str) -> None:
    code = {
        "idle": "1",
        "running": "print('on') while true do end",
        "paused": "print('on') local x = 1 error('stop')",
    }[doing]
    flags = ["--id", "k1", "--log-file", "k.log"]
    with place.kernel(*flags) as kernel, contextlib.ExitStack() as stack:
        if doing == "running":
            script = stack.enter_context(place.spawn("exec", code, "--connect", "k1"))
            script.wait_for_line("on")
        elif doing == "paused":
            path = place.file("stop.lua", code)
            debugger = stack.enter_context(
                place.spawn("debug", path, "--connect", "k1", "--break-at", "1")
            )
        until(lambda: what(place, "k1") == doing, doing)  # answered by its loop, so that runs
        told = place.work / "k.log"
        kernel.signal(signal.SIGUSR1)
        until(lambda: "thread MainThread" in told.read_text(), "the stacks")
        text = told.read_text()
        assert f"state {doing}" in text
        assert "thread tidelock-lane" in text
        assert re.search(r"loop\.py\", line \d+, in run", text)
        assert what(place, "k1") == doing  # it has not been disturbed
        if doing == "paused":
            debugger.write("quit\n")
            debugger.wait()


@pytest.mark.parametrize("doing", ["running", "waiting"])
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_a_busy_kernel_in_the_foreground_ends_in_order(
    place: Place, doing: str, number: signal.Signals
) -> None:
    code = "print('on') while true do end" if doing == "running" else "print('on') io.read()"
    with place.kernel("--id", "k1") as kernel:
        with place.spawn("exec", code, "--connect", "k1") as script:
            script.wait_for_line("on")
            kernel.signal(number)
            assert kernel.wait().code == 0
            script.wait()
        assert place.registered() == []


def test_a_closed_pipe_and_nohup_do_not_end_it(place: Place) -> None:
    with place.kernel("--id", "k1") as kernel:
        kernel.signal(signal.SIGPIPE)
        assert place.run("exec", "1", "--connect", "k1").expect().stdout == "1\n"
    with Program(
        "kernel", "start", "--id", "k2",
        home=place.home, cwd=place.work, program=["nohup", *TIDELOCK],
    ) as kernel:  # fmt: skip
        kernel.wait_for_line("stops it")
        kernel.signal(signal.SIGHUP)
        assert place.run("exec", "1", "--connect", "k2").expect().stdout == "1\n"
        kernel.signal(signal.SIGTERM)
        assert kernel.wait().code == 0
