"""``tidelock doctor``: what works here, what does not, and what to do about it."""

from __future__ import annotations

import importlib.util
import os
import stat
import subprocess
import sys
from collections.abc import Callable, Iterator
from typing import Literal, NamedTuple

from tidelock.kernel import specifications
from tidelock.shared.config import Settings
from tidelock.shared.errors import ConfigError, KernelError
from tidelock.shared.link import registry
from tidelock.shared.runtime import builds
from tidelock.terminal import exits
from tidelock.terminal.console import Paint
from tidelock.terminal.invocation import Invocation

_LEAST_PYTHON = (3, 11)
_PROBE_S = 20.0
_OPTIONAL = {
    "jupyter_client": "Jupyter notebooks and consoles",
}

Grade = Literal["ok", "warn", "fail"]
_PAINTS: dict[Grade, Paint] = {"ok": "good", "warn": "warn", "fail": "error"}


class Finding(NamedTuple):
    """One line: what was looked at, how it is, in words, and what to do."""

    name: str
    grade: Grade
    text: str
    remedy: str = ""


def run(invocation: Invocation) -> int:
    """Look at everything; 1 if something fails."""
    console = invocation.console
    findings = []
    for finding in _findings(invocation):
        findings.append(finding)
        remedy = f"\n{'':6}{finding.remedy}" if finding.remedy else ""
        grade = console.paint(f"{finding.grade:<4}", _PAINTS[finding.grade])
        console.say(f"{grade}  {finding.name}: {finding.text}{remedy}")
    failed = any(finding.grade == "fail" for finding in findings)
    console.document({"checks": [finding._asdict() for finding in findings], "failed": failed})
    return exits.FAILED if failed else exits.DONE


def _findings(invocation: Invocation) -> Iterator[Finding]:
    workspace = invocation.workspace()
    yield _python()
    yield from _luas()
    yield _zeromq()
    found, settings = _configuration(invocation, workspace)
    yield found
    for check in (_folder, _registered, lambda: _workspace_kernel(workspace)):
        yield _guarded(check)
    yield _specifications()
    if settings.lua_version.startswith("luajit") and settings.lua_jit == "on":
        yield Finding("lua.jit", "warn", "compiled loops cannot be interrupted or paused")
    for name, what in _OPTIONAL.items():
        yield _optional(name, what)


def _guarded(check: Callable[[], Finding]) -> Finding:
    try:
        return check()
    except KernelError as error:
        return Finding("runtime folder", "fail", error.message, error.hint)


def _python() -> Finding:
    version = ".".join(map(str, sys.version_info[:3]))
    if sys.version_info < _LEAST_PYTHON:
        return Finding("Python", "fail", version, "Tidelock needs 3.11 or newer")
    return Finding("Python", "ok", f"{version} ({sys.executable})")


def probe(name: str) -> None:
    """Open one Lua and print its version and why native control is missing (empty: it is not).

    In a process of its own: a build that crashes must not take the others with it.
    """
    from tidelock.shared.context import Context

    context = Context(Settings(lua_version=name))
    context.open()
    print(context.runtime.version)
    print(context.runtime.fallback)
    context.close()


def _luas() -> Iterator[Finding]:
    here = {build.name for build in builds.available()}
    code = "import sys; from tidelock.terminal.commands.doctor import probe; probe(sys.argv[1])"
    children = {
        name: subprocess.Popen(
            [sys.executable, "-c", code, name],
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        )
        for name in sorted(here)
    }  # fmt: skip
    for build in builds.BUILDS:
        title = (
            build.name.replace("luajit", "LuaJIT ") if "jit" in build.name else f"Lua {build.name}"
        )
        if build.name not in here:
            yield Finding(title, "warn", "not in this lupa", "another wheel of lupa may bring it")
        else:
            yield _lua(title, children[build.name])


def _lua(title: str, child: subprocess.Popen[str]) -> Finding:
    try:
        output, errors = child.communicate(timeout=_PROBE_S)
    except subprocess.TimeoutExpired:
        child.kill()
        child.communicate()
        return Finding(title, "fail", f"does not open within {_PROBE_S:g} s", "reinstall lupa")
    version, _, fallback = output.strip("\n").partition("\n")
    version = "" if version == title else f"{version}, "
    if child.returncode:
        words = errors.strip().splitlines()[-1:] or [f"ended with {child.returncode}"]
        return Finding(title, "fail", f"does not open: {words[0]}", "reinstall lupa")
    if fallback:
        return Finding(
            title,
            "warn",
            f"{version}without native control: {fallback}",
            "pause and interrupt work by a count hook, which costs time",
        )
    return Finding(title, "ok", f"{version}native control works")


def _zeromq() -> Finding:
    import zmq

    return Finding("ZeroMQ", "ok", f"{zmq.zmq_version()} (pyzmq {zmq.pyzmq_version()})")


def _configuration(invocation: Invocation, workspace: str) -> tuple[Finding, Settings]:
    try:
        settings = invocation.settings(workspace)
    except ConfigError as error:
        remedy = "mend these; tidelock config path shows the files"
        return Finding("configuration", "fail", error.message, remedy), Settings()
    return Finding("configuration", "ok", f"valid, for {workspace}"), settings


def _folder() -> Finding:
    path = registry.folder()
    if not os.access(path, os.W_OK):
        return Finding("runtime folder", "fail", f"{path} is not writable", "mend its permissions")
    mode = stat.S_IMODE(os.stat(path).st_mode)
    return Finding("runtime folder", "ok", f"{path}, private ({mode:o})")


def _registered() -> Finding:
    count = {"alive": 0, "unresponsive": 0, "dead": 0, "foreign": 0, "broken": 0}
    for entry in registry.scan():
        count[entry.health] += 1
    known = ", ".join(f"{number} {health}" for health, number in count.items() if number)
    if count["dead"]:
        known += " (their files are removed now)"
    if count["unresponsive"] or count["broken"]:
        return Finding("kernels", "warn", known, "tidelock kernel list names them")
    return Finding("kernels", "ok", known or "none registered")


def _workspace_kernel(workspace: str) -> Finding:
    found = registry.shared_kernel(workspace)
    if found is None:
        return Finding("workspace kernel", "ok", "none runs; editors start it when they need it")
    return Finding("workspace kernel", "ok", f"{found.kernel_id} answers (process {found.pid})")


def _specifications() -> Finding:
    found = ", ".join(dict.fromkeys(one.name for one in specifications.installed()))
    if not found:
        return Finding("Jupyter", "ok", "kernel not installed; 'tidelock kernel install' does it")
    return Finding("Jupyter", "ok", f"kernel installed as {found}")


def _optional(name: str, what: str) -> Finding:
    if importlib.util.find_spec(name) is None:
        return Finding(name, "ok", f"not installed; only needed for {what}")
    from importlib.metadata import version

    return Finding(name, "ok", f"{version(name)}, for {what}")
