-- The time that a breakpoint's expression may take. The lane looks from outside now and then: it
-- marks the one that is being evaluated, which is all it costs, and has one that it finds again
-- too late ended. Expressions of late breakpoints run inside a hook, out of its reach, and look
-- themselves. Code inside one C function cannot be ended, nor a coroutine that one of those
-- resumes.
local T, host = ...
local raw = T.raw
local error, ipairs, type = raw.error, raw.ipairs, raw.type
local sethook, gethook, getinfo = raw.debug.sethook, raw.debug.gethook, raw.debug.getinfo
local running = raw.coroutine.running
local ops, own = T.ops, T.own

local EVERY = 100000 -- instructions between two looks of a late breakpoint's expression

local marks = 0 -- how many were given; `T.deaf` is 0 while an evaluation has none
local overdue -- the mark of the evaluation that is being ended
local before = {} -- the hooks that coroutines had when they were made to end it

-- Raise at every instruction until the evaluation is left, however it catches errors.
local function raise()
  if overdue and T.deaf == overdue and getinfo(2, "S").source ~= own then
    error("too long", 0)
  end
end

local function end_in(thread)
  overdue = T.deaf
  T.set_overdue(true)
  local func, mask, count = gethook(thread)
  if func ~= raise and type(func) ~= "string" then -- an end of the whole run is no function
    before[#before + 1] = { thread = thread, func = func, mask = mask, count = count }
    sethook(thread, raise, "", 1)
  end
end

-- An evaluation that was ended has been left: what to say of it.
function T.end_overdue()
  overdue = nil
  T.set_overdue(false)
  for _, entry in ipairs(before) do
    sethook(entry.thread, entry.func, entry.mask, entry.count)
  end
  before = {}
  return host.budget_text()
end

-- Whether a coroutine stands inside an evaluation; one may have yielded out of it.
local function is_evaluating(thread)
  local level = 0
  local info = getinfo(thread, level, "f")
  while info do
    if info.func == T.asks then
      return true
    end
    level = level + 1
    info = getinfo(thread, level, "f")
  end
  return false
end

-- The mark of the evaluation that lasts, 0 when none does.
local function marked()
  if type(T.deaf) ~= "number" then
    return 0
  elseif T.deaf == 0 then
    marks = marks + 1
    T.deaf = marks
  end
  return T.deaf
end

-- The same for the lane; the one that is given lasts too long.
function ops.evaluation(found_again)
  local mark = marked()
  if mark ~= 0 and mark == found_again then
    for _, thread in ipairs(T.chain_to(T.standing)) do
      if is_evaluating(thread) then
        end_in(T.standing)
        return mark
      end
    end
    T.deaf = false
    return 0
  end
  return mark
end

local function watch()
  local mark = marked()
  if mark ~= 0 and host.must_end(mark) then
    end_in(running())
  end
end

-- Call a function inside a hook whose evaluations look at the time themselves. On LuaJIT the
-- hook is that of the whole VM and has to be let in first.
function T.watched(func, ...)
  local thread = running()
  local hook, mask, count
  if T.luajit then
    if not host.hooks_inside(true) then
      return func(...)
    end
    hook, mask, count = gethook()
  end
  sethook(thread, watch, "", EVERY)
  local first, second = func(...)
  sethook(thread, hook, mask, count)
  if T.luajit then
    host.hooks_inside(false)
  end
  return first, second
end
