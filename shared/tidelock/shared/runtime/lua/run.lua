-- Running one chunk to its end: results as text, or the error with the stack where it was
-- raised. Never lets an error of the program escape, except the one that ends an execution.
local T, host = ...
local raw = T.raw
local type, xpcall, select, unpack, pcall = raw.type, raw.xpcall, raw.select, raw.unpack, raw.pcall
local getinfo, find, tostring = raw.debug.getinfo, raw.string.find, raw.tostring
local FRAME_LIMIT = 60

-- The stack of the coroutine that stands still as flat fields: name, what, source, line. Before it
-- come those of coroutines that an error has ended, while they still have them (up to Lua 5.3).
local function stack_fields(dead)
  local fields, size = {}, 0
  local function push(_, info)
    local place = size * 4
    fields[place + 1], fields[place + 2] = T.frame_name(info), info.what
    fields[place + 3], fields[place + 4] = info.source, info.currentline
    size = size + 1
    return size >= FRAME_LIMIT
  end
  for index = dead and #dead or 0, 1, -1 do
    if size < FRAME_LIMIT then
      T.walk(dead[index], push)
    end
  end
  if size < FRAME_LIMIT then
    T.walk(T.standing, push)
  end
  return fields, size
end

-- The coroutines that the error has ended which the standing one passes on.
local function failed_stack()
  local _, top = T.top_frame(T.standing)
  return stack_fields(T.dead_from(top and top.what == "C" and T.wrapped(top.func)))
end

-- The same as one answer, for an execution that is about to be interrupted.
function T.ops.stack()
  local fields, size = stack_fields()
  return unpack(fields, 1, size * 4)
end

-- The filters of errors that stop where they are raised; nothing of it is there before the first.
function T.ops.exceptions(...)
  if select("#", ...) > 0 or T.raised then
    T.part("exceptions").set(...)
  end
  return true
end

local failure

local function handler(value)
  failure = { value = value, size = 0 }
  local ok, fields, size = pcall(T.enter, failed_stack)
  if ok and fields then
    failure.fields, failure.size = fields, size
    if T.raised then
      T.raised(value)
    end
  end
  return value
end

local function value_text(value)
  if type(value) == "string" then
    return value
  elseif value == nil then
    return "error value is nil"
  end
  local ok, text = pcall(tostring, value)
  local meta = raw.debug.getmetatable(value)
  if ok and type(text) == "string" and type(meta) == "table" and raw.rawget(meta, "__tostring") then
    return text
  end
  return T.full(value)
end

-- The forms of a result besides its text, where the front end can show them.
local function forms(wanted, count, value)
  local kind = type(value)
  if wanted == "rich" and count == 1 and (kind == "table" or kind == "userdata") then
    return unpack(T.part("rich").forms(value))
  end
end

local function finish(wanted, ok, ...)
  if ok then
    local count = select("#", ...)
    return true, count, wanted ~= "" and T.results_text(...) or "", forms(wanted, count, ...)
  end
  local seen = failure or { value = (...), size = 0 }
  failure = nil
  return false, type(seen.value), value_text(seen.value), seen.size,
    unpack(seen.fields or {}, 1, seen.size * 4)
end

-- true, count, text, pairs of MIME type and content; or false, type of the error value, text,
-- frames, flat frames. `wanted` is what becomes of results: nothing (empty), text, or rich.
function T.run(chunk, wanted, on_entry, ...)
  failure = nil
  T.standing, T.chain = nil, {} -- a run that was ended at a stop has left them behind
  T.end_loading() -- and one that was ended in the loader
  T.reset_input()
  if T.watch_main then
    T.watch_main()
  end
  T.begin_run()
  if on_entry then
    T.ops.pause("entry")
  end
  if T.version == 5.1 and not T.luajit then
    -- Its xpcall passes no arguments, and a tail call would leave a frame of its own.
    local arguments, count, results = { ... }, select("#", ...), nil
    local ok, value = xpcall(function()
      results = raw.pack(chunk(unpack(arguments, 1, count)))
    end, handler)
    if not ok then
      return finish(wanted, false, value)
    end
    return finish(wanted, true, unpack(results, 1, results.n))
  end
  return finish(wanted, xpcall(chunk, handler, ...))
end
