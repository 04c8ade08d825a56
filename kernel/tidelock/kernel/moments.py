"""The moment, what a program has made: whole for who asks, then as differences for subscribers.

It is bounded by names, bytes and time of the Lua lane, and says when it was cut. Everything in here
is on the loop's thread; nothing runs a script.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, NamedTuple

from tidelock.kernel.execution import field
from tidelock.kernel.questions import status
from tidelock.shared.answers import Answer
from tidelock.shared.debug.debugger import facts
from tidelock.shared.link.wire import Content

if TYPE_CHECKING:
    from tidelock.kernel.server import Kernel
    from tidelock.shared.runtime.lane import Fields

_MOST_NAMES = 5000
_MOST_WANTED = 100_000
_MOST_BYTES = 1_000_000
_MOST_S = 0.010


class Told(NamedTuple):
    """What a subscriber was told last, nothing before its first answer, and how many names."""

    most: int
    moment: Content


def wanted(data: Content) -> int:
    """How many names a client wants to be told at most.

    Raises:
        BadRequest: it is no number.
    """
    number: int = field(data, "max_names", int, _MOST_NAMES)
    return min(max(number, 0), _MOST_WANTED)


def moment(kernel: Kernel, data: Content) -> Answer[Content]:
    """The globals and modules that a program has made, with state and revision."""
    revision = kernel.revision
    made: Answer[Content] = Answer()

    def told(fields: Fields) -> Content:
        cut, modules, *packed = fields
        return {
            **status(kernel),
            "revision": revision,
            "globals": [fact._asdict() for fact in facts((cut, *packed))],
            "modules": modules.decode("utf-8", "replace").split("\n") if modules else [],
            "cut": bool(cut),
        }

    def read(done: Answer[Fields]) -> None:
        try:
            made.resolve(told(done.result()))
        except Exception as error:
            made.fail(error)

    asked = kernel.context.runtime.ask("moment", wanted(data), _MOST_BYTES, _MOST_S)
    asked.then(lambda done: kernel.loop.call(lambda: read(done)))  # the lane has other work
    return made


def difference(before: Content, now: Content) -> Content:
    """A moment as what is other than in an earlier one, whose revision is ``since``.

    ``globals`` are those that are new or changed, ``gone`` the names of those that are there no
    more; ``modules`` are all of them, and left out when they are the same.
    """
    known = {fact["name"]: fact for fact in before["globals"]}
    changed = [fact for fact in now["globals"] if known.pop(fact["name"], None) != fact]
    told = {**now, "since": before["revision"], "globals": changed, "gone": list(known)}
    if now["modules"] == before["modules"]:
        del told["modules"]
    return told


def subscribe(kernel: Kernel, number: str, data: Content) -> None:
    """A comm wants to be told of changes, once its first answer has gone out.

    Raises:
        BadRequest: the number of names is none.
    """
    kernel.subscribers[number] = Told(wanted(data), {})


def answered(kernel: Kernel, number: str, data: Content, told: Content) -> None:
    """A whole moment has gone out on a comm: the next difference is from this one."""
    if number in kernel.subscribers:
        kernel.subscribers[number] = Told(wanted(data), told)


def push(kernel: Kernel) -> None:
    """Tell every subscriber what is other than it was told last."""
    subscribers = kernel.subscribers
    for number in [one for one in subscribers if one not in kernel.comms]:
        del subscribers[number]
    for most in {told.most for told in subscribers.values()}:
        moment(kernel, {"max_names": most}).then(partial(_publish, kernel, most))


def _publish(kernel: Kernel, most: int, done: Answer[Content]) -> None:
    """Tell those who want so many names, but who comes only now and is about to have it whole."""
    if done.error is not None:
        return
    now = done.result()
    made: dict[int, Content] = {}  # differences by what they are from
    for number, told in list(kernel.subscribers.items()):
        opened, before = kernel.comms.get(number), told.moment
        is_new = before and before["revision"] < now["revision"]
        if opened is None or told.most != most or not is_new:
            continue
        if id(before) not in made:
            made[id(before)] = difference(before, now)
        content = {"comm_id": number, "data": {"event": "moment", "result": made[id(before)]}}
        kernel.channels.publish("comm_msg", content, opened.raw_header)
        kernel.subscribers[number] = Told(most, now)
