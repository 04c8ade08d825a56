"""The tags of annotations as people are told of them: how each is written, and what it says.

Only those that mean something here are in the list; ``blocks`` reads them.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple


class Told(NamedTuple):
    """A tag as people are told of it; ``usage`` is what stands behind it."""

    usage: str
    meaning: str


TAGS: Mapping[str, Told] = {
    "param": Told("name type description", "a parameter of the function below"),
    "return": Told("type name description", "what the function below returns"),
    "type": Told("type", "the types of the variables of a statement, or of a field"),
    "class": Told("Name: Parent", "a type with fields, those of its parents included"),
    "field": Told("name type description", "a field of the class above"),
    "alias": Told("Name type", "a name for a type; its choices may stand in lines below"),
    "enum": Told("Name", "the values of the table below as a type; with `(key)` its keys"),
    "overload": Told("fun(name: type): type", "another way to call the function below"),
    "generic": Told("T: Bound", "a type that is found at each call"),
    "cast": Told(
        "variable type",
        "from here on a variable has another type: `T`, what it had with `+T`, or without `-T`",
    ),
    "as": Told("type", "the type of the expression before the comment"),
    "deprecated": Told("", "what is below should not be used any more"),
    "diagnostic": Told(
        "disable-next-line: code",
        "hides problems of the next line, of this one, or from here on until they are enabled",
    ),
    "meta": Told("", "the file declares and is never run"),
    "module": Told("'name'", "the variable holds what a module gives"),
    "nodiscard": Told("", "what the function below returns is to be used"),
    "operator": Told("add(type): type", "what an operator makes of the class above"),
    "see": Told("name", "what else is worth reading"),
    "vararg": Told("type", "the type of what `...` holds"),
    "version": Told(">5.2, JIT", "the Luas that have what is below"),
    "async": Told("", "the function below may yield"),
    "private": Told("", "for the methods of its class"),
    "protected": Told("", "for the methods of its class and of those that inherit from it"),
    "package": Told("", "for the file that it is in"),
    "public": Told("", "for everyone"),
    "source": Told("file", "where what is below comes from"),
}
"""The tags that mean something here, the usual ones first."""

MANNERS: Mapping[str, str] = {
    "exact": "the class has no other fields than those that are declared",
    "partial": "the class is declared elsewhere, too",
    "key": "the keys of the table are the values of the type",
    "public": TAGS["public"].meaning,
    "private": TAGS["private"].meaning,
    "protected": TAGS["protected"].meaning,
    "package": TAGS["package"].meaning,
}
"""The words before a name, such as ``@field private name``."""

ACTS: Mapping[str, str] = {
    "disable": "the problems are hidden from here on",
    "disable-line": "the problems of this line are hidden",
    "disable-next-line": "the problems of the next line are hidden",
    "enable": "the problems are shown again from here on",
}
"""What ``@diagnostic`` does."""
