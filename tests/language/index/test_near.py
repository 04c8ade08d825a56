"""The name that may be meant by one that nobody has, found once and not at each edit."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tidelock.shared.language.index import problems as module
from tidelock.shared.language.index.problems import Known, problems
from tidelock.shared.language.index.snapshot import Snapshot
from tidelock.shared.language.index.space import Places, Space
from tidelock.shared.language.index.summary import Summary, summarize
from tidelock.shared.syntax.parser import parse

from .test_links import Open

EMPTY = summarize("", "5.4")


def snapshot(*names: str, **texts: str) -> Snapshot:
    files: dict[str, Summary] = dict.fromkeys((f"/w/{name}.lua" for name in names), EMPTY)
    files |= {f"/w/{name}.lua": summarize(text, "5.4") for name, text in texts.items()}
    return Snapshot(files)


def meant(found: Snapshot, text: str, *others: Open, known: Known = Known()) -> list[str]:  # noqa: B008
    """What is proposed for each problem of a text."""
    tree = parse(text, "5.4")
    own = Open("file:///w/main.lua", "/w/main.lua", tree)
    space = Space(found, [own, *others], places=Places("/w"))
    return [one.instead for one in problems(tree, own.uri, space, known)]


@pytest.fixture
def compared(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """The names that were compared with others."""
    found: list[str] = []
    compare = module.difflib.get_close_matches

    def counted(name: str, *further: object) -> list[str]:
        found.append(name)
        return compare(name, *further)  # type: ignore[arg-type]

    module._most_like.cache_clear()
    monkeypatch.setattr(module.difflib, "get_close_matches", counted)
    yield found
    module._most_like.cache_clear()


def test_a_module_is_looked_for_once_while_there_are_the_same(compared: list[str]) -> None:
    found = snapshot("harbour", "buoy")
    assert meant(found, 'require "harbuor"') == ['"harbour"']
    assert meant(found, 'local x = 1 require "harbuor"') == ['"harbour"']
    edited = found.changed({"/w/buoy.lua": summarize("return 1", "5.4")})
    assert meant(edited, 'require "harbuor"') == ['"harbour"']
    assert compared == ["harbuor"]


def test_other_modules_are_other_answers() -> None:
    found = snapshot("harbour")
    text = 'require "harbuor"'
    assert meant(found, text) == ['"harbour"']
    gone = found.changed({"/w/harbour.lua": None})
    assert meant(gone, text) == [""]
    come = gone.changed({"/w/harbours.lua": EMPTY})
    assert meant(come, text) == ['"harbours"']
    shown = Open("file:///w/harbuors.lua", "/w/harbuors.lua", parse("", "5.4"))
    assert meant(gone, text, shown) == ['"harbuors"']
    loads = Open("file:///w/z.lua", "/w/z.lua", parse("package.preload.harbuo = 1", "5.4"))
    assert meant(gone, text, loads) == ['"harbuo"']
    on_disk = gone.changed({"/w/a.lua": summarize("package.preload.harbor = 1", "5.4")})
    assert meant(on_disk, text) == ['"harbor"']
    assert meant(gone, text, known=Known(modules={"harbur"})) == ['"harbur"']
    assert meant(gone, text) == [""]


def test_what_is_kept_is_bounded() -> None:
    found = snapshot("harbour")
    for number in range(module._MOST_KEPT + 10):
        meant(found, f'require "harb{number}"')
    assert 0 < len(found.memo) <= module._MOST_KEPT


def test_a_global_is_compared_once_with_the_same_names(compared: list[str]) -> None:
    found = snapshot(lib="harbour = 1")
    assert meant(found, "print(harbuor)") == ["harbour"]
    assert meant(found, "local x = 1 print(x, harbuor)") == ["harbour"]
    assert compared == ["harbuor"]
    assert meant(found, "harbuora = 1 print(harbuor)")[-1:] == ["harbuora"]
