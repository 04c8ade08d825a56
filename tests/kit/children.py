"""Child processes of the tests: spawned, read while they live, and always brought to an end."""

from __future__ import annotations

import contextlib
import os
import selectors
import shlex
import signal
import subprocess
import threading
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from kit.timeline import seconds


class Child:
    """A process with pipes; one thread reads both outputs and hands the bytes on as they come.

    ``on_output(stream, data)`` is called on that thread with ``"stdout"`` or ``"stderr"``, and
    with empty data once at the end of each. The process leads a group of its own, which ``stop``
    ends as a whole, so that nothing outlives a test.
    """

    def __init__(
        self,
        argv: Sequence[str | Path],
        on_output: Callable[[str, bytes], None],
        *,
        cwd: str | Path | None = None,
        env: Mapping[str, str] | None = None,
    ) -> None:
        self.argv = [str(part) for part in argv]
        self._on_output = on_output
        self.process = subprocess.Popen(
            self.argv,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            cwd=cwd,
            env=None if env is None else dict(env),
            bufsize=0,
            start_new_session=True,
        )
        self._wake_out, self._wake_in = os.pipe()
        self._reader = threading.Thread(
            target=self._read, name=f"reads {self.argv[0]}", daemon=True
        )
        self._reader.start()

    def __str__(self) -> str:
        code = self.process.poll()
        return f"{shlex.join(self.argv)} ({'running' if code is None else f'exit code {code}'})"

    def write(self, data: bytes) -> None:
        """Write all the bytes to its standard input; BrokenPipeError if nobody reads any more."""
        assert self.process.stdin is not None
        if self.process.stdin.closed:
            raise BrokenPipeError(f"the input of {self} is closed")
        view = memoryview(data)
        while view:
            view = view[self.process.stdin.write(view) or 0 :]

    def close_input(self) -> None:
        """End its standard input."""
        assert self.process.stdin is not None
        with contextlib.suppress(BrokenPipeError):
            self.process.stdin.close()

    def wait(self, timeout: float) -> int | None:
        """Its exit code, or None if it still runs after ``timeout`` seconds; output is complete."""
        try:
            code = self.process.wait(seconds(timeout))
        except subprocess.TimeoutExpired:
            return None
        self._drain()
        return code

    def stop(self, grace: float = 2.0) -> int:
        """End it: by the end of its input, then by TERM, then by KILL; may be called again."""
        self.close_input()
        code = self.wait(grace)
        for number in (signal.SIGTERM, signal.SIGKILL):
            self._signal_group(number)
            if code is None:
                code = self.wait(grace)
        self._drain()
        for pipe in (self.process.stdout, self.process.stderr):
            assert pipe is not None
            pipe.close()
        return self.process.wait()

    def _signal_group(self, number: signal.Signals) -> None:
        # The group outlives its leader when the leader left children behind.
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self.process.pid, number)

    def _drain(self) -> None:
        """Let the reader take what is there and end, even if a grandchild holds the pipe open."""
        if self._wake_in >= 0:
            os.close(self._wake_in)
            self._wake_in = -1
            self._reader.join()
            os.close(self._wake_out)

    def _read(self) -> None:
        streams = {self.process.stdout: "stdout", self.process.stderr: "stderr"}
        with selectors.DefaultSelector() as selector:
            for pipe in streams:
                assert pipe is not None
                os.set_blocking(pipe.fileno(), False)
                selector.register(pipe, selectors.EVENT_READ)
            selector.register(self._wake_out, selectors.EVENT_READ)
            last_look = False
            while streams:
                ready = {key.fileobj for key, _ in selector.select(0 if last_look else None)}
                if self._wake_out in ready:
                    selector.unregister(self._wake_out)
                    last_look = True
                    continue
                if last_look and not ready:
                    break
                for pipe in list(streams):
                    if pipe in ready and pipe is not None:
                        data = pipe.read(65536)
                        if data:
                            self._on_output(streams[pipe], data)
                        elif data is not None:
                            selector.unregister(pipe)
                            self._on_output(streams.pop(pipe), b"")
            for stream in streams.values():
                self._on_output(stream, b"")
