--- The words and pictures of the output, one function for each kind of line.
---
--- Numbers reach the text through string.format with a stated precision only: `..` and
--- `tostring` would write 3 on one version of Lua and 3.0 on another.

local calendar = require("calendar")

local floor = math.floor
local format = string.format

local report = {}

-- The curve starts at this height, in metres, and has this many columns for a metre.
local LOWEST = -0.75
local COLUMNS = 16

---@param height number metres
---@return string text six characters wide
local function metres(height)
  local text = format("%6.2f", height)
  if text == " -0.00" then
    return "  0.00"
  end
  return text
end

---@param hours number
---@return string text such as "08:15"; the last half minute of a day is "24:00"
local function clock(hours)
  local minutes = floor(hours * 60 + 0.5)
  return format("%02d:%02d", floor(minutes / 60), minutes % 60)
end

---@param harbour Harbour
---@param water Water
---@return string text such as "24 Dec 10:37"
local function moment(harbour, water)
  local hours = water.time + harbour.zone_hours
  local days = floor(hours / 24)
  local _, month, day = calendar.civil(days)
  return format("%02d %s %s", day, calendar.month_name(month), clock(hours - days * 24))
end

---@param height number metres
---@return integer column
local function column(height)
  return math.max(1, floor((height - LOWEST) * COLUMNS + 0.5))
end

---@param harbour Harbour
---@return string
function report.station(harbour)
  return format(
    "%s\n%d constituents, heights in metres above %s, times in %s",
    harbour.name,
    #harbour.constituents,
    harbour.datum,
    harbour.zone
  )
end

---@param title string
---@param days integer? a date to add
---@return string
function report.heading(title, days)
  if days then
    title = format("%s, %s %s", title, calendar.weekday(days), calendar.date(days))
  end
  return format("\n%s", title)
end

---@param hour integer
---@param height number
---@return string line of the curve: a bar from the datum to the height
function report.bar(hour, height)
  local datum = column(0)
  local water = column(height)
  local cells = {}
  for cell = 1, math.max(datum, water) do
    local between = cell > math.min(datum, water)
    cells[cell] = between and "=" or " "
  end
  cells[datum] = "|"
  cells[water] = "*"
  return format("  %02d:00 %s %s", hour, metres(height), table.concat(cells))
end

---@param harbour Harbour
---@param day Summary
---@return string line of the tide table
function report.day(harbour, day)
  local midnight = harbour:midnight(day.first)
  local cells = {}
  for index, water in ipairs(day.waters) do
    local time = clock(water.time - midnight)
    cells[index] = format("%-4s %s %s", water.kind, time, metres(water.height))
  end
  local date = calendar.date(day.first)
  return format("  %s %s  %s", calendar.weekday(day.first), date, table.concat(cells, "  "))
end

---@param harbour Harbour
---@param name string
---@param water Water
---@return string
function report.record(harbour, name, water)
  return format("  %s water %s on %s", name, metres(water.height), moment(harbour, water))
end

---@param harbour Harbour
---@param month Month
---@return string line of the year
function report.month(harbour, month)
  return format(
    "  %s  mean %s  highest %s on %s  lowest %s on %s",
    calendar.month_name(month.number),
    metres(month.mean),
    metres(month.highest.height),
    moment(harbour, month.highest),
    metres(month.lowest.height),
    moment(harbour, month.lowest)
  )
end

return report
