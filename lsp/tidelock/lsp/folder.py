"""One folder of an editor's session: its options, its index, its rules and its running program.

What a text is read as, judged by and run on is its folder's. It is made and changed on the
document lane, and asked from anywhere; it never looks at a text that another folder serves.
"""

from __future__ import annotations

import os
import threading
import time
from typing import TYPE_CHECKING, final

from tidelock.lsp import convert, messages
from tidelock.lsp.diagnostics import Beyond, as_wished
from tidelock.lsp.documents import Document
from tidelock.lsp.failures import Failures
from tidelock.lsp.live import Live, connector
from tidelock.lsp.loaded import LoadedTexts
from tidelock.lsp.moment import NOTHING, Moment, View
from tidelock.lsp.reloads import Reloads
from tidelock.lsp.rules import Rules
from tidelock.lsp.runs import Runs
from tidelock.lsp.sight import Terms, judging, sight
from tidelock.lsp.survey import Survey
from tidelock.lsp.workspace import News, Plan, Workspace, dialect_of, lua_of, offered, planned
from tidelock.shared.errors import KernelError, TidelockError
from tidelock.shared.log import layer
from tidelock.shared.sources import canonical, chunk_of_path, search_folders, uri_of_path
from tidelock.shared.unwanted import look

if TYPE_CHECKING:
    from tidelock.lsp.manner import Json
    from tidelock.lsp.progress import Progress
    from tidelock.lsp.session import Session
    from tidelock.lsp.standing import Offer
    from tidelock.shared.config import Settings
    from tidelock.shared.language.index.foreign import Wishes
    from tidelock.shared.language.index.space import Space
    from tidelock.shared.link.client import KernelClient
    from tidelock.shared.model import Dialect, Problem
    from tidelock.shared.syntax.tree import Mode

log = layer("lsp")

_STATUS_S = 0.25


@final
class Folder:
    """What a session has for one workspace.

    Args:
        session: the session that it is part of.
        workspace: the folder; its kernel is the one that is shared there.
        settings: the options in force in it.
        is_open: whether the editor has opened it; else none of its files is read.
    """

    def __init__(
        self, session: Session, workspace: str, settings: Settings, *, is_open: bool
    ) -> None:
        self.workspace = workspace
        self.settings = settings
        self.is_open = is_open
        self._inside = os.path.join(workspace, "")
        self._read: tuple[str, ...] = ()
        self.weighed = 0
        self._has_begun = False
        self._session = session
        self.wishes = self._read_wishes()
        self.plan = self._plan()
        self.index = Workspace(self.plan, self._indexed, self._begin)
        self.survey = Survey(lambda: sight(self, session), session.show_file, self._begin)
        self.rules = Rules(settings, workspace, session.warn)
        self.runs = Runs(session.wire.notify, session.new_id)
        self._texts = LoadedTexts(self.runs)
        self.failures = Failures(self._texts.likely, session.documents.cell_of)
        self.reloads = Reloads(
            lambda text: session.ports.check(text, self.lua),
            lambda path: session.show_again(lambda: {chunk_of_path(path)}),
        )
        self.live: Live | None = None
        self._seen: dict[str, tuple[object, ...]] = {}
        self._fields_of: frozenset[str] = frozenset()
        self._told = threading.Condition()
        self._last_status: tuple[float, Json] = (0.0, None)
        self._status_timer: threading.Timer | None = None
        self._is_closed = False

    def start(self, *, is_needed: bool) -> None:
        """Look for the kernel and read the files, both in the background.

        Once. A kernel is started only where it ``is_needed``, now or later (``need``).
        """
        if self._has_begun:
            return
        self._has_begun = True
        self.link()
        if is_needed:
            self.need()
        if self.live is not None and self.settings.lsp_live_enabled:
            self.live.start()
        self.resume_survey()
        if self._session.lookout.is_on:
            self.index.watch()
        self.index.start()
        self._tell_of_files()

    def close(self) -> None:
        """End the threads and leave the kernel."""
        with self._told:
            self._is_closed = True
            if self._status_timer is not None:
                self._status_timer.cancel()
        self.index.close()
        self.survey.close()
        if self.live is not None:
            self.live.close()
        self.rules.close()

    # -- options, and texts read by them -------------------------------------------------------

    @property
    def dialect(self) -> Dialect:
        """The Lua that texts are read as."""
        return dialect_of(self.lua)

    @property
    def lua(self) -> str:
        """The Lua that judges texts."""
        return lua_of(self.settings, self.wishes)

    def holds(self, path: str) -> bool:
        """Whether a canonical path is this folder's or lies below it."""
        return path.startswith(self._inside) or path == self.workspace

    def knows(self, path: str) -> bool:
        """Whether a canonical path lies where the index reads or modules are looked for."""
        return path.startswith(self._read)

    def made(self, uri: str, version: int, text: str, mode: Mode = "chunk") -> Document:
        """A text that the folder serves."""
        return Document(uri, version, text, self.dialect, self._search(uri), mode)

    def renewed(self, document: Document) -> Document:
        """An open text as the folder reads it now, which takes its place; on the lane."""
        search = self._search(document.uri)
        if (document.dialect, document.search) == (self.dialect, search):
            return document
        made = document.read_as(self.dialect, search)
        self._session.documents.renew(made)
        return made

    def _search(self, uri: str) -> tuple[str, ...]:
        """Where the ``require`` of a text looks."""
        path = self._session.folders.path(uri)
        return search_folders(os.path.dirname(path), self.workspace, self.settings.lua_path)

    def _read_wishes(self) -> Wishes:
        from tidelock.shared.language.index import foreign

        return foreign.with_settings(foreign.read(self.workspace), self.settings)

    def _plan(self) -> Plan:
        """What the index is to read."""
        root = self.workspace if self.is_open else ""
        plan = planned(root, self.dialect, self.settings, self.wishes)
        further = search_folders("", root, plan.places.folders) if root else ()
        self._read = tuple(os.path.join(canonical(one), "") for one in further)
        return plan

    def _tell_of_files(self) -> None:
        """What is wrong with the project files of other tools is told at those files."""
        session = self._session
        for path, text, problems in self.wishes.files if self._has_begun else ():
            document = Document(uri_of_path(path), 0, text)
            params = convert.publication(document, problems, session.manner)
            params.version = None
            session.show_problems(params)

    def reconfigure(self) -> None:
        """Read the options anew: a file of the project or the editor's settings; on the lane.

        Only what they touch is done anew; the link to a kernel keeps the other options that it
        began with.
        """
        session = self._session
        wishes, settings = self.wishes, self.settings
        self.settings = session.folders.options(self.workspace, settings, said=True)
        self.wishes = self._read_wishes()
        self._tell_of_files()
        if self.wishes == wishes and self.settings == settings:
            return
        for path in {one.path for one in wishes.files} - {one.path for one in self.wishes.files}:
            session.show_problems(convert.withdrawal(uri_of_path(path)))
        plan, self.plan = self.plan, self._plan()
        session.folders.rearrange()
        if Rules.are_others(settings, self.settings):
            self.rules.close()
            self.rules = Rules(self.settings, self.workspace, session.warn)
        if plan != self.plan:
            self.index.replan(self.plan)
        elif self.wishes != wishes or judging(self.settings) != judging(settings):
            session.judge_others(self, News(is_wide=True))
        if self.live is not None:
            self.live.deadline_s = self.settings.lsp_live_deadline_ms / 1000
            self.live.keep_names(self.settings.lsp_live_max_names)
            if self.settings.lsp_live_enabled and self._has_begun:
                self.live.start()
        session.refresh(*session.manner.refreshes)

    # -- what is known of its texts ------------------------------------------------------------

    def space(self) -> Space:
        """The workspace as it is known now, with the open texts."""
        return self.index.space(self._session.folders.known_to(self))

    def on_disk(self, document: Document) -> Offer | None:
        """What the file of a text offers, as the index has it."""
        return offered(self.index.summary(document.path))

    def beyond(self) -> Beyond | None:
        """What other texts and the program add; None while the workspace is still being read."""
        if self.index.state not in ("ready", "refused"):
            return None
        is_asked = self.settings.lsp_live_diagnostics != "off"
        moment = self.view().moment if is_asked else NOTHING
        names, modules = (fact.name for fact in moment.names), frozenset(moment.modules)
        return Beyond.of(self.space(), self.settings, self.wishes, frozenset(names), modules)

    def as_observed(self, document: Document, found: list[Problem]) -> list[Problem]:
        """The problems of types, but for fields that the running program has; may ask it."""
        from tidelock.lsp.features import observed  # late, as all of the language

        has_fields = any(one.code == "undefined-field" for one in found)
        with self._told:
            uris = self._fields_of - {document.uri}
            self._fields_of = uris | {document.uri} if has_fields else uris
        if not has_fields:
            return found
        view = self._session.folders.stopped_in(document).view()
        return observed.fields(document, found, view, self.settings.lsp_live_diagnostics)

    def as_wished(self, document: Document, found: list[Problem]) -> list[Problem]:
        """The problems that the project wants to see."""
        return as_wished(found, document.text, self.settings, self.wishes)

    def resume_survey(self) -> None:
        """Judge the files that are not open by what is said of them now; on the lane."""
        self.survey.resume(Terms.of(self, self._session))

    def _begin(self, title: str) -> Progress | None:
        """What shows that files are read; where there are several folders, of which."""
        if not self._session.folders.is_one:
            title = f"{title} of {os.path.basename(self.workspace)}"
        return self._session.board.begin(title)

    def _indexed(self, news: News) -> None:
        """The index has changed; called on its thread."""
        if self.index.state == "refused":
            self._session.warn_once(f"{self.workspace} is too wide to read; open a project")
        self._session.judge_others(self, news)
        self.survey.poke()
        self._tell_later()

    # -- the running program -------------------------------------------------------------------

    def link(self) -> None:
        """Have a link to a kernel, which commands may use at once; it does not look for one yet."""
        session = self._session
        if not session.ports.use_kernel or self.live is not None:
            return
        self.live = Live(
            lambda may_start: connector(self.workspace, self.settings)(may_start),
            self.settings.lsp_live_deadline_ms / 1000,
            self._moved_on,
            max_names=self.settings.lsp_live_max_names,
            may_start=False,
            began=lambda began: session.show_again(lambda: self.failures.begin(began)),
            failed=lambda *told: session.show_again(lambda: self.failures.take(*told)),
            overlay=self.runs.overlay,
        )

    def need(self) -> None:
        """Have a kernel started if there never was one and the options allow it."""
        if self.live is not None and self.settings.kernel_auto_start:
            self.live.need()

    def kernel(self, *, start: bool) -> KernelClient:
        """A client of the workspace's kernel; what was cancelled while it started ends here.

        Raises:
            KernelError: there is none, or none is wanted.
        """
        if self.live is None:
            raise KernelError("this language server uses no kernel")
        client = self.live.client(start=start)
        look()
        return client

    def view(self) -> View:
        """The running program as it is now, and a way to ask it."""
        live = self.live
        if live is None or not self.settings.lsp_live_enabled:
            return View()
        return View(live.moment, live.ask, self._texts.of)

    def has_loaded(self, path: str) -> bool:
        """Whether the program has loaded a file as a module."""
        return any(one.path == path for one in self.view().moment.loaded)

    def check_reload(self, path: str) -> None:
        """See what a reload would say of a file that the program has loaded; it runs nothing."""
        for module in self.view().moment.loaded:
            try:
                if module.path == path:
                    self.reloads.check(module)
            except (OSError, TidelockError) as error:
                log.info("nobody can say whether a module would load", why=str(error))

    def _moved_on(self, moment: Moment) -> None:
        """The program has changed: what is undefined may be another thing."""
        session = self._session
        if self._is_news("names", (*(one.name for one in moment.names), *moment.modules)):
            session.judge_others(self, News(is_wide=True))
            self.survey.poke()
        ran_to = (moment.kernel, moment.executions, moment.state)
        if moment.state != "running" and self._is_news("runs", ran_to):
            session.judge_again(self, self._fields_of)  # there may be others now
        if self._is_news("loaded", moment.loaded):
            self._texts.take(moment.loaded)
            self.reloads.compare(moment.loaded)
            session.refresh("codeLens")
        if moment.frames:
            session.refresh("inlineValue")
        is_inline = session.manner.inline_values
        if self._is_news("hints", moment.hinted(self.settings.lsp_hints_values, is_inline)):
            session.refresh("inlayHint")
        self._tell_later()

    def _is_news(self, what: str, told: tuple[object, ...]) -> bool:
        """Whether something of the moment is other than before."""
        before, self._seen[what] = self._seen.get(what, ()), told
        return told != before

    # -- its status ----------------------------------------------------------------------------

    def status(self) -> Json:
        """What the editor may show of the kernel."""
        live = self.live
        moment = live.moment if live is not None else NOTHING
        return {
            "kernel": moment.state,
            "kernelId": moment.kernel or None,
            "lua": moment.lua or None,
            "dialect": self.dialect,
            "workspace": self.workspace,
            "revision": moment.revision,
            "execution": moment.execution or None,
            "place": moment.place or None,
            "executionCount": moment.executions,
            "index": self.index.told,
            "busy": self._session.is_busy,
            "problem": (live.problem if live is not None else "") or None,
        }

    def _tell_later(self) -> None:
        """Tell the editor, at most four times a second; the last state is always told."""
        with self._told:
            if self._status_timer is not None or not self._may_tell:
                return
            wait = self._last_status[0] + _STATUS_S - time.monotonic()
            timer = threading.Timer(max(wait, 0.0), self.tell_status)
            timer.daemon = True
            self._status_timer = timer
        timer.start()

    def tell_status(self) -> None:
        """Tell the editor now, if there is something new."""
        status = self.status()
        with self._told:
            self._status_timer = None
            if status == self._last_status[1] or not self._may_tell:
                return
            self._last_status = (time.monotonic(), status)
        self._session.wire.notify(messages.STATUS, status)

    @property
    def _may_tell(self) -> bool:
        return self._session.is_ready and self._has_begun and not self._is_closed
