-- The coroutines of a program that stands still: their numbers, their stacks, and which of them
-- can be reached from the stopped one. Nothing is tracked while a program runs and nothing is
-- kept alive: a number leads to its coroutine only while that lives, and is never given twice.
local T, host = ...
local raw = T.raw
local type, next, setmetatable, select = raw.type, raw.next, raw.setmetatable, raw.select
local unpack, error, floor = raw.unpack, raw.error, raw.math.floor
local getinfo, getlocal, getupvalue = raw.debug.getinfo, raw.debug.getlocal, raw.debug.getupvalue
local getmetatable = raw.debug.getmetatable
local running, status = raw.coroutine.running, raw.coroutine.status
local ops, own = T.ops, T.own

local VALUES = 20000 -- values that one look visits, half of them for the stack
local DEPTH = 8 -- tables and functions on the way from a variable to a coroutine
local ROWS = 1000 -- coroutines in one answer: LuaJIT hands over some 8000 values at once

-- What stands for a frame between a coroutine and the one that resumed it.
local MARK = { what = "label", source = "", currentline = 0, linedefined = 0 }

local numbers = setmetatable({}, { __mode = "k" }) -- coroutine -> number
local by_number = setmetatable({}, { __mode = "v" })

-- The number of a coroutine: 1 is the main one.
function T.number_of(thread)
  if thread == T.main then
    return 1
  end
  local number = numbers[thread]
  if not number then
    number = host.thread_number()
    numbers[thread], by_number[number] = number, thread
  end
  return number
end

-- The coroutine of a number, nil when there is none (any more).
function T.thread_of(number)
  if number == 1 then
    return T.main
  end
  return by_number[number]
end

-- The coroutine behind a function that coroutine.wrap made, nil for other C functions.
function T.wrapped(func)
  local upvalue
  if host.upvalue then
    upvalue = host.upvalue(func)
  else
    local _
    _, upvalue = getupvalue(func, 1)
  end
  return type(upvalue) == "thread" and upvalue or nil
end

-- The coroutines that died of an error, outermost first, from one that did or nil: each but
-- the last called the next by what `coroutine.wrap` had made.
function T.dead_from(thread)
  local dead = {}
  while thread and status(thread) == "dead" do
    local info = getinfo(thread, 0, "fS")
    if not info then
      break
    end
    dead[#dead + 1] = thread
    thread = info.what == "C" and T.wrapped(info.func)
  end
  return dead
end

-- How many frames a coroutine has, seen from outside it; one that has none counts as one.
function T.height_of(thread)
  local high = 1
  while getinfo(thread, high, "l") do
    high = high * 2
  end
  local low = high / 2
  while high - low > 1 do
    local middle = floor((low + high) / 2)
    if getinfo(thread, middle, "l") then
      low = middle
    else
      high = middle
    end
  end
  return high
end

-- The coroutines whose frames make the stack of one: itself, then those that resumed it.
local function resumed_by(thread)
  for place = #T.chain, 1, -1 do
    if T.chain[place] == thread then
      local line = {}
      for index = place, 1, -1 do
        line[#line + 1] = T.chain[index]
      end
      return line
    end
  end
  return { thread }
end

-- Flat fields of a page of the stack of a coroutine (0: the stopped one) and of its resumers,
-- each behind a mark: total, then per frame: thread, level, name, what, source, line, line
-- defined, tail call. Frames of Python have thread -1 and their number as level.
function ops.frames(number, start, count)
  local thread = T.chain[#T.chain]
  if number ~= 0 then
    thread = T.thread_of(number)
  end
  if not thread then
    error("there is no thread " .. number, 0)
  end
  local fields, size, total = {}, 0, 0
  local id
  local function push(level, info, name)
    total = total + 1
    if total > start and total <= start + count then
      local place = size * 8
      fields[place + 1], fields[place + 2] = id, level
      fields[place + 3], fields[place + 4] = name or T.frame_name(info), info.what
      fields[place + 5], fields[place + 6] = info.source, info.currentline
      fields[place + 7], fields[place + 8] = info.linedefined, info.istailcall and true or false
      size = size + 1
    end
  end
  local function mark(each)
    id = T.number_of(each)
    push(-1, MARK, "resumed by " .. (id == 1 and "main" or "coroutine " .. id))
  end
  -- Frames of Python stand between Lua's only in the stack that stands still.
  local merged = T.python and thread == T.chain[#T.chain] and T.python.stack()
  local function show(level, info)
    if merged and total > 0 and T.python.is_call(info.func) then
      local lua_id = id
      id = -1
      local found = merged.call(push)
      id = lua_id
      if found then
        return
      end
      info.what, info.source, info.currentline = "Python", "", 0
    end
    push(level, info)
  end
  for place, each in raw.ipairs(resumed_by(thread)) do
    if place > 1 then
      mark(each)
    end
    id = T.number_of(each)
    T.walk(each, show)
  end
  return total, unpack(fields, 1, size * 8)
end

-- A walk over values: those that wait, and what was found. It reads raw and runs nothing.
local function new_walk()
  local seen = { [running()] = true, [T.globals] = true, [raw.package.loaded] = true }
  for _, thread in raw.ipairs(T.chain) do
    seen[thread] = true
  end
  return { seen = seen, queue = {}, depths = {}, size = 0, visited = 0, threads = {}, names = {} }
end

local function meet(walk, value, depth, name)
  walk.visited = walk.visited + 1
  local kind = type(value)
  if kind == "function" and name and not walk.names[value] then
    walk.names[value] = name
  elseif kind ~= "function" and kind ~= "table" and kind ~= "thread" then
    return
  end
  if walk.seen[value] then
    return
  end
  if kind == "thread" then
    walk.seen[value] = true
    walk.threads[#walk.threads + 1] = value
  elseif depth <= DEPTH then
    walk.seen[value] = true
    walk.size = walk.size + 1
    walk.queue[walk.size], walk.depths[walk.size] = value, depth
  end
end

local function meet_fields(walk, value, depth, left_out)
  local key, item = next(value)
  while key ~= nil and walk.visited < VALUES do
    if not (left_out and left_out[key]) then
      meet(walk, key, depth)
      meet(walk, item, depth, type(key) == "string" and key or nil)
    end
    key, item = next(value, key)
  end
end

local function meet_upvalues(walk, func, depth)
  local info = getinfo(func, "S")
  if info.what == "C" then
    meet(walk, T.wrapped(func), depth)
    return
  end
  local index = 1
  while true do
    local name, value = getupvalue(func, index)
    if not name then
      return
    elseif info.source ~= own or type(value) == "thread" then -- our `wrap` holds its coroutine
      meet(walk, value, depth, name)
    end
    index = index + 1
  end
end

-- The variables of a stack, innermost first.
local function meet_stack(walk, thread)
  T.walk(thread, function(level, info)
    local index = 1
    while true do
      local name, value = getlocal(thread, level, index)
      if not name then
        break
      end
      meet(walk, value, 0, raw.string.sub(name, 1, 1) ~= "(" and name or nil)
      index = index + 1
    end
    meet(walk, info.func, 0)
    return walk.visited >= VALUES / 2
  end)
end

-- Look for coroutines from the variables of the running chain, the globals and the loaded
-- modules that are no standard ones, nearest first and as far as the limits go.
local function look()
  local walk = new_walk()
  for index = #T.chain, 1, -1 do
    meet_stack(walk, T.chain[index])
  end
  meet_fields(walk, T.globals, 0, T.baseline)
  meet_fields(walk, raw.package.loaded, 0, T.loaded_before)
  local head = 1
  while head <= walk.size and walk.visited < VALUES do
    local value, depth = walk.queue[head], walk.depths[head] + 1
    walk.queue[head] = nil
    head = head + 1
    if type(value) == "table" then
      meet_fields(walk, value, depth)
      meet(walk, getmetatable(value), depth)
    else
      meet_upvalues(walk, value, depth)
    end
  end
  return walk
end

-- Whether a coroutine has come to its end, by itself and not by an error that left a stack.
local function is_over(thread)
  return status(thread) == "dead" and not getinfo(thread, 0, "l")
end

-- The function that a coroutine runs and where it is written, as far as Lua shows it.
local function title(thread, names)
  if thread == T.main then
    return "main"
  elseif not getinfo(thread, 0, "l") then
    return "coroutine that has not begun"
  end
  local level = T.height_of(thread) - 1
  local info = getinfo(thread, level, "Sf")
  while info.what == "tail" and level > 0 do -- Lua 5.1: a frame that a tail call took away
    level = level - 1
    info = getinfo(thread, level, "Sf")
  end
  local name = names[info.func] or T.known_name(info.func) or "function"
  return info.what == "C" and name or name .. " (" .. T.short_place(info) .. ")"
end

-- The coroutines of a stop, the running chain first and the stopped one at its head: how many
-- there are, how many rows follow, per row number, name and state, and then, of the numbers that
-- are given, those whose coroutines are no more.
function ops.coroutines(limit, ...)
  local found = look()
  local list, count = {}, #T.chain
  for index = 1, count do
    list[index] = T.chain[count - index + 1]
  end
  for _, thread in raw.ipairs(found.threads) do
    if not is_over(thread) then
      count = count + 1
      list[count] = thread
    end
  end
  local fields, rows = {}, raw.math.min(count, limit, ROWS)
  for row = 1, rows do
    local thread, state = list[row], "normal"
    if row == 1 then
      state = "stopped"
    elseif row > #T.chain then
      state = status(thread)
    end
    fields[row * 3 - 2], fields[row * 3 - 1] = T.number_of(thread), title(thread, found.names)
    fields[row * 3] = state
  end
  local size = rows * 3
  for index = 1, select("#", ...) do
    local number = select(index, ...)
    local thread = T.thread_of(number)
    if not thread or is_over(thread) then
      size = size + 1
      fields[size] = number
    end
  end
  return count, rows, unpack(fields, 1, size)
end
