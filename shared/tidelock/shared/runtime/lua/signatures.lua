-- The parameters of the frames of a stopped stack as text. Raw reads only.
local T = ...
local raw = T.raw
local getinfo, getlocal = raw.debug.getinfo, raw.debug.getlocal
local byte, concat = raw.string.byte, raw.table.concat

-- How many parameters a Lua function has; Lua 5.1 keeps that in its compiled form only
-- (ldump.c: the header with the sizes, the source, two lines, the number of upvalues).
local function count_of(info)
  if info.what == "C" then
    return 0
  elseif info.nparams or T.luajit then
    return info.nparams or 0
  end
  local ok, dumped = raw.pcall(raw.string.dump, info.func)
  if not ok then
    return 0
  end
  local int, word = byte(dumped, 8), byte(dumped, 9)
  local size, scale = 0, 1
  for place = 13, 12 + word do
    size, scale = size + byte(dumped, place) * scale, scale * 256
  end
  return byte(dumped, 12 + word + size + 2 * int + 2)
end

local function signature(thread, level, types, names, values)
  local parts = {}
  for index = 1, count_of(getinfo(thread, level, "fSu")) do
    local name, value = getlocal(thread, level, index)
    if not name then
      break
    end
    local text = names and name or nil
    if types then
      text = (text and text .. ": " or "") .. T.type_name(value)
    end
    if values then
      text = (text and text .. " = " or "") .. T.short(value)
    end
    parts[index] = text
  end
  return concat(parts, ", ")
end

-- One text for each frame, given by the number of its coroutine and its level: the parameters
-- that are asked for, nothing for a mark between two coroutines.
return function(types, names, values, ...)
  local places, texts = { ... }, {}
  for index = 1, #places, 2 do
    local thread, level = T.thread_of(places[index]), places[index + 1]
    local is_frame = thread and level >= 0
    texts[#texts + 1] = is_frame and signature(thread, level, types, names, values) or ""
  end
  return raw.unpack(texts)
end
