"""The converter's part for requests whose answers change texts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Literal

from lsprotocol import types

from tidelock.lsp.convert import (
    Asked,
    asked_at,
    diagnostic,
    place_of,
    plain,
    range_of,
    structured,
)
from tidelock.lsp.manner import Json, Manner, at
from tidelock.shared.errors import BadRequest, TidelockError

if TYPE_CHECKING:
    from tidelock.lsp.documents import Document
    from tidelock.lsp.features.code_actions import Action
    from tidelock.lsp.features.rename import Renaming, Subject
    from tidelock.lsp.option_text import Replacement
    from tidelock.shared.language.checks.mending import Edit
    from tidelock.shared.language.index.links import Link

ACTIONS = types.CodeActionOptions([types.CodeActionKind.QuickFix], resolve_provider=True)
RENAME = types.RenameOptions(prepare_provider=True)
_UNSURE = "unsure"


def prepare_rename(params: Json) -> Asked:
    """``textDocument/prepareRename``."""
    return asked_at(params, types.PrepareRenameParams)[0]


def rename(params: Json) -> Asked:
    """``textDocument/rename``."""
    asked, read = asked_at(params, types.RenameParams)
    return asked._replace(options={"name": read.new_name})


def rename_subject(
    found: Subject | None, document: Document, manner: Manner
) -> types.PrepareRenamePlaceholder | None:
    """The stretch that is replaced, and its name."""
    if found is None:
        return None
    span = range_of(document.lines, found.start, found.end, manner.encoding)
    return types.PrepareRenamePlaceholder(span, found.name)


def rename_edit(
    found: Renaming | None, document: Document, manner: Manner
) -> types.WorkspaceEdit | None:
    """The changes; those of which nobody can be sure need to be confirmed.

    Raises:
        TidelockError: there are such changes, and the client cannot ask for each.
    """
    if found is None:
        return None
    if not found.unsure:
        places = [(one, found.text) for one in found.links]
        return workspace_edit(places, found.versions, manner)
    if not (manner.annotates and manner.document_changes):
        raise TidelockError(
            f"{len(found.unsure)} more uses of the name may mean the same field",
            "this editor cannot ask about each",
        )
    sure = [(one, found.text, "") for one in found.links]
    unsure = [(one, found.text, _UNSURE) for one in found.unsure]
    made = types.WorkspaceEdit(document_changes=_changes(sure + unsure, found.versions, manner))
    made.change_annotations = {
        _UNSURE: types.ChangeAnnotation("may mean another field", needs_confirmation=True)
    }
    return made


def workspace_edit(
    edits: Sequence[tuple[Link, str]], versions: Mapping[str, int], manner: Manner
) -> types.WorkspaceEdit:
    """New texts for places, in the form that the client takes.

    ``versions`` are those of open texts, by URI; a file that nobody has open has none.
    """
    if manner.document_changes:
        listed = [(link, text, "") for link, text in edits]
        return types.WorkspaceEdit(document_changes=_changes(listed, versions, manner))
    changes: dict[str, list[types.TextEdit]] = {}
    for link, text in edits:
        span = range_of(link.lines, link.start, link.end, manner.encoding)
        changes.setdefault(link.uri, []).append(types.TextEdit(span, text))
    return types.WorkspaceEdit(changes=changes)


_Changes = list[
    types.TextDocumentEdit | types.CreateFile | types.RenameFile | types.DeleteFile
]  # as the protocol has them in one list


def _changes(
    edits: Sequence[tuple[Link, str, str]], versions: Mapping[str, int], manner: Manner
) -> _Changes:
    texts: dict[str, types.TextDocumentEdit] = {}
    for link, text, annotation in edits:
        made = texts.get(link.uri)
        if made is None:
            named = types.OptionalVersionedTextDocumentIdentifier(link.uri, versions.get(link.uri))
            made = texts[link.uri] = types.TextDocumentEdit(named, [])
        span = range_of(link.lines, link.start, link.end, manner.encoding)
        edit: types.TextEdit | types.AnnotatedTextEdit = types.TextEdit(span, text)
        if annotation:
            edit = types.AnnotatedTextEdit(annotation, span, text)
        assert isinstance(made.edits, list)
        made.edits.append(edit)
    return list(texts.values())


# -- code actions ------------------------------------------------------------------------------


def code_actions(params: Json) -> Asked:
    """``textDocument/codeAction``."""
    read = structured(params, types.CodeActionParams)
    wanted = read.context.only
    kinds = tuple(str(getattr(one, "value", one)) for one in wanted or ("quickfix",))
    is_wanted = any(f"{kind}.".startswith(("quickfix.", ".")) for kind in kinds)
    places = place_of(read.range.start), place_of(read.range.end)
    return Asked(read.text_document.uri, places, {} if is_wanted else {"is_wanted": False})


def code_action_list(
    found: Sequence[Action], document: Document, manner: Manner
) -> list[types.CodeAction] | None:
    """Fixes with their edits, for clients that take edits; null for none.

    A client that can ask for edits later gets them then, for the one that is chosen. What changes
    the project's options is a command, for clients that apply edits when asked.
    """
    if not manner.action_literals:
        return None
    offered = (one for one in found if one.wish is None or manner.applies_edits)
    with_edits = not manner.resolves_actions
    return [_action(one, document, manner, with_edits=with_edits) for one in offered] or None


def unresolved_action(params: Json) -> Asked:
    """``codeAction/resolve``: where the problem stood, and the title."""
    read = structured(params, types.CodeAction)
    uri, span = at(read.data, "uri"), at(read.data, "range")
    if not isinstance(uri, str):
        raise BadRequest("the code action has no data of this server's")
    stretch = structured(span, types.Range)
    return Asked(uri, (place_of(stretch.start), place_of(stretch.end)), {"title": read.title})


def resolved_action(found: Action, document: Document, manner: Manner) -> types.CodeAction:
    """A fix with its edits."""
    return _action(found, document, manner, with_edits=True)


def _action(
    one: Action, document: Document, manner: Manner, *, with_edits: bool
) -> types.CodeAction:
    from tidelock.shared.language.index.links import Link  # late, as all of the language

    made = types.CodeAction(
        title=one.fix.title,
        kind=types.CodeActionKind.QuickFix,
        diagnostics=[diagnostic(one.problem, document, manner)],
        is_preferred=True if one.fix.is_preferred else None,
    )
    if one.wish is not None:
        how = "add" if one.wish.is_added else "value"
        wanted = {"uri": document.uri, "key": one.wish.key, how: one.wish.text}
        made.command = types.Command(one.fix.title, "tidelock.setOption", arguments=[wanted])
        return made
    if not with_edits:
        span = range_of(document.lines, one.problem.start, one.problem.end, manner.encoding)
        made.data = {"uri": document.uri, "range": plain(span)}
        return made
    edits = [
        (Link(document.uri, document.lines, edit.start, edit.end), edit.text)
        for edit in one.fix.edits
    ]
    made.edit = workspace_edit(edits, {document.uri: document.version}, manner)
    return made


# -- formatting --------------------------------------------------------------------------------

# A line end, and the last letters of what closes a block or a bracket.
TYPING = types.DocumentOnTypeFormattingOptions("\n", ["d", "e", "f", "l", "}", ")"])


def _indent(options: types.FormattingOptions) -> dict[str, Json]:
    """One step of indentation, as the editor has it."""
    size = min(max(options.tab_size, 1), 16)
    return {"indent": " " * size if options.insert_spaces else "\t"}


def formatting(params: Json) -> Asked:
    """``textDocument/formatting``."""
    read = structured(params, types.DocumentFormattingParams)
    return Asked(read.text_document.uri, options=_indent(read.options))


def range_formatting(params: Json) -> Asked:
    """``textDocument/rangeFormatting``."""
    read = structured(params, types.DocumentRangeFormattingParams)
    places = place_of(read.range.start), place_of(read.range.end)
    return Asked(read.text_document.uri, places, _indent(read.options))


def on_type_formatting(params: Json) -> Asked:
    """``textDocument/onTypeFormatting``."""
    asked, read = asked_at(params, types.DocumentOnTypeFormattingParams)
    return asked._replace(options={**_indent(read.options), "character": read.ch})


def text_edits(
    found: Sequence[Edit] | None, document: Document, manner: Manner
) -> list[types.TextEdit] | None:
    """Changes of the text; null where it is not laid out."""
    if found is None:
        return None
    lines, encoding = document.lines, manner.encoding
    return [
        types.TextEdit(range_of(lines, one.start, one.end, encoding), one.text) for one in found
    ]


# -- an option ---------------------------------------------------------------------------------


def option_edit(
    document: Document,
    edit: Replacement,
    manner: Manner,
    *,
    state: Literal["open", "closed", "new"],
) -> types.ApplyWorkspaceEditParams:
    """The change of the project's file as it is shown, as it is on disk, or where there is none."""
    span = range_of(document.lines, edit.start, edit.end, manner.encoding)
    made = types.TextEdit(span, edit.text)
    change: types.WorkspaceEdit
    if manner.document_changes:
        version = document.version if state == "open" else None
        named = types.OptionalVersionedTextDocumentIdentifier(document.uri, version)
        first = [types.CreateFile(document.uri)] if state == "new" else []
        change = types.WorkspaceEdit(
            document_changes=[*first, types.TextDocumentEdit(named, [made])]
        )
    else:
        change = types.WorkspaceEdit(changes={document.uri: [made]})
    return types.ApplyWorkspaceEditParams(change, label="Set an option of Tidelock")
