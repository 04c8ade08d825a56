"""The tags of LuaCATS comments (``@param``, ``@class`` …), each with the places of its parts.

Nothing in here reads a comment. Offsets count from the start of the run of comments.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, NamedTuple

if TYPE_CHECKING:
    from tidelock.shared.language.luacats.written import (
        TypeVariable,
        Word,
        Written,
        WrittenFunction,
    )
    from tidelock.shared.model import Dialect

Visibility = Literal["public", "protected", "private", "package"]


class Text(NamedTuple):
    """A line of a comment that is no tag."""

    start: int
    end: int
    text: str


class Class(NamedTuple):
    """``@class (exact) Name<T>: Parent``."""

    start: int
    end: int
    name: Word
    variables: tuple[TypeVariable, ...]
    parents: tuple[Written, ...]
    is_exact: bool
    is_partial: bool
    text: str


class Field(NamedTuple):
    """``@field private name? T``; the key of ``@field [K] T`` is a type."""

    start: int
    end: int
    visibility: Visibility
    key: Word | Written
    is_optional: bool
    type: Written
    text: str


class Alias(NamedTuple):
    """``@alias Name<T> T``; the type may come in lines of its own that begin with ``|``."""

    start: int
    end: int
    name: Word
    variables: tuple[TypeVariable, ...]
    type: Written | None
    text: str


class Enum(NamedTuple):
    """``@enum (key) Name``."""

    start: int
    end: int
    name: Word
    of_keys: bool
    text: str


class Param(NamedTuple):
    """``@param name? T text``."""

    start: int
    end: int
    name: Word
    is_optional: bool
    type: Written | None
    text: str


class Result(NamedTuple):
    """One value of a ``@return``; an empty name, or ``...`` for any number of them."""

    type: Written
    name: Word | None


class Return(NamedTuple):
    """``@return T name, U other text``."""

    start: int
    end: int
    results: tuple[Result, ...]
    text: str


class TypeOf(NamedTuple):
    """``@type T, U``: one type for each variable of the statement."""

    start: int
    end: int
    types: tuple[Written, ...]
    text: str


class As(NamedTuple):
    """``@as T``: the type of the expression before it."""

    start: int
    end: int
    type: Written


class Generic(NamedTuple):
    """``@generic T: Bound, U``."""

    start: int
    end: int
    variables: tuple[TypeVariable, ...]


class Overload(NamedTuple):
    """``@overload fun(...)``."""

    start: int
    end: int
    function: WrittenFunction
    text: str


class Vararg(NamedTuple):
    """``@vararg T``."""

    start: int
    end: int
    type: Written
    text: str


class Change(NamedTuple):
    """One step of a cast: ``+T``, ``-T`` or ``T``; ``?`` stands for nil and is a None."""

    sign: Literal["+", "-", ""]
    type: Written | None


class Cast(NamedTuple):
    """``@cast a.b +T, -?``."""

    start: int
    end: int
    name: Word
    changes: tuple[Change, ...]


class Operator(NamedTuple):
    """``@operator add(T): R``."""

    start: int
    end: int
    name: Word
    operand: Written | None
    result: Written | None


class Diagnostic(NamedTuple):
    """``@diagnostic disable-next-line: name, name``."""

    start: int
    end: int
    action: Word
    names: tuple[Word, ...]


class Module(NamedTuple):
    """``@module "name"``: the variable holds that module."""

    start: int
    end: int
    name: Word


class Version(NamedTuple):
    """``@version >5.2, JIT``; ``dialects`` are the Luas meant."""

    start: int
    end: int
    dialects: frozenset[Dialect]


class Mark(NamedTuple):
    """A tag that is its word and text alone: ``@deprecated``, ``@see``, ``@async`` and others.

    Tags nobody knows are marks too.
    """

    start: int
    end: int
    word: str
    text: str


Tag = (
    Alias
    | As
    | Cast
    | Class
    | Diagnostic
    | Enum
    | Field
    | Generic
    | Mark
    | Module
    | Operator
    | Overload
    | Param
    | Return
    | TypeOf
    | Vararg
    | Version
)
