"""What cells show besides text: bundles, tables, progress, passwords; and waiting in a sleep."""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest

from kit.jupyter import Execution, JupyterPeer
from kit.kernels import Served, embedded
from kit.timeline import Message

PNG = b"\x89PNG\r\n\x1a\n\0\xff"


@pytest.fixture
def peer(served: Served) -> JupyterPeer:
    peer = served.peer()
    peer.execute("t = require 'tidelock'")
    return peer


def shown(done: Execution) -> list[dict[str, Any]]:
    """The data of everything displayed by an execution that went well."""
    assert done.status == "ok", done.traceback
    return done.displays


def result(done: Execution) -> dict[str, Any]:
    """The bundle of its result."""
    (message,) = done.of("execute_result")
    data: dict[str, Any] = message.content["data"]
    return data


def test_pictures_and_texts_of_every_kind(peer: JupyterPeer) -> None:
    escaped = "".join(f"\\{byte:03}" for byte in PNG)
    done = peer.execute(
        f"""t.display{{png = "{escaped}"}}
        t.display{{svg = "<svg/>", text = "a drawing"}}
        t.display{{["text/html"] = "<b>ä</b>", markdown = "**ä**"}}
        t.display{{json = {{list = {{1, 2.5, true}}, none = {{}}, odd = {{0/0, 1/0, "\\n\\255"}}}}}}
        t.display{{["application/vnd.moon+json"] = '{{"phase": [0.5]}}'}}"""
    )
    assert shown(done) == [
        {"image/png": base64.b64encode(PNG).decode(), "text/plain": "<image/png, 10 bytes>"},
        {"image/svg+xml": "<svg/>", "text/plain": "a drawing"},
        {"text/html": "<b>ä</b>", "text/markdown": "**ä**", "text/plain": "**ä**"},
        {
            "application/json": {
                "list": [1, 2.5, True], "none": {}, "odd": ["nan", "inf", "\n\\xff"],
            },
            "text/plain": done.displays[3]["text/plain"],
        },
        {
            "application/vnd.moon+json": {"phase": [0.5]},
            "text/plain": "<application/vnd.moon+json, 16 bytes>",
        },
    ]  # fmt: skip


def test_displays_and_text_come_in_their_order(peer: JupyterPeer) -> None:
    done = peer.execute("print('a') t.display('b') io.write('c') t.clear_output(true) print('d')")
    kinds = [message.type for message in done.published]
    assert kinds == [
        "status", "execute_input", "stream", "display_data", "stream", "clear_output", "stream",
        "status",
    ]  # fmt: skip
    (cleared,) = done.of("clear_output")
    assert cleared.content == {"wait": True}


def test_a_display_is_updated_also_by_a_later_cell(peer: JupyterPeer) -> None:
    first = peer.execute("t.display({html = '<i>1</i>'}, {isolated = true}, 'clock')")
    (message,) = first.of("display_data")
    assert message.content["transient"] == {"display_id": "clock"}
    assert message.content["metadata"] == {"isolated": True}
    later = peer.execute("t.update_display('clock', {html = '<i>2</i>'})")
    (message,) = later.of("update_display_data")
    assert message.content["transient"] == {"display_id": "clock"}
    assert message.content["data"]["text/html"] == "<i>2</i>"


def test_a_list_of_records_is_a_table(peer: JupyterPeer) -> None:
    done = peer.execute("return {{name = 'ebb <1>', m = 0.5}, {name = 'flow', at = print}}")
    assert result(done)["text/html"] == (
        "<table><thead><tr><th>at</th><th>m</th><th>name</th></tr></thead><tbody>"
        "<tr><td></td><td>0.5</td><td>ebb &lt;1&gt;</td></tr>\n"
        "<tr><td>function builtin</td><td></td><td>flow</td></tr></tbody></table>"
    )
    assert result(done)["text/plain"].startswith('{{m = 0.5, name = "ebb <1>"}')


def test_a_long_and_wide_table_is_cut_and_says_so(peer: JupyterPeer) -> None:
    done = peer.execute(
        "local rows = {} for i = 1, 100 do rows[i] = {} for j = 1, 30 do"
        " rows[i][('c%02d'):format(j)] = i * j end end return rows"
    )
    html = result(done)["text/html"]
    assert html.count("<tr>") == 1 + 60
    assert "<th>… 10 more</th>" in html
    assert html.endswith("<p>… 40 more rows</p>")


@pytest.mark.parametrize(
    "value",
    [
        "{1, 2, 3}", "{{1, 2}, {3, 4}}", "{{a = 1}, 2}", "{{a = 1}, {}}", "{a = {b = 1}}", "'x'",
        "setmetatable({{a = 1}}, {})", "{{a = 1}, x = 1}", "print", "nil, {{a = 1}}",
    ],
)  # fmt: skip
def test_what_is_no_list_of_records_is_no_table(peer: JupyterPeer, value: str) -> None:
    assert list(result(peer.execute(f"return {value}"))) == ["text/plain"]


def test_an_object_tells_how_it_is_displayed(peer: JupyterPeer) -> None:
    peer.execute(
        "plot = setmetatable({}, {__display = function(self) return {svg = self.svg} end,"
        " __tostring = function() return 'a plot' end}) plot.svg = '<svg>1</svg>'"
    )
    wanted = {"text/plain": "a plot", "image/svg+xml": "<svg>1</svg>"}
    assert result(peer.execute("return plot")) == wanted
    assert shown(peer.execute("t.display(plot)")) == [wanted]
    peer.execute("plot.svg = print")
    assert "__display failed: the content of 'svg'" in result(peer.execute("plot"))["text/plain"]


@pytest.mark.parametrize(
    ("code", "said"),
    [
        ("t.display{png = {}}", "In[2]:1: the content of 'png' is a table, not a text"),
        ("t.display{png = 'x', pgn = 'y'}", "'pgn' is no kind of content; use a MIME type"),
        ("t.display{json = print}", "In[2]:1: a function is no plain data"),
        ("t.display{json = '{'}", "In[2]:1: the content of application/json is not JSON"),
        ("x = {} x.x = x t.display{json = x}", "a table that holds itself is no plain data"),
        ("t.display{json = {a = {[7] = 1}}}", "keys that are no texts"),
        ("t.display({text = 'x'}, 5)", "bad argument #2 to 'display' (table expected"),
        ("t.display({text = 'x'}, {f = print})", "metadata: a function is no plain data"),
        ("t.display({text = 'x'}, nil, {})", "bad argument #3 to 'display'"),
        ("t.update_display(nil, {text = 'x'})", "bad argument #1 to 'update_display'"),
        ("t.progress('x')", "bad argument #1 to 'progress' (number expected, got string)"),
        ("t.sleep(-1)", "bad argument #1 to 'sleep'"),
        ("t.sleep('x')", "bad argument #1 to 'sleep' (number expected"),
        ("t.read_password(5)", "bad argument #1 to 'read_password'"),
        ("t.read_password()", "stdin is not available"),
    ],
)
def test_mistakes_are_errors_in_the_cell(peer: JupyterPeer, code: str, said: str) -> None:
    done = peer.execute(code)
    assert done.error is not None
    assert said in done.error
    assert not done.displays
    assert peer.execute("return 1").result == "1"


def test_progress_is_one_bar_that_ends_where_the_script_ended(peer: JupyterPeer) -> None:
    done = peer.execute("for i = 1, 5000 do t.progress(i, 10000, 'tides') end")
    first, *rest = done.of("display_data", "update_display_data")
    assert first.type == "display_data"
    assert {message.type for message in rest} == {"update_display_data"}
    assert len({message.content["transient"]["display_id"] for message in [first, *rest]}) == 1
    assert len(rest) < 1000
    last = rest[-1].content
    assert last["data"]["text/plain"] == f"[{'#' * 15}{'.' * 15}] 5000/10000 tides"
    assert '<progress value="0.5000" max="1">' in last["data"]["text/html"]
    assert last["metadata"]["tidelock"]["progress"] == {
        "done": 5000, "total": 10000, "text": "tides",
    }  # fmt: skip
    two = peer.execute("t.progress(1, 2, 'a', 'x') t.progress(1, nil, '<b>', 'y')")
    first, second = two.of("display_data")
    assert first.content["transient"] != second.content["transient"]
    assert second.content["data"]["text/html"] == "<progress></progress> 1 &lt;b&gt;"


def test_a_password_is_asked_for_as_one(peer: JupyterPeer) -> None:
    done = peer.start("return t.read_password('Word? ')", answers=["moon"])
    assert done.wait().result == '"moon"'
    assert done.prompts == ["Word? "]
    (request,) = peer.timeline.all(Message("input_request"))
    assert request["content"] == {"prompt": "Word? ", "password": True}


def test_a_sleep_can_be_asked_and_interrupted(served: Served) -> None:
    peer, other = served.peer(), served.peer()
    slept = peer.execute("local t = require 'tidelock' t.sleep(0) t.sleep(0.001) return 'awake'")
    assert slept.result == '"awake"'
    for code in (
        "here = {deep = 1} print('in') require('tidelock').sleep(1e9)",
        "print('in') pcall(require('tidelock').sleep, math.huge) print('never')",
    ):
        sleeping = peer.start(code)
        sleeping.wait_for("stream")
        assert other.complete("here.")["matches"] == ["deep"]
        peer.interrupt()
        assert sleeping.wait().error == "Interrupted: interrupted"
        assert sleeping.stdout == "in\n"
    assert peer.execute("return here.deep").result == "1"


def test_displays_count_for_the_limit_of_output() -> None:
    with embedded(output_limit=10_000) as served:
        done = served.peer().execute(
            "local t = require 'tidelock' print('text') for _ = 1, 6 do"
            " t.display(('x'):rep(3000)) end print('more')"
        )
    assert len(done.displays) == 3
    assert done.stdout == "text\n\n[output limit of 10000 bytes reached; the rest is not shown]\n"


def test_a_fresh_state_has_not_read_the_module(peer: JupyterPeer) -> None:
    loaded = peer.comm("tidelock.kernel").ask("moment")["modules"]
    assert loaded == ["tidelock"]
    peer.shutdown(restart=True)
    assert peer.execute("return package.loaded.tidelock").result is None
    assert peer.execute("return type(require('tidelock').display)").result == '"function"'


def test_json_of_a_result_is_sound(peer: JupyterPeer) -> None:
    done = peer.execute("t.display{json = {a = '\\1\\127/\"\\\\', n = {-0.1, 1e300, 2^53, -7}}}")
    (bundle,) = shown(done)
    assert bundle["application/json"] == {
        "a": '\x01\x7f/"\\', "n": [-0.1, 1e300, 2.0**53, -7],
    }  # fmt: skip
    json.dumps(bundle, allow_nan=False)
