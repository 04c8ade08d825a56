-- Calls of old code that were under way when their functions were replaced (swap.lua), or that
-- still make old functions, so that nothing can be replaced before they end. A frame is known by
-- its coroutine, its place counted from the bottom, and its function. Nothing is kept alive.
local T, host = ...
local raw = T.raw
local next, setmetatable = raw.next, raw.setmetatable
local getinfo, status = raw.debug.getinfo, raw.coroutine.status

local WEAK = { __mode = "v" }
local old = setmetatable({}, { __mode = "k" }) -- replaced functions that may still run
local left = {}

function T.is_old(func)
  return old[func]
end

-- The frames that plan `number` leaves, each with `thread`, `level` and `func`.
function T.leave(number, frames, functions)
  for func in next, functions do
    old[func] = true
  end
  for _, frame in raw.ipairs(frames) do
    local depth = T.height_of(frame.thread) - frame.level
    local entry = { number = number, depth = depth, thread = frame.thread, func = frame.func }
    left[#left + 1] = setmetatable(entry, WEAK)
  end
end

local function stands(entry)
  local thread = entry.thread
  if not thread or (thread ~= T.main and status(thread) == "dead") then
    return false
  end
  local level = T.height_of(thread) - entry.depth
  local info = level >= 0 and getinfo(thread, level, "f")
  return info and info.func == entry.func
end

-- Whether calls of old code are left.
function T.has_left()
  return left[1] ~= nil
end

-- The coroutines in which they are.
function T.left_threads()
  local threads = {}
  for _, entry in raw.ipairs(left) do
    if entry.thread then
      threads[entry.thread] = true
    end
  end
  return threads
end

-- Forget those that have ended; when the last one of a plan has, the debugger hears of it.
function T.look_left()
  local kept, ended, is_kept = {}, {}, {}
  for _, entry in raw.ipairs(left) do
    if stands(entry) then
      kept[#kept + 1] = entry
      is_kept[entry.number] = true
    else
      ended[entry.number] = true
    end
  end
  left = kept
  local has_news = false
  for number in next, ended do
    if not is_kept[number] then
      host.swap_left(number)
      has_news = true
    end
  end
  if has_news then
    T.ops.breakpoints(host.points())
  end
end
