"""Jupyter's kernel gateway: a kernel that is asked over a websocket."""

from __future__ import annotations

import asyncio
import json
import uuid
from typing import Any

import pytest

from clients.installed import python_module, python_program
from kit.places import Place

pytestmark = pytest.mark.clients


async def conversation(base: str) -> list[tuple[str, Any]]:
    """One kernel from its start to its end; what it said, by type."""
    http = python_module("tornado.httpclient")
    client, said = http.AsyncHTTPClient(), []

    async def ask(place: str, method: str, status: int, body: str | None = None) -> Any:
        answer = await client.fetch(f"http://{base}{place}", method=method, body=body)
        assert answer.code == status
        return json.loads(answer.body or "null")

    kernel = (await ask("/api/kernels", "POST", 201, '{"name": "tidelock"}'))["id"]
    place = f"/api/kernels/{kernel}"
    connect = python_module("tornado.websocket").websocket_connect
    socket = await connect(f"ws://{base}{place}/channels")

    async def execute(code: str) -> None:
        header = {"msg_id": uuid.uuid4().hex, "session": "s", "username": "", "date": ""}
        message = {
            "header": {**header, "msg_type": "execute_request", "version": "5.3"},
            "parent_header": {}, "metadata": {}, "channel": "shell", "buffers": [],
            "content": {"code": code, "silent": False, "allow_stdin": False},
        }  # fmt: skip
        await socket.write_message(json.dumps(message))
        while True:
            heard = json.loads(await asyncio.wait_for(socket.read_message(), 20))
            if heard["parent_header"].get("msg_id") == header["msg_id"]:
                content = heard["content"]
                said.append((heard["msg_type"], content.get("text") or content.get("data")))
                if content.get("execution_state") == "idle":
                    return
                if content.get("text") == "on\n":
                    await ask(f"{place}/interrupt", "POST", 204, "")

    await execute("h = 2 print('water') h * 21")
    await execute("print('on') while true do end")
    await execute("h")
    socket.close()
    await ask(place, "DELETE", 204)
    return said


def test_a_kernel_behind_a_gateway(place: Place, spec: dict[str, str]) -> None:
    words = [python_program("jupyter-kernelgateway"), "--KernelGatewayApp.port_retries=100"]
    with place.spawn(program=words, env=spec) as gateway:
        line = gateway.wait_for_line(r"available at http://(\S+)", 20, "stderr")
        said = asyncio.run(conversation(line[1]))
    kinds = [kind for kind, _ in said if kind not in ("status", "execute_input", "execute_reply")]
    assert kinds == ["stream", "execute_result", "stream", "error", "execute_result"]
    told = [told for kind, told in said if kind in ("stream", "execute_result")]
    assert told == ["water\n", {"text/plain": "42"}, "on\n", {"text/plain": "2"}]
