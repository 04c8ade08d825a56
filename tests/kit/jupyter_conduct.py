"""How a kernel must behave beyond the form of its messages: order, parents, agreement.

It follows what comes and sends nothing. Messages are judged before they join their exchange.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from kit import jupyter_messages as spec
from kit.jupyter_exchanges import Exchange, Message
from kit.rules import Judge
from kit.shapes import faults

RULES: Mapping[str, str] = {
    "wire": "the frames are a signed message in JSON, and no message comes twice",
    "header": "a header has its fields, and its id is new",
    "content": "a content has the fields of its type",
    "channel": "a message comes on the channel of its type",
    "parent": "a parent header is the header of the request, and few messages have none",
    "session": "a kernel speaks with one session until it starts anew",
    "busy": "busy is the first that is published for a request, and again only where another's "
    "idle would hide it",
    "idle": "idle is the last that is published for a request, once",
    "input": "execute_input comes before all output, once, and repeats the code",
    "reply": "a request has one reply, of its own type and on its own channel",
    "count": "one execution has one execution_count everywhere",
    "error": "what failed is told on iopub as in the reply, and what did not is not",
    "silent": "a silent execution shows neither its input nor its result",
    "stdin": "input is asked for only where it is allowed",
    "cursor": "a completion replaces a part of the code",
    "debug": "a debug reply answers its debug request",
}

_UNBOUND = frozenset({"debug_event", "comm_open", "comm_msg", "comm_close", "shutdown_reply"})
"""Facts rather than output: they may come outside busy and idle of what caused them."""


class Conduct:
    """The rules over one client's conversation, and the judge who hears of each that is broken."""

    def __init__(self, judge: Judge) -> None:
        self._judge = judge
        self._ids: set[str] = set()
        self._session = ""
        self._state: str | None = None  # what the last status said, and the one before it
        self._state_before: str | None = None

    def message(self, message: Message) -> None:
        """The rules that concern a message alone."""
        for fault in faults(spec.HEADER, message.header, "header"):
            self._broken("header", fault, message)
        for fault in spec.content_faults(message.type, message.content):
            self._broken("content", f"{message.type}: {fault}", message)
        if message.state is not None:
            self._state_before, self._state = self._state, message.state
        msg_id = str(message.header.get("msg_id"))
        if msg_id in self._ids:
            self._broken("header", "its msg_id has been used before", message)
        self._ids.add(msg_id)
        if message.channel == "iopub":
            fits = message.type in spec.IOPUB or message.type == "shutdown_reply"
        elif message.channel == "stdin":
            fits = message.type == "input_request"
        else:
            fits = message.type.endswith("_reply")
        if not fits:
            self._broken("channel", f"{message.type} on {message.channel}", message)
        alone = message.type == "iopub_welcome" or message.state == "starting"
        if alone == bool(message.parent):
            has = "has a parent" if alone else "has no parent"
            self._broken("parent", f"{message.state or message.type} {has}", message)
        session = str(message.header.get("session"))
        if self._session not in ("", session) and message.state != "starting":
            self._broken("session", f"{session} after {self._session}", message)
        self._session = session

    def stray(self, message: Message, our_session: str) -> None:
        """A message that belongs to no request of ours."""
        if message.parent and (
            message.channel != "iopub" or message.parent.get("session") == our_session
        ):
            self._broken("parent", "it is of no request that we sent", message)

    def belonging(self, exchange: Exchange, message: Message) -> None:
        """A message on account of a request; it has not joined the exchange yet."""
        if message.parent != exchange.header:
            text = f"it is not the header of the request {exchange.header}"
            self._broken("parent", text, message)
        if message.channel == "iopub":
            if exchange.bound and message.type not in _UNBOUND:
                self._framed(exchange, message)
            if exchange.type == "execute_request":
                self._cell(exchange, message)
        elif message.channel == "stdin":
            if not exchange.request.get("allow_stdin"):
                self._broken("stdin", "allow_stdin was false", message)
        else:
            self._replied(exchange, message)

    def complete(self, exchange: Exchange) -> None:
        """Reply and idle are there: they say the same."""
        reply = exchange.reply
        if reply is None or not exchange.bound:
            return
        status = reply.content.get("status")
        if reply.type == "complete_reply" and status == "ok":
            code, end = exchange.request.get("code"), reply.content.get("cursor_end")
            if isinstance(code, str) and isinstance(end, int) and end > len(code):
                self._broken("cursor", f"{end} is behind the end {len(code)}", reply)
        if exchange.type != "execute_request":
            return
        count = reply.content.get("execution_count")
        for each in exchange.of("execute_input", "execute_result"):
            if count is not None and each.content.get("execution_count") != count:
                self._broken("count", f"the reply says {count}", each)
        published = [_failure(each.content) for each in exchange.of("error")]
        replied = [_failure(reply.content)] if status == "error" else []
        ran = exchange.seen["execute_input"] or exchange.request.get("silent")
        if published != replied and (ran or published):
            self._broken("error", f"published {published}, replied {replied}", reply)

    def _framed(self, exchange: Exchange, message: Message) -> None:
        if message.state == "busy":
            if exchange.seen["busy"] and self._state_before != "idle":
                self._broken("busy", "it came before", message)
        elif not exchange.seen["busy"]:
            self._broken("busy", f"{message.type} came before it", message)
        if exchange.seen["idle"]:
            self._broken("idle", f"{message.state or message.type} came after it", message)

    def _cell(self, exchange: Exchange, message: Message) -> None:
        silent, shown = exchange.request.get("silent"), exchange.seen["execute_input"]
        if silent:
            if message.type in ("execute_input", "execute_result"):
                self._broken("silent", f"{message.type} of a silent execution", message)
        elif message.type == "execute_input":
            if shown:
                self._broken("input", "execute_input came before", message)
            if message.content.get("code") != exchange.request.get("code"):
                self._broken("input", "its code is not what was sent", message)
        elif message.type in spec.OUTPUTS and not shown:
            self._broken("input", f"{message.type} before execute_input", message)

    def _replied(self, exchange: Exchange, message: Message) -> None:
        if exchange.reply is not None:
            self._broken("reply", f"{exchange.type} was answered before", message)
            return
        if message.type != exchange.type.removesuffix("_request") + "_reply":
            self._broken("reply", f"{message.type} to {exchange.type}", message)
        if message.channel != exchange.channel:
            self._broken("reply", f"it was asked on {exchange.channel}", message)
        if message.type == "debug_reply" and message.content.get("type") == "response":
            self._debugged(exchange.request, message)

    def _debugged(self, request: dict[str, Any], message: Message) -> None:
        content = message.content
        asked = (request.get("seq"), request.get("command"))
        answered = (content.get("request_seq"), content.get("command"))
        if asked != answered:
            self._broken("debug", f"{answered} answers {asked}", message)
        if asked[1] == "setBreakpoints" and content.get("success"):
            wanted, given = (
                len(list((part or {}).get("breakpoints") or ()))
                for part in (request.get("arguments"), content.get("body"))
            )
            if wanted != given:
                self._broken("debug", f"{wanted} breakpoints were asked for", message)

    def _broken(self, rule: str, text: str, message: Message) -> None:
        self._judge.broken(rule, text, message.whole)


def _failure(content: Mapping[str, Any]) -> tuple[Any, Any]:
    return content.get("ename"), content.get("evalue")
