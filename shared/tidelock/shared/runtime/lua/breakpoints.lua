-- Deciding at a breakpoint whether to stop, and stopping. Breakpoints compiled into a chunk
-- call the probe; the rest are looked up by a line hook that exists only while they do.
-- Their conditions and messages never raise in the program: an error in them is a stop.
local T, host = ...
local raw = T.raw
local type, pcall, tostring, error = raw.type, raw.pcall, raw.tostring, raw.error
local select, unpack, ipairs, rawequal = raw.select, raw.unpack, raw.ipairs, raw.rawequal
local getinfo, getmetatable = raw.debug.getinfo, raw.debug.getmetatable
local concat, format = raw.table.concat, raw.string.format
local getfenv, setfenv = raw.getfenv, raw.setfenv
local gmatch = raw.string.gmatch
local running = raw.coroutine.running
local ops = T.ops
local TOKEN = host.token

-- While this is set nothing stops: a number while the expression of a breakpoint is evaluated.
T.deaf = false
-- Whether functions may have other globals than the rest. LuaJIT does not compile a loop in which
-- that is asked, so there it counts from the first moment that a program makes any.
local envs_vary = setfenv and not T.luajit
function T.note_env()
  envs_vary = true
end

local overdue = false -- the evaluation took too long and was ended
function T.set_overdue(is_so)
  overdue = is_so
end

local sites = {} -- number of a compiled-in call -> list of points
local late = {} -- line -> chunk name -> list of points, for code loaded without them
local is_wide = false -- some of those are not only for calls of replaced functions
T.late_lines = late -- the same table for ever: the line hook looks there first
local counts = {} -- breakpoint id -> its hits, wherever it stands
local arrived -- a point on whose line a step has just stopped: a call there is the same stop

-- Stop here until someone resumes; then act on how. `dead` are coroutines, outermost first,
-- that an error has just ended: their frames are shown as if they still stood. A finalizer that
-- runs in the midst of a question passes: nobody could be answered there.
local function stop(reason, text, ids, dead)
  if T.is_serving() then
    return
  end
  if reason ~= "step" then
    T.forget_returned()
  end
  local thread = dead and dead[#dead] or running() or T.main
  host.stopped(reason, text, ids or "", T.number_of(thread))
  local how = T.enter(function()
    T.find_chain()
    for _, thread in ipairs(dead or {}) do
      T.chain[#T.chain + 1] = thread
    end
    local went = T.visit("paused")
    T.plan(went)
    if went == "interrupt" then
      host["end"]() -- after the hooks were put in order, for it sets some
    end
    return went
  end)
  T.release()
  return how
end
T.stop = stop

local function log_text(point, ...)
  local parts = {}
  for index, piece in ipairs(point.log) do
    if type(piece) == "string" then
      parts[index] = piece
    else
      local ok, value = pcall(piece, ...)
      if ok then
        parts[index] = type(value) == "string" and value or T.short(value)
      else
        parts[index] = "<error: " .. tostring(value) .. ">"
      end
    end
  end
  return concat(parts)
end

local HITS = {
  ["=="] = function(hits, wanted)
    return hits == wanted
  end,
  [">"] = function(hits, wanted)
    return hits > wanted
  end,
  [">="] = function(hits, wanted)
    return hits >= wanted
  end,
  ["<"] = function(hits, wanted)
    return hits < wanted
  end,
  ["<="] = function(hits, wanted)
    return hits <= wanted
  end,
  ["%"] = function(hits, wanted)
    return hits % wanted == 0
  end,
}

-- Where globals are the function's own matter (Lua 5.1), a point's expressions see the globals
-- of the function it stands in: the caller of the probe, under this, asks and consider.
local function take_environment(point)
  local env = getfenv(5)
  if rawequal(env, point.env) then
    return -- as at the last hit, of very many
  end
  point.env = env
  if point.condition then
    setfenv(point.condition, env)
  end
  for _, piece in ipairs(point.log or {}) do
    if type(piece) == "function" then
      setfenv(piece, env)
    end
  end
end

-- Whether one point asks for a stop: false, or true and a text that explains.
local function asks(point, ...)
  if envs_vary and point.takes_env then
    take_environment(point)
  end
  if point.condition then
    T.deaf = 0
    local ok, value = pcall(point.condition, ...)
    T.deaf = false
    if overdue then
      return true, "condition failed: " .. T.end_overdue()
    elseif not ok then
      local words = type(value) == "string" and value or T.short(value)
      return true, "condition failed: " .. words
    elseif not value then
      return false
    end
  end
  local count = point.count
  count.hits = count.hits + 1
  if point.hit and not point.hit(count.hits, point.wanted) then
    return false
  elseif point.log then
    T.deaf = 0
    local text = log_text(point, ...)
    T.deaf = false
    if overdue then
      return true, "log message failed: " .. T.end_overdue()
    end
    host.log(point.source, point.line, text)
    return false
  end
  return true
end

T.asks = asks

local function consider(list, ...)
  local ids, text
  for index = 1, #list do
    local point = list[index]
    local wanted, words = asks(point, ...)
    if wanted then
      ids = (ids and ids .. "," or "") .. point.id
      text = text or words
    end
  end
  return ids, text
end

T.consider = consider

-- Lua's own words for calling a string, as each version says them.
local function call_error()
  local info = getinfo(2, "n")
  local name, kind = info.name, info.namewhat
  if not name or not kind or kind == "" then
    error("attempt to call a string value", 3)
  elseif T.version >= 5.3 then
    error(format("attempt to call a string value (%s '%s')", kind, name), 3)
  end
  error(format("attempt to call %s '%s' (a string value)", kind, name), 3)
end

local previous -- a `__call` that the program had put there itself

local function probe(self, site, ...)
  if self ~= TOKEN then
    if previous then
      return previous(self, site, ...)
    end
    call_error()
  end
  local list = sites[site]
  if not list or T.deaf then
    return
  elseif arrived then
    local here, point = arrived, list[1]
    arrived = nil
    if point.leads and point.line == here.line and point.source == here.source then
      return
    end
  end
  local ids, text = consider(list, ...)
  if ids then
    stop("breakpoint", text or "", ids)
  end
end

-- Strings are the carrier: a call of one needs no name that a script could shadow.
function T.install_probe()
  local meta = getmetatable("")
  if type(meta) ~= "table" then
    meta = {}
    raw.debug.setmetatable("", meta)
  end
  local there = raw.rawget(meta, "__call")
  if there ~= probe then
    previous = there
    raw.rawset(meta, "__call", probe)
  end
end

-- Whether any code may come to a late breakpoint, not only calls of replaced functions.
function T.has_late()
  return is_wide
end

-- A step has stopped on a line: a call compiled into that line is passed over once.
function T.arrive(line, source)
  arrived = nil
  for _, list in raw.next, sites do
    local point = list[1]
    if point.leads and point.line == line and point.source == source then
      arrived = point
    end
  end
end

local function condition_function(text, names, frame)
  if frame then
    return T.compile("return " .. text, "=(condition)", "t", T.scope(frame))
  end
  local source = "return function(" .. names .. ") return " .. text .. "\nend"
  local maker, message = T.compile(source, "=(condition)")
  if not maker then
    return nil, message
  end
  return maker()
end

local function failing(message)
  return function()
    error(message, 0)
  end
end

-- Forget the hits of breakpoints.
function ops.count_anew(...)
  local ids = { ... }
  for index = 1, #ids do
    if counts[ids[index]] then
      counts[ids[index]].hits = 0
    end
  end
end

-- The table of breakpoints, replaced as a whole. Flat: for each point
-- id, site (0: late, -1: late, for calls of replaced functions only), source, line, whether it is
-- the first of the line in its function, line of its function (0: any), condition, operator,
-- wanted, names that a site hands over or that a late point's bare condition has, whether its
-- expressions have others (globals), number of log pieces, then for each piece "text" or "code" and
-- its text. Hits of kept ids go on counting.
function ops.breakpoints(instrumenting, ...)
  local kept = counts
  sites, counts, is_wide = {}, {}, false
  T.forget_meant()
  for line in raw.next, late do
    late[line] = nil
  end
  T.instrumenting = instrumenting
  local position, count = 1, select("#", ...)
  local fields = { ... }
  while position <= count do
    local id, site, source, line, leads, defined = unpack(fields, position, position + 5)
    local condition, operator, wanted = unpack(fields, position + 6, position + 8)
    local names, has_globals, pieces = unpack(fields, position + 9, position + 11)
    position = position + 12
    counts[id] = counts[id] or kept[id] or { hits = 0 }
    local point = {
      id = id,
      source = source,
      line = line,
      leads = leads,
      defined = defined,
      count = counts[id],
      hit = HITS[operator],
      wanted = wanted,
      frame = site <= 0 and {} or nil,
      takes_env = has_globals and site > 0,
      only_old = site < 0,
    }
    if condition ~= "" then
      local func, message = condition_function(condition, names, point.frame)
      point.condition = func or failing(message)
      if point.frame and names ~= "" then -- a bare one
        point.quick, point.names = condition_function(condition, names), {}
        for name in gmatch(names, "[^, ]+") do
          point.names[#point.names + 1] = name
        end
      end
    end
    if pieces > 0 then
      point.log = {}
      for index = 1, pieces do
        local kind, text = fields[position], fields[position + 1]
        position = position + 2
        if kind == "text" then
          point.log[index] = text
        else
          local func, message = condition_function(text, names, point.frame)
          point.log[index] = func or failing(message)
        end
      end
    end
    is_wide = is_wide or site == 0
    if site > 0 then
      sites[site] = sites[site] or {}
      sites[site][#sites[site] + 1] = point
    else
      late[line] = late[line] or {}
      late[line][source] = late[line][source] or {}
      local list = late[line][source]
      list[#list + 1] = point
    end
  end
  T.rehook()
  return true
end

-- What gives a function globals of its own on LuaJIT, besides load. A tail call leaves no frame
-- there, so that a level counts from the caller.
local function noting(library, name)
  local original = library and library[name]
  if original then
    library[name] = function(...)
      envs_vary = true
      return original(...)
    end
  end
end

if T.luajit then
  noting(T.globals, "setfenv")
  noting(T.globals, "module")
  noting(T.globals.debug, "setfenv")
end

-- Bring late breakpoints of a loaded chunk into its functions; see swap.lua.
function ops.swap(...)
  return T.part("swap")(...)
end
