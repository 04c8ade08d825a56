"""What the editor's own settings say: asked for where it can be asked, else as they are pushed.

They stand in its section ``tidelock``, named as in ``tidelock.toml``. What cannot be used is told
once, by its name, and the rest counts all the same. What wins over them is the options' own
affair (``shared.config``).
"""

from __future__ import annotations

import threading
from collections.abc import Mapping
from typing import TYPE_CHECKING, final

from tidelock.lsp import convert
from tidelock.shared.config import wished
from tidelock.shared.log import layer

if TYPE_CHECKING:
    from tidelock.lsp.manner import Json
    from tidelock.lsp.session import Session
    from tidelock.shared.answers import Answer

log = layer("lsp")

SECTION = "tidelock"
PATIENCE_S = 1.0
"""How long the reading of the workspace waits for a client that was asked and says nothing."""


@final
class Preferences:
    """The settings of one editor, for each workspace; all but ``of`` on the document lane."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._of: dict[str, dict[str, object]] = {}
        self._for_all: dict[str, object] = {}
        self._told: set[str] = set()

    def of(self, workspace: str) -> Mapping[str, object]:
        """What they say for a workspace, by option."""
        return self._of.get(workspace, self._for_all)

    def begin(self) -> None:
        """Ask, and have the folders begin when the answer is there or does not come."""
        session = self._session
        if session.manner.tells_configuration:
            wanted = convert.plain(convert.settings_registration())
            session.ask("client/registerCapability", wanted)
        if not session.manner.configures:
            session.folders.start()
            return
        session.folders.link()
        self.ask()
        timer = threading.Timer(PATIENCE_S, session.lane.put, [session.folders.start])
        timer.daemon = True
        timer.start()

    def changed(self, settings: Json) -> None:
        """The client says that they have changed; some push them, others are to be asked."""
        if self._session.manner.configures:
            self.ask()
            return
        if not isinstance(settings, Mapping):
            log.info("settings that are no object", settings=str(settings)[:80])
            return
        ours = settings.get(SECTION)
        dotted = {key: one for key, one in settings.items() if key.startswith(f"{SECTION}.")}
        short = {key.removeprefix(f"{SECTION}."): one for key, one in dotted.items()}
        pushed = {**short, **(ours if isinstance(ours, Mapping) else {})}
        self._take(dict.fromkeys(self._workspaces(), pushed))

    def ask(self) -> None:
        """Ask for those of each folder, where the client can be asked."""
        session = self._session
        if not session.manner.configures:
            return
        workspaces, uris = zip(*session.folders.scopes(), strict=True)
        asked = session.ask("workspace/configuration", convert.plain(convert.settings_wanted(uris)))
        asked.then(lambda answer: session.lane.put(lambda: self._answered(workspaces, answer)))

    def _answered(self, workspaces: tuple[str, ...], answer: Answer[Json]) -> None:
        found = answer.result() if answer.error is None else None
        if isinstance(found, list) and len(found) == len(workspaces):
            self._take(dict(zip(workspaces, found, strict=True)))
        elif answer.error is None:
            log.warn(
                "an answer to workspace/configuration that does not fit", asked=len(workspaces)
            )
        self._session.folders.start()

    def _workspaces(self) -> list[str]:
        return [workspace for workspace, _ in self._session.folders.scopes()]

    def _take(self, given: Mapping[str, Json]) -> None:
        """They are so from now on; folders for which that is something new are served anew."""
        session = self._session
        before, problems = {one: self.of(one) for one in given}, dict[str, None]()
        for workspace, table in given.items():
            self._of[workspace], wrong = wished(table if isinstance(table, Mapping) else {})
            problems.update(dict.fromkeys(wrong))
        if given:
            self._for_all = self._of[next(iter(given))]
        for folder in session.folders:
            if folder.workspace in given and self.of(folder.workspace) != before[folder.workspace]:
                folder.reconfigure()
        told = [one for one in problems if one not in self._told]
        self._told.update(told)
        if told:
            session.warn("\n".join(told))
