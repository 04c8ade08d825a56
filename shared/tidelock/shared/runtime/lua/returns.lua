-- What calls returned during a step, shown where it stops. Lua tells of the values on their way
-- since 5.4; other builds show none. Nothing is kept beyond the next resume.
local T = ...
local raw = T.raw
local getinfo, getlocal = raw.debug.getinfo, raw.debug.getlocal
local pcall = raw.pcall
local KEPT = 10 -- calls of one step, the last ones

T.returned = {} -- list of { name, values, count }, in the order of the returns

function T.forget_returned()
  if #T.returned > 0 then
    T.returned = {}
  end
end

local function keep(name, first, count)
  local values = {}
  for index = 1, count do
    local _, value = getlocal(5, first + index - 1)
    values[index] = value
  end
  local returned = T.returned
  if #returned == KEPT then
    raw.table.remove(returned, 1)
  end
  returned[#returned + 1] = { name = name, values = values, count = count }
end

-- A return event: the function that returns is level 4, under this, on_return and on_event. Kept
-- is what the frame of the step returns, or what it called. Seen through pcall the function
-- is level 5, so that level height + 5 exists when it was called by that frame.
function T.note_return(height)
  local own_frame = not pcall(getlocal, height + 5, 1)
  if not pcall(getlocal, height + 4, 1) or pcall(getlocal, height + 6, 1) then
    return
  end
  local info = getinfo(4, "nSr")
  if info.ntransfer == 0 or info.name == "for iterator" then
    return
  elseif own_frame then
    T.returned = {} -- its calls are no more of interest
  end
  keep(info.name or "function", info.ftransfer, info.ntransfer)
end

if T.version < 5.4 then
  function T.note_return() end
end

-- Children of the locals of the frame where a step stopped.
function T.returned_children()
  local children = {}
  for index, call in raw.ipairs(T.returned) do
    local shown = {}
    for place = 1, call.count do
      shown[place] = T.short(call.values[place])
    end
    local one = call.count == 1
    children[index] = {
      name = "(return) " .. call.name,
      value = one and call.values[1] or call.values,
      text = not one and raw.table.concat(shown, ", ") or nil,
      path = "",
    }
  end
  return children
end
