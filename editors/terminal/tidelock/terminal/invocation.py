"""One call of ``tidelock``: the command, its flags, and what they say about files and options."""

from __future__ import annotations

import os
from argparse import Namespace
from collections.abc import Mapping
from typing import TYPE_CHECKING, NamedTuple

from tidelock.shared.errors import UsageError
from tidelock.terminal.console import Console

if TYPE_CHECKING:
    from tidelock.shared.config import Settings


def current_folder() -> str:
    """The folder we are in.

    Raises:
        UsageError: it is gone.
    """
    try:
        return os.getcwd()
    except FileNotFoundError:
        raise UsageError("the current folder no longer exists") from None


class Invocation(NamedTuple):
    """What was asked for; ``arguments`` are the words after ``--``, ``words`` all as they came."""

    command: str
    options: Namespace
    arguments: tuple[str, ...]
    console: Console
    words: tuple[str, ...] = ()

    def workspace(self, near: str = "") -> str:
        """The workspace's folder: as told, else found upwards from a file or this folder.

        Raises:
            UsageError: ``--workspace`` names no folder.
        """
        from tidelock.shared.sources import canonical, workspace_of

        told: str | None = self.options.workspace
        if told is None:
            return workspace_of(near or current_folder())
        if not os.path.isdir(told):
            raise UsageError(f"--workspace {told} is no folder")
        return canonical(told)

    def settings(
        self,
        workspace: str,
        *overrides: str,
        trusted: bool = False,
        said: bool = False,
        editor: Mapping[str, object] | None = None,
    ) -> Settings:
        """The options in force; ``overrides`` are ``KEY=VALUE`` texts of the command's flags.

        Of a project that is ``trusted`` also those that have its code run. What was ``said`` of
        options that are unknown is not said again. ``editor`` is what an editor is set to.

        Raises:
            ConfigError: a value cannot be used.
            UsageError: ``--lua`` names no Lua.
            Unavailable: it names one that is not installed.
        """
        from tidelock.shared import log
        from tidelock.shared.config import load

        options = self.options
        # The first that names an option wins there; on a command line the last one does.
        given = [*overrides, *reversed(options.set or [])]
        if getattr(options, "lua", None):
            from tidelock.shared.runtime import builds

            given.insert(0, f"lua.version={builds.find(options.lua).name}")
        settings = load(
            workspace,
            given,
            project_file=options.config or "",
            files=not options.no_config,
            trusted=trusted,
            said=said,
            editor=editor,
        )
        if options.trace is None:
            log.configure(settings.log_level)
        return settings
