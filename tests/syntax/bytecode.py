"""What compiled functions say of themselves: their lines, parameters, locals and upvalues.

The Luas of lua.org put all of it into what ``string.dump`` gives. LuaJIT answers for the prototypes
of a function (``jit.util``), and its dump has the names of locals (``lj_bcdump.h`` of each).
"""

from __future__ import annotations

from typing import NamedTuple

from syntax.oracle import Lua, encoded


class Compiled(NamedTuple):
    """One function; ``locals`` has no hidden ones."""

    line: int
    parameters: int
    locals: list[str]
    upvalues: list[str]


_DUMP = b"function(text) return string.dump((loadstring or load)(text, '=text')) end"
_JIT = b"""
function(text)
  local util = require('jit.util')
  local out, ends = {}, {}
  local function visit(proto)
    local info = util.funcinfo(proto)
    local names = {}
    for index = 0, info.upvalues - 1 do names[#names + 1] = util.funcuvname(proto, index) end
    local line = info.linedefined .. ' ' .. info.params .. ' ' .. table.concat(names, ' ')
    local place = #out
    out[place + 1] = line
    -- The constants of a function hold its prototypes, the first one first.
    local index = -1
    while true do
      local constant = util.funck(proto, index)
      if constant == nil then break end
      if type(constant) == 'proto' then visit(constant) end
      index = index - 1
    end
    ends[#ends + 1] = place
  end
  local chunk = loadstring(text, '=text')
  visit(chunk)
  return table.concat(out, '\\n'), table.concat(ends, ' '), string.dump(chunk)
end
"""


def compiled(build: Lua, name: str, text: str) -> list[Compiled]:
    """All functions of a text that loads, in the order of their first letters."""
    if name.startswith("luajit"):
        said, ends, dump = build.runtime.eval(_JIT)(encoded(text))
        words = [line.split() for line in said.decode("utf-8", "replace").split("\n")]
        # A dump has the functions in the order of their ends.
        names = dict(zip(map(int, ends.split()), _jit_locals(dump), strict=True))
        return [
            Compiled(int(one[0]), int(one[1]), names[place], one[2:])
            for place, one in enumerate(words)
        ]
    return _Reader(build.runtime.eval(_DUMP)(encoded(text)), name[3:]).functions()


def _jit_locals(dump: bytes) -> list[list[str]]:
    """The names of locals of each function in a dump of LuaJIT, the inner ones first."""
    at = 4  # a mark of three letters and the version

    def number() -> int:
        nonlocal at
        value = shift = 0
        while True:
            byte = dump[at]
            at += 1
            value |= (byte & 0x7F) << shift
            shift += 7
            if byte < 0x80:
                return value

    assert number() & 2 == 0, "names are left out"
    size = number()
    at += size
    found = []
    while size := number():
        end = at + size
        upvalues = dump[at + 3]
        at += 4
        number(), number()
        instructions = number()
        names = number()
        number()
        lines = number()
        # Behind the code stand the lines of instructions, the names of upvalues, those of locals.
        wide = 1 if lines < 1 << 8 else 2 if lines < 1 << 16 else 4
        at = end - names + instructions * wide
        for _ in range(upvalues):
            at = dump.index(b"\0", at) + 1
        own = []
        while kind := dump[at]:
            if kind < 7:  # the variables of a loop that have no name
                at += 1
            else:
                stop = dump.index(b"\0", at)
                own.append(dump[at:stop].decode("utf-8", "replace"))
                at = stop + 1
            number(), number()
        assert at + 1 == end
        at = end
        found.append(own)
    return found


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
        self.found.append(Compiled(line, parameters, [], []))
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
