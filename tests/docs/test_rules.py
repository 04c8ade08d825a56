"""``docs/rules.md``: its rule is the example that ships, and says what the page says."""

from __future__ import annotations

import re
from pathlib import Path

from kit.places import Place

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "rules.md").read_text(encoding="utf-8")


def block(language: str, number: int = 0) -> str:
    return re.findall(rf"```{language}\n(.*?)```", PAGE, re.DOTALL)[number]


def test_the_rule_of_the_page_says_what_the_page_says() -> None:
    rule = block("python")
    assert rule == (ROOT / "examples" / "rules" / "no_print.py").read_text(encoding="utf-8")
    place = Place()
    try:
        place.file("no_print.py", rule)
        place.file("log.lua", "return { print = print }\n")
        place.file("main.lua", block("lua"))
        place.file("tools/rules/none.py", "")
        place.file("tidelock.toml", block("toml"))
        result = place.run("validate", "main.lua", "--trust").expect(0)
        assert result.stdout.startswith(block("text"))
        assert result.stdout.endswith("1 warning in 1 file\n")
        assert result.stderr == ""
    finally:
        place.close()
