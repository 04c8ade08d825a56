"""The coroutines of a stop as DAP's threads: which there are, and under which numbers.

Thread 1 is the main coroutine. While a program runs it is the only one told of, for nothing is
tracked; others get their numbers when a stop first shows them, and no number is given twice.
JupyterLab knows one thread, 1: there the coroutine that stopped is told under that number.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from tidelock.dap.convert import Body, field
from tidelock.shared.answers import Answer
from tidelock.shared.debug.debugger import Coroutines
from tidelock.shared.errors import NotStopped
from tidelock.shared.model import Pause

if TYPE_CHECKING:
    from tidelock.dap.session import Session

MAIN = 1


def threads(session: Session, arguments: Body, message: Body) -> object:
    """Those of the stop, the running chain first; the main one alone while nothing is stopped."""
    only: Body = {"threads": [{"id": MAIN, "name": "main"}]}
    stop = session.context.debugger.pause
    if stop is None:
        return only
    known = sorted(session.threads)
    asked = session.context.debugger.coroutines(known)
    found = asked.map(lambda coroutines: _shown(session, coroutines, stop.coroutine))
    answer: Answer[Body] = Answer()

    def settle(done: Answer[Body]) -> None:
        if done.error is None:
            answer.resolve(done.result())
        elif isinstance(done.error, NotStopped):  # someone resumed meanwhile
            answer.resolve(only)
        else:
            answer.fail(done.error)

    found.then(settle)
    return answer


def _shown(session: Session, found: Coroutines, stopped: int) -> Body:
    listed = []
    for each in found.shown:
        number = each.id
        if session.notebook and stopped != MAIN:
            if number == MAIN:
                continue  # its frames are at the end of the stopped one's stack
            number = MAIN if number == stopped else number
        listed.append({"id": number, "name": f"{each.name}, {each.state}"})
    session.soon(lambda: _tell(session, found))
    return {"threads": listed, "totalThreads": found.total}


def _tell(session: Session, found: Coroutines) -> None:
    """What the list itself cannot say: which are no more, and that it was cut."""
    if session.state != "active":
        return
    session.threads.update(each.id for each in found.shown)
    for number in found.ended:
        session.threads.discard(number)
        session.event("thread", {"reason": "exited", "threadId": number})
    if found.total > len(found.shown) and not session.told_of_more:
        session.told_of_more = True
        words = (
            f"the first {len(found.shown)} of {found.total} coroutines are shown "
            "(debug.max_threads)\n"
        )
        session.event("output", {"category": "console", "output": words})


def stopped_thread(session: Session, stop: Pause) -> int:
    """The number under which a client knows the coroutine that stopped."""
    return MAIN if session.notebook else stop.coroutine


def inward(session: Session, arguments: Body) -> int:
    """The coroutine that a request means: 0 is the stopped one, also where none is named."""
    number = field(arguments, "threadId", int, 0)
    return 0 if session.notebook and number == MAIN else number
