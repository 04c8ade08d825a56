"""``tidelock.evaluate``: values of the program, while it is idle or paused."""

from __future__ import annotations

from typing import Any

import pytest
from lsprotocol import types

from kit.lsp import LspClient, RequestFailed

from .conftest import Place


def command(client: LspClient, name: str, *arguments: Any) -> Any:
    params = {"command": name, "arguments": list(arguments)}
    return client.request("workspace/executeCommand", params)


def run(client: LspClient, place: Place, text: str) -> str:
    path = place.file("main.lua", text)
    return str(command(client, "tidelock.run", {"uri": path.as_uri()})["execution"])


def ended(client: LspClient, number: str) -> None:
    client.wait_for_notification(
        "tidelock/executionFinished", lambda told: told["execution"] == number
    )


def test_values_of_an_idle_program(place: Place) -> None:
    client = place.server()
    ended(client, run(client, place, "height = 3 function double(x) return 2 * x end"))
    value = command(client, "tidelock.evaluate", {"expression": "double(height)"})
    assert value == {"text": "6", "type": "number"}
    with pytest.raises(RequestFailed, match="attempt to"):
        command(client, "tidelock.evaluate", {"expression": "height.x.y"})
    with pytest.raises(RequestFailed, match="frameId is no number") as failed:
        command(client, "tidelock.evaluate", {"expression": "1", "frameId": "a"})
    assert failed.value.code == types.ErrorCodes.InvalidParams
    with pytest.raises(RequestFailed, match="no object with an expression"):
        command(client, "tidelock.evaluate")


def test_a_running_program_is_not_asked(place: Place) -> None:
    client = place.server()
    number = run(client, place, "print('on') while true do end")
    client.wait_for_notification("tidelock/output", lambda told: told["text"] == "on\n")
    with pytest.raises(RequestFailed, match="the program is running"):
        command(client, "tidelock.evaluate", {"expression": "1"})
    command(client, "tidelock.interrupt")
    ended(client, number)
