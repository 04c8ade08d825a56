-- Stepping: a plan (over, in, out, pause, entry) and the line hook that carries it out.
-- The hook exists on the coroutines of the running chain only while there is a plan or a
-- breakpoint in code that was loaded without it, and is taken off again. The file is long because
-- each event that Lua reports is answered beside the plan that waits for it.
local T, host = ...
local raw = T.raw
local pcall, type, next, setmetatable = raw.pcall, raw.type, raw.next, raw.setmetatable
local getinfo, getlocal = raw.debug.getinfo, raw.debug.getlocal
local sethook, gethook = raw.debug.sethook, raw.debug.gethook
local running = raw.coroutine.running
local resume, create, wrap = raw.coroutine.resume, raw.coroutine.create, raw.coroutine.wrap
local ops, own = T.ops, T.own

local MASK = "crl"
local late_lines, at_late_line = T.late_lines, T.at_late_line
local plan -- kind, thread, height, line, last, resumers, reason; func and turn of a call to step into
local steps = 0 -- so far; the number of a step
local aim -- what a step begins with when it is no plain one: thread; level; func, turn, first, last
local hooked = setmetatable({}, { __mode = "k" }) -- coroutine -> the hook it had, or true
local on_event
local fading -- the coroutine whose hook goes at its next line, not at once

-- What hooks have to tell: all for a step; for late breakpoints lines, and calls where coroutines
-- have hooks of their own. Returns only while a coroutine is being made (on_call).
local function mask()
  if plan then
    return MASK
  end
  return T.luajit and "l" or "cl"
end

local function hook(thread)
  if hooked[thread] == nil then
    local func, mask, count = gethook(thread)
    local own_hook = type(func) == "function" and func ~= on_event
    hooked[thread] = own_hook and { func, mask, count } or true
  end
  if fading == thread then
    fading = nil
  end
  sethook(thread, on_event, mask())
end

local function unhook(thread)
  local before = hooked[thread]
  hooked[thread] = nil
  if fading == thread then
    fading = nil
  end
  if type(before) == "table" then
    sethook(thread, before[1], before[2], before[3])
  else
    sethook(thread)
  end
end

-- While our hooks are on, questions and ends are looked for here, every so many lines: the hook
-- that is armed from outside would take the place of ours and miss the line it waits for.
local EVERY = 64
local left = 1 -- lines until the next look
local SELDOM = 4 -- looks until it is seen whether calls of replaced functions have ended
local looks = 0
function T.look()
  local wish = host.wish()
  if wish == "" then
    return
  elseif getinfo(3, "S").source == own then
    left = 1 -- not in the midst of our own work: at the next line
  else
    T.serve_live()
    if wish == "end" then
      host["end"]()
    end
  end
end

-- Bring the hooks in line with what is wanted; the chain stands still.
function T.rehook()
  if plan or T.has_late() then
    host.hooks_are_on(true)
    left = 1
    local chain = T.standing and T.chain_to(T.standing) or { T.main }
    for index = 1, #chain do
      hook(chain[index])
    end
    return
  end
  local threads = T.left_threads()
  for thread in next, hooked do
    if not threads[thread] then
      unhook(thread)
    end
  end
  host.hooks_are_on(T.has_left())
  left = 1
  for thread in next, threads do
    hook(thread)
  end
end

-- A step whose program ended before it came to its stop is over with that.
function T.begin_run()
  if plan and plan.reason == "step" then
    plan = nil
  end
  T.forget_returned()
  T.look_left()
  T.rehook()
end

-- Take up how to go on after a stop: continue, over, in or out from the user's top frame.
function T.plan(how)
  local aimed = aim or {}
  plan, aim = nil, nil
  T.forget_returned()
  if how == "over" or how == "in" or how == "out" then
    local thread = aimed.thread or T.standing
    local level, info = T.top_frame(thread)
    local resumers = {}
    for _, other in raw.ipairs(T.chain) do
      if other == thread then
        break
      end
      resumers[other] = true
    end
    local line = info and info.currentline
    steps = steps + 1
    plan = {
      kind = aimed.func and "over" or how,
      thread = thread,
      height = T.height_of(thread) - (aimed.level or level or 0),
      line = aimed.first or line,
      last = aimed.last or line,
      func = aimed.func,
      turn = aimed.turn,
      resumers = resumers,
      reason = "step",
      number = steps,
    }
  end
  T.rehook()
end

-- The next step is one of another coroutine of the running chain.
function ops.aim(number)
  local thread = T.thread_of(number)
  for _, other in raw.ipairs(T.chain) do
    if other == thread then
      aim = { thread = thread }
      return true
    end
  end
  raw.error("coroutine " .. number .. " does not run: it cannot be stepped", 0)
end

-- The next step goes into one call of a statement, the nth of that function, and is a step over
-- the lines of the statement if it does not come to it.
function ops.aim_call(number, level, turn, first, last, ...)
  local func = T.resolve(number, level, ...)
  if not T.is_lua_function(func) then
    raw.error("there is no such call here any more", 0)
  end
  aim = { func = func, turn = turn, first = first, last = last }
  return true
end

-- Whether the call that an event tells of is the one to step into: made by the plan's frame.
-- Seen through pcall from here the called function is level 5.
local function is_aimed(now, event)
  if now.func ~= getinfo(4, "f").func or (running() or T.main) ~= now.thread then
    return false
  end
  local made_here = pcall(getlocal, now.height + 5, 1) and not pcall(getlocal, now.height + 6, 1)
  local in_its_place = event == "tail call" or T.luajit
  if not made_here and in_its_place then
    made_here = pcall(getlocal, now.height + 4, 1) and not pcall(getlocal, now.height + 5, 1)
  end
  if not made_here then
    return false
  end
  now.turn = now.turn - 1
  return now.turn == 0
end

-- Where a step passes between Lua and Python: the one that is under way by its number, whether it
-- goes into calls, its end, and one that comes from there.
function T.step_number()
  return plan and plan.reason == "step" and plan.number or nil
end

function T.steps_in()
  return T.step_number() and (plan.kind == "in" or plan.kind == "any")
end

function T.drop_step()
  plan = nil
  T.rehook()
  return true
end

-- Here LuaJIT tells of a line again where hooks were set in the midst of it: the plan knows it.
function T.step_on()
  T.find_chain()
  T.walk(T.standing, function(level, info)
    if info.currentline > 0 then -- not the function by which Lua calls Python
      aim = { level = level, first = info.currentline, last = info.currentline }
      return true
    end
  end)
  T.plan("in")
end

-- Stop at the next line that any coroutine reaches.
function ops.pause(reason)
  plan = { kind = "any", reason = reason }
  T.rehook()
  return true
end

-- Whoever asked for that stop is gone, and nobody else could resume.
function ops.unpause()
  if plan and plan.kind == "any" then
    plan = nil
    T.rehook()
  end
  return true
end

-- Called from on_line or on_count, which on_event calls: the user's frame is level 4.
local function take_stop(reason)
  if T.is_serving() then
    return -- a finalizer in the midst of a question: the plan waits for the program
  end
  plan = nil
  local info = getinfo(4, "Slf")
  T.stop(reason, "", "")
  if not T.is_old(info.func) then
    T.arrive(info.currentline, info.source)
  end
end

-- Where a plan's frame stands is asked by `pcall(getlocal, level, 1)`, which fails beyond the
-- stack and makes no table. Seen through pcall from here the user's frame is level 4, so level
-- height + 4 exists when the program is deeper than the plan's frame, and height + 3 when it
-- is at least as deep.
local function on_line(line)
  local now = plan
  local thread = running() or T.main
  if now.kind == "any" then
    if getinfo(3, "S").source ~= own then
      take_stop(now.reason)
    end
    return
  end
  local height = now.height
  if thread == now.thread then
    local deeper = pcall(getlocal, height + 4, 1)
    local same = not deeper and pcall(getlocal, height + 3, 1)
    if now.kind == "over" and deeper then
      return
    elseif now.kind == "out" and (deeper or same) then
      return
    elseif same and now.line and line >= now.line and line <= now.last then
      return
    end
  elseif now.kind ~= "in" and not now.resumers[thread] then
    return
  end
  if getinfo(3, "S").source ~= own then
    take_stop(now.reason)
  end
end

-- Lua 5.2 and 5.3 report a tail call while the caller's frame is still there.
local is_middle = T.version == 5.2 or T.version == 5.3
local tail_extra = is_middle and 1 or 0

local plain = setmetatable({}, { __mode = "k" }) -- functions that resume no coroutine
local C_VALUE = T.version < 5.4 and "(*temporary)" or "(C temporary)" -- all that C functions have

-- A coroutine that is about to be resumed joins the step into it or the late breakpoints.
local function on_call(event)
  local now = plan
  if now and now.func and is_aimed(now, event) then
    now.kind, now.func = "any", nil -- the next line is the first of the function
    T.forget_returned()
    return
  end
  if now and now.kind == "over" and (running() or T.main) == now.thread then
    local level = now.height + 3 + (event == "tail call" and tail_extra or 0)
    if pcall(getlocal, level, 1) and not pcall(getlocal, level + 1, 1) then
      now.height = now.height - 1 -- a tail call replaces the frame: its caller comes next
      now.line = nil
    end
  end
  if T.luajit or (now and now.kind ~= "in" and now.kind ~= "any" and not T.has_late()) then
    return
  end
  local func = getinfo(3, "f").func
  if plain[func] then
    return
  elseif func == create or func == wrap then
    sethook(on_event, MASK)
    return
  elseif not now and not T.has_late() then
    return -- calls that are left stay in coroutines which have hooks
  end
  local thread
  if func == resume then
    local _, first = getlocal(3, 1)
    thread = type(first) == "thread" and first
  else
    thread = getinfo(func, "S").what == "C" and T.wrapped(func)
    plain[func] = not thread
  end
  if thread then
    hook(thread)
  end
end

-- A new coroutine inherits the hook of its maker, but not the function that the hook calls:
-- give it ours, or take the empty hook off.
local function on_return()
  local now = plan
  if now and now.kind ~= "in" and now.kind ~= "any" and (running() or T.main) == now.thread then
    T.note_return(now.height)
  end
  if now and now.kind == "out" and (running() or T.main) == now.thread then
    if not pcall(getlocal, now.height + 4, 1) and pcall(getlocal, now.height + 3, 1) then
      sethook(on_event, MASK, 1) -- the next instruction is the caller's
    end
  end
  if T.luajit then
    return
  elseif not now then
    sethook(on_event, mask())
  end
  local func = getinfo(3, "f").func
  if func ~= create and func ~= wrap then
    return
  end
  -- The result lies on the stack; in Lua 5.1 the hook's own table lies on top of it.
  local index, made = 1, nil
  while true do
    local name, value = getlocal(3, index)
    if not name then
      break
    elseif type(value) == "thread" then
      made = value
    elseif type(value) == "function" then
      made = T.wrapped(value) or made
    end
    index = index + 1
  end
  if made then
    if T.has_late() then
      hook(made)
    else
      sethook(made)
    end
  end
end

-- After a count event the VM goes on to look for a new line, also when the hook is gone by then,
-- and compares with an instruction that Lua 5.2 and 5.3 note only while there is a line hook
-- (ldebug.c, luaG_traceexec): without one it reads outside the function's lines. So a hook that
-- a stop here has taken off stays, for the next line only.
local function fade(thread)
  if not is_middle then
    return
  end
  local func, mask, count = gethook(thread)
  if not (mask and raw.string.find(mask, "l", 1, true)) then
    hooked[thread] = func and { func, mask, count } or true
    fading = thread
    sethook(thread, on_event, "l")
  end
end

local function on_count()
  sethook(on_event, MASK)
  local now = plan
  local thread = running() or T.main
  if now and now.kind == "out" and thread == now.thread then
    if not pcall(getlocal, now.height + 3, 1) and getinfo(3, "S").source ~= own then
      take_stop(now.reason)
      fade(thread)
    end
  end
end

function on_event(event, line)
  if T.deaf then
    return
  elseif fading and fading == (running() or T.main) then
    unhook(fading)
  elseif event == "line" then
    left = left - 1
    if left == 0 then
      left = EVERY
      T.look()
      looks = looks + 1
      if looks % SELDOM == 0 and T.has_left() then
        T.enter(T.look_left)
      end
    end
    local by_source = late_lines[line]
    if by_source and at_late_line(by_source, line) then
      return
    elseif plan then
      on_line(line)
    end
  elseif event == "call" or event == "tail call" then
    local name = not plan and getlocal(2, 1)
    if not name or name == C_VALUE then -- functions written in Lua resume no coroutine
      on_call(event)
    end
  elseif event == "count" then
    on_count()
  else
    on_return()
  end
end

-- The program may look at or set hooks itself: ours stay invisible, and a hook that it sets
-- while ours is on takes effect when ours goes.
local globals = T.globals

local function target_of(first, ...)
  if type(first) == "thread" then
    return first, ...
  end
  return running() or T.main, first, ...
end

function globals.debug.gethook(...)
  local before = hooked[(target_of(...))]
  if before == nil then
    return gethook(...)
  elseif type(before) == "table" then
    return before[1], before[2], before[3]
  end
end

function T.set_hook(thread, func, mask, count)
  if hooked[thread] == nil then
    return sethook(thread, func, mask, count)
  end
  hooked[thread] = func and { func, mask, count } or true
end

function globals.debug.sethook(...)
  T.set_hook(target_of(...))
end
