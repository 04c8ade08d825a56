"""Reload: a changed module of the program is run again, or refused, and the old one stays."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from lsprotocol import types

from kit.lsp import LspClient, RequestFailed
from tidelock.lsp.documents import Document
from tidelock.lsp.moment import Loaded
from tidelock.lsp.reloads import Reloads, code_of, refusal
from tidelock.shared.sources import fingerprint

from .conftest import Place

FIRST = "local tides = {}\nfunction tides.high()\n  return 2\nend\nreturn tides\n"
MAIN = "tides = require('tides')\n"


def module(path: Path, text: str) -> Loaded:
    return Loaded("tides", str(path), fingerprint(text))


def test_what_is_said_against_a_text_and_until_when(tmp_path: Path) -> None:
    path = tmp_path / "tides.lua"
    path.write_text("x = = 1\n")
    changed: list[str] = []
    reloads = Reloads(lambda text: "1: unexpected symbol" if "= =" in text else "", changed.append)
    found = reloads.check(module(path, "x = 1"))
    assert found is not None
    assert found.message == "'tides' is not reloaded: unexpected symbol; the old code still runs"
    shown = reloads.of(Document(path.as_uri(), 2, "-- new\n  x = = 1\n"))
    assert shown is None  # the line says something else now
    shown = reloads.of(Document(path.as_uri(), 2, "-- new\nx = = 1\n"))
    assert shown is not None
    assert (shown.start, shown.end) == (7, 14)
    assert changed == [str(path)]
    path.write_text("x = 2\n")
    assert reloads.check(module(path, "x = 1")) is None
    assert changed == [str(path)] * 2

    # What raised stays refused while it says the same, until it is loaded, or nothing is.
    raised = refusal(module(path, "x = 1"), "x = 2\n", f"...{path.name}:1: boom\nmore")
    assert (raised.line, raised.message.split(": ")[1]) == (1, "boom; the old code still runs")
    reloads.keep(str(path), raised)
    assert reloads.check(module(path, "x = 1")) is None
    reloads.compare([module(path, "x = 1")])
    assert reloads.of(Document(path.as_uri(), 1, "x = 2\n")) is not None
    reloads.compare([module(path, "x = 2\n")])
    assert reloads.of(Document(path.as_uri(), 1, "x = 2\n")) is None
    reloads.keep(str(path), raised)
    reloads.compare([])
    assert reloads.of(Document(path.as_uri(), 1, "x = 2\n")) is None


def test_an_error_of_another_file_stands_on_the_first_line() -> None:
    found = refusal(Loaded("a", "/w/a.lua", ""), "", "/w/b.lua:7: boom")
    assert (found.line, found.message) == (
        1,
        "'a' is not reloaded: /w/b.lua:7: boom; the old code still runs",
    )


def test_names_are_written_so_that_they_end_nowhere_else() -> None:
    assert code_of("port.gate") == 'require("tidelock").reload("port.gate")'
    assert code_of('a"\n') == 'require("tidelock").reload("\\097\\034\\010")'


# -- over stdio ------------------------------------------------------------------------------


class Desk:
    """An editor on a kernel that has loaded a module."""

    def __init__(self, place: Place) -> None:
        self.tides = place.file("tides.lua", FIRST)
        main = place.file("main.lua", MAIN)
        self.client: LspClient = place.server(initialize=False)
        self.refreshed = 0
        self.client.answers["workspace/codeLens/refresh"] = self.refresh
        refreshes = {"workspace": {"codeLens": {"refreshSupport": True}}}
        self.client.initialize(place.work, refreshes)
        self.client.open(self.tides)
        self.client.open(main)
        started = self.command("tidelock.run", {"uri": main.as_uri()})
        self.finished(started["execution"])
        self.lenses("Reload")

    def command(self, name: str, *arguments: Any) -> Any:
        params = {"command": name, "arguments": list(arguments)}
        return self.client.request("workspace/executeCommand", params)

    def finished(self, number: str) -> Any:
        return self.client.wait_for_notification(
            "tidelock/executionFinished", lambda told: told["execution"] == number
        )

    def lenses(self, title: str) -> None:
        """Wait until the editor is shown a lens: it asks again whenever it is told to."""
        params = self.client.document(self.tides)
        while True:
            before = self.refreshed
            found = self.client.request("textDocument/codeLens", params) or []
            if title in [one.command.title for one in found]:
                return
            self.client.wait_until(
                lambda before=before: self.refreshed > before or None, None, f"the lens {title}"
            )

    def refresh(self, params: Any) -> None:
        self.refreshed += 1

    def save(self, text: str) -> None:
        self.client.change(self.tides, text)
        self.tides.write_text(text)
        self.client.save(self.tides)

    def high(self) -> str:
        """What the program's own module says."""
        span = {"start": {"line": 0, "character": 0}, "end": {"line": 0, "character": 99}}
        ask = self.tides.parent / "ask.lua"
        self.client.open(ask, "return require('tides').high()")
        started = self.command("tidelock.run", {"uri": ask.as_uri(), "range": span})
        told = self.finished(started["execution"])
        self.client.close(ask)
        return str(told["value"])

    def refused(self) -> list[types.Diagnostic]:
        return self.client.diagnostics(
            self.tides,
            predicate=lambda found: [one for one in found if one.code == "reload-refused"],
        )

    def accepted(self) -> None:
        self.client.diagnostics(
            self.tides,
            predicate=lambda found: "reload-refused" not in [one.code for one in found],
        )


def test_good_broken_good(place: Place) -> None:
    desk = Desk(place)
    uri = {"uri": desk.tides.as_uri()}

    desk.save(FIRST.replace("return 2", "return 3"))
    desk.lenses("Reload (changed since loaded)")
    assert desk.high() == "2"  # a look runs nothing
    (begun,) = desk.command("tidelock.reload")["reloading"]
    assert begun["module"] == "tides"
    assert desk.finished(begun["execution"])["outcome"] == "ok"
    assert desk.high() == "3"
    desk.lenses("Reload")
    assert desk.command("tidelock.reload") == {"reloading": [], "refused": []}

    desk.save(FIRST.replace("return 2", "return = 4"))
    (shown,) = [one for one in desk.refused() if one.code == "reload-refused"]
    assert shown.range.start == types.Position(2, 2)
    assert shown.message.startswith("'tides' is not reloaded: unexpected symbol near '='")
    assert shown.message.endswith("; the old code still runs")
    answer = desk.command("tidelock.reload", uri)
    assert answer == {
        "reloading": [],
        "refused": [{"module": "tides", "message": shown.message}],
    }
    assert desk.high() == "3"

    desk.save("error('no water')\n" + FIRST)
    desk.accepted()
    (begun,) = desk.command("tidelock.reload", uri)["reloading"]
    assert desk.finished(begun["execution"])["outcome"] == "error"
    (shown,) = [one for one in desk.refused() if one.code == "reload-refused"]
    assert shown.range.start == types.Position(0, 0)
    assert shown.message == "'tides' is not reloaded: no water; the old code still runs"
    assert "runtime-error" not in [one.code for one in desk.refused()]
    assert desk.high() == "3"
    desk.lenses("Reload (changed since loaded)")

    desk.save(FIRST.replace("return 2", "return 5"))
    (begun,) = desk.command("tidelock.reload", uri)["reloading"]
    desk.finished(begun["execution"])
    desk.accepted()
    assert desk.high() == "5"


def test_a_busy_program_is_not_waited_for(place: Place) -> None:
    desk = Desk(place)
    loop = place.file("loop.lua", "print('on')\nwhile true do end")
    started = desk.command("tidelock.run", {"uri": loop.as_uri()})
    desk.client.wait_for_notification("tidelock/output", lambda told: told["text"] == "on\n")
    with pytest.raises(RequestFailed, match="modules are reloaded while it is idle"):
        desk.command("tidelock.reload")
    desk.command("tidelock.interrupt")
    desk.finished(started["execution"])


def test_what_is_no_loaded_module_is_refused(place: Place) -> None:
    desk = Desk(place)
    with pytest.raises(RequestFailed, match="is no loaded module"):
        desk.command("tidelock.reload", {"uri": (desk.tides.parent / "main.lua").as_uri()})
    with pytest.raises(RequestFailed) as failed:
        desk.command("tidelock.reload", {"uri": 7})
    assert failed.value.code == types.ErrorCodes.InvalidParams
