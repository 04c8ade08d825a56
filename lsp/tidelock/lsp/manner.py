"""What a client can and wants: the one reader of the params of ``initialize``.

It trusts nothing about their form, and knows no types of the protocol.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Literal, NamedTuple, get_args

from tidelock.shared.errors import BadRequest
from tidelock.shared.positions import Encoding
from tidelock.shared.sources import path_of_uri

Json = Any
Refresh = Literal["codeLens", "inlayHint", "inlineValue", "semanticTokens"]
"""What a client can be told to ask for anew."""


class Manner(NamedTuple):
    """What the client can and wants; read from ``initialize`` without trusting its form."""

    encoding: Encoding = "utf-16"
    hover_markdown: bool = False
    item_markdown: bool = False
    signature_markdown: bool = False
    insert_replace: bool = False
    snippets: bool = False
    resolves_items: bool = False
    label_details: bool = False
    label_offsets: bool = False
    related: bool = False
    tags: bool = False
    hierarchical: bool = False
    links: bool = False
    watches: bool = False
    configures: bool = False
    tells_configuration: bool = False
    document_changes: bool = False
    annotates: bool = False
    applies_edits: bool = False
    creates_files: bool = False
    action_literals: bool = False
    resolves_actions: bool = False
    starts_debugging: bool = False
    inline_values: bool = False
    refreshes: tuple[Refresh, ...] = ()
    trace: str = "off"
    shows_progress: bool = False
    notebooks: bool = False
    fold_limit: int = 0
    folders: tuple[str, ...] = ()
    changes_folders: bool = False
    trusted: bool = False
    process: int = 0

    @classmethod
    def of(cls, params: Json) -> Manner:
        """Read the params of ``initialize``.

        Raises:
            BadRequest: they are no object.
        """
        if not isinstance(params, Mapping):
            raise BadRequest("params of initialize are no object")
        text = ("capabilities", "textDocument")
        item = (*text, "completion", "completionItem")
        information = (*text, "signatureHelp", "signatureInformation")
        process = params.get("processId")
        limit = at(params, *text, "foldingRange", "rangeLimit")
        return cls(
            encoding=_encoding(at(params, "capabilities", "general", "positionEncodings")),
            hover_markdown=has(params, "markdown", *text, "hover", "contentFormat"),
            item_markdown=has(params, "markdown", *item, "documentationFormat"),
            signature_markdown=has(params, "markdown", *information, "documentationFormat"),
            insert_replace=at(params, *item, "insertReplaceSupport") is True,
            snippets=at(params, *item, "snippetSupport") is True,
            resolves_items=has(params, "documentation", *item, "resolveSupport", "properties"),
            label_details=at(params, *item, "labelDetailsSupport") is True,
            label_offsets=at(
                params, *information, "parameterInformation", "labelOffsetSupport"
            ) is True,
            related=at(params, *text, "publishDiagnostics", "relatedInformation") is True,
            tags=isinstance(
                at(params, *text, "publishDiagnostics", "tagSupport"), Mapping
            ),
            hierarchical=at(
                params, *text, "documentSymbol", "hierarchicalDocumentSymbolSupport"
            ) is True,
            links=at(params, *text, "definition", "linkSupport") is True,
            watches=at(
                params, "capabilities", "workspace", "didChangeWatchedFiles", "dynamicRegistration"
            ) is True,
            configures=at(params, "capabilities", "workspace", "configuration") is True,
            tells_configuration=at(
                params, "capabilities", "workspace", "didChangeConfiguration", "dynamicRegistration"
            ) is True,
            document_changes=at(
                params, "capabilities", "workspace", "workspaceEdit", "documentChanges"
            ) is True,
            applies_edits=at(params, "capabilities", "workspace", "applyEdit") is True,
            creates_files=has(
                params, "create", "capabilities", "workspace", "workspaceEdit", "resourceOperations"
            ),
            annotates=isinstance(at(
                params, "capabilities", "workspace", "workspaceEdit", "changeAnnotationSupport"
            ), Mapping),
            action_literals=isinstance(
                at(params, *text, "codeAction", "codeActionLiteralSupport"), Mapping
            ),
            resolves_actions=at(params, *text, "codeAction", "dataSupport") is True
            and has(params, "edit", *text, "codeAction", "resolveSupport", "properties"),
            starts_debugging=at(
                params, "capabilities", "experimental", "tidelock", "startDebugging"
            ) is True,
            inline_values=isinstance(at(params, *text, "inlineValue"), Mapping),
            refreshes=tuple(
                one for one in get_args(Refresh)
                if at(params, "capabilities", "workspace", one, "refreshSupport") is True
            ),
            trace=str(params.get("trace") or "off"),
            shows_progress=at(params, "capabilities", "window", "workDoneProgress") is True,
            notebooks=isinstance(at(params, "capabilities", "notebookDocument"), Mapping),
            fold_limit=limit if type(limit) is int and limit > 0 else 0,
            folders=_folders(params),
            changes_folders=at(params, "capabilities", "workspace", "workspaceFolders") is True,
            trusted=at(params, "initializationOptions", "trusted") is True,
            process=process if type(process) is int and process > 0 else 0,
        )  # fmt: skip


def at(params: Json, *names: str) -> Json:
    """What lies at the end of a way of names; None where the way ends early."""
    for name in names:
        params = params.get(name) if isinstance(params, Mapping) else None
    return params


def has(params: Json, value: str, *names: str) -> bool:
    """Whether a value is in a list at the end of a way of names."""
    found = at(params, *names)
    return isinstance(found, Sequence) and value in found


def _encoding(offered: Json) -> Encoding:
    """The first of the client's that we know; UTF-16 is what everyone knows."""
    known: tuple[Encoding, ...] = get_args(Encoding)
    wanted = offered if isinstance(offered, Sequence) else ()
    return next((encoding for name in wanted for encoding in known if name == encoding), "utf-16")


def folder_paths(folders: Json) -> tuple[str, ...]:
    """The paths of workspace folders; those that are not on disk, or no folders, are left out."""
    listed = folders if isinstance(folders, Sequence) else ()
    uris = (at(one, "uri") for one in listed)
    return tuple(path_of_uri(uri) for uri in uris if isinstance(uri, str) and uri[:5] == "file:")


def _folders(params: Json) -> tuple[str, ...]:
    """The paths of the workspace folders; of a client that names none, that of its root."""
    for folders in (params.get("workspaceFolders"), [{"uri": params.get("rootUri")}]):
        paths = folder_paths(folders)
        if paths:
            return paths
    path = params.get("rootPath")
    return (path,) if isinstance(path, str) and path else ()
