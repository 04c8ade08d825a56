"""The one converter between the protocol's types and ours, both ways.

Decoders take params as JSON and raise ``BadRequest`` where they do not fit; encoders give
lsprotocol's types, in the manner that the client asked for. Besides the modules
called ``convert``, none knows lsprotocol. The file is long because both directions of one protocol
stand side by side in it; ``convert_views`` has what shows a text in further ways,
``convert_edits`` what changes it.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from copy import copy
from functools import cache
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

import cattrs
from lsprotocol import converters, types

from tidelock.lsp.documents import Change
from tidelock.lsp.manner import Json, Manner, at, folder_paths
from tidelock.shared.errors import BadRequest
from tidelock.shared.positions import Encoding, Lines, Place, units
from tidelock.shared.sources import path_of_uri

if TYPE_CHECKING:
    from tidelock.lsp.diagnostics import Judged
    from tidelock.lsp.documents import Document
    from tidelock.lsp.features.completion import Completed
    from tidelock.lsp.features.definition import Definition
    from tidelock.lsp.features.resolve import Told
    from tidelock.lsp.features.signature import Signature, Signatures
    from tidelock.lsp.progress import Token
    from tidelock.shared.language.completion import Item
    from tidelock.shared.language.hover import Hover
    from tidelock.shared.language.index.finding import Hit
    from tidelock.shared.language.index.links import Link
    from tidelock.shared.language.symbols import Outline
    from tidelock.shared.model import Problem

T = TypeVar("T")


@cache
def converter() -> cattrs.Converter:
    """The converter of lsprotocol; made once, for it is costly."""
    return converters.get_converter()


def plain(value: Any) -> Json:
    """What an encoder made, as JSON; what is JSON already stays."""
    return value if type(value) is dict else converter().unstructure(value)


def structured(params: Json, kind: type[T]) -> T:
    """Params as lsprotocol's type; raises ``BadRequest`` where they do not fit."""
    try:
        return converter().structure(params, kind)
    except Exception as error:
        reasons = cattrs.transform_error(error, path="params", format_exception=_reason)
        raise BadRequest("; ".join(reasons[:3])) from None


def _reason(error: BaseException, kind: type[Any] | None) -> str:
    return str(cattrs.v.format_exception(error, kind))


# -- what the server can -----------------------------------------------------------------------


def initialize_result(
    manner: Manner,
    providers: Mapping[str, Json],
    commands: Iterable[str],
    version: str,
    notebooks: types.NotebookDocumentSyncOptions | None = None,
    shown: Collection[str] = (),
) -> types.InitializeResult:
    """What the server can; ``providers`` comes from the table of routes.

    Those that are ``shown`` report, as commands do, to clients that show it, that they take long.
    """
    if manner.shows_progress:
        providers = {
            name: _reporting(value) if name in shown else value for name, value in providers.items()
        }
    return types.InitializeResult(
        capabilities=types.ServerCapabilities(
            position_encoding=manner.encoding,
            text_document_sync=types.TextDocumentSyncOptions(
                open_close=True,
                change=types.TextDocumentSyncKind.Incremental,
                save=types.SaveOptions(include_text=False),
            ),
            notebook_document_sync=notebooks if manner.notebooks else None,
            workspace=_FOLDERS if manner.changes_folders else None,
            execute_command_provider=types.ExecuteCommandOptions(
                list(commands), work_done_progress=manner.shows_progress or None
            ),
            **providers,
        ),
        server_info=types.ServerInfo(name="tidelock", version=version),
    )


def _reporting(provider: Any) -> Any:
    """The options of a provider, or true for none, with word that it reports how far it is."""
    if provider is True:
        return types.WorkDoneProgressOptions(work_done_progress=True)
    made = copy(provider)
    made.work_done_progress = True
    return made


def watch_registration(names: Iterable[str]) -> types.RegistrationParams:
    """The files whose changes a client should tell: those of Lua, and those with some names."""
    watchers = [types.FileSystemWatcher(f"**/{name}") for name in ("*.lua", *names)]
    options = types.DidChangeWatchedFilesRegistrationOptions(watchers)
    method = "workspace/didChangeWatchedFiles"
    return types.RegistrationParams([types.Registration("tidelock-files", method, options)])


_FOLDERS = types.WorkspaceOptions(
    types.WorkspaceFoldersServerCapabilities(supported=True, change_notifications=True)
)
COMPLETION = types.CompletionOptions(
    trigger_characters=[".", ":", '"', "'", "[", "@", "<"], resolve_provider=True
)
SIGNATURE = types.SignatureHelpOptions(trigger_characters=["(", ","], retrigger_characters=[")"])


# -- requests ----------------------------------------------------------------------------------


class Asked(NamedTuple):
    """Where a request is about; ``options`` are what else its feature is told.

    ``places`` become offsets, in the order in which the feature takes them. ``previous`` names an
    earlier answer.
    """

    uri: str
    places: tuple[Place, ...] = ()
    options: Mapping[str, Json] = {}
    previous: str = ""


def asked_at(params: Json, kind: type[Any]) -> tuple[Asked, Any]:
    """The place of a request with a position, and its params."""
    read = structured(params, kind)
    return Asked(read.text_document.uri, (place_of(read.position),)), read


def completion(params: Json) -> Asked:
    """``textDocument/completion``."""
    asked, read = asked_at(params, types.CompletionParams)
    character = read.context.trigger_character if read.context else None
    return asked._replace(options={"trigger": character or ""})


def hover(params: Json) -> Asked:
    """``textDocument/hover``."""
    return asked_at(params, types.HoverParams)[0]


def definition(params: Json) -> Asked:
    """``textDocument/definition``."""
    return asked_at(params, types.DefinitionParams)[0]


def references(params: Json) -> Asked:
    """``textDocument/references``."""
    asked, read = asked_at(params, types.ReferenceParams)
    return asked._replace(options={"declaration": read.context.include_declaration})


def query(params: Json) -> str:
    """``workspace/symbol``: the letters."""
    return structured(params, types.WorkspaceSymbolParams).query


def signature(params: Json) -> Asked:
    """``textDocument/signatureHelp``."""
    return asked_at(params, types.SignatureHelpParams)[0]


def symbols(params: Json) -> Asked:
    """``textDocument/documentSymbol``."""
    return Asked(structured(params, types.DocumentSymbolParams).text_document.uri)


def command(params: Json) -> tuple[str, list[Json]]:
    """``workspace/executeCommand``: name and arguments."""
    read = structured(params, types.ExecuteCommandParams)
    return read.command, list(read.arguments or ())


def subject(arguments: list[Json]) -> str:
    """The text that a command is about: ``uri`` of its argument; empty for none."""
    first = arguments[0] if arguments else None
    uri = first.get("uri") if isinstance(first, Mapping) else None
    if not isinstance(uri, str | None):
        raise BadRequest("uri is no text")
    return uri or ""


class Stretch(NamedTuple):
    """A document and maybe a range in it, as a command's argument names them."""

    uri: str
    start: Place | None = None
    end: Place | None = None


def stretch(arguments: list[Json]) -> Stretch:
    """The argument ``{uri, range?}``; what else stands there is ignored."""
    first = arguments[0] if arguments else None
    if not isinstance(first, Mapping) or not isinstance(first.get("uri"), str):
        raise BadRequest("the argument is no object with a uri")
    if first.get("range") is None:
        return Stretch(first["uri"])
    span = structured(first["range"], types.Range)
    return Stretch(first["uri"], place_of(span.start), place_of(span.end))


class Setting(NamedTuple):
    """An option and its value; or, if ``is_added``, one more entry of its list."""

    key: str
    value: Json
    is_added: bool = False


def setting(arguments: list[Json]) -> Setting:
    """The argument ``{key, value}``, or ``{key, add}`` with a text."""
    first = arguments[0] if arguments else None
    if not isinstance(first, Mapping) or not isinstance(first.get("key"), str):
        raise BadRequest("the argument is no object with a key")
    if "value" in first:
        return Setting(first["key"], first["value"])
    if not isinstance(first.get("add"), str):
        raise BadRequest("the argument has no value, and no text to add")
    return Setting(first["key"], first["add"], is_added=True)


def evaluated(arguments: list[Json]) -> tuple[str, int]:
    """The argument ``{expression, frameId?}``; 0 for no frame."""
    first = arguments[0] if arguments else None
    if not isinstance(first, Mapping) or not isinstance(first.get("expression"), str):
        raise BadRequest("the argument is no object with an expression")
    frame = first.get("frameId")
    if frame is not None and type(frame) is not int:
        raise BadRequest("frameId is no number")
    return first["expression"], frame or 0


# -- notifications -----------------------------------------------------------------------------


class Opened(NamedTuple):
    """A text that the client shows."""

    uri: str
    version: int
    text: str


class Changed(NamedTuple):
    """Edits of a text, in order."""

    uri: str
    version: int
    changes: list[Change]


def opened(params: Json) -> Opened:
    """``textDocument/didOpen``."""
    item = structured(params, types.DidOpenTextDocumentParams).text_document
    return Opened(item.uri, item.version, item.text)


def changed(params: Json) -> Changed:
    """``textDocument/didChange``."""
    read = structured(params, types.DidChangeTextDocumentParams)
    document = read.text_document
    return Changed(document.uri, document.version, changes_of(read.content_changes))


def changes_of(found: Iterable[types.TextDocumentContentChangeEvent]) -> list[Change]:
    """Edits of a text, in order."""
    return [
        Change(one.text, place_of(one.range.start), place_of(one.range.end))
        if isinstance(one, types.TextDocumentContentChangePartial)
        else Change(one.text)
        for one in found
    ]


def closed(params: Json) -> str:
    """``textDocument/didClose``: the URI."""
    return structured(params, types.DidCloseTextDocumentParams).text_document.uri


def saved(params: Json) -> str:
    """``textDocument/didSave``: the URI."""
    return structured(params, types.DidSaveTextDocumentParams).text_document.uri


def trace(params: Json) -> str:
    """``$/setTrace``: off, messages or verbose."""
    return structured(params, types.SetTraceParams).value.value


def watched(params: Json) -> list[str]:
    """``workspace/didChangeWatchedFiles``: the paths of files."""
    read = structured(params, types.DidChangeWatchedFilesParams)
    return [path for path in (path_of_uri(one.uri) for one in read.changes) if path]


def settings(params: Json) -> Json:
    """``workspace/didChangeConfiguration``: what is pushed, null by those that are to be asked."""
    return structured(params, types.DidChangeConfigurationParams).settings


def settings_registration() -> types.RegistrationParams:
    """That a client should tell when our settings change."""
    method = "workspace/didChangeConfiguration"
    options = types.DidChangeConfigurationRegistrationOptions(section="tidelock")
    return types.RegistrationParams([types.Registration("tidelock-settings", method, options)])


def settings_wanted(scopes: Iterable[str]) -> types.ConfigurationParams:
    """The question for our settings, for each folder; an empty URI is for no folder."""
    return types.ConfigurationParams(
        [types.ConfigurationItem(scope_uri=uri or None, section="tidelock") for uri in scopes]
    )


class FolderChange(NamedTuple):
    """The paths of folders that the client has closed and opened."""

    removed: tuple[str, ...]
    added: tuple[str, ...]


def folder_change(params: Json) -> FolderChange:
    """``workspace/didChangeWorkspaceFolders``; folders that are not on disk are left out.

    Neovim up to 0.7 sends an empty list as one of the folders.
    """
    event = at(params, "event")
    if not isinstance(event, Mapping):
        raise BadRequest("params have no event")
    return FolderChange(folder_paths(event.get("removed")), folder_paths(event.get("added")))


def progress_token(params: Json) -> Token:
    """``window/workDoneProgress/cancel``: the token; lsprotocol would make a text of a number."""
    token = at(params, "token")
    if type(token) not in (int, str):
        raise BadRequest("token is neither number nor text")
    return token  # type: ignore[no-any-return]


def work_token(params: Json) -> Token | None:
    """The token under which a client shows that a request is worked on; None for none."""
    token = at(params, "workDoneToken")
    return token if type(token) in (int, str) else None


def anything(params: Json) -> Json:
    """Params that nobody looks at."""
    return params


def place_of(position: types.Position) -> Place:
    """A position of the protocol."""
    return Place(position.line, position.character)


# -- answers -----------------------------------------------------------------------------------


def position_of(lines: Lines, offset: int, encoding: Encoding) -> types.Position:
    """An offset as the protocol counts."""
    line, column = lines.place(offset, encoding)
    return types.Position(line, column)


def range_of(lines: Lines, start: int, end: int, encoding: Encoding) -> types.Range:
    """A stretch of a text."""
    return types.Range(position_of(lines, start, encoding), position_of(lines, end, encoding))


def markup(text: str, *, markdown: bool) -> types.MarkupContent:
    """A text with its kind."""
    kind = types.MarkupKind.Markdown if markdown else types.MarkupKind.PlainText
    return types.MarkupContent(kind, text)


_ITEM_KINDS = {
    "function": types.CompletionItemKind.Function.value,
    "method": types.CompletionItemKind.Method.value,
    "field": types.CompletionItemKind.Field.value,
    "variable": types.CompletionItemKind.Variable.value,
    "module": types.CompletionItemKind.Module.value,
    "keyword": types.CompletionItemKind.Keyword.value,
    "label": types.CompletionItemKind.Reference.value,
    "class": types.CompletionItemKind.Class.value,
    "literal": types.CompletionItemKind.EnumMember.value,
    "snippet": types.CompletionItemKind.Snippet.value,
    "text": types.CompletionItemKind.Text.value,
}
_VARIABLE = types.CompletionItemKind.Variable.value


def completion_list(found: Completed, document: Document, manner: Manner) -> dict[str, Json]:
    """Proposals with the edits that they make, as JSON: there are hundreds at each letter."""
    lines, encoding, cursor = document.lines, manner.encoding, found.cursor
    ranges: dict[int, dict[str, Json]] = {}

    def where(start: int) -> dict[str, Json]:
        replace = plain(range_of(lines, start, found.end, encoding))
        if not manner.insert_replace or found.end == cursor:
            return {"range": replace}
        return {"insert": plain(range_of(lines, start, cursor, encoding)), "replace": replace}

    items = []
    for index, item in enumerate(found.items):
        if item.start not in ranges:
            ranges[item.start] = where(item.start)
        made = _item(item, ranges[item.start], document.text, manner)
        if found.number:
            made["data"] = [found.number, index]
        elif item.documentation:
            said = markup(item.documentation, markdown=manner.item_markdown)
            made["documentation"] = plain(said)
        if item.beside is not None:
            offset, text = item.beside
            place = plain(range_of(lines, offset, offset, encoding))
            made["additionalTextEdits"] = [{"newText": text, "range": place}]
        items.append(made)
    return {"isIncomplete": found.is_incomplete, "items": items}


def _item(item: Item, where: dict[str, Json], text: str, manner: Manner) -> dict[str, Json]:
    is_snippet = bool(item.snippet) and manner.snippets
    made: dict[str, Json] = {
        "label": item.label,
        "kind": _ITEM_KINDS.get(item.kind, _VARIABLE),
        "sortText": item.sort,
        "textEdit": {"newText": item.snippet if is_snippet else item.insert, **where},
    }
    # Clients compare what stands in the edit's range with the label, unless told otherwise.
    is_bracket = item.insert.startswith("[") and text[item.start : item.start + 1] == "."
    if filter_ := f".{item.label}" if is_bracket else item.filter:
        made["filterText"] = filter_
    if is_snippet:
        made["insertTextFormat"] = types.InsertTextFormat.Snippet.value
    if item.detail:
        made["detail"] = item.detail
        if manner.label_details:
            made["labelDetails"] = {"description": item.detail}
    return made


def proposal(params: Json) -> tuple[int, int]:
    """``completionItem/resolve``: the number of the list and the place in it; zeros for none."""
    data = structured(params, types.CompletionItem).data
    if isinstance(data, Sequence) and len(data) == 2 and {*map(type, data)} == {int}:
        return data[0], data[1]
    return 0, 0


def explained(found: Told, params: Json, manner: Manner) -> types.CompletionItem:
    """A proposal as it was sent, with what there is to say of it."""
    item = structured(params, types.CompletionItem)
    head = f"```lua\n{found.signature}\n```" if manner.item_markdown else found.signature
    parts = [head if found.signature else "", found.documentation]
    if text := "\n\n".join(part for part in parts if part):
        item.documentation = markup(text, markdown=manner.item_markdown)
    return item


def hover_answer(found: Hover | None, document: Document, manner: Manner) -> types.Hover | None:
    """A Lua block, the description, what was observed."""
    if found is None:
        return None
    head = f"```lua\n{found.signature}\n```" if manner.hover_markdown else found.signature
    parts = [head if found.signature else "", found.documentation, *found.facts]
    text = "\n\n".join(part for part in parts if part)
    return types.Hover(
        markup(text, markdown=manner.hover_markdown),
        range_of(document.lines, found.start, found.end, manner.encoding),
    )


def signature_help(
    found: Signatures | None, document: Document, manner: Manner
) -> types.SignatureHelp | None:
    """The ways to make a call, each with its parameters."""
    if found is None:
        return None
    made = [_signature(way, manner) for way in found.ways]
    parameter = found.ways[found.active].active
    return types.SignatureHelp(made, active_signature=found.active, active_parameter=parameter)


def _signature(way: Signature, manner: Manner) -> types.SignatureInformation:
    def label(start: int, end: int) -> str | tuple[int, int]:
        if not manner.label_offsets:
            return way.text[start:end]
        return units(way.text[:start], "utf-16"), units(way.text[:end], "utf-16")

    made = types.SignatureInformation(
        label=way.text,
        parameters=[types.ParameterInformation(label(*span)) for span in way.parameters],
    )
    if way.documentation:
        made.documentation = markup(way.documentation, markdown=manner.signature_markdown)
    return made


def definition_answer(
    found: Definition | None, document: Document, manner: Manner
) -> types.Location | list[types.Location] | list[types.LocationLink] | None:
    """Places, as links with their origin where the client takes them."""
    if found is None:
        return None
    places = [location_of(one, manner) for one in found.links]
    for uri, line in found.lines:
        start = types.Position(line, 0)
        places.append(types.Location(uri, types.Range(start, start)))
    if not manner.links:
        return places[0] if len(places) == 1 else places
    origin = range_of(document.lines, *found.origin, manner.encoding)
    return [types.LocationLink(one.uri, one.range, one.range, origin) for one in places]


def location_of(link: Link, manner: Manner) -> types.Location:
    """A place in a text of the workspace."""
    return types.Location(link.uri, range_of(link.lines, link.start, link.end, manner.encoding))


def locations(
    found: Sequence[Link], document: Document, manner: Manner
) -> list[types.Location] | None:
    """Places in texts; null for none."""
    return [location_of(one, manner) for one in found] or None


_SYMBOL_KINDS = {
    "function": types.SymbolKind.Function,
    "method": types.SymbolKind.Method,
    "table": types.SymbolKind.Object,
    "variable": types.SymbolKind.Variable,
    "constant": types.SymbolKind.Constant,
    "class": types.SymbolKind.Class,
    "enum": types.SymbolKind.Enum,
    "alias": types.SymbolKind.Interface,
    "field": types.SymbolKind.Field,
    "member": types.SymbolKind.EnumMember,
    "cell": types.SymbolKind.Module,
    "region": types.SymbolKind.Namespace,
}


def symbol_tree(
    found: Sequence[Outline], document: Document, manner: Manner
) -> list[types.DocumentSymbol] | list[types.SymbolInformation]:
    """The outline as a tree, or flat for clients that know no trees."""
    if manner.hierarchical:
        return [_symbol(one, document.lines, manner.encoding) for one in found]
    flat: list[types.SymbolInformation] = []
    _flatten(found, None, document, manner.encoding, flat)
    return flat


def _symbol(one: Outline, lines: Lines, encoding: Encoding) -> types.DocumentSymbol:
    return types.DocumentSymbol(
        name=one.name,
        kind=_SYMBOL_KINDS[one.kind],
        range=range_of(lines, one.start, one.end, encoding),
        selection_range=range_of(lines, one.name_start, one.name_end, encoding),
        detail=one.detail or None,
        children=[_symbol(child, lines, encoding) for child in one.children],
    )


def _flatten(
    found: Sequence[Outline],
    container: str | None,
    document: Document,
    encoding: Encoding,
    flat: list[types.SymbolInformation],
) -> None:
    for one in found:
        place = types.Location(document.uri, range_of(document.lines, one.start, one.end, encoding))
        kind = _SYMBOL_KINDS[one.kind]
        flat.append(types.SymbolInformation(place, one.name, kind, container_name=container))
        _flatten(one.children, one.name, document, encoding, flat)


def hits(found: Sequence[Hit], manner: Manner) -> list[types.WorkspaceSymbol]:
    """Symbols of the workspace; their places are those of their names."""
    made = []
    for uri, symbol, lines in found:
        column = symbol.column
        if lines is not None:
            column = lines.place(lines.offset(symbol.line, column), manner.encoding).column
        start = types.Position(symbol.line, column)
        end = types.Position(symbol.line, column + units(symbol.name, manner.encoding))
        place = types.Location(uri, types.Range(start, end))
        kind = _SYMBOL_KINDS[symbol.kind]
        made.append(
            types.WorkspaceSymbol(place, symbol.name, kind, container_name=symbol.container or None)
        )
    return made


_SEVERITIES = {
    "error": types.DiagnosticSeverity.Error,
    "warning": types.DiagnosticSeverity.Warning,
    "information": types.DiagnosticSeverity.Information,
    "hint": types.DiagnosticSeverity.Hint,
}


_TAGS = {
    "unnecessary": types.DiagnosticTag.Unnecessary,
    "deprecated": types.DiagnosticTag.Deprecated,
}


def publication(
    document: Judged, problems: Sequence[Problem], manner: Manner
) -> types.PublishDiagnosticsParams:
    """The problems of one version of a text."""
    found = [diagnostic(problem, document, manner) for problem in problems]
    return types.PublishDiagnosticsParams(document.uri, found, document.version)


def warning(words: str) -> types.ShowMessageParams:
    """A message for the user."""
    return types.ShowMessageParams(types.MessageType.Warning, words)


def log_trace(words: str, more: str | None) -> types.LogTraceParams:
    """What the server has done; ``more`` for clients that trace in many words."""
    return types.LogTraceParams(words, more)


def withdrawal(uri: str) -> types.PublishDiagnosticsParams:
    """No problems, for a text that was closed."""
    return types.PublishDiagnosticsParams(uri, [])


def diagnostic(problem: Problem, document: Judged, manner: Manner) -> types.Diagnostic:
    """A problem of a text."""
    from tidelock.shared.language.checks.codes import CODES  # late, as all of the language

    lines, encoding = document.lines, manner.encoding
    made = types.Diagnostic(
        range=range_of(lines, problem.start, problem.end, encoding),
        message=problem.message,
        severity=_SEVERITIES[problem.severity],
        code=problem.code,
        source="lua" if problem.origin == "load" else "tidelock",
    )
    kind = CODES.get(problem.code)
    if manner.tags and kind is not None and kind.tag:
        made.tags = [_TAGS[kind.tag]]
    if manner.related and problem.related:
        made.related_information = [
            types.DiagnosticRelatedInformation(
                types.Location(document.uri, range_of(lines, one.start, one.end, encoding)),
                one.message,
            )
            for one in problem.related
        ]
    return made
