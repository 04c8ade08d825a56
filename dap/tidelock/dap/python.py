"""Python functions that Lua calls, under debugpy: a session of its own that the client opens.

debugpy is imported when a client first asks for it (``debugPython``), in this process, and listens
from then on: it has one port and takes one client at a time. Its threads must never stand in for
ours: what serves a client while the program stands still is marked as none of the program's.
"""

from __future__ import annotations

import importlib.util
import os
import threading
import time
from collections.abc import Callable
from typing import TYPE_CHECKING

import tidelock
from tidelock.dap.convert import Body
from tidelock.shared import threads
from tidelock.shared.link.connection import DAP_HOST
from tidelock.shared.log import layer
from tidelock.shared.runtime import pyroot, pysteps
from tidelock.shared.threads import mark_as_ours

if TYPE_CHECKING:
    from tidelock.dap.session import Session

log = layer("dap")

_ATTACH_S = 15.0
_LOOK_S = 0.01
_listening: list[tuple[str, int]] = []
"""Where debugpy listens: a fact of the process, which can have it listen once."""
_lock = threading.Lock()


def begin(session: Session, then: Callable[[], None]) -> None:
    """Have the client open its session on debugpy, and go on when its breakpoints are set.

    ``then`` is called on the loop's thread in any case, at once where there is nothing to wait
    for; what went wrong is told on the console. Never waits itself.
    """

    def go_on() -> None:
        if session.state == "active":
            then()

    if not session.context.settings.lua_python_access:
        _say(session, "debugPython: Lua calls no Python here, lua.python_access is off")
        go_on()
        return

    def start() -> None:
        try:
            host, port, is_taken = _listen()
        except Exception as error:
            _say_soon(session, f"debugPython: {error}; only Lua is debugged")
            session.soon(go_on)
        else:
            session.soon(lambda: _invite(session, host, port, is_taken, go_on))

    threads.start("tidelock-debugpy", start)


def _say(session: Session, words: str) -> None:
    if session.state in ("configuring", "active"):
        session.event("output", {"category": "console", "output": f"{words}\n"})


def _say_soon(session: Session, words: str) -> None:
    session.soon(lambda: _say(session, words))


def _listen() -> tuple[str, int, bool]:
    """Where debugpy listens from now on, and whether it has a client already.

    Raises:
        RuntimeError: it is not installed, or cannot listen; the text is for people.
    """
    with _lock:
        for thread in threading.enumerate():
            is_ours = thread.name.startswith("tidelock-") and thread.name != "tidelock-lane"
            if is_ours or thread is threading.main_thread():
                mark_as_ours(thread)
        if not _listening:
            if importlib.util.find_spec("debugpy") is None:
                raise RuntimeError("debugpy is not installed (pip install 'tidelock[python]')")
            # It would complain of CPython's frozen modules on our standard error.
            os.environ.setdefault("PYDEVD_DISABLE_FILE_VALIDATION", "1")
            import debugpy

            debugpy.configure(subProcess=False)  # kernels that we start are none of the program's
            _listening.append(debugpy.listen((DAP_HOST, 0)))
            try:
                from tidelock.dap.pysteps import Steps
            except ImportError as error:
                log.warn(f"steps do not pass between Lua and Python with this debugpy: {error}")
            else:
                pysteps.use(Steps())
        import debugpy

        return (*_listening[0], debugpy.is_client_connected())


def _invite(
    session: Session, host: str, port: int, is_taken: bool, go_on: Callable[[], None]
) -> None:
    place = f"debugpy listens on {host}:{port}"
    if is_taken:
        _say(session, f"debugPython: {place} and has a client already, which debugs Python")
    elif not session.manner.starts_sessions:
        _say(
            session,
            f"debugPython: {place}; attach a Python debugger there "
            "(this editor cannot be asked to), with stopOnEntry there is time for it",
        )
    else:
        waiting = _Waiting(session, go_on)
        session.ask("startDebugging", _configuration(host, port), waiting.answered)
        return
    go_on()


def _configuration(host: str, port: int) -> Body:
    """What the client attaches with (debugpy's arguments of ``attach``)."""
    ours = [{"path": f"{folder}{os.sep}**", "include": False} for folder in tidelock.__path__]
    ours.insert(0, {"path": pyroot.__file__, "include": True})
    configuration = {
        "type": "debugpy",
        "name": "Python called from Lua",
        "request": "attach",
        "connect": {"host": host, "port": port},
        "justMyCode": True,
        "rules": ours,
    }
    return {"request": "attach", "configuration": configuration}


class _Waiting:
    """Until the client's Python session has set its breakpoints; goes on once, in any case."""

    def __init__(self, session: Session, go_on: Callable[[], None]) -> None:
        self._session = session
        self._go_on = go_on
        self._refused = threading.Event()
        threads.start("tidelock-debugpy", self._wait)

    def answered(self, response: Body) -> None:
        """The client's answer to ``startDebugging``."""
        if response.get("success") is not True:
            words = response.get("message") or "it gives no reason"
            _say(self._session, f"debugPython: the client opened no session for Python: {words}")
            self._refused.set()

    def _wait(self) -> None:
        import debugpy

        until = time.monotonic() + _ATTACH_S
        while not debugpy.is_client_connected() and self._session.state == "active":
            if self._refused.wait(_LOOK_S):
                break
            if time.monotonic() > until:
                words = f"debugPython: no Python session came within {_ATTACH_S:g} s"
                _say_soon(self._session, words)
                break
        self._session.soon(self._go_on)
