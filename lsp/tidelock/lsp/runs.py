"""What the editor runs: the text it shows, saved or not, on the workspace's kernel.

The text goes with the request, those of other open files as overlays for the time of the run.
Output and outcome come back as our own notifications.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from tidelock.lsp import messages
from tidelock.shared.sources import read_text

if TYPE_CHECKING:
    from tidelock.lsp.documents import Document
    from tidelock.shared.answers import Answer
    from tidelock.shared.link.client import KernelClient, Reply
    from tidelock.shared.link.wire import Content, Message

Notify = Callable[[str, Any], None]


class Wanted(NamedTuple):
    """What is to run: a whole text, or a stretch of it that begins on ``first_line`` (from 1).

    What only ``is_about`` a text has no place in it.
    """

    document: Document
    code: str
    first_line: int = 1
    is_selection: bool = False
    is_about: bool = False

    def fields(self) -> Content:
        """The fields of the request's metadata, as ``tidelock run`` gives them."""
        fields: Content = {
            "kind": "selection" if self.is_selection else "script",
            "search": list(self.document.search),
            "fresh_modules": not self.is_selection,
            "script_args": [],
        }
        if self.document.path and not self.is_about:
            fields["source"] = self.document.path
        if self.first_line > 1:
            fields["first_line"] = self.first_line
        return fields


class Runs:
    """The executions that the editor asked for; safe from any thread.

    Args:
        notify: sends a notification to the editor; must not wait.
        new_id: makes the ids under which the editor knows executions.
    """

    def __init__(self, notify: Notify, new_id: Callable[[], str]) -> None:
        self._notify = notify
        self._new_id = new_id
        self._lock = threading.Lock()
        self._texts: dict[str, dict[str, str]] = {}
        self._newest: dict[str, str] = {}
        self._waiting: dict[str, threading.Event] = {}  # runs of which nothing was heard yet

    def overlay(self, chunk: str) -> str | None:
        """The text that a run under way gave to the kernel for a chunk."""
        with self._lock:
            for texts in self._texts.values():
                if chunk in texts:
                    return texts[chunk]
        return None

    def ran(self, chunk: str) -> str | None:
        """The text that the newest run gave to the kernel for a chunk, also when it has ended."""
        return self._newest.get(chunk)

    def wait_begun(self, timeout: float) -> None:
        """Wait until every run has begun, for so many seconds at most.

        A run and an interrupt go by different channels, so that the later may come first.
        """
        with self._lock:
            waiting = list(self._waiting.values())
        deadline = time.monotonic() + timeout
        for begun in waiting:
            begun.wait(max(0.0, deadline - time.monotonic()))

    def _begun(self, number: str) -> None:
        with self._lock:
            begun = self._waiting.pop(number, None)
        if begun is not None:
            begun.set()

    def start(
        self,
        client: KernelClient,
        wanted: Wanted,
        opened: Sequence[Document],
        ended: Callable[[Content], None] = lambda told: None,
    ) -> str:
        """Begin a run; its id. ``opened`` are the open texts: it may load them too.

        ``ended`` is called with what the editor is told of the end.
        """
        number = self._new_id()
        document = wanted.document
        unsaved = [one for one in opened if one.path and _is_unsaved(one)]
        with self._lock:
            given = self._texts[number] = {one.chunk: one.text for one in unsaved}
            is_whole = document.chunk and not wanted.is_selection and not wanted.is_about
            self._newest = {**given, document.chunk: document.text} if is_whole else given
            self._waiting[number] = threading.Event()
        for one in unsaved:
            put = {"action": "put", "source": one.path, "text": one.text}
            client.comm("tidelock.sources", put)
        values: list[str] = []

        def heard(message: Message) -> None:
            self._begun(number)
            if message.type == "stream":
                told = {"stream": message.content["name"], "text": message.content["text"]}
                self._notify(messages.OUTPUT, {"execution": number, **told})
            elif message.type == "execute_result":
                values.append(str(message.content["data"].get("text/plain", "")))

        def finished(answer: Answer[Reply]) -> None:
            self._begun(number)
            with self._lock:
                self._texts.pop(number, None)
            for one in unsaved:
                client.comm("tidelock.sources", {"action": "drop", "source": one.path})
            head = {"execution": number, "uri": document.uri}
            told = {**head, **_outcome(answer, values)}
            ended(told)
            self._notify(messages.EXECUTION_FINISHED, told)

        answer = client.execute(wanted.code, listener=heard, tidelock=wanted.fields())
        answer.then(finished)
        return number


def _is_unsaved(document: Document) -> bool:
    try:
        return read_text(document.path) != document.text
    except OSError:
        return True


def _outcome(answer: Answer[Reply], values: list[str]) -> Content:
    """How a run ended: ok, error, aborted, or lost with its kernel."""
    if answer.error is not None:
        return {"outcome": "lost", "error": _error("kernel", str(answer.error))}
    reply = answer.result()
    content, ours = reply.content, reply.reply.metadata.get("tidelock", {})
    told: dict[str, Any] = {"outcome": content.get("status", "error")}
    if "duration_s" in ours:
        told["durationMs"] = round(ours["duration_s"] * 1000, 3)
    if values:
        told["value"] = "\n".join(values)
    if "exit_code" in ours:
        told["exitCode"] = ours["exit_code"]
    elif told["outcome"] == "error":
        words = [str(line) for line in content.get("traceback", [])]
        told["error"] = _error(str(content.get("ename")), str(content.get("evalue")), words)
    return told


def _error(kind: str, message: str, report: Sequence[str] = ()) -> Content:
    return {"kind": kind, "message": message, "report": list(report)}
