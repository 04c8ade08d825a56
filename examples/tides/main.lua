--- Tides at the Golden Gate: heights, high and low water, and the year around them.
---
---     main.lua [first day, such as 2026-11-21] [number of days]
---
--- Without arguments it predicts a fixed week, so that its output is always the same.

local FIRST_DAY = "2026-11-21"
local DAYS = "7"
local MOST_DAYS = 31

-- Modules and data are found beside this file, whatever the current directory is.  The chunk
-- name says where that is; `arg[0]` is for hosts that load the program under another name.
local source = debug.getinfo(1, "S").source
local script = source:match("^@(.*)$") or (arg and arg[0]) or ""
local folder = script:match("^(.*[/\\])") or "./"
local pattern = folder .. "?.lua;"
if not package.path:find(pattern, 1, true) then
  package.path = pattern .. package.path
end

local Harbour = require("harbour")
local Predictor = require("predictor")
local Refusal = require("refusal")
local almanac = require("almanac")
local calendar = require("calendar")
local report = require("report")

---@param text string
---@return integer
local function parse_count(text)
  local count = tonumber(text:match("^%d+$"))
  if not count or count < 1 or count > MOST_DAYS then
    Refusal.raise("the number of days is 1 to %d, not '%s'", MOST_DAYS, text)
  end
  return count
end

---@param predictor Predictor
---@param day integer
local function print_curve(predictor, day)
  print(report.heading("Height hour by hour", day))
  for index, height in ipairs(almanac.hourly(predictor, day)) do
    print(report.bar(index - 1, height))
  end
end

---@param predictor Predictor
---@param first integer
---@param count integer
local function print_table(predictor, first, count)
  local harbour = predictor.harbour
  print(report.heading("High and low water"))
  for day = first, first + count - 1 do
    local waters = almanac.days(predictor, day, 1)
    print(report.day(harbour, waters))
  end
  local whole = almanac.days(predictor, first, count)
  print(report.record(harbour, "Highest", whole.highest))
  print(report.record(harbour, "Lowest", whole.lowest))
end

---@param predictor Predictor
---@param year integer
local function print_year(predictor, year)
  print(report.heading(string.format("The year %d", year)))
  for number = 1, 12 do
    local month = almanac.month(predictor, year, number)
    print(report.month(predictor.harbour, month))
  end
end

---@param words string[] arguments of the command line
---@return Harbour
local function run(words)
  local first = calendar.parse(words[1] or FIRST_DAY)
  local count = parse_count(words[2] or DAYS)
  local harbour = Harbour.load(folder .. "data/san_francisco.txt")
  local predictor = Predictor.new(harbour)
  local year = calendar.civil(first)
  local last_year = calendar.civil(first + count - 1)
  harbour:require_year(year)
  harbour:require_year(last_year)
  -- Left behind on purpose: a console or a notebook that shares this runtime can go on asking,
  -- for instance for harbour.by_name.M2, when the program has ended.
  _G.harbour = harbour
  _G.predictor = predictor
  print(report.station(harbour))
  print_curve(predictor, first)
  print_table(predictor, first, count)
  print_year(predictor, year)
  return harbour
end

local words = { ... }
if #words == 0 and arg then
  words = { arg[1], arg[2] }
end
local done, result = pcall(run, words)
if done then
  return result
end
if not Refusal.is(result) then
  error(result, 0)
end
print("tides: " .. result.message)
