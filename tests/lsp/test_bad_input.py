"""What no editor should send, over stdio: it is refused or passed over, and the next is served."""

from __future__ import annotations

import json
import random
from pathlib import Path
from typing import Any

import pytest

from kit.chance import examples
from kit.lsp import LspClient
from tidelock.lsp import routes

from .conftest import Place
from .test_session import about

TEXT = "local total = 7\nprint(total)\n"


def is_served(client: LspClient, path: Path) -> None:
    """A question about a text that is open is answered from that text."""
    found = client.hover(path, 1, 7)
    assert found is not None
    assert "7" in found.contents.value  # type: ignore[union-attr]


@pytest.fixture
def opened(place: Place) -> tuple[LspClient, Path]:
    path = place.file("main.lua", TEXT)
    client = place.server("--no-kernel")
    client.open(path)
    return client, path


def test_half_a_frame_then_a_whole_one(opened: tuple[LspClient, Path]) -> None:
    """A body that was cut off, headers without one, and bytes that are no header."""
    client, path = opened
    for rubbish in (
        b'Content-Length: 20\r\n\r\n{"jsonrpc": "2.0", "',
        b"Content-Length: none\r\n\r\n",
        b"\x00\xff\xfe rubbish \r\n",
        b"Content-Length: 4\r\n\r\n\xff\xfe\x00\x01",
        b"Content-Length: 2\r\n\r\n[]",
    ):
        client.send_raw(rubbish)
        is_served(client, path)


def test_versions_out_of_order_change_nothing(opened: tuple[LspClient, Path]) -> None:
    client, path = opened
    for version in (1, 0, -5):
        params = {
            "textDocument": {"uri": path.as_uri(), "version": version},
            "contentChanges": [{"text": "local total = 9\nprint(total)\n"}],
        }
        client.notify("textDocument/didChange", params)
        is_served(client, path)


def test_binary_and_huge_texts_are_passed_over(
    opened: tuple[LspClient, Path], place: Place
) -> None:
    """A text of 10 MB and one of all bytes are held; what is asked of them is answered."""
    client, path = opened
    huge = place.file("huge.lua", "")
    client.open(huge, "x = x + 1 -- more\n" * (10_000_000 // 18))
    is_served(client, path)
    binary = place.file("binary.lua", bytes(range(256)) * 64)
    client.open(binary, (bytes(range(256)) * 64).decode("latin-1"))
    for other in (huge, binary):
        client.request("textDocument/documentSymbol", client.document(other))
        client.completion(other, 10**6, 10**6)
        is_served(client, path)
    assert binary.read_bytes() == bytes(range(256)) * 64


def test_after_shutdown_everything_is_refused_and_nothing_runs(
    opened: tuple[LspClient, Path],
) -> None:
    client, _ = opened
    client.request("shutdown")
    for method in ("textDocument/hover", "workspace/executeCommand", "shutdown", "initialize"):
        error = client.request_failing(method, {}, checked=False)
        assert (error.code, error.message) == (-32600, f"{method} after shutdown")
    client.notify("textDocument/didOpen", {}, checked=False)
    client.notify("exit")
    assert client.transport.wait(20) == 0  # type: ignore[attr-defined]


def _anything(chance: random.Random, depth: int = 0) -> Any:
    kinds = 8 if depth < 3 else 6
    kind = chance.randrange(kinds)
    if kind == 6:
        return [_anything(chance, depth + 1) for _ in range(chance.randrange(4))]
    if kind == 7:
        names = ["textDocument", "uri", "position", "line", "text", "version", "range", "context"]
        return {
            chance.choice(names): _anything(chance, depth + 1) for _ in range(chance.randrange(4))
        }
    return (None, True, -1, 2**70, "\ud83d\ude00 x", 1.5)[kind]


def test_messages_by_chance(opened: tuple[LspClient, Path]) -> None:
    """10,000 of them, each with params that nearly fit or not at all; every request is answered."""
    client, path = opened
    chance = random.Random(20)
    methods = [
        *(route.method for route in routes.REQUESTS),
        *(search.method for search in (*routes.SEARCHES, *routes.TELLINGS)),
        *(heard.method for heard in routes.NOTIFICATIONS if heard.method != "$/setTrace"),
        "workspace/executeCommand",
        "$/cancelRequest",
        "nothing/known",
    ]
    requests = {route.method for route in (*routes.REQUESTS, *routes.SEARCHES, *routes.TELLINGS)}
    requests |= {"workspace/executeCommand", "nothing/known"}
    pending = []
    for _ in range(examples(10_000)):
        method = chance.choice(methods)
        params = about(chance.randrange(4), chance.randrange(20), path.as_uri())
        if method in requests:
            for name in chance.sample(sorted(params), chance.randrange(4)):
                params[name] = _anything(chance)
        if chance.random() < 0.3 or method not in requests:
            params = _anything(chance)
        params = json.loads(json.dumps(params))
        if method in requests:
            pending.append(client.post(method, params, checked=False))
        else:
            client.notify(method, params, checked=False)
        if len(pending) >= 200:
            for one in pending:
                one.wait(60)
            pending.clear()
            is_served(client, path)
    for one in pending:
        one.wait(60)
    is_served(client, path)
    assert client.shutdown() == 0
    assert path.read_text() == TEXT
