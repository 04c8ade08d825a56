"""Where the store of a workspace is: in the user's data folder, or where ``store.path`` says."""

from __future__ import annotations

import hashlib
import os
import re
from typing import NamedTuple

_FILE = "store.sqlite3"
_LONGEST_NAME = 40
_NETWORKS = {
    b"9p", b"afs", b"beegfs", b"ceph", b"cifs", b"fuse.sshfs", b"lustre", b"ncpfs", b"nfs",
    b"nfs4", b"smb3", b"smbfs",
}  # fmt: skip


class Place(NamedTuple):
    """The file of a store; ``is_ours`` tells that its folder is for nothing else."""

    path: str
    is_ours: bool


def data_folder() -> str:
    """Tidelock's folder for the user's data; nothing is made."""
    named = os.environ.get("TIDELOCK_DATA_DIR")
    if named:
        return named
    import platformdirs  # late: it costs 10 ms

    return platformdirs.user_data_dir("tidelock", appauthor=False)


def place_of(workspace: str, named: str = "") -> Place:
    """The store of a workspace.

    Args:
        workspace: its folder, canonical.
        named: the option ``store.path``, meant from the workspace on.
    """
    if named:
        return Place(os.path.join(workspace, os.path.expanduser(named)), False)
    return Place(os.path.join(data_folder(), "workspaces", folder_name(workspace), _FILE), True)


def folder_name(workspace: str) -> str:
    """A name for what belongs to a workspace: people see which, and no two are the same."""
    name = re.sub(r"[^\w.-]", "_", os.path.basename(workspace))[:_LONGEST_NAME]
    digest = hashlib.sha256(os.fsencode(workspace)).hexdigest()[:16]
    return f"{name}-{digest}"


def network(path: str, mounts: bytes) -> str:
    """The kind of network drive that a path is on, empty for none.

    Args:
        path: an absolute path.
        mounts: what Linux tells of them (proc_pid_mountinfo(5)).
    """
    wanted, found, kind = os.fsencode(path), b"", b""
    for line in mounts.splitlines():
        fields, _, tail = line.partition(b" - ")
        point = fields.split(b" ")[4:5]
        if not point or not tail:
            continue
        # Spaces and their like are written as octal numbers.
        mounted = re.sub(rb"\\(\d{3})", lambda octal: bytes([int(octal[1], 8)]), point[0])
        inside = wanted == mounted or wanted.startswith(mounted.rstrip(b"/") + b"/")
        if inside and len(mounted) >= len(found):
            found, kind = mounted, tail.split(b" ")[0]
    return kind.decode() if kind in _NETWORKS else ""
