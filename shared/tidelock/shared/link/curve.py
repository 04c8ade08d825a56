"""CurveZMQ: the encryption of the channels of a connection whose file has keys for it.

Jupyter's own form (jupyter_client 8.9): one pair of keys in the file; the kernel is the server
and clients use the same pair, so that who can read the file can connect and nobody else is
answered. Keys are used or refused, never passed over; without keys nothing of this is loaded.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import zmq

from tidelock.shared.errors import KernelError
from tidelock.shared.link.connection import Connection


class Keys(NamedTuple):
    """The pair of a connection, known to be fit."""

    public: bytes
    secret: bytes

    def serve(self, made: zmq.Socket[Any]) -> None:
        """Make a socket that will be bound answer only those who know the public key."""
        made.curve_server = True
        made.curve_secretkey = self.secret

    def join(self, made: zmq.Socket[Any]) -> None:
        """Make a socket that will be connected talk to the owner of the secret key alone."""
        made.curve_serverkey = self.public
        made.curve_publickey, made.curve_secretkey = self


def keys(connection: Connection) -> Keys:
    """The keys of an encrypted connection.

    Raises:
        KernelError: this libzmq cannot encrypt, or they are no pair.
    """
    if not zmq.has("curve"):
        raise KernelError(
            "the connection is to be encrypted, and this libzmq has no CURVE",
            "install a pyzmq that has it, as the wheels on PyPI do",
        )
    found = Keys(connection.curve_publickey.encode(), connection.curve_secretkey.encode())
    try:
        fits = zmq.curve_public(found.secret) == found.public
    except (ValueError, zmq.ZMQError):
        fits = False
    if not fits:
        raise KernelError(
            "curve_publickey and curve_secretkey of the connection are no pair of keys",
            "take both from one zmq.curve_keypair()",
        )
    return found
