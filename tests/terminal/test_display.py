"""What ``require "tidelock"`` shows in a terminal: the text of displays, progress, passwords."""

from __future__ import annotations

import json

from .conftest import Mode, Place

SHOW = (
    "local t = require 'tidelock' print('a') t.display({html = '<b>', text = 'bold'}, nil, 'x')"
    " t.update_display('x', 'thin') t.progress(1, 2, 'half') t.clear_output() print('b')"
)


def test_the_text_of_a_display_is_printed(lua: Mode) -> None:
    result = lua.run("exec", SHOW).expect()
    assert (result.stdout, result.stderr) == ("a\nbold\nb\n", "")


def test_displays_in_documents_and_lines(lua: Mode) -> None:
    document = json.loads(lua.run("exec", SHOW, "--output", "json").expect().stdout)
    assert document["stdout"] == "a\nb\n"
    bold = {"text/html": "<b>", "text/plain": "bold"}
    assert document["displays"] == [
        {"data": bold, "metadata": {}, "is_update": False},
        {"data": {"text/plain": "thin"}, "metadata": {}, "is_update": True},
    ]
    lines = [json.loads(line) for line in lua.run("exec", SHOW, "--stream").stdout.splitlines()]
    assert [line["type"] for line in lines] == [
        "stream", "display", "display", "display", "stream", "reply",
    ]  # fmt: skip
    assert lines[1]["data"] == bold


def test_a_list_of_records_stays_a_line_of_text(lua: Mode) -> None:
    assert lua.run("exec", "return {{a = 1}}").expect().stdout == "{{a = 1}}\n"


def test_progress_stays_on_its_line_of_the_terminal(place: Place) -> None:
    code = (
        "local t = require 'tidelock' t.progress(0, 2) t.progress(2, 2) print('done')"
        " t.progress(1, 2, 'open', 'second') print('after')"
    )
    with place.pty("exec", code) as terminal:
        terminal.expect("after")
        assert terminal.wait() == 0
        assert f"\r[{'.' * 30}] 0/2\r[{'#' * 30}] 2/2\ndone\n" in terminal.text
        assert f"[{'#' * 15}{'.' * 15}] 1/2 open\nafter\n" in terminal.text


def test_a_password_is_not_shown(place: Place) -> None:
    code = (
        "local word = require('tidelock').read_password('Word: ') print('<' .. word .. '>')"
        " return io.read()"
    )
    with place.pty("exec", code) as terminal:
        terminal.expect("Word: ")
        assert not terminal.echoes
        terminal.send_line("moon")
        terminal.expect("<moon>\n")
        assert terminal.echoes
        terminal.send_line("seen")
        assert terminal.wait() == 0
        assert terminal.text == 'Word: \n<moon>\nseen\n"seen"\n'


def test_typing_is_shown_again_after_a_password_that_is_interrupted(place: Place) -> None:
    with place.pty("exec", "require('tidelock').read_password('Word: ')") as terminal:
        terminal.expect("Word: ")
        assert not terminal.echoes
        terminal.key("ctrl-c")
        assert terminal.wait() == 130
        assert terminal.echoes


def test_a_password_from_a_pipe(lua: Mode) -> None:
    result = lua.run("exec", "return require('tidelock').read_password('Word: ')", stdin="moon\n")
    assert (result.expect().stdout, result.stderr) == ('"moon"\n', "Word: ")
