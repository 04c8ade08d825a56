"""The Luas that lupa bundles, asked for what they make of a text."""

from __future__ import annotations

import importlib
from functools import cache
from typing import Any, NamedTuple

from tidelock.shared.model import Dialect

BUILDS: dict[str, Dialect] = {
    "lua51": "5.1",
    "lua52": "5.2",
    "lua53": "5.3",
    "lua54": "5.4",
    "lua55": "5.5",
    "luajit20": "luajit",
    "luajit21": "luajit",
}
"""Every build with the dialect it speaks; LuaJIT 2.0 lacks some numerals and escapes of 2.1."""

_PROGRAM = b"""
function(source, limit)
  local out, spans = {}, {}
  local env = setmetatable({}, {__index = _G})
  env.print = function(...)
    local line = {}
    for i = 1, select('#', ...) do
      line[i] = env.tostring((select(i, ...)))
    end
    out[#out + 1] = table.concat(line, ' ')
  end
  env._G = env
  -- An address is another in every run.
  env.tostring = function(value)
    local kind = type(value)
    return (kind == 'table' or kind == 'function') and kind or tostring(value)
  end
  local chunk, message
  if setfenv then
    chunk, message = loadstring(source, '=text')
    if chunk then setfenv(chunk, env) end
  else
    chunk, message = load(source, '=text', 't', env)
  end
  if not chunk then return nil, message end
  local run = coroutine.create(function() return chunk('first', 2, nil) end)
  debug.sethook(run, function(event)
    if event == 'count' then error('TOO LONG', 0) end
    local info = debug.getinfo(2, 'S')
    if info.source == '=text' and info.what == 'Lua' then
      spans[info.linedefined .. ':' .. info.lastlinedefined] = true
    end
  end, 'c', limit)
  local results = {coroutine.resume(run)}
  debug.sethook(run)
  for i = 1, #results do out[#out + 1] = env.tostring(results[i]) end
  local seen = {}
  for span in pairs(spans) do seen[#seen + 1] = span end
  return table.concat(out, '\\n'), table.concat(seen, ' ')
end
"""


class Outcome(NamedTuple):
    """What a program printed, its results and error included, and the functions it called."""

    printed: str
    spans: frozenset[tuple[int, int]]

    @property
    def endless(self) -> bool:
        return "TOO LONG" in self.printed


class Lua:
    """One build with nothing of the test's in its globals."""

    def __init__(self, build: str) -> None:
        module = importlib.import_module(f"lupa.{build}")
        self.runtime: Any = module.LuaRuntime(encoding=None)
        self._load = self.runtime.eval(
            b"function(source) local _, message = (loadstring or load)(source, '=text')"
            b" return message end"
        )
        self._run = self.runtime.eval(_PROGRAM)

    def refusal(self, text: str) -> str | None:
        """What ``load`` has against a text."""
        message = self._load(encoded(text))
        return None if message is None else message.decode("utf-8", "replace")

    def run(self, text: str) -> Outcome | None:
        """Run a text in an environment of its own; None when it does not load."""
        printed, spans = self._run(encoded(text), 200_000)
        if printed is None:
            return None
        pairs = (span.split(b":") for span in spans.split())
        return Outcome(
            printed.decode("utf-8", "replace"),
            frozenset((int(first), int(last)) for first, last in pairs),
        )


def encoded(text: str) -> bytes:
    """The bytes of a text as files have them."""
    return text.encode("utf-8", "surrogateescape")


@cache
def lua(build: str) -> Lua:
    """A build, made once."""
    return Lua(build)


def build_of(dialect: Dialect) -> Lua:
    """The build that decides what a dialect is."""
    return lua("luajit21" if dialect == "luajit" else "lua" + dialect.replace(".", ""))


_SCOPES = (
    "label",
    "goto",
    "const variable",
    "not declared",
    "attempt to assign",
    "too many",
    "limit",
    "upvalue",
)


def about_scopes(message: str) -> bool:
    """Whether what ``load`` says is about names, jumps or limits rather than grammar."""
    return any(word in message for word in _SCOPES)
