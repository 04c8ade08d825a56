"""What compiled functions say of themselves: their lines, parameters, locals and upvalues.

The Luas of lua.org put all of it into what ``string.dump`` gives; LuaJIT answers for the
prototypes of a function (``jit.util``), but for the names of locals.
"""

from __future__ import annotations

from typing import NamedTuple

from syntax.oracle import Lua, encoded


class Compiled(NamedTuple):
    """One function; ``locals`` is None where no one tells, and has no hidden ones."""

    line: int
    parameters: int
    locals: list[str] | None
    upvalues: list[str]


_DUMP = b"function(text) return string.dump((loadstring or load)(text, '=text')) end"
_JIT = b"""
function(text)
  local util = require('jit.util')
  local out = {}
  local function visit(proto)
    local info = util.funcinfo(proto)
    local names = {}
    for index = 0, info.upvalues - 1 do names[#names + 1] = util.funcuvname(proto, index) end
    local line = info.linedefined .. ' ' .. info.params .. ' ' .. table.concat(names, ' ')
    out[#out + 1] = line
    -- The constants of a function hold its prototypes, the first one first.
  local index = -1
  while true do
    local constant = util.funck(proto, index)
    if constant == nil then break end
    if type(constant) == 'proto' then visit(constant) end
    index = index - 1
  end
  end
  visit(loadstring(text, '=text'))
  return table.concat(out, '\\n')
end
"""


def compiled(build: Lua, name: str, text: str) -> list[Compiled]:
    """All functions of a text that loads, in the order of their first letters."""
    if name.startswith("luajit"):
        lines = build.runtime.eval(_JIT)(encoded(text)).decode("utf-8", "replace").split("\n")
        words = [line.split() for line in lines]
        return [Compiled(int(w[0]), int(w[1]), None, w[2:]) for w in words]
    return _Reader(build.runtime.eval(_DUMP)(encoded(text)), name[3:]).functions()


class _Reader:
    """Reads a dump of one version of Lua (``lundump.c`` of each)."""

    def __init__(self, dump: bytes, version: str) -> None:
        self.dump = dump
        self.version = int(version)
        self.at = {51: 12, 52: 18, 53: 34, 54: 32}.get(self.version, 0)
        self.strings: list[bytes] = []
        self.found: list[Compiled] = []

    def functions(self) -> list[Compiled]:
        if self.version == 55:
            self.at = 4 + 1 + 1 + 6
            for _ in range(4):  # an int, an instruction, an integer and a number, with their sizes
                self.at += 1 + self.dump[self.at]
            self.at += 1
        self.function()
        assert self.at == len(self.dump)
        return self.found

    def bytes(self, size: int) -> bytes:
        self.at += size
        return self.dump[self.at - size : self.at]

    def byte(self) -> int:
        return self.bytes(1)[0]

    def fixed(self, size: int) -> int:
        return int.from_bytes(self.bytes(size), "little")

    def size(self) -> int:
        """A count or a line."""
        if self.version < 54:
            return self.fixed(4)
        value = 0
        while True:
            byte = self.byte()
            value = value << 7 | byte & 0x7F
            if bool(byte & 0x80) == (self.version == 54):
                return value

    def align(self, size: int) -> None:
        self.at += -self.at % size

    def string(self) -> str:
        if self.version < 53:
            return self.bytes(self.fixed(8))[:-1].decode("utf-8", "replace")
        if self.version == 53:
            size = self.byte()
            size = self.fixed(8) if size == 0xFF else size
        else:
            size = self.size()
        if self.version == 55:
            if size == 0:
                index = self.size()
                return self.strings[index - 1].decode("utf-8", "replace") if index else ""
            self.strings.append(self.bytes(size)[:-1])
            return self.strings[-1].decode("utf-8", "replace")
        return self.bytes(max(size - 1, 0)).decode("utf-8", "replace")

    def constant(self) -> None:
        kind = self.byte()
        if kind == 1 and self.version < 54:
            self.byte()
        elif kind in (4, 0x14):
            self.string()
        elif kind == 3 and self.version == 55:
            self.size()
        elif kind in (3, 0x13):
            self.bytes(8)
        else:
            assert kind in (0, 1, 0x11), kind

    def function(self) -> None:
        place = len(self.found)
        if self.version in (51, 53, 54):
            self.string()
        line = self.size()
        self.size()
        if self.version == 51:
            self.byte()
        parameters, _, _ = self.byte(), self.byte(), self.byte()
        code = self.size()
        if self.version == 55:
            self.align(4)
        self.bytes(code * 4)
        for _ in range(self.size()):
            self.constant()
        if self.version > 52:
            self.upvalues()
        self.found.append(Compiled(line, parameters, None, []))
        for _ in range(self.size()):
            self.function()
        if self.version == 52:
            self.upvalues()
        if self.version in (52, 55):
            self.string()
        self.bytes(self.size() * (4 if self.version < 54 else 1))
        if self.version >= 54:
            count = self.size()
            if self.version == 55 and count:
                self.align(4)
                self.bytes(8 * count)
            for _ in range(count if self.version == 54 else 0):
                self.size(), self.size()
        names = []
        for _ in range(self.size()):
            names.append(self.string())
            self.size(), self.size()
        upvalues = [self.string() for _ in range(self.size())]
        shown = [name for name in names if not name.startswith("(")]
        self.found[place] = Compiled(line, parameters, shown, upvalues)

    def upvalues(self) -> None:
        self.bytes(self.size() * (2 if self.version < 54 else 3))
