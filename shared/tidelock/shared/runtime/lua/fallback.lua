-- Control without the C API: where the library exports no symbols, a count hook looks every
-- thousand instructions whether someone wants something. It costs time in every program;
-- doctor says so. Nothing here happens where native control works.
local T, host = ...
if T.native then
  return
end
local raw = T.raw
local sethook, error, type = raw.debug.sethook, raw.error, raw.type
local create, resume = raw.coroutine.create, raw.coroutine.resume
local getinfo = raw.debug.getinfo
local globals = T.globals

local EVERY = 1000

-- Raise at every instruction once an end is wanted, so that no pcall keeps the program.
local function watch()
  if host.ending() then
    sethook(watch, "", 1)
    error("interrupted", 0)
  elseif host.wanted() then
    T.serve_live()
  end
end

-- While another hook of ours is on, it looks as well.
T.look = watch
function T.watch_main()
  T.set_hook(T.main, watch, "", EVERY)
end

-- A coroutine starts with its own hook.
function globals.coroutine.create(func)
  local thread = create(func)
  sethook(thread, watch, "", EVERY)
  return thread
end

local function passed(ok, ...)
  if not ok then
    local message = (...)
    if type(message) == "string" then
      local info = getinfo(3, "Sl")
      if info and info.currentline > 0 then
        message = info.short_src .. ":" .. info.currentline .. ": " .. message
      end
    end
    error(message, 0)
  end
  return ...
end

function globals.coroutine.wrap(func)
  local thread = globals.coroutine.create(func)
  return function(...)
    return passed(resume(thread, ...))
  end
end

T.create, T.wrap = globals.coroutine.create, globals.coroutine.wrap
