"""The table of what the server answers and hears: method, function, converters, where it runs.

Who has read it has read the server; the capabilities are made from it. Features are named, not
imported: ``shared.language`` is loaded only after ``initialize`` has been answered. The file is
long because all that is answered stands in one table.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from importlib import import_module
from typing import TYPE_CHECKING, Any, NamedTuple

from tidelock.lsp import convert, messages
from tidelock.lsp import convert_edits as edits
from tidelock.lsp import convert_notebooks as notebooks
from tidelock.lsp import convert_views as views
from tidelock.shared.log import layer

if TYPE_CHECKING:
    from tidelock.lsp.documents import Document
    from tidelock.lsp.manner import Json, Manner, Refresh
    from tidelock.lsp.progress import Token
    from tidelock.lsp.sent import Sent
    from tidelock.lsp.session import Session
    from tidelock.shared.config import Settings

log = layer("lsp")

TYPING, VISIBLE = 0, 1


class Route(NamedTuple):
    """A request about a document; it runs on a worker, with the text as it was on arrival.

    ``feature`` is module and function in ``lsp.features``; ``provider`` the capability it stands
    for. ``is_live`` says that the running program may be asked, ``is_wide`` that the other texts of
    the workspace count, ``is_judged`` that the problems of the text do, ``reaches`` that the text
    need not be open. A request that ``replaces`` makes older ones of its method and document void;
    an edit of the text does so to one that is ``fleeting``, for its answer would not fit any more.
    ``finish`` sees an answer beside the one that was sent before, ``taste`` gives the options that
    the feature is told, ``fits`` what it is told of the client. A list that ``is_kept`` can be
    asked about, by clients that do; one that they go on showing has the ``refresh`` by which they
    are told that it is another now. One that may take over a second has a ``title`` for the editor
    to show meanwhile. One that ``is_nested`` is also about the folders that hold that of the text
    or lie in it.
    """

    method: str
    feature: str
    decode: Callable[[Json], convert.Asked]
    encode: Callable[[Any, Document, Manner], Any]
    provider: tuple[str, Any]
    is_live: bool = False
    is_wide: bool = False
    is_judged: bool = False
    reaches: bool = False
    priority: int = VISIBLE
    replaces: bool = False
    fleeting: bool = False
    is_kept: bool = False
    refresh: Refresh | None = None
    title: str = ""
    taste: Callable[[Settings], Mapping[str, Any]] = lambda settings: {}
    fits: Callable[[Manner], Mapping[str, Any]] = lambda manner: {}
    finish: Callable[[Sent, Document, convert.Asked, Any], Any] | None = None
    is_nested: bool = False

    def load(self) -> Callable[..., Any]:
        """The feature's function."""
        return _loaded(self.feature)


def _loaded(feature: str) -> Callable[..., Any]:
    module = import_module(f"tidelock.lsp.features.{feature}")
    function: Callable[..., Any] = getattr(module, feature)
    return function


REQUESTS: tuple[Route, ...] = (
    Route(
        "textDocument/completion", "completion", convert.completion, convert.completion_list,
        ("completion_provider", convert.COMPLETION), is_live=True, is_wide=True,
        priority=TYPING, replaces=True, is_kept=True,
        taste=lambda settings: {
            "max_items": settings.lsp_completion_max_items,
            "snippets": settings.lsp_completion_snippets,
            "call_snippet": settings.lsp_completion_call_snippet,
            "auto_require": settings.lsp_completion_auto_require,
            "postfix": settings.lsp_completion_postfix,
            "workspace_words": settings.lsp_completion_workspace_words,
        },
        fits=lambda manner: {"takes_snippets": manner.snippets},
    ),
    Route(
        "textDocument/signatureHelp", "signature", convert.signature, convert.signature_help,
        ("signature_help_provider", convert.SIGNATURE), is_live=True, is_wide=True,
        priority=TYPING, fleeting=True,
    ),
    Route(
        "textDocument/hover", "hover", convert.hover, convert.hover_answer,
        ("hover_provider", True), is_live=True, is_wide=True,
        taste=lambda settings: {
            "values": settings.lsp_hover_values,
            "max_fields": settings.lsp_hover_max_fields,
        },
    ),
    Route(
        "textDocument/definition", "definition", convert.definition, convert.definition_answer,
        ("definition_provider", True), is_live=True, is_wide=True, title="Finding definitions",
    ),
    Route(
        "textDocument/references", "references", convert.references, convert.locations,
        ("references_provider", True), is_wide=True, is_nested=True, title="Finding references",
    ),
    Route(
        "textDocument/documentSymbol", "symbols", convert.symbols, convert.symbol_tree,
        ("document_symbol_provider", True),
    ),
    Route(
        "textDocument/documentHighlight", "highlights", views.highlight, views.highlight_list,
        ("document_highlight_provider", True), is_wide=True,
    ),
    Route(
        "textDocument/prepareRename", "prepare_rename", edits.prepare_rename, edits.rename_subject,
        ("rename_provider", edits.RENAME), is_wide=True, title="Renaming",
    ),
    Route(
        "textDocument/rename", "rename", edits.rename, edits.rename_edit,
        ("rename_provider", edits.RENAME), is_wide=True, is_nested=True, title="Renaming",
    ),
    Route(
        "textDocument/codeAction", "code_actions", edits.code_actions, edits.code_action_list,
        ("code_action_provider", edits.ACTIONS), is_judged=True, is_wide=True,
    ),
    Route(
        "codeAction/resolve", "resolved_action", edits.unresolved_action, edits.resolved_action,
        ("code_action_provider", edits.ACTIONS), is_judged=True, is_wide=True,
    ),
    Route(
        "textDocument/foldingRange", "folding", views.folding, views.folding_ranges,
        ("folding_range_provider", True),
    ),
    Route(
        "textDocument/selectionRange", "selection", views.selection, views.selection_ranges,
        ("selection_range_provider", True),
    ),
    Route(
        "textDocument/semanticTokens/full", "semantic_tokens", views.tokens, views.token_data,
        ("semantic_tokens_provider", views.TOKENS), is_live=True, is_wide=True,
        refresh="semanticTokens", finish=views.full_tokens,
    ),
    Route(
        "textDocument/semanticTokens/full/delta", "semantic_tokens", views.tokens_delta,
        views.token_data, ("semantic_tokens_provider", views.TOKENS), is_live=True, is_wide=True,
        refresh="semanticTokens", finish=views.changed_tokens,
    ),
    Route(
        "textDocument/semanticTokens/range", "semantic_tokens", views.tokens_range,
        views.token_data, ("semantic_tokens_provider", views.TOKENS), is_live=True, is_wide=True,
        refresh="semanticTokens",
    ),
    Route(
        "textDocument/inlayHint", "inlay_hints", views.hints, views.hint_list,
        ("inlay_hint_provider", True), is_live=True, is_wide=True, refresh="inlayHint",
        taste=lambda settings: {
            "which": settings.lsp_hints_parameters,
            "types": settings.lsp_hints_types,
            "ends": settings.lsp_hints_block_ends,
            "values": settings.lsp_hints_values,
        },
    ),
    Route(
        "textDocument/documentLink", "document_links", views.links, views.link_list,
        ("document_link_provider", views.LINKS), is_wide=True,
    ),
    Route(
        "textDocument/inlineValue", "inline_values", views.inline_values, views.inline_value_list,
        ("inline_value_provider", True), is_live=True, refresh="inlineValue",
    ),
    Route(
        "textDocument/codeLens", "code_lenses", views.lenses, views.lens_list,
        ("code_lens_provider", views.LENSES), is_live=True, refresh="codeLens",
        taste=lambda settings: {
            "is_wanted": settings.lsp_lens_run,
            "is_loaded_wanted": settings.lsp_lens_loaded,
            "are_references_wanted": settings.lsp_lens_references,
        },
    ),
    Route(
        "codeLens/resolve", "lens_references", views.lens, views.counted_lens,
        ("code_lens_provider", views.LENSES), is_wide=True, reaches=True, is_nested=True,
    ),
    Route(
        "textDocument/declaration", "declaration", views.declaration,
        convert.locations, ("declaration_provider", True), is_wide=True,
        title="Finding declarations",
    ),
    Route(
        "textDocument/typeDefinition", "type_definition", views.type_definition,
        convert.locations, ("type_definition_provider", True), is_wide=True, title="Finding types",
    ),
    Route(
        "textDocument/implementation", "implementation", views.implementation,
        convert.locations, ("implementation_provider", True), is_wide=True,
        title="Finding implementations",
    ),
    Route(
        "textDocument/prepareCallHierarchy", "call_hierarchy", views.call_hierarchy,
        views.call_items, ("call_hierarchy_provider", True), is_wide=True, title="Finding calls",
    ),
    Route(
        "callHierarchy/incomingCalls", "incoming_calls", views.incoming,
        views.incoming_calls, ("call_hierarchy_provider", True), is_wide=True, reaches=True,
        is_nested=True, title="Finding calls",
    ),
    Route(
        "callHierarchy/outgoingCalls", "outgoing_calls", views.outgoing,
        views.outgoing_calls, ("call_hierarchy_provider", True), is_wide=True, reaches=True,
        title="Finding calls",
    ),
    Route(
        "textDocument/prepareTypeHierarchy", "type_hierarchy", views.type_hierarchy,
        views.class_items, ("type_hierarchy_provider", True), is_wide=True, title="Finding types",
    ),
    Route(
        "typeHierarchy/supertypes", "supertypes", views.supertypes,
        views.class_items, ("type_hierarchy_provider", True), is_wide=True, reaches=True,
        title="Finding types",
    ),
    Route(
        "typeHierarchy/subtypes", "subtypes", views.subtypes,
        views.class_items, ("type_hierarchy_provider", True), is_wide=True, reaches=True,
        title="Finding types",
    ),
    Route(
        "textDocument/formatting", "formatting", edits.formatting, edits.text_edits,
        ("document_formatting_provider", True), fleeting=True, title="Formatting",
        taste=lambda settings: {"tool": settings.lsp_format_tool},
    ),
    Route(
        "textDocument/rangeFormatting", "range_formatting", edits.range_formatting,
        edits.text_edits, ("document_range_formatting_provider", True), fleeting=True,
        title="Formatting",
    ),
    Route(
        "textDocument/onTypeFormatting", "on_type_formatting", edits.on_type_formatting,
        edits.text_edits, ("document_on_type_formatting_provider", edits.TYPING), priority=TYPING,
        fleeting=True,
    ),
    Route(
        messages.STATEMENT_RANGE, "statement_range", views.statement_range, views.span,
        ("experimental", views.OURS),
    ),
)  # fmt: skip


class Search(NamedTuple):
    """A request about the workspace as a whole; it runs on a worker."""

    method: str
    feature: str
    decode: Callable[[Json], Any]
    encode: Callable[[Any, Manner], Any]
    provider: tuple[str, Any]
    title: str = ""

    def load(self) -> Callable[..., Any]:
        """The feature's function."""
        return _loaded(self.feature)


SEARCHES: tuple[Search, ...] = (
    Search(
        "workspace/symbol", "workspace_symbols", convert.query, convert.hits,
        ("workspace_symbol_provider", True), "Finding symbols",
    ),
)  # fmt: skip


class Telling(NamedTuple):
    """A request for more about one entry of a list that was kept; it runs on a worker."""

    method: str
    feature: str
    decode: Callable[[Json], tuple[int, int]]
    encode: Callable[[Any, Json, Manner], Any]

    def load(self) -> Callable[..., Any]:
        """The feature's function."""
        return _loaded(self.feature)


TELLINGS: tuple[Telling, ...] = (
    Telling("completionItem/resolve", "resolve", convert.proposal, convert.explained),
)


def did_open(session: Session, opened: convert.Opened) -> None:
    """The client shows a text."""
    session.show(opened.uri, opened.version, opened.text)


def did_change(session: Session, changed: convert.Changed) -> None:
    """The client edited a text."""
    session.edit(changed.uri, changed.version, changed.changes)


def did_close(session: Session, uri: str) -> None:
    """The client shows a text no more; what was wrong with it is taken back."""
    session.hide(uri)


def did_save(session: Session, uri: str) -> None:
    """The client saved a text; one that the program has loaded is looked at."""
    session.saved(uri)


def notebook_changed(session: Session, change: notebooks.NotebookChange) -> None:
    """Cells of a notebook have come, were edited, or have gone."""
    for uri in change.closed:
        session.hide(uri)
    for cell in change.opened:
        session.show_cell(change.notebook, cell.uri, cell.version, cell.text)
    for edited in change.edited:
        session.edit(edited.uri, edited.version, edited.changes)


def did_change_files(session: Session, paths: list[str]) -> None:
    """Files have changed, come or gone outside the editor."""
    session.reread(paths)


def did_change_folders(session: Session, change: convert.FolderChange) -> None:
    """Folders were closed and opened."""
    session.move(change.removed, change.added)


def did_change_settings(session: Session, settings: Json) -> None:
    """The settings of the editor have changed."""
    session.preferences.changed(settings)


def give_up(session: Session, token: Token) -> None:
    """The user has cancelled work that was shown: a request ends, what was read is kept."""
    session.board.cancel(token)


def set_trace(session: Session, value: str) -> None:
    """How much the client wants to be logged."""
    session.trace(value)


def ignored(session: Session, params: Json) -> None:
    """Nothing follows from it."""


class Heard(NamedTuple):
    """A notification; its function runs on the document lane, in order."""

    method: str
    function: Callable[[Session, Any], None]
    decode: Callable[[Json], Any]


NOTIFICATIONS: tuple[Heard, ...] = (
    Heard("textDocument/didOpen", did_open, convert.opened),
    Heard("textDocument/didChange", did_change, convert.changed),
    Heard("textDocument/didClose", did_close, convert.closed),
    Heard("textDocument/didSave", did_save, convert.saved),
    Heard("notebookDocument/didOpen", notebook_changed, notebooks.opened),
    Heard("notebookDocument/didChange", notebook_changed, notebooks.changed),
    Heard("notebookDocument/didSave", ignored, convert.anything),
    Heard("notebookDocument/didClose", notebook_changed, notebooks.closed),
    Heard("workspace/didChangeConfiguration", did_change_settings, convert.settings),
    Heard("workspace/didChangeWatchedFiles", did_change_files, convert.watched),
    Heard("workspace/didChangeWorkspaceFolders", did_change_folders, convert.folder_change),
    Heard("window/workDoneProgress/cancel", give_up, convert.progress_token),
    Heard("$/setTrace", set_trace, convert.trace),
)

PROVIDERS = dict(
    [*(route.provider for route in REQUESTS), *(search.provider for search in SEARCHES)]
)
SHOWN = frozenset(
    [
        *(route.provider[0] for route in REQUESTS if route.title),
        *(search.provider[0] for search in SEARCHES if search.title),
    ]
)
"""The providers of what may take long."""
NOTEBOOKS = notebooks.SYNC
_REQUESTS = {route.method: route for route in REQUESTS}
_TELLINGS = {telling.method: telling for telling in TELLINGS}
_SEARCHES = {search.method: search for search in SEARCHES}
_NOTIFICATIONS = {heard.method: heard for heard in NOTIFICATIONS}


def request(method: str) -> Route | None:
    """The route of a request about a document."""
    return _REQUESTS.get(method)


def search(method: str) -> Search | None:
    """The route of a request about the workspace."""
    return _SEARCHES.get(method)


def telling(method: str) -> Telling | None:
    """The route of a request about an entry of a list."""
    return _TELLINGS.get(method)


def notification(method: str) -> Heard | None:
    """What is done with a notification."""
    return _NOTIFICATIONS.get(method)
