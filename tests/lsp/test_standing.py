"""Who is looked at again: what a text offers, what a file stands on, and what a change means."""

from __future__ import annotations

from pathlib import Path

import pytest

from tidelock.lsp.standing import (
    NO_BASIS,
    NO_CHANGE,
    Basis,
    Offer,
    basis,
    basis_of,
    change,
    concerned,
    offer,
    offer_of,
    summarized,
)
from tidelock.shared.language.index.snapshot import Snapshot
from tidelock.shared.language.index.space import Places, Space
from tidelock.shared.language.index.summary import Summary, summarize
from tidelock.shared.syntax.parser import parse

HUB = "---@return integer\nfunction f() end\n"


def offered(text: str) -> Offer:
    return offer(parse(text, "5.4"))


@pytest.mark.parametrize(
    ("after", "is_same"),
    [
        (f"\n\n  -- plain\n{HUB}-- more", True),
        (HUB.replace("function f()", "function  f(  )"), True),
        (HUB.replace("integer", "string"), False),
        (HUB.replace("f()", "f(a)"), False),
        (HUB.replace("end", "return 1 end"), False),
        (f"local a = 1\n{HUB}", False),
        (f"function f() end\n{HUB.splitlines()[0]}", False),  # the comment stands elsewhere
    ],
)
def test_the_face_of_a_text_is_what_others_see(after: str, is_same: bool) -> None:
    assert (offered(HUB).face == offered(after).face) is is_same


def test_what_a_text_offers() -> None:
    text = "---@class A\nfunction string.trim() end\npackage.preload['m'] = 1\n"
    made = offered(f"{text}package.path = 'x/?.lua'\nglobal = 1\n")
    assert (made.declares, made.preloads, made.paths) == (("A",), ("m",), ("x/?.lua",))
    assert "global" in made.sets
    assert "string.trim" in made.extends
    assert offer_of([made.face, *map(list, made[1:])]) == made
    known = summarize(text, "5.4")
    assert summarized(known) == Offer("", known.sets, ("A",), ("m",), ())


def test_what_the_problems_of_a_file_stand_on(tmp_path: Path) -> None:
    texts = {
        "main": "local hub = require('hub')\nprint(hub.make())\nprint(other)\n",
        "hub": "local M = {}\nfunction M.make() return require('deep').value end\nreturn M\n",
        "deep": "---@type Late\nlocal value = f()\nreturn { value = value }\n",
        "apart": "return 1\n",
    }
    root = tmp_path.resolve()
    for name, text in texts.items():
        (root / f"{name}.lua").write_text(text)
    known = {str(root / f"{name}.lua"): summarize(text, "5.4") for name, text in texts.items()}
    space = Space(Snapshot(known), (), None, Places(str(root)))
    module = space.module(str(root / "main.lua"))
    assert module is not None
    types = space.types
    text = types.text_of(module)
    for node in module.tree.walk():
        if type(node).__name__ in ("Call", "Name"):
            with types.asking(text):
                types.expression(text, node)  # type: ignore[arg-type]
    made = basis(types, module.tree, module.uri)
    assert {Path(uri).name for uri in made.texts} >= {"hub.lua", "deep.lua"}
    assert "apart.lua" not in {Path(uri).name for uri in made.texts}
    assert set(made.modules) == {"hub", "deep"}
    assert {"Late"} <= set(made.classes)
    assert "other" in made.globals
    assert basis_of([list(names) for names in made]) == made


A = Offer("1", ("a",), ("A",), ("m",), (), ("string.trim",))
USER = Basis(("file:///hub.lua",), ("read",), ("Used",), ("sub.wanted",))


@pytest.mark.parametrize(
    ("path", "before", "after", "text", "known", "expected"),
    [
        ("/hub.lua", A, A, "", USER, False),
        ("/hub.lua", A, A._replace(face="2"), "", USER, True),
        ("/hub.lua", A, A._replace(face="2"), "", NO_BASIS, False),
        ("/x.lua", A, A._replace(face="2", sets=("b",)), "print(b)", NO_BASIS, True),
        ("/x.lua", A, A._replace(face="2", sets=("b",)), "print(c)", NO_BASIS, False),
        ("/x.lua", A, A._replace(face="2", sets=("a", "read")), "", USER, True),
        ("/x.lua", A, A._replace(face="2", declares=("A", "Used")), "", USER, True),
        ("/x.lua", A, A._replace(face="2", preloads=()), "require('m')", NO_BASIS, True),
        ("/x.lua", A, A._replace(face="2", preloads=()), "require('n')", NO_BASIS, False),
        ("/x.lua", A, A._replace(face="2", paths=("?",)), "require('n')", NO_BASIS, True),
        ("/x.lua", A, A._replace(face="2", paths=("?",)), "print(1)", NO_BASIS, False),
        ("/x.lua", A, A._replace(face="2", extends=()), "a.trim()", NO_BASIS, True),
        ("/x.lua", A, A._replace(face="2", extends=()), "a.other()", NO_BASIS, False),
        ("/sub/wanted.lua", None, A, "", USER, True),
        ("/sub/wanted/init.lua", A, None, "", USER, True),
        ("/other.lua", None, A, "", USER, False),
        ("/other.lua", A, None, "require('x/other')", NO_BASIS, True),
    ],
)
def test_whom_a_change_concerns(
    path: str, before: Offer | None, after: Offer | None, text: str, known: Basis, expected: bool
) -> None:
    made = change([f"file://{path}"], path, before, after)
    assert made.concerns(summarize(text, "5.4"), known) is expected
    files: dict[str, Summary] = {"/user.lua": summarize(text, "5.4")}
    found = list(concerned(made, files, {"/user.lua": known, "/gone.lua": known}))
    assert found == (["/user.lua"] if expected else [])


def test_nothing_comes_of_a_text_that_looks_the_same() -> None:
    assert change(["file:///a.lua"], "/a.lua", A, A) == NO_CHANGE
