"""Steps of debugpy as seen from inside its process: its engine, pydevd, keeps them by thread.

No public interface of debugpy tells of a step or ends one; what is used here is what its own
threads use (``_pydevd_bundle``, the same names since debugpy 1.0).
"""

from __future__ import annotations

import threading
from typing import Any, final

import debugpy  # the parent of pydevd: it makes it importable
import pydevd
from _pydevd_bundle import pydevd_additional_thread_info as thread_info
from _pydevd_bundle import pydevd_comm_constants as commands
from _pydevd_bundle.pydevd_constants import (
    PYDEVD_USE_SYS_MONITORING,
    STATE_RUN,
    STATE_SUSPEND,
)
from _pydevd_sys_monitoring import pydevd_sys_monitoring

_NONE = -1
_INWARD = (commands.CMD_STEP_INTO, commands.CMD_STEP_INTO_MY_CODE, commands.CMD_STEP_INTO_COROUTINE)


def _of_this_thread() -> Any:
    return thread_info.set_additional_thread_info(threading.current_thread())


def _set(command: int) -> None:
    info = _of_this_thread()
    info.pydev_original_step_cmd = info.pydev_step_cmd = command
    info.pydev_step_stop = None
    info.pydev_state = STATE_RUN
    info.update_stepping_info()


@final
class Steps:
    """See ``shared.runtime.pysteps.PythonSteps``."""

    def is_there(self) -> bool:
        """Whether debugpy has a client."""
        return bool(debugpy.is_client_connected())

    def is_under_way(self) -> bool:
        """A step, or a stop that was asked for and did not come."""
        info = _of_this_thread()
        return bool(info.pydev_step_cmd != _NONE or info.pydev_state == STATE_SUSPEND)

    def is_inward(self) -> bool:
        """Whether a step stops in called functions."""
        return _of_this_thread().pydev_step_cmd in _INWARD

    def begin(self) -> None:
        """Stop at the next line that is the program's."""
        _set(commands.CMD_STEP_INTO_MY_CODE)
        pydevd.settrace(suspend=False, trace_only_current_thread=True)
        if PYDEVD_USE_SYS_MONITORING:  # from Python 3.12 on events are switched on by need
            pydevd_sys_monitoring.update_monitor_events(suspend_requested=True)
            pydevd_sys_monitoring.restart_events()

    def end(self) -> None:
        """Neither step nor stop."""
        _set(_NONE)
