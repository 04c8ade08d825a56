"""Path mappings of a session whose client sees the sources at another place than the kernel.

As in other debuggers (``pathMappings`` of debugpy): what lies below a client's folder is what
lies below one of the kernel's, in both directions. Paths below none of them stay as they are.
"""

from __future__ import annotations

import os
from typing import Any

from tidelock.dap.convert import Body, field
from tidelock.shared.errors import BadRequest
from tidelock.shared.sources import canonical


class Mappings:
    """Pairs of folders; the longest one that fits is used.

    Args:
        pairs: of the client's folder and the kernel's.
    """

    def __init__(self, pairs: list[tuple[str, str]]) -> None:
        self._inwards = sorted(pairs, key=lambda pair: -len(pair[0]))
        self._outwards = sorted(pairs, key=lambda pair: -len(pair[1]))

    @classmethod
    def of(cls, arguments: Body) -> Mappings:
        """What the arguments of a launch or attach say.

        Raises:
            BadRequest: they are not as they must be; says how.
        """
        pairs = []
        for entry in field(arguments, "pathMappings", list, []):
            local, remote = (_root(entry, name) for name in ("localRoot", "remoteRoot"))
            if not os.path.isabs(remote):
                raise BadRequest(f"remoteRoot {remote} is no absolute path of the kernel's machine")
            pairs.append((_trimmed(local), _trimmed(canonical(remote))))
        return cls(pairs)

    def inward(self, path: str) -> str:
        """A client's path as the kernel's."""
        for local, remote in self._inwards:
            rest = _below(path, local)
            if rest is not None:
                return remote + "".join(f"{os.sep}{name}" for name in rest)
        return path

    def outward(self, path: str) -> str:
        """A path of the kernel's as the client's, with the separator that its folder has."""
        for local, remote in self._outwards:
            rest = _below(path, remote)
            if rest is not None:
                separator = "\\" if "\\" in local and "/" not in local else "/"
                return local + "".join(f"{separator}{name}" for name in rest)
        return path


def _root(entry: Any, name: str) -> str:
    if not isinstance(entry, dict):
        raise BadRequest('pathMappings is a list of {"localRoot": FOLDER, "remoteRoot": FOLDER}')
    root: str = field(entry, name, str)
    if not root:
        raise BadRequest(f"{name} of pathMappings is empty")
    return root


def _trimmed(folder: str) -> str:
    return folder.rstrip("/\\")


def _below(path: str, folder: str) -> list[str] | None:
    """The names from a folder to a path in it; None when it is not in it."""
    if not path.startswith(folder):
        return None
    rest = path[len(folder) :]
    if rest and rest[0] not in "/\\":
        return None
    if "\\" in folder and "/" not in folder:
        rest = rest.replace("\\", "/")
    return [name for name in rest.split("/") if name]
