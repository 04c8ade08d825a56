"""Formatting as an editor asks for it: of a text, of lines, while typing."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tidelock.lsp import convert_edits as edits
from tidelock.lsp.documents import Document
from tidelock.lsp.features.formatting import formatting
from tidelock.lsp.features.on_type_formatting import on_type_formatting
from tidelock.lsp.features.range_formatting import range_formatting
from tidelock.lsp.manner import Manner
from tidelock.shared.errors import TidelockError
from tidelock.shared.language.format import stylua as stylua_module
from tidelock.shared.language.format.layout import applied
from tidelock.shared.unwanted import Unwanted, ends_if

from .conftest import document

OPTIONS = {"tabSize": 4, "insertSpaces": True}


def test_a_text_by_our_own_layout() -> None:
    text, _ = document("do\nx=1\nend")
    found = formatting(text, "\t", tool="own")
    assert found is not None
    assert applied(text.text, found) == "do\n\tx = 1\nend\n"
    made = edits.text_edits(found, text, Manner())
    assert made is not None
    assert [one.new_text for one in made] == ["\n\t", " ", " ", "\n"]
    assert formatting(document("do x =")[0], tool="own") is None
    assert edits.text_edits(None, text, Manner()) is None


@pytest.fixture
def stylua(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A stand-in for StyLua: it writes what it is called with above the text, in capitals."""
    program = tmp_path / "stylua"
    program.write_text(
        f"#!{sys.executable}\n"
        "import sys\n"
        "text = sys.stdin.read()\n"
        "if 'refuse' in text:\n"
        "    sys.exit('error: no good')\n"
        "sys.stdout.write(f'-- {sys.argv[1:]}\\n' + text.replace('x', 'X'))\n"
    )
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}{os.environ['PATH']}")
    return program


def test_stylua_where_the_user_has_it(stylua: Path) -> None:
    text = Document("file:///nowhere/a.lua", 1, "x=1\ny=2\n")
    found = formatting(text)
    assert found is not None
    words = "['--search-parent-directories', '--stdin-filepath', '/nowhere/a.lua', '-']"
    assert applied(text.text, found) == f"-- {words}\nX=1\ny=2\n"
    (edit,) = found
    assert text.text[edit.start : edit.end] == "x=1\n"
    assert formatting(Document("untitled:a", 1, "x =")) is None
    with pytest.raises(TidelockError, match="StyLua refuses: error: no good"):
        formatting(Document("untitled:a", 1, "refuse = 1"))


@pytest.mark.parametrize("is_wanted", [True, False])
def test_stylua_that_takes_too_long_or_that_nobody_waits_for_is_ended(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, is_wanted: bool
) -> None:
    os.mkfifo(tmp_path / "pipe")
    program = tmp_path / "stylua"
    program.write_text(f"#!{sys.executable}\nopen({str(tmp_path / 'pipe')!r}).read()\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}{os.environ['PATH']}")
    processes: list[subprocess.Popen[bytes]] = []
    real = stylua_module._talk

    def talk(process: subprocess.Popen[bytes], told: bytes) -> tuple[bytes, bytes]:
        processes.append(process)
        return real(process, told)

    monkeypatch.setattr(stylua_module, "_talk", talk)
    monkeypatch.setattr(stylua_module, "_TIMEOUT_S", 0.0 if is_wanted else 3600.0)
    text = Document("untitled:a", 1, "x=1")
    if is_wanted:
        with pytest.raises(TidelockError, match="StyLua takes longer than 0 s"):
            formatting(text)
    else:
        with pytest.raises(Unwanted), ends_if(lambda: bool(processes)):
            formatting(text)
    (process,) = processes
    assert process.returncode == -signal.SIGKILL


def test_stylua_that_is_asked_for_and_not_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    text, _ = document("x=1")
    with pytest.raises(TidelockError, match="StyLua is not on the PATH"):
        formatting(text, tool="stylua")
    found = formatting(text)
    assert found is not None
    assert applied(text.text, found) == "x = 1\n"


def test_lines_of_a_range() -> None:
    text, marks = document("a=1\n  <!b=2\nc=3!>\nd=4")
    found = range_formatting(text, *marks.ranges[0])
    assert found is not None
    assert applied(text.text, found) == "a=1\nb = 2\nc = 3\nd=4"
    assert range_formatting(document("x =")[0], 0, 1) is None


def typed(source: str, character: str = "\n") -> str:
    text, marks = document(source)
    return applied(text.text, on_type_formatting(text, marks.at, "  ", character))


@pytest.mark.parametrize(
    ("source", "character", "after"),
    [
        ("if x then\n$0", "\n", "if x then\n  "),
        ("if x then\n$0\nend", "\n", "if x then\n  \nend"),
        ("local t = {\n$0", "\n", "local t = {\n  "),
        ("f(function()\n$0\nend)", "\n", "f(function()\n  \nend)"),
        ("x = 1\n    $0", "\n", "x = 1\n"),
        ("do\n$0x()\nend", "\n", "do\n  x()\nend"),
        ("do\n  x()\n$0end", "\n", "do\n  x()\nend"),
        ("do\n  x()\n  end$0", "d", "do\n  x()\nend"),
        ("if x then\n  y()\n  else$0\nend", "e", "if x then\n  y()\nelse\nend"),
        ("if x then\n  y()\n  elseif$0\nend", "f", "if x then\n  y()\nelseif\nend"),
        ("repeat\n  x()\n  until$0", "l", "repeat\n  x()\nuntil"),
        ("t = {\n  1,\n  }$0", "}", "t = {\n  1,\n}"),
        ("f(\n  1\n  )$0", ")", "f(\n  1\n)"),
        ("do\n  x = blend$0", "d", "do\n  x = blend"),
        ("  --- Some words.\n$0", "\n", "  --- Some words.\n  --- "),
        ("x = [[\n$0\n]]", "\n", "x = [[\n\n]]"),
        ("x = 1\nend$0", "d", "x = 1\nend"),
        ("$0", "\n", ""),
    ],
)
def test_lines_are_indented_while_they_are_typed(source: str, character: str, after: str) -> None:
    assert typed(source, character) == after


def test_options_are_the_editors() -> None:
    params = {"textDocument": {"uri": "file:///a.lua"}, "options": OPTIONS}
    assert edits.formatting(params).options == {"indent": "    "}
    params["options"] = {"tabSize": 8, "insertSpaces": False}
    assert edits.formatting(params).options == {"indent": "\t"}
    params["options"] = {"tabSize": 10**9, "insertSpaces": True}
    assert edits.formatting(params).options == {"indent": " " * 16}
    typing = {**params, "position": {"line": 0, "character": 0}, "ch": "}"}
    assert edits.on_type_formatting(typing).options["character"] == "}"
