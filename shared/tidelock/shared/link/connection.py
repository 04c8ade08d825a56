"""Connection files: where a kernel's channels are and the key that signs their messages.

Jupyter's own fields, so that any Jupyter client can connect, plus ours; readers ignore what
they do not know. The file is readable by its owner alone and the key is printed nowhere.
"""

import json
import os
from typing import Any, NamedTuple

from tidelock.shared.errors import KernelError

DAP_HOST = "127.0.0.1"
"""Where the debug adapter listens, whatever address the channels have: DAP is not encrypted."""


class Connection(NamedTuple):
    """A kernel's addresses and identity; for ``ipc`` and ``inproc`` ports are mere numbers."""

    transport: str
    ip: str
    shell_port: int
    iopub_port: int
    stdin_port: int
    control_port: int
    hb_port: int
    key: str
    signature_scheme: str = "hmac-sha256"
    kernel_name: str = "tidelock"
    kernel_id: str = ""
    pid: int = 0
    started_at: str = ""
    process_started: int = 0
    workspace: str = ""
    lua: str = ""
    dap_port: int = 0
    shared: bool = False
    host: str = ""
    version: str = ""
    curve_publickey: str = ""
    curve_secretkey: str = ""

    @property
    def encrypted(self) -> bool:
        """Whether the channels are encrypted (see ``curve``)."""
        return bool(self.curve_publickey)

    def document(self) -> dict[str, Any]:
        """What its file says; without encryption there is no word of keys, not an empty one."""
        fields = self._asdict()
        if not self.encrypted:
            del fields["curve_publickey"], fields["curve_secretkey"]
        return fields

    def address(self, channel: str) -> str:
        """The ZeroMQ address of a channel; ``hb`` is the heartbeat."""
        port = getattr(self, f"{channel}_port")
        if self.transport in ("inproc", "ipc"):
            return f"{self.transport}://{self.ip}-{port}"
        return f"{self.transport}://{self.ip}:{port}"

    def __repr__(self) -> str:  # the keys must not get into a log
        return f"Connection({self.transport}://{self.ip} {self.kernel_id or self.shell_port})"


PORTS = ("shell_port", "iopub_port", "stdin_port", "control_port", "hb_port")
_TEXTS = ("transport", "ip", "key")
_CURVE = ("curve_publickey", "curve_secretkey")


def check_curve(raw: dict[str, Any], path: str) -> None:
    """Refuse keys for encryption that cannot be used: nobody must go on in plain text.

    Raises:
        KernelError: there is only one of the two, or one is no text.
    """
    if not any(raw.get(name) for name in _CURVE):
        return
    for name in _CURVE:
        if not isinstance(raw.get(name), str) or not raw[name]:
            raise KernelError(
                f"connection file {path}: {name} is missing or no text",
                f"encryption needs {' and '.join(_CURVE)}",
            )


def read(path: str) -> Connection:
    """Read a connection file, Jupyter's or ours.

    Raises:
        KernelError: it is missing, no JSON, or a field is missing or of the wrong type.
    """
    try:
        with open(path, "rb") as file:
            raw: Any = json.loads(file.read())
    except OSError as error:
        raise KernelError(f"connection file {path}: {error.strerror}") from None
    except ValueError as error:
        raise KernelError(f"connection file {path} is not JSON: {error}") from None
    if not isinstance(raw, dict):
        raise KernelError(f"connection file {path} is no JSON object")
    for name in (*PORTS, *_TEXTS):
        wanted = int if name in PORTS else str
        if not isinstance(raw.get(name), wanted) or isinstance(raw[name], bool):
            raise KernelError(f"connection file {path}: {name} is missing or of the wrong type")
    if not raw["key"]:
        raise KernelError(f"connection file {path}: the key is empty", "messages must be signed")
    if raw.get("signature_scheme", "hmac-sha256") != "hmac-sha256":
        raise KernelError(f"connection file {path}: only hmac-sha256 is spoken")
    check_curve(raw, path)
    fields = {}
    for name, default in Connection._field_defaults.items():
        value = raw.get(name, default)
        fields[name] = value if isinstance(value, type(default)) else default
    plain = {name: raw[name] for name in (*PORTS, *_TEXTS)}
    return Connection(**plain, **fields)


def write(path: str, connection: Connection, *, base: dict[str, Any] | None = None) -> None:
    """Write a connection file, whole or not at all, for its owner only.

    Args:
        path: where.
        connection: what.
        base: fields that are kept where ours do not say otherwise (a file of Jupyter's).
    """
    fields = {**(base or {}), **connection.document()}
    temporary = f"{path}.{os.getpid()}.tmp"
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w") as file:
        json.dump(fields, file, indent=1)
    os.replace(temporary, path)
