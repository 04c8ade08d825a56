"""Which files of a folder are Lua texts worth reading; nothing of them is read.

Files near the root come first. Links are followed only to files inside the root, so that no walk
leaves it or goes in circles.
"""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Callable, Iterator
from typing import NamedTuple

from tidelock.shared.language.index.ignores import Rule, read, verdict
from tidelock.shared.sources import canonical

SKIPPED = frozenset({"node_modules", "bower_components", "__pycache__", "site-packages"})
_SYSTEM = ("/", "/bin", "/boot", "/dev", "/etc", "/home", "/lib", "/opt", "/proc", "/root", "/run",
           "/sbin", "/srv", "/sys", "/usr", "/var", "/Users", "/Library", "/System",
           "/Applications")  # fmt: skip


class Limits(NamedTuple):
    """What is not read: ``ignore`` are rules as in ``.gitignore``, from the root on."""

    ignore: tuple[str, ...] = ()
    use_gitignore: bool = True
    max_files: int = 20_000
    max_file_kb: int = 500


NO_LIMITS = Limits()


def is_too_wide(root: str) -> bool:
    """Whether a folder is a home, holds homes, or is the system's: nobody means all of it."""
    folder = canonical(root)
    home = canonical(os.path.expanduser("~"))
    if folder == home or home.startswith(os.path.join(folder, "")):
        return True
    return folder in {canonical(one) for one in _SYSTEM} or os.path.dirname(folder) == folder


def is_wanted(root: str, path: str, limits: Limits = NO_LIMITS) -> bool:
    """Whether a walk over the root would come by a file, if it is there."""
    if not path.endswith(".lua") or not path.startswith(os.path.join(root, "")):
        return False
    parts = os.path.relpath(path, root).split(os.sep)
    rules = [("", read(limits.ignore))]
    here = ""
    for place, part in enumerate(parts):
        if limits.use_gitignore:
            rules.append((here, _rules_of(os.path.join(root, here))))
        here = f"{here}/{part}" if here else part
        is_folder = place < len(parts) - 1
        if (is_folder and _is_skipped(part)) or _is_ignored(rules, here, is_folder):
            return False
    return True


def is_too_large(path: str, limits: Limits) -> bool:
    """Whether a file has more than is read."""
    try:
        return os.stat(path).st_size > limits.max_file_kb * 1024
    except OSError:
        return False


def lua_files(
    root: str,
    limits: Limits = NO_LIMITS,
    pass_over: Callable[[str], None] = lambda path: None,
    come_by: Callable[[str], None] = lambda folder: None,
) -> Iterator[str]:
    """The paths of the Lua files below a canonical root, at most as many as allowed.

    ``pass_over`` is told of those that are too large, ``come_by`` of each folder before it is
    looked into.
    """
    count = 0
    todo: deque[tuple[str, _Rules]] = deque()
    todo.append(("", [("", read(limits.ignore))]))
    while todo:
        here, rules = todo.popleft()
        if limits.use_gitignore and (own := _rules_of(os.path.join(root, here))):
            rules = [*rules, (here, own)]
        come_by(_place(root, here))
        for path, is_folder in _wanted(root, here, rules):
            if is_folder:
                todo.append((path, rules))
                continue
            whole = _place(root, path)
            if is_too_large(whole, limits):
                pass_over(whole)
                continue
            yield whole
            count += 1
            if count == limits.max_files:
                return


def listing(root: str, folder: str, limits: Limits = NO_LIMITS) -> Iterator[tuple[str, bool]]:
    """The folders and the Lua files, of any size, in a folder that a walk over the root comes by.

    Paths, and whether each is a folder.
    """
    parts = [] if folder == root else os.path.relpath(folder, root).split(os.sep)
    rules = [("", read(limits.ignore))]
    for count in range(len(parts) + 1 if limits.use_gitignore else 0):
        above = "/".join(parts[:count])
        rules.append((above, _rules_of(_place(root, above))))
    for path, is_folder in _wanted(root, "/".join(parts), rules):
        yield _place(root, path), is_folder


_Rules = list[tuple[str, tuple[Rule, ...]]]


def _place(root: str, inner: str) -> str:
    """The path of what is named from the root on, with ``/``; empty for the root itself."""
    return os.path.join(root, *inner.split("/")) if inner else root


def _wanted(root: str, here: str, rules: _Rules) -> Iterator[tuple[str, bool]]:
    """The folders and the Lua files in a folder that no rule excludes, named from the root on."""
    for entry in entries_of(_place(root, here)):
        path = f"{here}/{entry.name}" if here else entry.name
        if entry.is_dir(follow_symlinks=False):
            if not _is_skipped(entry.name) and not _is_ignored(rules, path, True):
                yield path, True
        elif not entry.name.endswith(".lua") or _is_ignored(rules, path, False):
            continue
        elif _is_readable(root, entry):
            yield path, False


def _is_skipped(name: str) -> bool:
    return name.startswith(".") or name in SKIPPED


def _is_ignored(rules: _Rules, path: str, is_folder: bool) -> bool:
    for folder, own in reversed(rules):
        inner = path[len(folder) + 1 :] if folder else path
        found = verdict(own, inner, is_folder=is_folder)
        if found is not None:
            return found
    return False


def _is_readable(root: str, entry: os.DirEntry[str]) -> bool:
    try:
        if entry.is_symlink() and not canonical(entry.path).startswith(os.path.join(root, "")):
            return False
        return entry.is_file()
    except OSError:
        return False


def _rules_of(folder: str) -> tuple[Rule, ...]:
    try:
        with open(os.path.join(folder, ".gitignore"), encoding="utf-8", errors="replace") as file:
            return read(file)
    except OSError:
        return ()


def entries_of(folder: str) -> list[os.DirEntry[str]]:
    """What is in a folder by name; nothing where it cannot be read."""
    try:
        with os.scandir(folder) as entries:
            return sorted(entries, key=lambda entry: entry.name)
    except OSError:
        return []
