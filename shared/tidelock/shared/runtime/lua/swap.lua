-- Replacing functions of a loaded chunk by the same functions with late breakpoints compiled in:
-- the new one shares the old one's variables and takes its place wherever a value can be, in
-- tables, variables, stacks and the registry. Calls under way go on in the old code (leftovers).
-- It looks first and changes nothing until all that is needed is there; it runs no code of the
-- program. The file is long because what is looked through and what is replaced are the same places.
local T, host = ...
local raw = T.raw
local type, next, rawset, setmetatable = raw.type, raw.next, raw.rawset, raw.setmetatable
local getinfo, getlocal, setlocal = raw.debug.getinfo, raw.debug.getlocal, raw.debug.setlocal
local getupvalue, setupvalue = raw.debug.getupvalue, raw.debug.setupvalue
local upvaluejoin, getmetatable = raw.debug.upvaluejoin, raw.debug.getmetatable
local getuservalue, setuservalue = raw.debug.getuservalue, raw.debug.setuservalue
local getfenv, setfenv = raw.debug.getfenv, raw.setfenv
local running, status = raw.coroutine.running, raw.coroutine.status
local select, concat = raw.select, raw.table.concat

local VALUES = 3000000 -- how many values a look visits before it gives up
local MANY = "the program holds too many values to look through"

-- The plan, from flat fields: chunk, number of functions, and for each of them first and last
-- line, text before and after its outer variables, then lists, each behind its length: outer
-- variables, constants, lines that reach a breakpoint, lines that make functions.
local function read(...)
  local fields, place = { ... }, 2
  local function list()
    local size, values = fields[place + 1], {}
    for index = 1, size do
      values[index] = fields[place + 1 + index]
    end
    place = place + 1 + size
    return values
  end
  local by_lines = {}
  for _ = 1, fields[2] do
    local first, last, before, after = raw.unpack(fields, place + 1, place + 4)
    place = place + 4
    by_lines[first .. ":" .. last] = {
      before = before,
      after = after,
      outer = list(),
      constants = list(),
      reaches = list(),
      makes = list(),
    }
  end
  return fields[1], by_lines
end

-- A look through all values that the program can come to. Found are the old functions, what
-- holds them (`holders`), and calls of them that still need old code (`frames`, `makers`).
local function new_look(chunk, by_lines)
  local look = { olds = {}, holders = {}, frames = {}, makers = {}, visited = 0, queue = {} }
  local queue, size, head = look.queue, 0, 1
  local seen, plan_of = { [running()] = true, [look] = true, [queue] = true }, {}

  function look.plan(func)
    local found = plan_of[func]
    if found == nil then
      local info = getinfo(func, "S")
      found = false
      if info.source == chunk then
        local is_main = info.what == "main"
        local key = is_main and "0:0" or info.linedefined .. ":" .. info.lastlinedefined
        found = by_lines[key] or false
      end
      plan_of[func] = found
      if found then
        look.olds[#look.olds + 1] = func
      end
    end
    return found
  end

  -- Take a value up; whether it is a function that has to be replaced.
  function look.meet(value, kind)
    if not seen[value] then
      seen[value] = true
      size = size + 1
      queue[size] = value
    end
    return kind == "function" and look.plan(value) and true
  end

  function look.next()
    local value = queue[head]
    queue[head] = nil
    head = head + 1
    return value
  end

  return look
end

local CARRIES = { ["table"] = true, ["function"] = true, ["thread"] = true, ["userdata"] = true }

local function meet_value(look, value)
  local kind = type(value)
  return CARRIES[kind] and look.meet(value, kind)
end

local function visit_table(look, value)
  local meet, count, holds = look.meet, 0, false
  local key, item = next(value)
  while key ~= nil do
    count = count + 1
    local kind = type(key)
    if CARRIES[kind] and meet(key, kind) then
      holds = true
    end
    kind = type(item)
    if CARRIES[kind] and meet(item, kind) then
      holds = true
    end
    key, item = next(value, key)
  end
  look.visited = look.visited + count
  return holds
end

local function visit_function(look, func)
  local index, holds = 1, false
  while true do
    local name, value = getupvalue(func, index)
    if not name then
      break
    end
    holds = meet_value(look, value) or holds
    index = index + 1
  end
  if index == 1 and host.upvalue then
    meet_value(look, host.upvalue(func)) -- of a C function, where Lua shows none
  end
  if getfenv then
    meet_value(look, getfenv(func))
  end
  return holds
end

-- The slots of a frame, the extra arguments of a variadic function with negative numbers.
local function each_slot(thread, level, act)
  for step = 1, -1, -2 do
    local index = step
    while true do
      local name, value = getlocal(thread, level, index)
      if not name then
        break
      end
      act(index, value)
      index = index + step
    end
  end
end

local function visit_thread(look, thread)
  local holds, level = false, 0
  local info = getinfo(thread, 0, "Slf")
  if not info and status(thread) == "suspended" then
    look.is_hidden = true -- it has not begun: Lua does not show its function
  end
  while info do
    each_slot(thread, level, function(_, value)
      holds = meet_value(look, value) or holds
    end)
    local plan = look.plan(info.func)
    if plan then
      local frame = { thread = thread, level = level, func = info.func, lines = plan.reaches }
      if T.is_within(info.currentline, plan.makes) then
        frame.lines = plan.makes
        look.makers[#look.makers + 1] = frame
      elseif T.is_within(info.currentline, plan.reaches) then
        look.frames[#look.frames + 1] = frame
      end
    end
    look.meet(info.func, "function")
    level = level + 1
    info = getinfo(thread, level, "Slf")
  end
  return holds
end

-- The values of a userdata, which Lua 5.2 and 5.3 allow one of, and 5.1 a table.
local function visit_userdata(look, value)
  local holds = false
  if getfenv then
    meet_value(look, getfenv(value))
  elseif T.version < 5.4 then
    holds = meet_value(look, (getuservalue(value)))
  else
    local index = 1
    local item, is_there = getuservalue(value, 1)
    while is_there do
      holds = meet_value(look, item) or holds
      index = index + 1
      item, is_there = getuservalue(value, index)
    end
  end
  return holds
end

local VISIT = {
  ["table"] = visit_table,
  ["function"] = visit_function,
  ["thread"] = visit_thread,
  ["userdata"] = visit_userdata,
}

local function look_around(chunk, by_lines)
  local look = new_look(chunk, by_lines)
  meet_value(look, raw.debug.getregistry())
  meet_value(look, T.globals)
  meet_value(look, T.main)
  for _, thread in raw.ipairs(T.chain_to(T.standing)) do
    meet_value(look, thread)
  end
  for _, value in next, { true, 0, "", next, T.main } do
    meet_value(look, getmetatable(value))
  end
  meet_value(look, getmetatable(nil))
  local value = look.next()
  while value ~= nil do
    local kind = type(value)
    if VISIT[kind](look, value) then
      look.holders[#look.holders + 1] = value
    end
    if kind == "table" or kind == "userdata" then
      meet_value(look, getmetatable(value))
    end
    look.visited = look.visited + 1
    if look.visited > VALUES then
      return nil, MANY
    end
    value = look.next()
  end
  return look
end

local function upvalues_of(func)
  local names, places, index = {}, {}, 1
  while true do
    local name = getupvalue(func, index)
    if not name then
      return names, places
    end
    places[name] = index
    if name ~= "_ENV" then
      names[#names + 1] = name
    end
    index = index + 1
  end
end

-- What makes the new functions of one place in the text.
local function maker_of(plan, func, chunk)
  if plan.maker then
    return plan.maker
  elseif plan.before == "" and getinfo(func, "S").what == "main" then
    plan.maker = function()
      return T.compile(plan.after, chunk, "t")
    end
    return plan.maker
  end
  local names, places = upvalues_of(func)
  for _, name in raw.ipairs(plan.outer) do
    if not places[name] then
      return nil, "the value of '" .. name .. "' cannot be shared"
    end
  end
  local variables = names[1] and "local " .. concat(names, ", ") .. " " or ""
  local text = plan.before .. concat(plan.constants) .. variables .. plan.after
  local message
  plan.maker, message = T.compile(text, chunk, "t")
  return plan.maker, message
end

-- The new function for an old one, nil and why when there can be none.
local function renewed(plan, func, chunk)
  local maker, message = maker_of(plan, func, chunk)
  if not maker then
    return nil, message
  end
  local new = maker()
  local old_info, info = getinfo(func, "S"), new and getinfo(new, "S")
  if not info or info.linedefined ~= old_info.linedefined then
    return nil, "a function cannot be made alone"
  elseif info.lastlinedefined ~= old_info.lastlinedefined then
    return nil, "a function cannot be made alone"
  end
  local _, places = upvalues_of(func)
  if next(places) ~= nil and not upvaluejoin then
    return nil, "Lua 5.1 functions with outer variables cannot be replaced"
  end
  local index = 1
  while true do
    local name = getupvalue(new, index)
    if not name then
      break
    elseif places[name] then
      upvaluejoin(new, index, func, places[name])
    end
    index = index + 1
  end
  if setfenv then
    setfenv(new, getfenv(func))
  end
  return new
end

local function replace_in_table(value, new_of)
  local moved
  local key, item = next(value)
  while key ~= nil do
    if type(item) == "function" and new_of[item] then
      item = new_of[item]
      rawset(value, key, item)
    end
    if type(key) == "function" and new_of[key] then
      moved = moved or {}
      moved[key] = item
    end
    key, item = next(value, key)
  end
  for old, there in next, moved or {} do
    rawset(value, old, nil)
    rawset(value, new_of[old], there)
  end
end

local function replace_in_function(func, new_of)
  local index = 1
  while true do
    local name, value = getupvalue(func, index)
    if not name then
      return
    elseif type(value) == "function" and new_of[value] then
      setupvalue(func, index, new_of[value])
    end
    index = index + 1
  end
end

local function replace_in_thread(thread, new_of)
  local level = 0
  while getinfo(thread, level, "l") do
    each_slot(thread, level, function(index, value)
      if type(value) == "function" and new_of[value] then
        setlocal(thread, level, index, new_of[value])
      end
    end)
    level = level + 1
  end
end

local function replace_in_userdata(value, new_of)
  if T.version < 5.4 then
    local item = getuservalue(value)
    setuservalue(value, new_of[item] or item)
    return
  end
  local index = 1
  local item, is_there = getuservalue(value, 1)
  while is_there do
    if item ~= nil and new_of[item] then
      setuservalue(value, new_of[item], index)
    end
    index = index + 1
    item, is_there = getuservalue(value, index)
  end
end

local REPLACE = {
  ["table"] = replace_in_table,
  ["function"] = replace_in_function,
  ["thread"] = replace_in_thread,
  ["userdata"] = replace_in_userdata,
}

-- Carry a plan out. Returns "done", "replaced", "waiting" (a call that makes old functions is under
-- way) or "refused", and words; before "done" the new calls are in the table of breakpoints.
return function(number, ...)
  if not host.swap_begins(number) then
    return "replaced", "" -- by a newer plan
  elseif not T.main then
    return "refused", "this Lua does not show its main coroutine"
  end
  local chunk, by_lines = read(...)
  if T.is_loading(chunk, number) then
    return "waiting", "the loader"
  end
  local look, why = look_around(chunk, by_lines)
  if not look then
    return "refused", why
  elseif look.is_hidden then
    return "refused", "a coroutine that has not begun may hold its functions"
  elseif look.makers[1] then
    T.leave(number, look.makers, {})
    local name = T.known_name(look.makers[1].func)
    return "waiting", (name and "the call of " .. name or "the code") .. " that makes its functions"
  end
  local new_of, old = {}, setmetatable({}, { __mode = "k" })
  for _, func in raw.ipairs(look.olds) do
    local new, message = renewed(look.plan(func), func, chunk)
    if not new then
      return "refused", message
    end
    new_of[func], old[func] = new, true
  end
  T.install_probe()
  for _, holder in raw.ipairs(look.holders) do
    REPLACE[type(holder)](holder, new_of)
  end
  T.leave(number, look.frames, old)
  host.swap_ends(number, look.frames[1] ~= nil)
  T.ops.breakpoints(host.points())
  return "done", ""
end
