"""What the program has loaded: its sources, and its modules.

Only texts with a name of their own are sources to a client: files, cells and inputs.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from tidelock.dap.convert import Body, field
from tidelock.shared.sources import canonical

if TYPE_CHECKING:
    from tidelock.dap.session import Session
    from tidelock.shared.answers import Answer


def sources(session: Session, arguments: Body, message: Body) -> Body:
    """The sources that are loaded, in order of loading."""
    found = session.context.debugger.loaded()
    return {"sources": [session.sources.source(chunk, session.manner) for chunk in found]}


def modules(session: Session, arguments: Body, message: Body) -> Answer[Body]:
    """A page of the modules that the program has required."""
    start = field(arguments, "startModule", int, 0)
    count = field(arguments, "moduleCount", int, 0)

    def shown(found: list[tuple[str, str]]) -> Body:
        page = found[start : start + count] if count else found[start:]
        bodies = [_module(session, name, path) for name, path in page]
        return {"modules": bodies, "totalModules": len(found)}

    return session.context.debugger.modules().map(shown)


def _module(session: Session, name: str, path: str) -> Body:
    body: Body = {"id": name, "name": name}
    if path:
        body["path"] = session.sources.path(canonical(path), session.manner)
    return body


def tell(session: Session, chunk: str) -> None:
    """A source was loaded: tell the client of it."""
    if session.notebook or chunk[:1] not in ("@", "="):
        return  # a notebook knows its cells
    reason = "changed" if chunk in session.told_sources else "new"
    session.told_sources.add(chunk)
    source = session.sources.source(chunk, session.manner)
    session.event("loadedSource", {"reason": reason, "source": source})


def tell_module(session: Session, name: str, path: str) -> None:
    """The program has required a module: tell the client of it."""
    if session.notebook:
        return  # JupyterLab asks for the modules
    reason = "changed" if name in session.told_modules else "new"
    session.told_modules.add(name)
    session.event("module", {"reason": reason, "module": _module(session, name, path)})
