-- Stopping at errors where they are raised, by the filters of the debug sessions.
-- An error that nothing catches is seen by the handler around the chunk. One that will be caught
-- is seen by stand-ins for `pcall` and its like, which are the program's only while a filter
-- needs them; one that ends a coroutine is seen when it has, with its stack as it was.
-- Must never change an error, nor run code of the program to show one.
local T, host = ...
local raw = T.raw
local type, pcall, xpcall, error = raw.type, raw.pcall, raw.xpcall, raw.error
local ipairs, select, unpack, rawget, rawset = raw.ipairs, raw.select, raw.unpack, raw.rawget, raw.rawset
local getinfo, getmetatable = raw.debug.getinfo, raw.debug.getmetatable
local create, resume = T.create or raw.coroutine.create, raw.coroutine.resume
local status, close = raw.coroutine.status, raw.coroutine.close
local find, gsub, match = raw.string.find, raw.string.gsub, raw.string.match
local own = T.own

local filters = {} -- each: for all errors or the uncaught ones, and a test of the value or nil
local where = {} -- the frame whose variables the tests see
local stand_in, passed = {}, nil
local told = raw.setmetatable({}, { __mode = "k" }) -- dead coroutines that were looked at

-- An error value as one line, without asking its `__tostring`.
local function words(value)
  return type(value) == "string" and value or T.short(value)
end

-- Whether the error that a coroutine raises is one that `passed` passes on: it was seen before.
local function is_passed_on(thread)
  for level = 0, 12 do
    local info = getinfo(thread, level, "f")
    local outer = info and info.func == error and getinfo(thread, level + 1, "f")
    if outer and outer.func == passed then
      return true
    end
  end
end

-- Whether something would catch an error on its way out through the chain that stands still.
local function is_caught()
  for index = #T.chain, 1, -1 do
    local thread, level = T.chain[index], 0
    local info = getinfo(thread, 0, "fS")
    while info do
      local outer = getinfo(thread, level + 1, "fS")
      local by_us = outer and outer.source == own
      if info.func == pcall or info.func == xpcall then
        if by_us and outer.func == T.run then
          return false
        elseif not by_us or outer.func == stand_in.pcall or outer.func == stand_in.xpcall then
          return true
        end
      elseif info.func == resume and level == 0 and index < #T.chain then
        if not by_us or outer.func == stand_in.resume then
          return true
        end
      end
      level, info = level + 1, outer
    end
  end
  return false
end

local function aim(thread)
  where.thread, where.level = thread, 0
  T.walk(thread, function(level, info)
    where.level = level
    return info.what ~= "C"
  end)
end

-- Whether a filter asks for a stop: nil, or the text that explains it.
local function asks(value, caught)
  for _, filter in ipairs(filters) do
    if filter.all or not caught then
      if not filter.test then
        return words(value)
      end
      T.deaf = true
      local ok, found = pcall(filter.test, value)
      T.deaf = false
      if not ok then
        return "condition failed: " .. words(found)
      elseif found then
        return words(value)
      end
    end
  end
end

-- Stop at an error if a filter wants it. `caught` may be nil: then it is found out; `thread` is
-- a coroutine that the error has ended.
local function consider(value, caught, thread)
  if #filters == 0 or T.deaf or host.ending() then
    return -- LuaJIT brings an end from outside here as well
  end
  local dead
  local text = T.enter(function()
    T.find_chain()
    local standing = T.standing
    if not thread then
      local _, top = T.top_frame(standing)
      thread = top and top.what == "C" and T.wrapped(top.func)
      thread = thread and not told[thread] and thread
    end
    dead = T.dead_from(thread)
    for _, other in ipairs(dead) do
      told[other] = true
    end
    local raiser = dead[#dead] or standing
    if is_passed_on(raiser) then
      return nil
    elseif caught == nil then
      caught = is_caught()
    end
    aim(raiser)
    return asks(value, caught)
  end)
  if text then
    T.exception = { value = value, caught = caught }
    T.stop("exception", text, "", dead)
    T.exception = nil
  end
end

-- The handler around the chunk has an error that nothing caught.
function T.raised(value)
  pcall(consider, value, false)
end

-- A position that names a stand-in, from `error(..., 3)`, is meant for its caller.
local function mended(value)
  local line = type(value) == "string" and match(value, "^%[tidelock%]:(%d+): ")
  local level = 3
  local info = line and getinfo(level, "Sl")
  while info do
    if info.source == own and info.currentline == raw.tonumber(line) then
      info = getinfo(level + 1, "Sl")
      local place = info and info.currentline > 0 and info.short_src .. ":" .. info.currentline .. ": "
      return (gsub(value, "^%[tidelock%]:%d+: ", (gsub(place or "", "%%", "%%%%"))))
    end
    level = level + 1
    info = getinfo(level, "Sl")
  end
  return value
end

-- The message handler of a protected call of the program.
local function seen(value)
  value = mended(value)
  pcall(consider, value, true)
  return value
end

if T.version == 5.1 and not T.luajit then
  -- Its xpcall passes no arguments on; neither of the two lets a coroutine yield.
  function stand_in.pcall(func, ...)
    local count = select("#", ...)
    if count == 0 then
      return xpcall(func, seen)
    end
    local meta = getmetatable(func)
    if type(func) ~= "function" and not (type(meta) == "table" and rawget(meta, "__call")) then
      return pcall(func, ...)
    end
    local arguments = { ... }
    return xpcall(function()
      return func(unpack(arguments, 1, count))
    end, seen)
  end
else
  function stand_in.pcall(...)
    if select("#", ...) == 0 then
      return pcall()
    end
    return xpcall((...), seen, select(2, ...))
  end
end

local function handled_by(handler)
  return function(value)
    local result = (select(1, handler))(seen(value)) -- called without a name, as from C
    return result
  end
end

function stand_in.xpcall(...)
  local func, handler = ...
  if type(handler) ~= "function" then
    return xpcall(...)
  end
  return xpcall(func, handled_by(handler), select(3, ...))
end

-- A resume has failed: look at the coroutine if it is this error that has ended it.
local function died(thread, value, caught)
  local is_dead = status(thread) == "dead" and not told[thread]
  if is_dead and getinfo(thread, 0, "f") then
    pcall(consider, value, caught, thread)
  end
end

local function resumed(thread, ok, ...)
  if not ok then
    died(thread, (...), true)
  end
  return ok, ...
end

-- Raise what the library raises for wrong arguments, at the caller of a stand-in.
local function refuse(name, func, ...)
  local _, message = pcall(func, ...)
  message = gsub(message, "'[^']*'", "'" .. name .. "'", 1)
  error(message, 3)
end

function stand_in.resume(thread, ...)
  if type(thread) ~= "thread" then
    refuse("resume", resume, thread)
  end
  return resumed(thread, resume(thread, ...))
end

-- The level of whoever called a function made by coroutine.wrap: Lua 5.1 counts the tail call.
local CALLER = T.version == 5.1 and not T.luajit and 3 or 2

-- What a function made by coroutine.wrap does after its resume (lcorolib.c, auxwrap).
function passed(thread, ok, ...)
  if ok then
    return ...
  end
  local value = (...)
  died(thread, value)
  if close and status(thread) == "dead" then
    local closed, other = close(thread)
    if not closed then
      value = other
    end
  end
  error(value, CALLER)
end

function stand_in.wrap(func)
  if type(func) ~= "function" then
    refuse("wrap", raw.coroutine.wrap, func)
  end
  local thread = create(func)
  return function(...)
    return passed(thread, resume(thread, ...))
  end
end

-- Functions of this file that a traceback must not show, by the line they begin on, and the lines
-- on which a stand-in calls what it stands for.
local hidden = {}
for _, func in ipairs({ seen, handled_by(seen), resumed, passed, stand_in.wrap(seen) }) do
  hidden[getinfo(func, "S").linedefined] = true
end
local function stands_on(line)
  for _, func in raw.next, stand_in do
    local info = getinfo(func, "S")
    if line >= info.linedefined and line <= info.lastlinedefined then
      return true
    end
  end
end

-- A traceback as it would be with the library's own functions.
local function plain(text)
  text = gsub(text, "\n\t%[tidelock%]:%d+: in function <%[tidelock%]:(%d+)>", function(line)
    return hidden[raw.tonumber(line)] and "" or nil
  end)
  text = gsub(text, "\n\t%(tail call%): %?(\n\t%[C%]: in [^\n]*\n\t%[tidelock%])", "%1")
  text = gsub(
    text,
    "\n\t%[C%]: in [^\n]*\n\t%[tidelock%]:(%d+): in ([^\n]*)",
    function(line, name)
      return stands_on(raw.tonumber(line)) and "\n\t[C]: in " .. name or nil
    end
  )
  if T.version == 5.5 then
    return text -- names a library function by the way it was called
  end
  return (gsub(text, "\n\t%[C%]: in upvalue 'xpcall'", "\n\t[C]: in function 'xpcall'"))
end

-- The level of a frame, from the caller of a stand-in on, not counting frames of this file.
local function real(level)
  local here = 3 -- the caller, under this and the stand-in
  if T.version >= 5.2 and getinfo(2, "t").istailcall then
    level = level - 1 -- the stand-in has taken its place, which the library's function does not
  end
  while level > 1 do
    local info = getinfo(here, "S")
    if not info then
      break
    elseif info.source ~= own then
      level = level - 1
    end
    here = here + 1
  end
  return here - 1
end

function stand_in.traceback(...)
  local count = select("#", ...)
  local first, level = ...
  local is_text = type(first) == "string" or type(first) == "number"
  if type(first) == "thread" or (count > 0 and first ~= nil and not is_text) then
    return raw.debug.traceback(...)
  elseif count > 0 and first == nil and T.version == 5.1 and not T.luajit then
    return nil -- as it does there
  end
  local text = plain(raw.debug.traceback(first or "", real(raw.tonumber(level) or 1)))
  return first == nil and raw.string.sub(text, 2) or text
end

local loaded = raw.package.loaded
local LIBRARY = { -- where the program finds a function, and the function
  pcall = { T.globals, pcall },
  xpcall = { T.globals, xpcall },
  resume = { loaded.coroutine or {}, resume },
  wrap = { loaded.coroutine or {}, T.wrap or raw.coroutine.wrap },
  traceback = { loaded.debug or {}, raw.debug.traceback },
}

-- Put the stand-in of a name where the program finds it, or the library's own function back;
-- what the program itself has put there stays.
local function stand(name, wanted)
  local place, before, after = LIBRARY[name][1], LIBRARY[name][2], stand_in[name]
  if not wanted then
    before, after = after, before
  end
  if rawget(place, name) == before then
    rawset(place, name, after)
  end
end

-- The test that a condition makes of an error value, or nil without a condition.
local function test_of(kind, text)
  if kind == "pattern" then
    local pattern = T.compile("return " .. text, "=(condition)")()
    return function(value)
      return find(words(value), pattern) ~= nil
    end
  elseif kind == "expression" then
    local chunk, message =
      T.compile("local err = ... return " .. text .. "\n", "=(condition)", "t", T.scope(where))
    return chunk or function()
      error(message, 0)
    end
  end
end

-- The filters, replaced as a whole; for each: whether it is for all errors, the kind of its
-- condition (none, pattern, expression) and the condition.
local function set(...)
  filters = {}
  local all = false
  for place = 1, select("#", ...), 3 do
    local for_all, kind, text = select(place, ...)
    filters[#filters + 1] = { all = for_all, test = test_of(kind, text) }
    all = all or for_all
  end
  stand("pcall", all)
  stand("xpcall", all)
  stand("resume", all)
  -- Where a failed wrap closes its coroutine, its stack would be gone before anyone could look;
  -- and the wrap of fallback control does not show which one it was.
  local wrap = all or (#filters > 0 and (close or T.wrap) ~= nil)
  stand("wrap", wrap)
  stand("traceback", wrap)
end

-- The error of this pause: type, text, whether it will be caught, then its stack as flat
-- frames (`ops.frames`).
function T.ops.exception()
  local stop = T.exception
  if not stop then
    error("not stopped at an error", 0)
  end
  return T.type_name(stop.value), words(stop.value), stop.caught, T.ops.frames(0, 0, 60)
end

return { set = set }
