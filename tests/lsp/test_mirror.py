"""How the mirror follows a kernel by differences, and what it does when one was lost."""

from __future__ import annotations

import threading
from typing import Any

from kit.kernels import Served
from tidelock.lsp.live import Live
from tidelock.lsp.moment import Moment
from tidelock.shared.answers import Answer, answered, failed
from tidelock.shared.errors import KernelError
from tidelock.shared.link.wire import Message

from .test_live import WAIT_S, Mirror, Scripted, fact, moment

Json = dict[str, Any]


def held(mirror: Mirror) -> tuple[dict[str, str], tuple[str, ...]]:
    """The names that it has, with their values, and the modules."""
    told = mirror.live.moment
    return {one.name: one.text for one in told.names}, told.modules


def test_differences_are_put_together() -> None:
    first = moment(globals=[fact("a"), fact("b")], modules=["m"], cut=True)
    kernel = Scripted(subscribe=answered(first))
    mirror = Mirror(kernel, max_names=70)
    mirror.join()
    assert kernel.asked[0] == {"action": "subscribe", "max_names": 70}
    assert mirror.live.moment.is_cut
    same = moment(globals=[fact("b", "2"), fact("c")], gone=["a", "never there"])
    del same["modules"]
    kernel.pushes(same)
    assert held(mirror) == ({"b": "2", "c": "1"}, ("m",))
    assert not mirror.live.moment.is_cut
    kernel.pushes(moment("running", modules=[]))
    assert held(mirror) == ({"b": "2", "c": "1"}, ())
    assert mirror.live.moment.state == "running"
    asked = [one["action"] for one in kernel.asked]
    assert asked.count("subscribe") == 1


def test_all_is_asked_for_when_a_message_was_lost() -> None:
    kernel = Scripted(subscribe=answered(moment(globals=[fact("a")])))
    mirror = Mirror(kernel)
    mirror.join()
    late: Answer[Json] = Answer()
    kernel.replies["subscribe"] = late
    kernel.pushes(moment(globals=[fact("lost")]), is_lost=True)
    kernel.pushes(moment(globals=[fact("b")]))
    kernel.pushes(moment(globals=[fact("c")]))
    assert held(mirror) == ({"a": "1"}, ()), "nothing is known of a difference to what was missed"
    assert [one["action"] for one in kernel.asked] == ["subscribe", "subscribe"]
    kernel.replies["subscribe"] = Answer()
    late.resolve(moment(revision=4, globals=[fact("a"), fact("lost"), fact("b"), fact("c")]))
    assert set(held(mirror)[0]) == {"a", "lost", "b", "c"}
    kernel.pushes(moment(globals=[fact("d")]))
    assert set(held(mirror)[0]) == {"a", "lost", "b", "c", "d"}
    assert len(kernel.asked) == 2


def test_what_overtakes_the_answer_is_asked_for_again() -> None:
    kernel = Scripted()
    mirror = Mirror(kernel)
    mirror.join()
    late: Answer[Json] = Answer()
    kernel.replies["subscribe"] = late
    kernel.pushes(moment(), is_lost=True)
    kernel.pushes(moment())
    kernel.pushes(moment(globals=[fact("new")]))
    kernel.replies["subscribe"] = answered(moment(revision=4, globals=[fact("new")]))
    late.resolve(moment(revision=3))
    assert held(mirror) == ({"new": "1"}, ())


def test_an_older_answer_does_not_undo_a_newer_one() -> None:
    kernel = Scripted()
    mirror = Mirror(kernel)
    mirror.join()
    late: Answer[Json] = Answer()
    kernel.replies["subscribe"] = late
    kernel.says("status", {"execution_state": "starting"})
    kernel.pushes(moment(globals=[fact("new")]))
    kernel.replies["subscribe"] = Answer()
    late.resolve(moment(revision=1))
    assert held(mirror) == ({"new": "1"}, ())


def test_a_refusal_is_asked_once_more() -> None:
    kernel = Scripted()
    mirror = Mirror(kernel)
    mirror.join()
    kernel.replies["subscribe"] = failed(KernelError("the kernel has no comm tidelock.kernel"))
    kernel.pushes(moment(), is_lost=True)
    kernel.pushes(moment())
    assert [one["action"] for one in kernel.asked] == ["subscribe"] * 3
    assert mirror.live.moment.revision == 1


def test_another_number_of_names_is_asked_for() -> None:
    kernel = Scripted()
    mirror = Mirror(kernel, max_names=5)
    mirror.join()
    mirror.live.keep_names(5)
    kernel.replies["subscribe"] = answered(moment(globals=[fact("a")]))
    mirror.live.keep_names(6)
    assert kernel.asked[1:] == [{"action": "subscribe", "max_names": 6}]
    assert held(mirror) == ({"a": "1"}, ())


def test_a_number_of_names_that_comes_while_it_asks_is_asked_for_then() -> None:
    kernel = Scripted()
    mirror = Mirror(kernel, max_names=5)
    mirror.join()
    late: Answer[Json] = Answer()
    kernel.replies["subscribe"] = late
    mirror.live.keep_names(6)
    mirror.live.keep_names(7)
    assert [one["max_names"] for one in kernel.asked] == [5, 6]
    kernel.replies["subscribe"] = answered(moment(globals=[fact("a"), fact("b")]))
    late.resolve(moment(globals=[fact("a")]))
    assert [one["max_names"] for one in kernel.asked] == [5, 6, 7]
    assert set(held(mirror)[0]) == {"a", "b"}


class Lossy:
    """A client of a real kernel on which some of what is pushed never comes."""

    def __init__(self, client: Any) -> None:
        self._client = client
        self.losing = 0

    def __getattr__(self, name: str) -> Any:
        return getattr(self._client, name)

    def on_message(self, listener: Any) -> None:
        def hear(message: Message) -> None:
            data = message.content.get("data", {}) if message.type == "comm_msg" else {}
            if self.losing and data.get("event") == "moment":
                self.losing -= 1
                return
            listener(message)

        self._client.on_message(hear)


def test_a_mirror_of_a_kernel_is_whole_again_after_a_loss(served: Served) -> None:
    peer = served.peer()
    client = Lossy(served.client())
    changed = threading.Condition()
    now = Moment()

    def take(moment: Moment) -> None:
        nonlocal now
        with changed:
            now = moment
            changed.notify_all()

    def wait(count: int, *names: str) -> None:
        with changed:
            fits = changed.wait_for(
                lambda: (
                    (now.state, now.executions, {one.name for one in now.names})
                    == ("idle", count, set(names))
                ),
                WAIT_S,
            )
            assert fits, now

    live = Live(lambda start: client, 5.0, take)  # type: ignore[arg-type,return-value]
    live.client(start=False)
    peer.execute("first = 1")
    wait(1, "first")
    client.losing = 1
    peer.execute("second = 2")
    peer.execute("third, first = 3, nil")
    wait(2 + 1, "second", "third")
    assert client.losing == 0
    peer.execute("fourth = 4")
    wait(4, "second", "third", "fourth")
    live.keep_names(1)
    with changed:
        assert changed.wait_for(lambda: now.is_cut and len(now.names) == 1, WAIT_S), now
    live.close()
