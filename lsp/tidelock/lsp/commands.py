"""The commands of ``workspace/executeCommand``: the only requests that may reach for a kernel.

Each runs on a thread of its own, for it may have to start one.
"""

from __future__ import annotations

import contextlib
import os
import re
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from tidelock.lsp import convert, messages
from tidelock.lsp import convert_edits as edits
from tidelock.lsp.documents import chunk_of_uri
from tidelock.lsp.live import KERNEL
from tidelock.lsp.manner import Json, at
from tidelock.lsp.moment import loaded_modules
from tidelock.lsp.reloads import code_of, is_changed, refusal
from tidelock.lsp.runs import Wanted
from tidelock.shared import config
from tidelock.shared.errors import BadRequest, ConfigError, KernelError, TidelockError
from tidelock.shared.sources import path_of_chunk, read_text, uri_of_path

if TYPE_CHECKING:
    from tidelock.lsp.folder import Folder
    from tidelock.lsp.moment import Loaded
    from tidelock.lsp.session import Session
    from tidelock.shared.link.client import KernelClient

Command = Callable[["Session", "Folder", list[Any]], Any]
"""It is given the folder of the ``uri`` in its argument, without one the session's first."""
_ANSWER_S = 5.0
_BEGIN_S = 0.5
_EVALUATE_S = 10.0
_EDIT_S = 30.0
"""An editor may ask its user first."""


def status(session: Session, folder: Folder, arguments: list[Json]) -> Json:
    """The kernel, what it does, and what is wrong if something is."""
    return folder.status()


def start_kernel(session: Session, folder: Folder, arguments: list[Json]) -> Json:
    """Find the workspace's kernel or start it; the status then."""
    folder.kernel(start=True)
    return folder.status()


def interrupt(session: Session, folder: Folder, arguments: list[Json]) -> Json:
    """End what runs on the workspace's kernel, also what was asked for just now."""
    folder.runs.wait_begun(_BEGIN_S)
    folder.kernel(start=False).interrupt().result(_ANSWER_S)
    return None


def restart_kernel(session: Session, folder: Folder, arguments: list[Json]) -> Json:
    """Give the workspace's kernel a new Lua state; breakpoints and clients stay, globals go."""
    folder.kernel(start=False).shutdown(restart=True).result(_ANSWER_S)
    return folder.status()


def stop_kernel(session: Session, folder: Folder, arguments: list[Json]) -> Json:
    """End the workspace's kernel, for all who use it."""
    answer = folder.kernel(start=False).shutdown()
    with contextlib.suppress(KernelError):  # it may be gone before its answer is read
        answer.result(_ANSWER_S)
    return None


def reindex(session: Session, folder: Folder, arguments: list[Json]) -> Json:
    """Read the files of the workspace anew, past the cache; the status, at once."""
    folder.index.reindex()
    return folder.status()


def run(session: Session, folder: Folder, arguments: list[Json]) -> Json:
    """Run the text of ``{uri, range?}`` as it is shown; the id of the execution, at once."""
    uri, start, end = convert.stretch(arguments)
    document = session.document(uri)
    if document is None:
        raise BadRequest(f"{uri} is neither open nor a file that can be read")
    wanted = Wanted(document, document.text, is_selection=document.mode == "input")
    if start is not None and end is not None:
        first, last = (
            document.lines.offset(*place, session.manner.encoding) for place in (start, end)
        )
        wanted = Wanted(document, document.text[first:last], start.line + 1, is_selection=True)
    client = folder.kernel(start=folder.settings.kernel_auto_start)
    return {"execution": folder.runs.start(client, wanted, list(session.documents))}


def debug(session: Session, folder: Folder, arguments: list[Json]) -> Json:
    """The configuration with which ``{uri, stopOnEntry?}`` is debugged.

    A client that can start debuggers is asked to (``tidelock/startDebugging``).
    """
    uri = convert.stretch(arguments).uri
    document = session.document(uri)
    if document is None or not document.path:
        raise BadRequest(f"{uri} is no file that can be read")
    configuration = {
        "type": "tidelock",
        "request": "launch",
        "name": f"Debug {os.path.basename(document.path)}",
        "program": document.path,
        "cwd": folder.workspace,
        "stopOnEntry": arguments[0].get("stopOnEntry") is True,
    }
    if session.manner.starts_debugging:
        session.ask(messages.START_DEBUGGING, {"configuration": configuration})
    return configuration


def reload(session: Session, folder: Folder, arguments: list[Json]) -> Json:
    """Run a loaded module, `{uri?}`, anew; without one every module whose file has changed.

    What Lua does not load is refused and not run; the old code runs on.
    """
    client = folder.kernel(start=False)
    status = client.comm(KERNEL, {"action": "status"}).result(_ANSWER_S)
    if status["state"] != "idle" or status["queued"]:
        state = "about to run" if status["state"] == "idle" else status["state"]
        raise TidelockError(f"the program is {state}", "modules are reloaded while it is idle")
    told = client.comm(KERNEL, {"action": "modules"}).result(_ANSWER_S)
    modules = loaded_modules(told)
    if arguments and at(arguments[0], "uri") is not None:
        path = path_of_chunk(chunk_of_uri(convert.stretch(arguments).uri))
        wanted = [one for one in modules if one.path == path]
        if not wanted:
            raise TidelockError(f"{path} is no loaded module")
    else:
        wanted = [one for one in modules if is_changed(one)]
    begun, refused = [], []
    for module in wanted:
        fault = folder.reloads.check(module)
        if fault is not None:
            refused.append({"module": module.name, "message": fault.message})
            continue
        number = _reload(folder, client, module)
        begun.append({"module": module.name, "execution": number})
    return {"reloading": begun, "refused": refused}


def evaluate(session: Session, folder: Folder, arguments: list[Json]) -> Json:
    """The value of `{expression, frameId?}` in the running program: `{text, type}`.

    While it is paused, in the frame, by default or if there is no such frame the innermost; while
    it is idle, globally. While it runs nothing is evaluated.
    """
    expression, wanted = convert.evaluated(arguments)
    client = folder.kernel(start=False)
    frame = 0
    if client.comm(KERNEL, {"action": "status"}).result(_ANSWER_S)["state"] == "paused":
        told = client.comm(KERNEL, {"action": "frames"}).result(_ANSWER_S)
        frames = [one["id"] for one in told["frames"]]
        frame = wanted if wanted in frames else frames[0] if frames else 0
    asked = {"action": "evaluate", "expression": expression, "frame": frame}
    return client.comm(KERNEL, asked).result(_EVALUATE_S)


def _reload(folder: Folder, client: KernelClient, module: Loaded) -> str:
    text = read_text(module.path)
    document = folder.made(uri_of_path(module.path), 0, text)

    def ended(told: Mapping[str, Any]) -> None:
        if told["outcome"] == "ok":
            folder.reloads.keep(module.path, None)
        elif told["outcome"] == "error":
            words = str(at(told, "error", "message"))
            folder.reloads.keep(module.path, refusal(module, text, words))

    run = Wanted(document, code_of(module.name), is_selection=True, is_about=True)
    return folder.runs.start(client, run, [], ended)


def set_option(session: Session, folder: Folder, arguments: list[Json]) -> Json:
    """Have the editor write the option `{key, value}` into the project's `tidelock.toml`.

    `{key, add}` adds one text to a list; a list that has it stays, and no edit is asked for.
    Comments and layout stay; a file that is not there is made by clients that can. What is set on
    the command line or in the environment is stronger still.
    """
    from tidelock.lsp.option_text import listed, with_option

    key, raw, is_added = convert.setting(arguments)
    manner = session.manner
    if not manner.applies_edits:
        raise TidelockError("this editor applies no edits", f"write {key} by hand")
    name = config.PROJECT_FILE
    path = config.find_project_file(folder.workspace) or os.path.join(folder.workspace, name)
    uri = uri_of_path(path)
    document = session.document(uri)
    before = document.text if document else ""
    if is_added:
        entries = listed(before, key)
        if raw in entries:
            return {"uri": uri}
        raw = [*entries, raw]
    try:
        value = config.checked(key, raw)
    except ConfigError as error:
        raise BadRequest(str(error)) from None
    if document is None and not (manner.creates_files and manner.document_changes):
        raise TidelockError(f"there is no {name}, and this editor creates no files", "make one")
    shown = session.documents.get(uri) is not None
    edit = edits.option_edit(
        document or folder.made(uri, 0, ""),
        with_option(before, key, raw if type(raw) is dict else value),
        manner,
        state="open" if shown else "closed" if document else "new",
    )
    answer = session.ask("workspace/applyEdit", convert.plain(edit)).result(_EDIT_S)
    if at(answer, "applied") is not True:
        why = at(answer, "failureReason")
        raise TidelockError("the editor has not applied the edit", str(why or ""))
    return {"uri": uri}


def export_definitions(session: Session, folder: Folder, arguments: list[Json]) -> Json:
    """What the running program has made, as LuaCATS definitions: ``{text}``, written nowhere."""
    from tidelock.lsp.features.observed_definitions import observed_definitions

    folder.kernel(start=False)
    return {"text": observed_definitions(folder.view())}


def title(name: Json) -> str:
    """What an editor shows while a command takes long: ``Start kernel``; empty for no command."""
    if not isinstance(name, str) or name not in COMMANDS:
        return ""
    words = re.sub("[A-Z]", lambda found: f" {found[0].lower()}", name.removeprefix("tidelock."))
    return words.capitalize()


COMMANDS: Mapping[str, Command] = {
    "tidelock.run": run,
    "tidelock.debug": debug,
    "tidelock.interrupt": interrupt,
    "tidelock.reindex": reindex,
    "tidelock.restartKernel": restart_kernel,
    "tidelock.reload": reload,
    "tidelock.evaluate": evaluate,
    "tidelock.setOption": set_option,
    "tidelock.exportDefinitions": export_definitions,
    "tidelock.startKernel": start_kernel,
    "tidelock.status": status,
    "tidelock.stopKernel": stop_kernel,
}
