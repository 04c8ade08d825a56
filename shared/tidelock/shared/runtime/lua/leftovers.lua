-- Calls of old code that were under way when their functions were replaced (swap.lua), or that
-- still make old functions, so that nothing can be replaced before they end. A frame is known by
-- its coroutine, its place counted from the bottom, and its function, and matters while it stands
-- on some lines. Nothing is kept alive.
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

-- Whether a line is in one of the ranges in a flat list of first and last lines.
function T.is_within(line, ranges)
  for index = 1, #ranges, 2 do
    if line >= ranges[index] and line <= ranges[index + 1] then
      return true
    end
  end
  return false
end

-- The frames that plan `number` leaves, each with `thread`, `level`, `func` and `lines`.
function T.leave(number, frames, functions)
  for func in next, functions do
    old[func] = true
  end
  T.forget_meant()
  for _, frame in raw.ipairs(frames) do
    left[#left + 1] = {
      number = number,
      depth = T.height_of(frame.thread) - frame.level,
      lines = frame.lines,
      call = setmetatable({ thread = frame.thread, func = frame.func }, WEAK),
    }
  end
end

local function stands(entry)
  local thread = entry.call.thread
  if not thread or (thread ~= T.main and status(thread) == "dead") then
    return false
  end
  local level = T.height_of(thread) - entry.depth
  local info = level >= 0 and getinfo(thread, level, "fl")
  return info and info.func == entry.call.func and T.is_within(info.currentline, entry.lines)
end

-- Whether calls of old code are left.
function T.has_left()
  return left[1] ~= nil
end

-- The coroutines in which they are.
function T.left_threads()
  local threads = {}
  for _, entry in raw.ipairs(left) do
    if entry.call.thread then
      threads[entry.call.thread] = true
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
