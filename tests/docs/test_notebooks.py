"""Notebooks: the example shows what its cells give, and so does the page about them."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from kit.generated import FLAG
from kit.jupyter import Execution, JupyterPeer
from kit.kernels import embedded

ROOT = Path(__file__).parents[2]
NOTEBOOK = ROOT / "examples" / "tides" / "tides.ipynb"
PAGE = ROOT / "docs" / "notebooks.md"
EXAMPLES = re.findall(
    r"^```lua\n(.*?)^```\n\n```text\n(.*?)^```$", PAGE.read_text("utf-8"), re.M | re.S
)

Json = dict[str, Any]


@pytest.fixture
def peer() -> Iterator[JupyterPeer]:
    """A client of a kernel with the Lua that the pages are written for."""
    with embedded(lua_version="5.4") as served:
        yield served.peer()


def outputs(done: Execution) -> list[Json]:
    """What a notebook keeps of an execution (nbformat 4.5), updates in their places."""
    kept: list[Json] = []
    places: dict[str, Json] = {}
    for message in done.published:
        content = message.content
        kind = message.type
        if kind == "update_display_data":
            places[content["transient"]["display_id"]]["data"] = content["data"]
        elif kind == "stream" and kept and kept[-1].get("name") == content["name"]:
            kept[-1]["text"] += content["text"]
        elif kind in ("stream", "display_data", "execute_result", "error"):
            output = {key: content[key] for key in sorted(content) if key != "transient"}
            kept.append({"output_type": kind, **output})
            number = content.get("transient", {}).get("display_id")
            if number:
                places[number] = kept[-1]
    return kept


def joined(value: Any) -> Any:
    """Stored text: front ends keep it as a list of lines."""
    if isinstance(value, list) and value and all(isinstance(line, str) for line in value):
        return "".join(value)
    return value


def plain(output: Json) -> Json:
    """A stored output in the form of ``outputs``."""
    if "data" in output:
        data = {mime: joined(content) for mime, content in output["data"].items()}
        return {**output, "data": data}
    if "text" in output:
        return {**output, "text": joined(output["text"])}
    return output


def test_the_notebook_shows_what_its_cells_give(peer: JupyterPeer) -> None:
    notebook = json.loads(NOTEBOOK.read_text("utf-8"))
    cells = [cell for cell in notebook["cells"] if cell["cell_type"] == "code"]
    place = {"directory": str(NOTEBOOK.parent), "search": [str(NOTEBOOK.parent)]}
    stored, shown = [], []
    for cell in cells:
        done = peer.execute("".join(cell["source"]), metadata={"tidelock": place})
        stored.append((cell["execution_count"], [plain(each) for each in cell["outputs"]]))
        shown.append((done.count, outputs(done)))
        assert done.status == "ok"
        cell["execution_count"], cell["outputs"] = shown[-1]
    if os.environ.get(FLAG) and stored != shown:
        NOTEBOOK.write_text(f"{json.dumps(notebook, indent=1, ensure_ascii=False)}\n", "utf-8")
        return
    assert stored == shown


def seen(done: Execution) -> str:
    """What one reads below a cell."""
    text = "".join(
        output["text"] if "text" in output else f"{output['data']['text/plain']}\n"
        for output in outputs(done)
        if output["output_type"] != "error"
    )
    return text + (f"{done.traceback}\n" if done.error else "")


def test_the_page_shows_what_its_cells_give(peer: JupyterPeer) -> None:
    assert len(EXAMPLES) >= 8
    assert [(code, seen(peer.execute(code))) for code, _ in EXAMPLES] == EXAMPLES
