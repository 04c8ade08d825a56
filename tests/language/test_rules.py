"""Users' rules: found, refused, run in a process of their own, and switched off when they fail."""

from __future__ import annotations

import subprocess
import sys
import textwrap
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from kit.marked import marked
from tidelock.shared.language.lint import loading, worker
from tidelock.shared.language.lint import runner as runner_module
from tidelock.shared.language.lint.runner import Runner, resolved
from tidelock.shared.language.rules import Rule
from tidelock.shared.model import Problem
from tidelock.shared.syntax import public
from tidelock.shared.syntax.parser import parse

HEAD = "from tidelock.shared.language.rules import Rule\n"
GOOD = """
class Good(Rule):
    code = "no-goto"
    severity = "error"

    def visit_Goto(self, node, report):
        report(node, "no goto")
"""


@pytest.fixture
def rules(tmp_path: Path) -> Iterator[Callable[..., tuple[Runner, list[str]]]]:
    made: list[Runner] = []

    def make(source: str, time_ms: int = 1000) -> tuple[Runner, list[str]]:
        path = tmp_path / "mine.py"
        path.write_text(HEAD + textwrap.dedent(source))
        told: list[str] = []
        made.append(Runner([str(path)], time_ms, told.append))
        return made[-1], told

    yield make
    for runner in made:
        runner.close()


def check(runner: Runner, source: str) -> list[Problem]:
    """The rules report exactly the marked ranges."""
    text = marked(source)
    found = runner.check("main.lua", parse(text.text, "5.4"))
    assert [(one.start, one.end) for one in found] == list(text.ranges)
    return found


def test_problems_in_text_order_and_from_every_rule(rules: Any) -> None:
    runner, told = rules(
        GOOD
        + """
class Strings(Rule):
    code = "no-string"

    def visit_Expression(self, node, report):
        "Only the nearest method is called."
        raise AssertionError

    def visit_Op(self, node, report):
        pass

    visit_Name = visit_Number = visit_Call = visit_Label = visit_Goto = visit_Op

    def visit_String(self, node, report):
        report(node, node.s.decode())
"""
    )
    found = check(runner, "f(<!'ä'!>, 1 + 2)\n<!goto x!>\n::x::\nf(<![[b]]!>)\n")
    assert [one[:2] + one[4:6] for one in found] == [
        ("no-string", "warning", "ä", "rule"),
        ("no-goto", "error", "no goto", "rule"),
        ("no-string", "warning", "b", "rule"),
    ]
    assert told == []


def test_a_rule_is_made_anew_for_each_text(rules: Any) -> None:
    runner, _ = rules("""
        class Once(Rule):
            code = "only-once"
            seen = False

            def visit_Break(self, node, report):
                if not self.seen:
                    report(node, "the first")
                self.seen = True
    """)
    loop = "while true do {} end "
    check(runner, loop.format("<!break!>") + loop.format("break"))
    check(runner, " " + loop.format("<!break!>"))


def test_a_text_may_ask_not_to_see_a_problem(rules: Any) -> None:
    runner, _ = rules(GOOD)
    check(runner, "goto x ---@diagnostic disable-line: no-goto\n::x::\n<!goto x!>")


def test_what_was_said_of_a_text_is_known_until_it_changes(rules: Any) -> None:
    runner, _ = rules(GOOD)
    tree = parse("goto x ::x::", "5.4")
    assert runner.known("a", tree) is None
    found = runner.check("a", tree)
    assert runner.known("a", tree) == found
    assert runner.known("a", parse("goto y ::y::", "5.4")) is None
    runner.forget("a")
    assert runner.known("a", tree) is None


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ("1 / 0", "ZeroDivisionError: division by zero"),
        ("import sys; sys.exit(3)", "SystemExit: 3"),
        ("report(None, 'x')", "TypeError: report takes a node of the tree and a text"),
        ("report(node, 7)", "TypeError: report takes a node of the tree and a text"),
        ("import os; os._exit(1)", "its process has ended"),
    ],
)
def test_a_rule_that_fails_is_switched_off_and_named_once(
    rules: Any, body: str, words: str
) -> None:
    runner, told = rules(
        f"class Failing(Rule):\n    code = 'a-fault'\n"
        f"    def visit_Chunk(self, node, report):\n        {body}\n{GOOD}"
    )
    check(runner, "<!goto x!> ::x::")
    check(runner, "::x:: <!goto x!>")
    assert told == [f"the rule 'a-fault' is switched off: {words}"]


def test_a_rule_that_does_not_end_is_switched_off(rules: Any) -> None:
    runner, told = rules(
        f"class Endless(Rule):\n    code = 'a-loop'\n"
        f"    def visit_Chunk(self, node, report):\n        while True: pass\n{GOOD}",
        time_ms=50,
    )
    check(runner, "<!goto x!> ::x::")
    assert told == ["the rule 'a-loop' is switched off: took more than 50 ms"]


def test_a_rule_that_cannot_be_interrupted_is_ended_with_its_process(
    rules: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(runner_module, "_PATIENCE", 0)
    runner, told = rules(
        "import threading\n"
        "class Waiting(Rule):\n    code = 'a-wait'\n"
        f"    def visit_Chunk(self, node, report):\n        threading.Event().wait()\n{GOOD}"
    )
    check(runner, "<!goto x!> ::x::")
    assert told == ["the rule 'a-wait' is switched off: did not answer within 1 s"]


def test_what_a_rule_prints_disturbs_nobody(rules: Any, capfd: Any) -> None:
    runner, told = rules("""
        import os
        class Loud(Rule):
            code = "is-loud"
            def visit_Chunk(self, node, report):
                print("{}")
                os.write(1, b"nonsense\\n")
                report(node, "said")
    """)
    check(runner, "<!x = 1!>")
    out, err = capfd.readouterr()
    assert out == ""
    assert "{}" in err
    assert "nonsense" in err
    assert told == []


@pytest.mark.parametrize(
    ("rule", "words"),
    [
        ("code = 'plain'", "the code 'plain' needs a '-' in it, as in 'no-print'"),
        ("code = 'syntax-error'", "'syntax-error' is a code of Tidelock's own"),
        ("code = 'no-x y'", "the code 'no-x y' needs a '-' in it, as in 'no-print'"),
        ("code = 'a-b'; severity = 'bad'", "the severity 'bad' is none of error, warning,"),
        ("code = 'no-goto'", "there is another rule 'no-goto' in {path}:2"),
    ],
)
def test_rules_that_are_refused(tmp_path: Path, rule: str, words: str) -> None:
    path = tmp_path / "mine.py"
    path.write_text(f"{HEAD}{GOOD.lstrip()}class Bad(Rule):\n    {rule}\n")
    found = loading.load([str(path)])
    assert list(found.rules) == ["no-goto"]
    (refused,) = found.refused
    assert refused.startswith(f"{path}:8: Bad: {words.format(path=path)}")


def test_files_that_cannot_be_loaded(tmp_path: Path) -> None:
    (tmp_path / "a.py").write_text("\n1 = 2\n")
    (tmp_path / "b.py").write_text("\n\nraise RuntimeError('no')\n")
    (tmp_path / "c.py").write_text(HEAD + GOOD + "class _Base(Rule): pass\n")
    found = loading.load([str(tmp_path), str(tmp_path / "none.py")])
    assert list(found.rules) == ["no-goto"]
    first, second, third = found.refused
    assert first.startswith(f"{tmp_path}/a.py:2: SyntaxError: ")
    assert second == f"{tmp_path}/b.py:3: RuntimeError: no"
    assert third == f"{tmp_path}/none.py: there is no such file or folder"


class _Entry:
    def __init__(self, value: str, found: object) -> None:
        self.name = self.value = value
        self._found = found

    def load(self) -> object:
        if isinstance(self._found, Exception):
            raise self._found
        return self._found


def test_rules_of_installed_packages(monkeypatch: pytest.MonkeyPatch) -> None:
    class Mine(Rule):
        code = "is-mine"

    entries = [
        _Entry("a:Mine", Mine),
        _Entry("b:thing", 7),
        _Entry("c", ImportError("no c")),
        _Entry("d", sys.modules[__name__]),
    ]
    monkeypatch.setattr(loading.importlib.metadata, "entry_points", lambda group: entries)
    found = loading.load([])
    assert found.rules == {"is-mine": Mine}
    assert found.refused == ["7 is no class derived from Rule", "c: ImportError: no c"]


def test_without_rules_no_process_is_started(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(runner_module, "entry_points", lambda group: [])
    monkeypatch.setattr(subprocess, "Popen", None)
    runner = Runner([], 200, pytest.fail)
    assert runner.check("a", parse("goto x", "5.4")) == []


def test_without_luaparser_one_message_says_what_to_install(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(runner_module.importlib.util, "find_spec", lambda name: None)
    told: list[str] = []
    runner = Runner(["x.py"], 200, told.append)
    assert runner.check("a", parse("x = 1", "5.4")) == []
    assert runner.check("a", parse("x = 2", "5.4")) == []
    assert told == [
        "the rules are switched off: luaparser is not installed; pip install 'tidelock[rules]'"
    ]


def test_a_runner_that_is_closed_says_nothing(rules: Any) -> None:
    runner, told = rules(GOOD)
    check(runner, "<!goto x!> ::x::")
    runner.close()
    assert runner.check("b", parse("goto x", "5.4")) == []
    assert told == []


def test_the_folder_we_are_in_is_no_place_to_import_from(
    rules: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "luaparser.py").write_text("raise SystemExit('a trap')")
    monkeypatch.chdir(tmp_path)
    runner, told = rules(GOOD)
    check(runner, "<!goto x!> ::x::")
    assert told == []


def test_paths_in_full(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", "/nowhere")
    paths = resolved(["rules", "~/mine.py", "/etc/x.py", "../up"], "/work/project")
    assert paths == (
        "/work/project/rules",
        "/nowhere/mine.py",
        "/etc/x.py",
        "/work/up",
    )


def test_a_problem_at_an_empty_block_has_a_place() -> None:
    class Blocks(Rule):
        code = "no-block"

        def visit_Block(self, node: Any, report: Any) -> None:
            report(node, "here")

    tree = public.tree("do end")
    places = [(one.start, one.end) for one in worker.apply(Blocks, tree, list(public.walk(tree)))]
    assert places == [(0, 6), (3, 3)]
