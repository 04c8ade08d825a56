"""One option in the text of a ``tidelock.toml``, all else as it was."""

from __future__ import annotations

import tomllib
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tidelock.lsp.option_text import with_option
from tidelock.shared.errors import ConfigError


def changed(text: str, key: str, value: Any) -> str:
    edit = with_option(text, key, value)
    return text[: edit.start] + edit.text + text[edit.end :]


KEY = "lsp.hints.parameters"


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("", '[lsp.hints]\nparameters = "all"\n'),
        ("# mine", '# mine\n\n[lsp.hints]\nparameters = "all"\n'),
        (
            '[lsp.hints]  # of names\nparameters  =  "off"   # loud\n[lua]\n',
            '[lsp.hints]  # of names\nparameters  =  "all"   # loud\n[lua]\n',
        ),
        (
            '[lsp.hints]\n\n# [lsp]\n[lua]\nversion = "5.3"\n',
            '[lsp.hints]\nparameters = "all"\n\n# [lsp]\n[lua]\nversion = "5.3"\n',
        ),
        ('[lsp]\r\nhints.parameters = "off"\r\n', '[lsp]\r\nhints.parameters = "all"\r\n'),
        ("lsp.hints.x = 1", 'lsp.hints.x = 1\nlsp.hints.parameters = "all"\n'),
        (
            '[lsp]\nhints.x = 1\n[lua]\n',
            '[lsp]\nhints.x = 1\nhints.parameters = "all"\n[lua]\n',
        ),
        (
            '[lsp."hints"]\nx = """\n[lsp.hints]\nparameters = 1 \\"""" # "\n"parameters" = "off"',
            '[lsp."hints"]\nx = """\n[lsp.hints]\nparameters = 1 \\"""" # "\n"parameters" = "all"',
        ),
        (
            "[lsp.workspace]\nignore = [ # \"]\n  'a]', # one\n  'b',\n]\n",
            "[lsp.workspace]\nignore = [ # \"]\n  'a]', # one\n  'b',\n]\n"
            '\n[lsp.hints]\nparameters = "all"\n',
        ),
    ],
)  # fmt: skip
def test_the_rest_stays(before: str, after: str) -> None:
    assert changed(before, KEY, "all") == after


@pytest.mark.parametrize(
    ("value", "written"),
    [
        (True, "true"),
        (7, "7"),
        (0.5, "0.5"),
        ('a "b"\n\x7f', '"a \\"b\\"\\n\\u007f"'),
        (("a", "b"), '["a", "b"]'),
        ({"unused-local": "hint", "a.b": "off"}, '{ unused-local = "hint", "a.b" = "off" }'),
        ({}, "{}"),
    ],
)
def test_values(value: Any, written: str) -> None:
    text = changed("", "lsp.x", value)
    assert text == f"[lsp]\nx = {written}\n"
    assert (
        changed(changed("[lsp]\nx = [\n1]#a\n", "lsp.x", value), "lsp.x", 1) == "[lsp]\nx = 1#a\n"
    )
    read = tomllib.loads(text)["lsp"]["x"]
    assert read == (list(value) if isinstance(value, tuple) else value)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("[lsp", "no TOML"),
        ("lsp = { hints = { } }", "by hand"),
        ("lsp = 1", "by hand"),
        ("[lsp.hints.parameters]\nx = 1", "by hand"),
    ],
)
def test_what_only_a_person_can_change(text: str, words: str) -> None:
    with pytest.raises(ConfigError, match=words):
        changed(text, KEY, "all")


LINES = st.sampled_from(
    [
        "[lsp]", "[lsp.hints]", "[lua]", "[[lsp.list]]", "[lsp.list.x]", "lsp.a = 1", "hints.b = [",
        "'''", '"""', "]", "# [lsp.hints]", "", "x = '''#",
        'y = "[lsp.hints]" # "', 'parameters = "x"',
        "lsp.hints.parameters = 1", "1,", "'a]', #", "z = { q = 1 }", "[ lsp . hints ] # x",
    ]
)  # fmt: skip


@given(st.lists(LINES, max_size=8), st.sampled_from(["\n", "\r\n"]), st.booleans())
def test_any_file_says_what_it_said_and_the_option(
    lines: list[str], end: str, is_ended: bool
) -> None:
    text = end.join(lines) + (end if is_ended else "")
    try:
        after = changed(text, KEY, "all")
    except ConfigError:
        return
    read = tomllib.loads(after)
    assert read["lsp"]["hints"].pop("parameters") == "all"
    before = tomllib.loads(text)
    before.get("lsp", {}).get("hints", {}).pop("parameters", None)
    for table in (read, before):
        if table.get("lsp", {}).get("hints") == {}:
            del table["lsp"]["hints"]
        if table.get("lsp") == {}:
            del table["lsp"]
    assert read == before
    assert after.count("#") == text.count("#")
