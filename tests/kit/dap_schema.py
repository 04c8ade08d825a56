"""The JSON schema of the Debug Adapter Protocol, applied to one message at a time.

The schema is the one that comes with debugpy; messages and fields that are newer than it pass.
"""

from __future__ import annotations

import functools
import importlib.util
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from jsonschema import Draft4Validator  # type: ignore[import-untyped]
from jsonschema.validators import validator_for  # type: ignore[import-untyped]

_PLACE = "_vendored/pydevd/_pydevd_bundle/_debug_adapter/debugProtocol.json"

_REFERENCES = frozenset(
    {"variablesReference", "namedVariables", "indexedVariables", "sourceReference"}
)


def faults(message: Any) -> list[str]:
    """What is wrong with a message of either side by the schema, one line per fault."""
    if not isinstance(message, Mapping):
        return [f"not an object: {message!r}"]
    return [
        f"{'.'.join(map(str, error.absolute_path)) or 'message'}: {error.message}"
        for error in sorted(_validator(definition(message)).iter_errors(message), key=str)
    ]


def definition(message: Mapping[str, Any]) -> str:
    """The name of the schema's definition for a message; the general one for unknown names."""
    if message.get("type") == "event":
        special, general = _named(message.get("event"), "Event"), "Event"
    elif message.get("type") == "request":
        special, general = _named(message.get("command"), "Request"), "Request"
    elif message.get("type") == "response":
        if message.get("success") is False:
            return "ErrorResponse"
        special, general = _named(message.get("command"), "Response"), "Response"
    else:
        return "ProtocolMessage"
    return special if special in _schema()["definitions"] else general


def commands() -> frozenset[str]:
    """The requests that the schema knows, those of the adapter included."""
    names = (name for name in _schema()["definitions"] if name.endswith("Request"))
    words = (name.removesuffix("Request") for name in names)
    return frozenset(word[0].lower() + word[1:] for word in words if word)


def _named(name: Any, ending: str) -> str:
    return f"{name[0].upper()}{name[1:]}{ending}" if isinstance(name, str) and name else ending


@functools.cache
def _schema() -> dict[str, Any]:
    spec = importlib.util.find_spec("debugpy")
    if spec is None or spec.origin is None:
        raise LookupError("the schema of the protocol comes with debugpy, which is not installed")
    schema: dict[str, Any] = json.loads((Path(spec.origin).parent / _PLACE).read_text("utf-8"))
    definitions = schema["definitions"]
    for part in definitions.values():
        _bound(part)
    definitions["ProtocolMessage"]["properties"]["type"]["enum"] = ["request", "response", "event"]
    # Whether a failure may come without a body is a rule of its own, see kit.dap_conduct.
    definitions["ErrorResponse"]["allOf"][1].pop("required")
    # What either launch or attach takes is not told apart there, so that "one of" never holds.
    again = definitions["RestartArguments"]["properties"]["arguments"]
    again["anyOf"] = again.pop("oneOf")
    return schema


def _bound(part: Any) -> None:
    """References and counts lie in 0 .. 2^31 - 1; the specification says it in prose only."""
    if isinstance(part, list):
        for each in part:
            _bound(each)
    elif isinstance(part, dict):
        for name, each in part.items():
            if name in _REFERENCES and isinstance(each, dict) and each.get("type") == "integer":
                each.update(minimum=0, maximum=2**31 - 1)
            _bound(each)


@functools.cache
def _validator(name: str) -> Draft4Validator:
    schema = _schema()
    kind = validator_for(schema)
    assert kind is Draft4Validator, schema["$schema"]
    return Draft4Validator({**schema, "$ref": f"#/definitions/{name}"})
