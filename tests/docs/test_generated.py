"""The pages that are made from the code: the map of the modules, the options, the codes."""

from __future__ import annotations

import ast
import json
import re
from pathlib import Path

from kit.generated import check_made, table
from tidelock.shared.config import OPTIONS, Settings, attribute, variable
from tidelock.shared.language.checks.codes import CODES

ROOT = Path(__file__).parents[2]
PORTIONS = ("shared", "kernel", "dap", "lsp", "editors/terminal")


def first_sentence(path: Path) -> str:
    """What a module says it is: the first sentence of its docstring, or of its first comment."""
    text = path.read_text("utf-8")
    if path.suffix == ".py":
        said = ast.get_docstring(ast.parse(text)) or ""
    else:
        comment = re.match(r"(?:--.*\n)+", text)
        said = re.sub(r"^-- ?", "", comment[0] if comment else "", flags=re.MULTILINE)
    (sentence, *_) = re.split(r"(?<=\.)\s", " ".join(said.split()), maxsplit=1)
    return sentence.replace("``", "`")


def modules(portion: str) -> list[list[str]]:
    """The modules of one folder with what they are, packages before what is in them."""
    folder = ROOT / portion / "tidelock" / Path(portion).name
    found = {
        path.relative_to(folder): first_sentence(path)
        for pattern in ("*.py", "runtime/lua/*.lua")
        for path in folder.rglob(pattern)
    }
    rows = []
    for path in sorted(found, key=lambda path: path.parts):
        name = path.as_posix()
        if path.name == "__init__.py":
            name = f"{path.parent.as_posix()}/" if path.parent.name else "(the package)"
        rows.append([f"`{name}`", found[path]])
    return sorted(rows, key=lambda row: not row[0].startswith("("))


def test_the_code_map_lists_every_module() -> None:
    parts = [
        f"### `{portion}/tidelock/{Path(portion).name}/`\n\n{table(['file', 'what it is'], rows)}"
        for portion in PORTIONS
        if (rows := modules(portion))
    ]
    check_made(ROOT / "docs" / "architecture.md", "code map", "\n" + "\n".join(parts) + "\n")


def test_every_module_says_what_it_is() -> None:
    silent = [row[0] for portion in PORTIONS for row in modules(portion) if len(row[1]) < 10]
    assert silent == []


def test_the_codes_are_listed() -> None:
    rows = []
    for code in CODES.values():
        example = " ".join(code.example.replace("<!", "").replace("!>", "").split())
        shown = example if len(example) <= 90 else f"{example[:60]} ..."
        others = ", ".join(f"`{one}`" for one in code.others)
        meaning = re.sub(r"'([^' ]+)'", r"`\1`", code.meaning)
        fix = re.sub(r"'([^' ]+)'", r"`\1`", code.fix)
        example = f"`` {shown} ``"
        cells = [f"`{code.name}`", code.severity, code.scope, meaning, example, fix, others]
        rows.append(cells)
    head = ["code", "severity", "scope", "meaning", "example", "fix", "also"]
    check_made(ROOT / "docs" / "diagnostics.md", "codes", f"\n{table(head, rows)}\n")


def test_the_options_are_listed() -> None:
    rows = []
    for option in OPTIONS:
        default = getattr(Settings(), attribute(option.key))
        shown = json.dumps(list(default) if isinstance(default, tuple) else default)
        values = ", ".join(f"`{each}`" for each in option.choices)
        if option.least is not None:
            values = f"at least {option.least:g}"
        cells = [f"`{option.key}`", f"`{shown}`", values, option.text, f"`{variable(option.key)}`"]
        rows.append(cells)
    head = ["option", "default", "values", "what it does", "environment variable"]
    check_made(ROOT / "docs" / "configuration.md", "options", f"\n{table(head, rows)}\n")
