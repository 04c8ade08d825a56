"""The moment: what is told of a program with many names, and how subscribers follow it."""

from __future__ import annotations

from typing import Any

import pytest

from kit.jupyter import JupyterPeer
from kit.kernels import Served
from kit.live import Live
from tidelock.kernel.moments import difference
from tidelock.shared.debug.debugger import facts

Json = dict[str, Any]
KERNEL = "tidelock.kernel"
MANY = "for i = 1, 10000 do _G['name' .. i] = i end"


@pytest.fixture
def peer(served: Served) -> JupyterPeer:
    return served.peer()


def names(told: Json) -> set[str]:
    return {fact["name"] for fact in told["globals"]}


class Subscriber:
    """A comm that puts the moment together from what it is told, as the protocol says."""

    def __init__(self, peer: JupyterPeer, **fields: Any) -> None:
        self.comm = peer.comm(KERNEL, {"action": "subscribe", **fields})
        first = self.comm.receive(lambda data: data.get("ok") is True)["result"]
        self.revision = int(first["revision"])
        self.globals = {fact["name"]: fact for fact in first["globals"]}
        self.modules = first["modules"]
        self.differences: list[Json] = []

    def follow(self, **wanted: Any) -> Json:
        """Take differences up to one that has these fields; it is given."""
        while True:
            told: Json = self.comm.receive(lambda data: data.get("event") == "moment")["result"]
            assert told["since"] == self.revision
            assert told["revision"] > self.revision
            self.revision = told["revision"]
            for name in told["gone"]:
                del self.globals[name]
            self.globals.update((fact["name"], fact) for fact in told["globals"])
            self.modules = told.get("modules", self.modules)
            self.differences.append(told)
            if wanted.items() <= told.items():
                return told


def test_ten_thousand_globals_are_cut(peer: JupyterPeer) -> None:
    peer.execute(MANY)
    told = peer.comm(KERNEL).ask("moment")
    assert told["cut"] is True
    assert 0 < len(names(told)) <= 5000
    few = peer.comm(KERNEL).ask("moment", max_names=7)
    assert (len(names(few)), few["cut"]) == (7, True)
    peer.execute("for i = 8, 10000 do _G['name' .. i] = nil end")
    told = peer.comm(KERNEL).ask("moment", max_names=7)
    assert names(told) == {f"name{i}" for i in range(1, 8)}
    assert told["cut"] is False
    with pytest.raises(Exception, match="max_names"):
        peer.comm(KERNEL).ask("moment", max_names="all")


def test_what_is_asked_of_many_is_cut(peer: JupyterPeer) -> None:
    peer.execute(f"{MANY} big = {{}} for i = 1, 10000 do big['k' .. i] = i end small = {{a = 1}}")
    for what, root in (("names", ""), ("members", "big")):
        told = peer.comm(KERNEL).ask("ask", what=what, root=root)
        assert (len(told["facts"]), told["cut"]) == (2000, True)
    told = peer.comm(KERNEL).ask("ask", what="members", root="small")
    assert ([fact["name"] for fact in told["facts"]], told["cut"]) == (["a"], False)


def test_a_moment_is_bounded_by_bytes_and_time(lua: Live) -> None:
    def found(most: int, most_bytes: int, most_s: float) -> tuple[int, bool]:
        cut, _, *packed = lua.context.runtime.ask("moment", most, most_bytes, most_s).result(20)
        told = facts((cut, *packed))
        return len(told), told.is_cut

    lua.run("for i = 1, 100 do _G['name' .. i] = i end")
    assert found(100, 1_000_000, 60.0) == (100, False)
    count, is_cut = found(100, 500, 60.0)
    assert is_cut
    assert 5 < count < 50
    assert found(100, 1_000_000, -1.0) == (0, True)
    lua.run("for i = 1, 5 do package.loaded['m' .. i] = true end")
    assert found(100, 1_000_000, 60.0) == (100, False)
    lua.run("for i = 6, 101 do package.loaded['m' .. i] = true end")
    assert found(100, 1_000_000, 60.0) == (100, True)


def test_subscribers_are_told_what_is_other(served: Served) -> None:
    peer = served.peer()
    peer.execute("first, kept = 1, 2 package.loaded.mine = {}")
    early = Subscriber(peer)
    peer.execute("first, second = nil, 3")
    late = Subscriber(peer)
    peer.execute("second = 4")
    for one in (early, late):
        told = one.follow(execution_count=3, state="idle")
        assert set(one.globals) == {"kept", "second"}
        assert one.globals["second"]["text"] == "4"
        assert one.modules == ["mine"]
        assert "modules" not in told
    assert all("kept" not in names(told) for told in early.differences)
    assert ["first"] in [told["gone"] for told in early.differences]
    peer.execute("package.loaded.mine = nil package.loaded.yours = {}")
    assert early.follow(execution_count=4, state="idle")["modules"] == ["yours"]
    served.client().shutdown(restart=True).result(20)
    while early.globals or early.modules:  # the new state has none
        early.follow()


def test_each_subscriber_has_as_many_names_as_it_wants(peer: JupyterPeer) -> None:
    peer.execute("for i = 1, 20 do _G['name' .. i] = i end")
    few, all_of_them = Subscriber(peer, max_names=3), Subscriber(peer)
    peer.execute("other = 1")
    few.follow(execution_count=2, state="idle")
    all_of_them.follow(execution_count=2, state="idle")
    assert (len(few.globals), len(all_of_them.globals)) == (3, 21)
    assert few.differences[-1]["cut"] is True
    assert few.comm.ask("subscribe", max_names=30)["cut"] is False


def test_a_subscriber_that_asks_again_is_told_all(peer: JupyterPeer) -> None:
    peer.execute("kept = 2")
    one = Subscriber(peer)
    peer.execute("other = 1")
    again = one.comm.ask("subscribe")
    assert names(again) == {"kept", "other"}
    one.comm.receive(lambda data: data.get("ok") is True)
    one.revision, one.globals = again["revision"], {f["name"]: f for f in again["globals"]}
    peer.execute("third = 1")
    one.follow(execution_count=3, state="idle")
    assert set(one.globals) == {"kept", "other", "third"}


def test_a_difference_is_small() -> None:
    before = {"revision": 3, "modules": ["a"], "globals": [{"name": f"n{i}"} for i in range(9)]}
    now = {**before, "revision": 5, "globals": [*before["globals"][1:], {"name": "new"}]}
    assert difference(before, now) == {
        "revision": 5, "since": 3, "globals": [{"name": "new"}], "gone": ["n0"],
    }  # fmt: skip
    changed = {**now, "globals": [{"name": "n1", "text": "2"}], "modules": []}
    told = difference(before, changed)
    assert (told["globals"], told["modules"]) == ([{"name": "n1", "text": "2"}], [])
