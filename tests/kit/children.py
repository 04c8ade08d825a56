"""Child processes of the tests: spawned, read while they live, and always brought to an end."""

from __future__ import annotations

import contextlib
import os
import selectors
import shlex
import signal
import subprocess
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path

from kit.timeline import seconds

Output = Callable[[str, bytes], None]


class Reader:
    """A thread that reads file descriptors and hands the bytes on as they come.

    ``on_output(name, data)`` is called on that thread, with empty data once at the end of each.
    """

    def __init__(self, files: Mapping[int, str], on_output: Output) -> None:
        self._files = dict(files)
        self._on_output = on_output
        self._wake_out, self._wake_in = os.pipe()
        self._thread = threading.Thread(target=self._read, name="reads a child", daemon=True)
        self._thread.start()

    def finish(self) -> None:
        """Take what is there and end, even if a grandchild holds a file open."""
        if self._wake_in >= 0:
            os.close(self._wake_in)
            self._wake_in = -1
            self._thread.join()
            os.close(self._wake_out)

    def _read(self) -> None:
        with selectors.DefaultSelector() as selector:
            for file in (*self._files, self._wake_out):
                os.set_blocking(file, False)
                selector.register(file, selectors.EVENT_READ)
            last_look = False
            while self._files:
                ready = [key.fd for key, _ in selector.select(0 if last_look else None)]
                if self._wake_out in ready:
                    selector.unregister(self._wake_out)
                    last_look = True
                elif last_look and not ready:
                    break
                else:
                    for file in ready:
                        if not self._take(file):
                            selector.unregister(file)
                            self._on_output(self._files.pop(file), b"")
        for name in self._files.values():
            self._on_output(name, b"")

    def _take(self, file: int) -> bool:
        try:
            data = os.read(file, 65536)
        except BlockingIOError:
            return True
        except OSError:  # a pseudo-terminal whose other side is closed
            return False
        if data:
            self._on_output(self._files[file], data)
        return bool(data)


class Child:
    """A process with pipes.

    ``on_output(stream, data)`` is called on a thread of its own with ``"stdout"`` or
    ``"stderr"``, and with empty data once at the end of each. The process leads a group of its
    own, which ``stop`` ends as a whole, so that nothing outlives a test.
    """

    def __init__(
        self,
        argv: Sequence[str | Path],
        on_output: Output,
        *,
        cwd: str | Path | None = None,
        env: Mapping[str, str] | None = None,
    ) -> None:
        self.argv = [str(part) for part in argv]
        with interruptible():
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
        assert self.process.stdout is not None
        assert self.process.stderr is not None
        self._pipes = (self.process.stdout, self.process.stderr)
        names = zip((pipe.fileno() for pipe in self._pipes), ("stdout", "stderr"), strict=True)
        self._reader = Reader(dict(names), on_output)

    def __str__(self) -> str:
        return described(self.argv, self.process)

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
        self._reader.finish()
        return code

    def stop(self, grace: float = 0.5) -> int:
        """End it: by the end of its input, then by TERM, then by KILL; may be called again."""
        self.close_input()
        code = end_group(self.process, grace)
        self._reader.finish()
        for pipe in self._pipes:
            pipe.close()
        return code


def end_group(process: subprocess.Popen[bytes], grace: float) -> int:
    """Wait ``grace`` seconds for a group's leader, then send its group TERM, and at last KILL."""
    for number, patience in ((None, grace), (signal.SIGTERM, 4 * grace), (signal.SIGKILL, grace)):
        if number is not None:
            # The group outlives its leader when the leader left children behind.
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(process.pid, number)
        if process.returncode is None:
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(seconds(patience))
    return process.wait()


@contextlib.contextmanager
def interruptible() -> Iterator[None]:
    """What is spawned in here can be interrupted, even where the tests themselves cannot.

    A shell starts what runs in the background with SIGINT ignored, and children inherit that.
    """
    ignored = signal.getsignal(signal.SIGINT) is signal.SIG_IGN
    if ignored and threading.current_thread() is threading.main_thread():
        signal.signal(signal.SIGINT, signal.SIG_DFL)
        try:
            yield
        finally:
            signal.signal(signal.SIGINT, signal.SIG_IGN)
    else:
        yield


def described(argv: Sequence[str], process: subprocess.Popen[bytes]) -> str:
    """A command and how it is doing."""
    code = process.poll()
    return f"{shlex.join(argv)} ({'running' if code is None else f'exit code {code}'})"
