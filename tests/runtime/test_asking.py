"""Questions to the program change nothing in it and run nothing of it."""

from __future__ import annotations

from kit.live import Live

PROGRAM = """
touched = 0
local function touch() touched = touched + 1 return 1 end
local traps = {__name = "Trap", __metatable = "locked"}
for name in ([[index newindex call tostring len pairs ipairs eq lt le concat unm add sub mul div
  mod pow idiv band bor bxor bnot shl shr close]]):gmatch "%a+" do
  traps["__" .. name] = touch
end
trap = setmetatable({}, traps)
other = setmetatable({hidden = 1}, traps)
holder = {trap = trap, list = {trap, other}, [trap] = other, [1.5] = trap, [true] = other}
heir = setmetatable({own = 1}, {__index = setmetatable({above = trap}, {__index = trap})})
module = setmetatable({}, traps)
package.loaded.module = module
if newproxy then
  proxy = newproxy(true)
  local meta = getmetatable(proxy)
  for name, func in next, traps do meta[name] = func end
end
setmetatable(_G, {__index = touch, __newindex = touch, __pairs = touch})
local kept = coroutine.create(function(a) local b = {a} coroutine.yield(b) end)
coroutine.resume(kept, trap)
rawset(_G, "kept", kept)

-- What can be reached from the globals, as one number. Its order is that of `next`.
rawset(_G, "hash", function()
  local number, numbers, count, todo = 0, {}, 0, {}
  local function add(text)
    for place = 1, #text do
      number = (number * 31 + text:byte(place)) % 2147483647
    end
  end
  local function meet(value)
    local kind = type(value)
    add(kind)
    if kind == "string" then
      add(value)
    elseif kind == "number" or kind == "boolean" then
      add(tostring(value))
    elseif value ~= nil then
      if not numbers[value] then
        count = count + 1
        numbers[value], todo[#todo + 1] = count, value
      end
      add(tostring(numbers[value]))
    end
  end
  meet(_G)
  local place = 1
  while todo[place] ~= nil do
    local value = todo[place]
    place = place + 1
    local kind = type(value)
    meet(debug.getmetatable(value))
    if kind == "table" then
      for key, item in next, value do
        meet(key)
        meet(item)
      end
    elseif kind == "function" then
      local info, index = debug.getinfo(value, "S"), 1
      add(info.what)
      -- What the runtime's own functions hold is no part of the program.
      while info.short_src ~= "[tidelock]" and debug.getupvalue(value, index) do
        local name, item = debug.getupvalue(value, index)
        add(name)
        meet(item)
        index = index + 1
      end
    elseif kind == "thread" then
      add(coroutine.status(value))
      local index = 1
      while coroutine.status(value) == "suspended" and debug.getlocal(value, 1, index) do
        meet(select(2, debug.getlocal(value, 1, index)))
        index = index + 1
      end
      add(tostring((debug.gethook(value))))
    end
  end
  return place, number
end)
"""


def test_ten_thousand_questions_leave_the_program_as_it_was(lua: Live) -> None:
    assert lua.run(PROGRAM, chunk="=program").status == "ok"
    lua.run("return hash()")  # the first look may load what the later ones have
    before = lua.run("return hash()", is_input=True).text
    count, _, _ = before.partition("\t")
    assert int(count) > 150, "much can be reached"
    debugger, ask = lua.debugger, lua.context.runtime.ask
    questions = [
        lambda: debugger.names(),
        lambda: debugger.members("trap", []),
        lambda: debugger.members("holder", ["trap"]),
        lambda: debugger.members("holder", ["list", 1]),
        lambda: debugger.members("heir", []),
        lambda: debugger.value("heir", ["above", "nothing"]),
        lambda: debugger.value("proxy", ["x"]),
        lambda: debugger.value("nothing", ["at", "all"]),
        lambda: debugger.members("package", ["loaded", "module"]),
        lambda: debugger.members("kept", []),
        lambda: debugger.modules(),
        lambda: ask("moment", 5000, 1_000_000, 10.0),
    ]
    for first in range(0, 10_000, 1000):
        asked = [questions[n % len(questions)]() for n in range(first, first + 1000)]
        assert all(answer.wait(20) for answer in asked)
    assert [one.name for one in debugger.members("heir", []).result(20)] == ["own", "above"]
    assert lua.run("return hash()", is_input=True).text == before
    assert lua.run("return rawget(_G, 'touched')", is_input=True).text == "0"
    changed = lua.run("rawset(_G, 'kept', nil) return hash()", is_input=True).text
    assert changed != before, "the hash sees what changes"
