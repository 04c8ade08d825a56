--- What a harbour office wants to know of a day and of a month.

local calendar = require("calendar")

---@class Summary
---@field first integer first day, in days since 1970-01-01
---@field waters Water[] in the order of time
---@field highest Water?
---@field lowest Water?

---@class Month: Summary
---@field number integer 1 to 12
---@field mean number metres above the datum

local almanac = {}

---@param predictor Predictor
---@param first integer
---@param count integer days
---@return Summary
function almanac.days(predictor, first, count)
  local from = predictor.harbour:midnight(first)
  local to = predictor.harbour:midnight(first + count)
  local summary = { first = first, waters = {} }
  for water in predictor:extremes(from, to) do
    summary.waters[#summary.waters + 1] = water
    if not summary.highest or water.height > summary.highest.height then
      summary.highest = water
    end
    if not summary.lowest or water.height < summary.lowest.height then
      summary.lowest = water
    end
  end
  return summary
end

---The mean of the hourly heights, the definition of a monthly mean sea level.
---@param predictor Predictor
---@param first integer
---@param count integer days
---@return number metres above the datum
local function mean_level(predictor, first, count)
  local from = predictor.harbour:midnight(first)
  local hours = count * 24
  local sum = 0
  for hour = 0, hours - 1 do
    sum = sum + predictor:height_at(from + hour)
  end
  return sum / hours
end

---@param predictor Predictor
---@param day integer
---@return number[] heights at 0, 1 ... 24 hours, in metres above the datum
function almanac.hourly(predictor, day)
  local from = predictor.harbour:midnight(day)
  local heights = {}
  for hour = 0, 24 do
    heights[hour + 1] = predictor:height_at(from + hour)
  end
  return heights
end

---@param predictor Predictor
---@param year integer
---@param number integer 1 to 12
---@return Month
function almanac.month(predictor, year, number)
  local first = calendar.days(year, number, 1)
  local count = calendar.month_length(year, number)
  local month = almanac.days(predictor, first, count)
  month.number = number
  month.mean = mean_level(predictor, first, count)
  return month
end

return almanac
