"""The stopped stack as DAP shows it, with the names of frames in the form a client asks for.

It shows what the debugger gives; it never reads a frame itself.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from tidelock.dap import convert
from tidelock.dap.convert import Body, field
from tidelock.dap.threads import inward
from tidelock.shared.answers import Answer
from tidelock.shared.model import Frame
from tidelock.shared.sources import display_name

if TYPE_CHECKING:
    from tidelock.dap.session import Session
    from tidelock.shared.debug.debugger import Stack

_LIMIT = 1000


class Form(NamedTuple):
    """What the name of a frame tells besides (DAP, StackFrameFormat)."""

    parameters: bool
    types: bool
    names: bool
    values: bool
    line: bool
    module: bool

    @classmethod
    def of(cls, arguments: Body) -> Form:
        """The form that a request states; parameters alone are names and values."""
        body = field(arguments, "format", dict, {})
        types, names, values = (
            field(body, f"parameter{what}", bool, False) for what in ("Types", "Names", "Values")
        )
        parameters = field(body, "parameters", bool, types or names or values)
        if not (types or names or values):
            names = values = parameters
        line, module = field(body, "line", bool, False), field(body, "module", bool, False)
        return cls(parameters, types, names, values, line, module)

    def name(self, frame: Frame, signature: str) -> str:
        """The name of a frame."""
        is_foreign = frame.what in ("C", "Python")
        name = f"[{frame.what}] {frame.name}" if is_foreign else frame.name
        if self.parameters and frame.what == "Lua":
            name += f"({signature})"
        if self.module and frame.line:
            name = f"{display_name(frame.chunk)}!{name}"
        if self.line and frame.line:
            name += f" line {frame.line}"
        return name


def trace(session: Session, arguments: Body, message: Body) -> Answer[Body]:
    """A page of the stack of a coroutine and of those that resumed it, with marks between."""
    start = field(arguments, "startFrame", int, 0)
    count = field(arguments, "levels", int, 0) or _LIMIT
    form, in_hex = Form.of(arguments), convert.in_hex(arguments)
    found = session.context.debugger.stack(start, count, inward(session, arguments))
    if not form.parameters:
        return found.map(lambda stack: _shown(session, stack, form, [""] * len(stack.frames)))
    answer: Answer[Body] = Answer()

    def sign(done: Answer[Stack]) -> None:
        if done.error is not None:
            answer.fail(done.error)
            return
        stack = done.result()
        signed = session.context.debugger.signatures(
            stack.frames, types=form.types, names=form.names, values=form.values, in_hex=in_hex
        )
        signed.map(lambda texts: _shown(session, stack, form, texts)).then(settle)

    def settle(done: Answer[Body]) -> None:
        if done.error is not None:
            answer.fail(done.error)
        else:
            answer.resolve(done.result())

    found.then(sign)
    return answer


def _shown(session: Session, stack: Stack, form: Form, signatures: list[str]) -> Body:
    frames = [
        convert.frame_body(
            frame,
            form.name(frame, signature),
            session.sources.source(frame.chunk, session.manner) if frame.line else None,
            session.manner,
        )
        for frame, signature in zip(stack.frames, signatures, strict=True)
    ]
    return {"stackFrames": frames, "totalFrames": stack.total}
