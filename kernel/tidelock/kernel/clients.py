"""The clients of a kernel: how many there may be, what each may ask, and who is gone.

A client is a Jupyter session on the shell channel. It is one as long as its connection stands
and it has said something in the last ten minutes; debug sessions of editors count as well.
Nothing on the control channel is ever limited, and asking for the kernel's status is not either.
All of it on the loop's thread; while no policy is set, a request costs one look into a table.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable

from tidelock.shared.config import Settings
from tidelock.shared.errors import TidelockError
from tidelock.shared.link.wire import Message
from tidelock.shared.log import layer
from tidelock.shared.model import Run

log = layer("kernel")

_ACTIVE_S = 600.0
_OUTPUT_S = 60.0
_NEVER_LIMITED = ("comm_close", "shutdown_request")


class TooManyClients(TidelockError):  # noqa: N818
    """One more client than may use the kernel."""

    kind = "kernel"


class RateLimited(TidelockError):  # noqa: N818
    """A client asks more than its policy lets it; ``wait_s`` is when to ask again."""

    kind = "kernel"

    def __init__(self, message: str, wait_s: float = 0.0) -> None:
        hint = f"try again in {wait_s:.2f} s" if wait_s else "wait until one of them has ended"
        super().__init__(message, hint)
        self.wait_s = wait_s


class Bucket:
    """A token bucket: so much at once, refilled at a rate; what is taken late is a debt."""

    __slots__ = ("_at", "_clock", "_left", "_rate", "_size")

    def __init__(self, size: float, rate: float, clock: Callable[[], float]) -> None:
        self._size = self._left = size
        self._rate = rate
        self._clock = clock
        self._at = clock()

    def take(self, amount: float) -> None:
        """Take so much, whether it is there or not."""
        now = self._clock()
        self._left = min(self._size, self._left + (now - self._at) * self._rate) - amount
        self._at = now

    def wait_for(self, amount: float) -> float:
        """Seconds until so much is there, 0 for now."""
        self.take(0)
        return max(amount - self._left, 0.0) / self._rate


class _Client:
    """What is known of one session; a ``source`` of -1 is a connection that cannot be told."""

    __slots__ = ("gone", "heard_at", "output", "requests", "source")

    def __init__(self) -> None:
        self.source = -1
        self.gone = False
        self.heard_at = 0.0
        self.requests: Bucket | None = None
        self.output: Bucket | None = None


class Clients:
    """Every client that has been heard.

    Args:
        settings: the limits.
        debuggers: how many debug sessions there are.
        waiting: how many executions of a session wait for their turn.
        clock: seconds that never go back.
    """

    def __init__(
        self,
        settings: Settings,
        debuggers: Callable[[], int],
        waiting: Callable[[str], int],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._settings = settings
        self._debuggers = debuggers
        self._waiting = waiting
        self._clock = clock
        self._known: dict[str, _Client] = {}
        self.acted: Counter[str] = Counter()
        """How often each limit has refused, cut or ended something, by its option."""

    # -- who is there ------------------------------------------------------------------------

    def count(self) -> int:
        """How many clients there are, debug sessions included."""
        least = self._clock() - _ACTIVE_S
        active = sum(not one.gone and one.heard_at > least for one in self._known.values())
        return active + self._debuggers()

    def check_room(self) -> None:
        """Let one more in.

        Raises:
            TooManyClients: there are as many as may be.
        """
        most = self._settings.kernel_max_clients
        if self.count() >= most:
            self.acted["kernel.max_clients"] += 1
            raise TooManyClients(
                f"kernel.max_clients is {most}, and as many use this kernel already",
                "close one, or raise it",
            )

    def vanished(self, source: int) -> list[str]:
        """A connection has ended: the sessions that came through it."""
        lost = [name for name, one in self._known.items() if one.source == source]
        for name in lost:
            self._known[name].gone = True
        return lost

    def forget(self, sessions: list[str]) -> list[str]:
        """Those of the sessions that have not come back are known no more."""
        lost = [name for name in sessions if name in self._known and self._known[name].gone]
        for name in lost:
            del self._known[name]
        return lost

    # -- what they ask -----------------------------------------------------------------------

    def hear(self, request: Message, source: Callable[[], int]) -> None:
        """Take note of a request on the shell channel, and refuse it if it is too much.

        Args:
            request: the request.
            source: tells the connection that it came through; asked for new clients only.

        Raises:
            TooManyClients: it comes from one client more than there may be.
            RateLimited: its client asks too much.
        """
        if request.type in _NEVER_LIMITED or _asks_for_status(request):
            return
        now = self._clock()
        client = self._known.get(request.session)
        if client is None or client.gone or client.heard_at < now - _ACTIVE_S:
            client = self._enter(request.session, client, source())
        client.heard_at = now
        if client.requests is not None:
            self._check_rate(client.requests)
        if request.type == "execute_request":
            self._check_execution(request.session, client)

    def _enter(self, session: str, client: _Client | None, source: int) -> _Client:
        self.check_room()
        if client is None:
            least = self._clock() - _ACTIVE_S
            for name in [n for n, c in self._known.items() if c.source < 0 and c.heard_at < least]:
                del self._known[name]  # nobody would ever tell that it is gone
            client = self._known[session] = _Client()
            self._bind(client)
        client.source = source
        client.gone = False
        return client

    def _bind(self, client: _Client) -> None:
        """Give a client what the policy lets it have."""
        settings = self._settings
        client.requests = client.output = None
        if rate := settings.kernel_policy_requests_per_s:
            client.requests = Bucket(settings.kernel_policy_burst, rate, self._clock)
        if size := settings.kernel_policy_output_limit:
            client.output = Bucket(size, size / _OUTPUT_S, self._clock)

    def follow(self, settings: Settings) -> None:
        """The limits are these from now on."""
        self._settings = settings
        for client in self._known.values():
            self._bind(client)

    def _check_rate(self, requests: Bucket) -> None:
        wait_s = requests.wait_for(1)
        if wait_s:
            self.acted["kernel.policy.requests_per_s"] += 1
            rate = self._settings.kernel_policy_requests_per_s
            raise RateLimited(f"a client may send {rate:g} requests a second", wait_s)
        requests.take(1)

    def _check_execution(self, session: str, client: _Client) -> None:
        most = self._settings.kernel_policy_max_queued
        if most and self._waiting(session) >= most:
            self.acted["kernel.policy.max_queued"] += 1
            raise RateLimited(f"{most} executions of this client wait already")
        if client.output is not None and (wait_s := client.output.wait_for(1)):
            self.acted["kernel.policy.output_limit"] += 1
            size = self._settings.kernel_policy_output_limit
            raise RateLimited(f"a client may write {size} bytes a minute", wait_s)

    # -- what they run -----------------------------------------------------------------------

    def bounded(self, run: Run) -> Run:
        """A client's run within its policy, whatever the client asked for."""
        settings = self._settings
        if limit_s := settings.kernel_policy_execution_timeout_s:
            run = run._replace(timeout_s=min(run.timeout_s or limit_s, limit_s))
        if limit := settings.kernel_policy_output_limit:
            run = run._replace(output_limit=limit)
        return run

    def wrote(self, session: str, size: int) -> None:
        """An execution of a client has published so much."""
        client = self._known.get(session)
        if client is not None and client.output is not None:
            client.output.take(size)

    def timed_out(self, run: Run) -> None:
        """An execution of a client ran for as long as it might."""
        if run.timeout_s == self._settings.kernel_policy_execution_timeout_s:
            self.acted["kernel.policy.execution_timeout_s"] += 1


def _asks_for_status(request: Message) -> bool:
    """Whether it is the question that tells which limit acted."""
    content = request.content
    if request.type != "comm_open" or not isinstance(content, dict):
        return False
    data = content.get("data")
    return (
        content.get("target_name") == "tidelock.kernel"
        and isinstance(data, dict)
        and data.get("action") in ("status", "store")
    )
