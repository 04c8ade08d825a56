"""Neovim, current and old, with the configuration that its users are told to paste.

Keys are typed and the screen is read; where an old Neovim does not draw its floating windows
without a terminal, what they hold is read instead.
"""

from __future__ import annotations

import re
import shutil
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from clients.installed import (
    PATIENT,
    REPOSITORY,
    python_module,
    python_program,
    search_path,
    system_program,
)
from kit.places import Place
from kit.programs import TIDELOCK
from kit.timeline import until

pytestmark = pytest.mark.clients

GUIDE = REPOSITORY / "editors" / "neovim" / "README.md"
CONFIGURATION = REPOSITORY / "editors" / "neovim" / "lsp" / "tidelock.lua"
WAIT_S = 15.0

# Two of the ways in which the versions differ.
CLIENTS = "(vim.lsp.get_clients or vim.lsp.get_active_clients)()"
SCREEN = """
  vim.cmd("redraw")
  local rows = {}
  for row = 1, vim.o.lines do
    local cells = {}
    for column = 1, vim.o.columns do
      cells[column] = vim.fn.screenstring(row, column)
    end
    rows[row] = table.concat(cells):gsub("%s+$", "")
  end
  return table.concat(rows, "\\n")
"""
FLOATING = """
  for _, window in ipairs(vim.api.nvim_list_wins()) do
    if vim.api.nvim_win_get_config(window).relative ~= "" then
      local buffer = vim.api.nvim_win_get_buf(window)
      return table.concat(vim.api.nvim_buf_get_lines(buffer, 0, -1, true), "\\n")
    end
  end
"""
COMPLETE = """
  local line, column = unpack(vim.api.nvim_win_get_cursor(0))
  local params = {
    textDocument = { uri = vim.uri_from_bufnr(0) },
    position = { line = line - 1, character = column },
  }
  local method = "textDocument/completion"
  local _, answer = next(vim.lsp.buf_request_sync(0, method, params, 10000))
  return vim.tbl_map(function(item) return item.label end, answer.result.items)
"""
# The publications that came for each file, by the number of problems they held.
NOTE_PUBLICATIONS = """
  published = {}
  local shown = vim.lsp.handlers["textDocument/publishDiagnostics"]
  vim.lsp.handlers["textDocument/publishDiagnostics"] = function(problem, result, ...)
    local path = vim.uri_to_fname(result.uri)
    published[path] = (published[path] or "") .. #result.diagnostics .. " "
    return shown(problem, result, ...)
  end
"""


class Neovim:
    """A running Neovim without a terminal, told what to do as its user would.

    Requests are MessagePack on its socket, one at a time.
    """

    def __init__(self, place: Place, connection: socket.socket) -> None:
        self.place = place
        self._connection = connection
        self._msgpack = python_module("msgpack")
        self._received = self._msgpack.Unpacker()

    def request(self, method: str, *arguments: Any) -> Any:
        """The result of a function of Neovim's API."""
        self._connection.sendall(self._msgpack.packb([0, 0, method, arguments]))
        while True:
            for kind, _, problem, result in self._received:
                assert (kind, problem) == (1, None), f"{method} {arguments}: {problem}"
                return result
            data = self._connection.recv(65536)
            if not data:
                raise ConnectionError(f"Neovim is gone: {method} {arguments}")
            self._received.feed(data)

    def lua(self, code: str, *arguments: Any) -> Any:
        """What a piece of Lua gives in Neovim."""
        return self.request("nvim_exec_lua", code, arguments)

    def keys(self, keys: str) -> None:
        """Type."""
        self.request("nvim_input", keys)

    def edit(self, path: Path) -> None:
        """Open a file."""
        self.request("nvim_command", f"edit! {path}")

    def wait(self, code: str, *arguments: Any) -> Any:
        """Wait until a piece of Lua gives something that is true there."""
        deadline = time.monotonic() + WAIT_S
        while time.monotonic() < deadline:
            found = self.lua(code, *arguments)
            if found and found != {}:
                return found
            self.lua("vim.wait(10)")  # Neovim's own loop goes on: messages of the server, keys
        raise AssertionError(f"in vain: {code} {arguments}\n{self.screen()}\n{self.messages()}")

    def screen(self) -> str:
        """What the screen shows."""
        return str(self.lua(SCREEN))

    def messages(self) -> str:
        """What ``:messages`` shows."""
        return str(self.request("nvim_exec", "messages", True))

    def problems(self, path: Path) -> list[tuple[int, str]]:
        """Lines (from 1) and messages of a file's diagnostics, once it has been judged."""
        self.wait("return published[...]", str(path))
        found = self.lua("return vim.diagnostic.get(vim.fn.bufnr(...))", str(path))
        return [(problem["lnum"] + 1, problem["message"]) for problem in found]

    def menu(self) -> list[str]:
        """The words of the completion menu that is open."""
        items = self.wait("return vim.fn.pumvisible() == 1 and vim.fn.complete_info().items")
        return [item["word"] for item in items]

    def hover(self) -> str:
        """What the floating window shows."""
        return str(self.wait(FLOATING))

    def output(self, until: str) -> str:
        """The window of ``:TidelockRun``, once it holds a text."""
        text = 'table.concat(vim.fn.getbufline("tidelock://output", 1, "$"), "\\n")'
        return str(self.wait(f"local t = {text}; return t:find(..., 1, true) and t", until))

    def wait_for_kernel(self) -> None:
        """Wait for the kernel that the server starts when it is there first."""
        until(lambda: self.place.registered(), "a kernel", WAIT_S)

    def ended(self) -> str:
        """How the language servers ended, a line each, once one has."""
        ended = self.place.home / "ended"
        until(lambda: ended.exists() and ended.read_text(), "the language server's end", WAIT_S)
        return ended.read_text()


@contextmanager
def neovim(place: Place, program: str, snippet: int) -> Iterator[Neovim]:
    """Neovim in a home of its own, set up with one of the guide's snippets."""
    shutil.copytree(REPOSITORY / "examples" / "tides", place.work, dirs_exist_ok=True)
    place.file("tidelock.toml", PATIENT)
    configuration = place.home / "config" / "nvim"
    (configuration / "lsp").mkdir(parents=True)
    shutil.copy(CONFIGURATION, configuration / "lsp")
    snippets = re.findall(r"```lua\n(.*?)```", GUIDE.read_text(), re.DOTALL)
    (configuration / "init.lua").write_text(snippets[snippet])
    # Stands for the installed command, and notes how it ended.
    command = place.home / "bin" / "tidelock"
    command.parent.mkdir()
    words = " ".join(f"'{word}'" for word in TIDELOCK)
    command.write_text(f'#!/bin/sh\n{words} "$@"\necho "$1 $?" >> {place.home}/ended\n')
    command.chmod(0o755)
    address = place.home / "nvim"
    with (
        place.spawn(
            *("--headless", "-n", "--listen", address, "--cmd", f"lua {NOTE_PUBLICATIONS}"),
            program=[program],
            env={"PATH": search_path(command.parent)},
        ) as running,
        socket.socket(socket.AF_UNIX) as connection,
    ):
        connection.settimeout(WAIT_S)

        def is_open() -> bool:
            assert running.child.process.poll() is None, running
            return connection.connect_ex(str(address)) == 0

        until(is_open, "Neovim to listen", WAIT_S)
        made = Neovim(place, connection)
        yield made
        made.wait_for_kernel()
        made.keys("<C-\\><C-n>:quitall!<CR>")
        assert running.wait().code == 0, running
        assert made.ended() == "lsp 0\n"  # it does not outlive its editor


@pytest.fixture(params=["current", "old"])
def editor(request: pytest.FixtureRequest, place: Place) -> Iterator[Neovim]:
    """Neovim 0.11, and the one that Debian has."""
    is_current = request.param == "current"
    program = python_program("nvim") if is_current else system_program("nvim")
    with neovim(place, program, 0 if is_current else 1) as made:
        yield made


def test_problems_come_and_go(editor: Neovim) -> None:
    broken, good = editor.place.work / "broken" / "predictor.lua", editor.place.work / "report.lua"
    editor.edit(broken)
    problems = editor.problems(broken)
    assert [line for line, _ in problems] == [96, 113, 143, 158]
    assert problems[0][1] == "'then' expected near 'local'"
    editor.keys("96G")
    editor.wait(f"return (function() {SCREEN} end)():find('\\nE ')")

    editor.edit(good)
    assert editor.problems(good) == []
    editor.keys("Golocal = 1<Esc>")
    editor.wait("return #vim.diagnostic.get(0) > 0")
    assert editor.problems(good)[0][0] == len(good.read_text().split("\n"))
    editor.keys("dd")
    editor.wait("return #vim.diagnostic.get(0) == 0")


def test_a_file_is_read(editor: Neovim) -> None:
    main = editor.place.work / "main.lua"
    editor.edit(main)
    assert editor.problems(main) == []
    editor.keys("/  print_curve(predictor, first)<CR>wK")
    assert "function print_curve(predictor: Predictor, day: integer)" in editor.hover()
    editor.keys("<Esc><C-]>")
    editor.wait("return vim.fn.line('.') == 40")
    editor.keys("Goprint(string.re<C-x><C-o>")
    assert editor.menu() == ["rep", "reverse"]
    editor.keys("<C-n><C-y>")
    editor.wait("return vim.fn.getline('.'):find('string%.re%w+$')")


def test_a_run_and_what_it_left(editor: Neovim) -> None:
    main = editor.place.work / "main.lua"
    editor.edit(main)
    editor.problems(main)
    editor.keys("Goharbour.by_name.M")
    editor.wait("return vim.fn.getline('.'):find('M$')")
    assert editor.lua(COMPLETE) == []
    editor.keys("<Esc>dd:TidelockRun<CR>")
    printed = editor.output("[ok,")
    assert "Height hour by hour" in printed
    assert "The year 2026" in printed
    assert "tidelock://output" in editor.screen()

    editor.keys("Goharbour.by_name.M<C-x><C-o>")
    assert {"M2", "M4", "M6"} <= set(editor.menu())
    editor.keys("<C-e><Esc>ccprint(harbour.by_name.M2)<Esc>0fMK")
    assert "observed after execution 1: {amplitude = 0.576072" in editor.hover()


def test_an_endless_loop_is_ended(editor: Neovim) -> None:
    loop = editor.place.file("loop.lua", "print('on')\nwhile true do\nend\n")
    editor.edit(loop)
    editor.problems(loop)
    editor.keys(":TidelockRun<CR>")
    editor.output("on")
    editor.keys(":TidelockInterrupt<CR>")
    assert "loop.lua:2" in editor.output("interrupted")
    editor.keys("ggdGiprint('unsaved')<Esc>:TidelockRun<CR>")
    assert editor.output("[ok,").startswith("unsaved\n")


def test_each_folder_has_its_own_lua(editor: Neovim) -> None:
    """Two folders in one client: ``//`` came with Lua 5.3."""
    first, folder = editor.place.file("first.lua", "print(7 // 2)\n"), editor.place.home / "second"
    folder.mkdir()
    (folder / "tidelock.toml").write_text('[lua]\nversion = "5.1"\n')
    second = folder / "second.lua"
    second.write_text("print(7 // 2)\n")
    editor.edit(first)
    assert editor.problems(first) == []
    editor.lua("vim.lsp.buf.add_workspace_folder(...)", str(folder))
    editor.edit(second)
    assert editor.problems(second) == [(1, "unexpected symbol near '/'")]
    assert editor.lua(f"return #{CLIENTS}") == 1
    editor.lua("vim.lsp.buf.remove_workspace_folder(...)", str(folder))
    editor.wait("return #vim.diagnostic.get(0) == 0")


def test_the_server_ends_in_order(editor: Neovim) -> None:
    main = editor.place.work / "main.lua"
    editor.edit(main)
    editor.problems(main)
    editor.wait_for_kernel()
    editor.lua(f"vim.lsp.stop_client({CLIENTS})")
    assert editor.ended() == "lsp 0\n"
    editor.wait(f"return #{CLIENTS} == 0")
