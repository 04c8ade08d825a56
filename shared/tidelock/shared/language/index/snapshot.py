"""The summaries of many files, frozen: a change makes another snapshot, this one stays."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping
from typing import final

from tidelock.shared.language.index.summary import Summary

Names = dict[str, tuple[str, ...]]
_NO_NAME = re.compile(r"[^0-9A-Za-z_]")


def last_name(path: str) -> str:
    """The last name of the module in a file, as the name of a variable that holds it."""
    folder, file = os.path.split(path)
    stem = file.removesuffix(".lua")
    return _NO_NAME.sub("_", os.path.basename(folder) if stem == "init" else stem)


@final
class Snapshot:
    """Summaries by canonical path, and who sets, declares and preloads what; never changed.

    ``modules`` are the files to require, by the last of their names in small letters; ``memo`` is
    for what is found out about which files there are, and is kept while the same ones are.
    """

    __slots__ = ("declaring", "files", "memo", "modules", "preloading", "setting", "templates")

    def __init__(self, files: Mapping[str, Summary]) -> None:
        self.files = files
        self.setting: Names = {}
        self.declaring: Names = {}
        self.preloading: Names = {}
        self.modules: Names = {}
        self.memo: dict[object, str] = {}
        self.templates: tuple[str, ...] = ()
        for path, one in files.items():
            self._add(path, one)

    def changed(self, changes: Mapping[str, Summary | None]) -> Snapshot:
        """The snapshot after some files have changed, come, or (None) gone."""
        files = dict(self.files)
        is_new = files.keys().isdisjoint(changes)
        for path, summary in changes.items():
            if summary is None:
                files.pop(path, None)
            else:
                files[path] = summary
        if not is_new:
            made = Snapshot(files)
            if files.keys() == self.files.keys():
                made.memo = self.memo
            return made
        made = Snapshot({})
        made.files = files
        made.setting, made.declaring = dict(self.setting), dict(self.declaring)
        made.preloading, made.templates = dict(self.preloading), self.templates
        made.modules = dict(self.modules)
        for path, one in changes.items():
            if one is not None:
                made._add(path, one)
        return made

    def _add(self, path: str, one: Summary) -> None:
        for names, known in (
            (one.sets, self.setting),
            (one.declares, self.declaring),
            ([place.name for place in one.preloads], self.preloading),
            ([last_name(path).lower()] if one.is_module else [], self.modules),
        ):
            for name in names:
                known[name] = (*known.get(name, ()), path)
        if one.paths:
            self.templates = tuple(dict.fromkeys((*self.templates, *one.paths)))

    def naming(self, word: str) -> Iterator[str]:
        """The files in which a word occurs as a name or a key."""
        return (path for path, one in self.files.items() if one.names(word))

    def naming_type(self, name: str) -> Iterator[str]:
        """The files whose comments use or declare a type of this name."""
        return (path for path, one in self.files.items() if one.names_type(name))


EMPTY = Snapshot({})
