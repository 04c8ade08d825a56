"""What files are judged by, and what there is of them at one moment, for who judges them.

Both can be told to another process, in lines of JSON.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any, NamedTuple

from tidelock.shared.config import OPTIONS, attribute, is_taste

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from tidelock.lsp.documents import Document
    from tidelock.lsp.folder import Folder
    from tidelock.lsp.manner import Manner
    from tidelock.lsp.session import Session
    from tidelock.lsp.workspace import Plan
    from tidelock.shared.config import Settings
    from tidelock.shared.language.index.foreign import Wishes
    from tidelock.shared.language.index.summary import Summary

Json = dict[str, Any]


def judging(settings: Settings) -> Settings:
    """The options that findings depend on: what is no taste, and whether the program has a say.

    All others are as by default.
    """
    keys = [option.key for option in OPTIONS]
    values = {
        attribute(key): getattr(settings, attribute(key))
        for key in keys
        if key.startswith(("lua.", "lsp.live.")) or (key[:4] == "lsp." and not is_taste(key))
    }
    return type(settings)()._replace(**values)


class Terms(NamedTuple):
    """How the files of a workspace are judged; with others all are judged anew.

    ``inner`` are folders in it that are workspaces of their own.
    """

    plan: Plan
    lua: str
    settings: Settings
    wishes: Wishes
    manner: Manner
    workspace: str
    inner: tuple[str, ...] = ()

    @classmethod
    def of(cls, folder: Folder, session: Session) -> Terms | None:
        """Those of a folder; None where only open texts are judged."""
        plan, settings = folder.plan, folder.settings
        if settings.lsp_diagnostics_workspace == "off" or not plan.roots:
            return None
        workspaces = (one.workspace for one in session.folders if one is not folder)
        inner = tuple(one for one in workspaces if folder.holds(one))
        wishes, manner = folder.wishes, session.manner
        settings = judging(settings)
        return cls(plan, folder.lua, settings, wishes, manner, folder.workspace, inner)

    @property
    def told(self) -> Json:
        """The same for the process."""
        return {
            "settings": self.settings._asdict(),
            "manner": self.manner._asdict(),
            "lua": self.lua,
            "places": self.plan.places._asdict(),
            "workspace": self.workspace,
        }

    def holds(self, path: str) -> bool:
        """Whether a file belongs to the workspace, and to no library or inner one."""
        first, *libraries = self.plan.roots
        others = (*libraries, *self.inner)
        inside = path.startswith(os.path.join(first, ""))
        return inside and not any(path.startswith(os.path.join(one, "")) for one in others)


class Sight(NamedTuple):
    """What there is at one moment: files, open texts by path or URI, names that a program has."""

    files: Mapping[str, Summary]
    opened: Mapping[str, Document]
    globals: frozenset[str] = frozenset()
    modules: frozenset[str] = frozenset()


def sight(folder: Folder, session: Session) -> Sight | None:
    """What a folder has; None while that is not known."""
    beyond = folder.beyond()
    if beyond is None:
        return None
    opened = {one.path or one.uri: one for one in session.folders.known_to(folder)}
    return Sight(beyond.space.snapshot.files, opened, beyond.globals, beyond.modules)


NOTHING = Sight({}, {})


def differences(before: Sight, after: Sight) -> Iterator[Json]:
    """What the process has to be told."""
    for path in before.files.keys() - after.files.keys():
        yield {"file": path, "summary": None}
    for path, summary in after.files.items():
        if before.files.get(path) is not summary:
            yield {"file": path, "summary": summary}
    for key in before.opened.keys() - after.opened.keys():
        yield {"open": key, "text": None}
    for key, one in after.opened.items():
        if before.opened.get(key) is not one:
            yield {"open": key, "text": one.text, "uri": one.uri, "mode": one.mode}
    if (before.globals, before.modules) != (after.globals, after.modules):
        yield {"names": sorted(after.globals), "modules": sorted(after.modules)}
