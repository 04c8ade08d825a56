"""What the language server says: the page is made from the tables in its code."""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable
from pathlib import Path

from kit.generated import check_made, table
from tidelock.lsp import routes
from tidelock.lsp.commands import COMMANDS
from tidelock.lsp.messages import MESSAGES

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs/lsp-extensions.md"


def said(function: Callable[..., object]) -> str:
    """The first sentence of a docstring."""
    words = " ".join((inspect.getdoc(function) or "").split())
    return re.split(r"(?<=\.)\s", words, maxsplit=1)[0].replace("``", "`")


def test_the_requests() -> None:
    rows = []
    for route in (*routes.REQUESTS, *routes.SEARCHES, *routes.TELLINGS):
        live = "yes" if getattr(route, "is_live", False) else ""
        rows.append([f"`{route.method}`", said(route.load()), live])
    check_made(PAGE, "requests", table(["request", "answer", "knows the program"], rows))


def test_the_commands() -> None:
    rows = [[f"`{name}`", said(command)] for name, command in COMMANDS.items()]
    check_made(PAGE, "commands", table(["command", "does"], rows))


def test_our_own_messages() -> None:
    rows = [[f"`{name}`", words] for name, words in MESSAGES.items()]
    check_made(PAGE, "messages", table(["message", "when"], rows))


def test_every_message_and_command_is_described_further() -> None:
    page = PAGE.read_text("utf-8")
    for name in (*MESSAGES, *COMMANDS):
        assert page.count(f"\n| `{name}` |") == 2, name


def test_no_other_message_is_sent() -> None:
    for path in sorted((ROOT / "lsp/tidelock/lsp").rglob("*.py")):
        if path.name != "messages.py":
            assert '"tidelock/' not in path.read_text("utf-8"), path
