"""Jupyter kernel specifications: the folders by which Jupyter finds and starts this kernel.

Written, listed and removed here; one that belongs to another kernel is never touched. Jupyter
itself need not be installed: it may live in an environment of its own.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import sys
from typing import Any, NamedTuple

from tidelock.shared.errors import KernelError, Unavailable, UsageError

_TEMPLATE = os.path.join(os.path.dirname(__file__), "kernelspec")
_NAME = re.compile(r"[A-Za-z0-9._-]+")
_OURS = "tidelock.terminal"


class Specification(NamedTuple):
    """One that is installed."""

    name: str
    display_name: str
    folder: str
    lua: str


def user_data() -> str:
    """The user's own Jupyter data folder on this platform (as jupyter_core finds it)."""
    named = os.environ.get("JUPYTER_DATA_DIR")
    if named:
        return named
    if sys.platform == "darwin":
        return os.path.expanduser("~/Library/Jupyter")
    if sys.platform == "win32":
        return os.path.join(os.environ.get("APPDATA", os.path.expanduser("~")), "jupyter")
    base = os.environ.get("XDG_DATA_HOME") or os.path.expanduser("~/.local/share")
    return os.path.join(base, "jupyter")


def below(prefix: str) -> str:
    """The Jupyter data folder of an installation prefix."""
    return os.path.join(prefix, "share", "jupyter")


def usual_data() -> str:
    """Where to install when nobody says: the virtual environment, else the user's folder."""
    return below(sys.prefix) if sys.prefix != sys.base_prefix else user_data()


def searched() -> list[str]:
    """The data folders that Jupyter looks into, strongest first."""
    named = filter(None, os.environ.get("JUPYTER_PATH", "").split(os.pathsep))
    system = (below("/usr/local"), below("/usr")) if os.name == "posix" else ()
    return list(dict.fromkeys((*named, user_data(), below(sys.prefix), *system)))


def usual_name(lua: str) -> str:
    """The name of a specification for one Lua, or for the default."""
    return f"tidelock-{lua}" if lua else "tidelock"


def _title(lua: str) -> str:
    """What notebooks call it."""
    if not lua:
        return "Lua (Tidelock)"
    version = lua.removeprefix("luajit")
    return f"LuaJIT {version} (Tidelock)" if version != lua else f"Lua {lua} (Tidelock)"


def install(data: str, lua: str = "", name: str = "", display_name: str = "") -> Specification:
    """Write a specification, in place of one of the same name; it starts this Python.

    Args:
        data: a Jupyter data folder.
        lua: which Lua the kernel runs, empty for the configured one.
        name: the folder's name, by default ``tidelock`` or ``tidelock-5.1``.
        display_name: what people see.

    Raises:
        UsageError: Jupyter would not accept the name.
        KernelError: another kernel has the name.
        Unavailable: the folder cannot be written.
    """
    name = name or usual_name(lua)
    if not _NAME.fullmatch(name) or name.startswith("."):
        raise UsageError(f"--name {name!r}: letters, digits, '.', '_' and '-' make a name")
    folder = os.path.join(data, "kernels", name)
    if os.path.exists(os.path.join(folder, "kernel.json")) and _read(folder) is None:
        raise KernelError(f"{folder} belongs to another kernel", "choose another --name")
    with open(os.path.join(_TEMPLATE, "kernel.json"), "rb") as file:
        fields: dict[str, Any] = json.load(file)
    fields["argv"][0] = sys.executable
    if not _can_encrypt():
        del fields["metadata"]["supported_encryption"]
    if lua:
        fields["argv"] += ["--lua", lua]
    fields["display_name"] = display_name or _title(lua)
    try:
        os.makedirs(folder, exist_ok=True)
        for each in os.listdir(_TEMPLATE):
            shutil.copyfile(os.path.join(_TEMPLATE, each), os.path.join(folder, each))
        temporary = os.path.join(folder, f"kernel.json.{os.getpid()}.tmp")
        with open(temporary, "w", encoding="utf-8") as file:
            json.dump(fields, file, indent=1)
            file.write("\n")
        os.replace(temporary, os.path.join(folder, "kernel.json"))
    except OSError as error:
        hint = "" if data == user_data() else "--user installs into your own folder"
        raise Unavailable(f"writing {folder}: {error.strerror}", hint) from None
    return Specification(name, fields["display_name"], folder, lua)


def _can_encrypt() -> bool:
    """Whether the kernel can use the keys that Jupyter makes where this is said of it."""
    import zmq

    return zmq.has("curve")


def installed(data: list[str] | None = None) -> list[Specification]:
    """Our specifications in these data folders; by default in those that Jupyter looks into."""
    found = []
    for place in searched() if data is None else data:
        kernels = os.path.join(place, "kernels")
        try:
            names = sorted(os.listdir(kernels))
        except OSError:
            continue
        for name in names:
            one = _read(os.path.join(kernels, name))
            if one is not None:
                found.append(one)
    return found


def _read(folder: str) -> Specification | None:
    """The specification in a folder, if it is one of ours."""
    name = os.path.basename(folder)
    try:
        with open(os.path.join(folder, "kernel.json"), "rb") as file:
            fields: Any = json.load(file)
    except (OSError, ValueError):
        return None
    argv = fields.get("argv") if isinstance(fields, dict) else None
    if not isinstance(argv, list) or _OURS not in argv:
        return None
    lua = argv[argv.index("--lua") + 1] if "--lua" in argv[:-1] else ""
    return Specification(name, str(fields.get("display_name", name)), folder, lua)


def uninstall(data: list[str], name: str) -> list[Specification]:
    """Remove the specifications of a name from these data folders.

    Raises:
        KernelError: there is none of ours.
        Unavailable: a folder cannot be removed.
    """
    found = [one for one in installed(data) if one.name == name]
    if not found:
        where = ", ".join(os.path.join(place, "kernels") for place in data)
        raise KernelError(
            f"no kernel specification {name!r} of Tidelock in {where}",
            "tidelock kernel install --list shows those there are",
        )
    for one in found:
        try:
            shutil.rmtree(one.folder)
        except OSError as error:
            raise Unavailable(f"removing {one.folder}: {error.strerror}") from None
    return found
