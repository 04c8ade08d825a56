--- The civil calendar as arithmetic on whole days, counted from 1970-01-01.
---
--- `os.time` and `os.date` would follow the clock settings of the machine; a tide table must
--- not.  The two conversions are those of Howard Hinnant, "chrono-Compatible Low-Level Date
--- Algorithms": years start in March, so that the leap day is the last day of its year.

local Refusal = require("refusal")

local floor = math.floor

local calendar = {}

local WEEKDAYS = { "Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun" }
local MONTHS = {
  "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
}

-- The Gregorian calendar repeats itself after 400 years of this many days.
local DAYS_PER_ERA = 146097

-- Days from 0000-03-01, where the conversions start to count, to 1970-01-01.
local EPOCH = 719468

---@param year integer
---@param month integer
---@param day integer
---@return integer days since 1970-01-01
function calendar.days(year, month, day)
  local months_since_march = (month + 9) % 12
  if month <= 2 then
    year = year - 1
  end
  local era = floor(year / 400)
  local year_of_era = year - era * 400
  local leap_days = floor(year_of_era / 4) - floor(year_of_era / 100)
  local day_of_year = floor((153 * months_since_march + 2) / 5) + day - 1
  return era * DAYS_PER_ERA + year_of_era * 365 + leap_days + day_of_year - EPOCH
end

---@param days integer since 1970-01-01
---@return integer year
---@return integer month
---@return integer day
function calendar.civil(days)
  local shifted = days + EPOCH
  local era = floor(shifted / DAYS_PER_ERA)
  local day_of_era = shifted - era * DAYS_PER_ERA
  local centuries = floor(day_of_era / 36524) - floor(day_of_era / 146096)
  local leap_days = floor(day_of_era / 1460) - centuries
  local year_of_era = floor((day_of_era - leap_days) / 365)
  local first_of_year = 365 * year_of_era + floor(year_of_era / 4) - floor(year_of_era / 100)
  local day_of_year = day_of_era - first_of_year
  local months_since_march = floor((5 * day_of_year + 2) / 153)
  local day = day_of_year - floor((153 * months_since_march + 2) / 5) + 1
  local month = (months_since_march + 2) % 12 + 1
  local year = era * 400 + year_of_era
  if month <= 2 then
    year = year + 1
  end
  return year, month, day
end

---@param text string a date such as "2026-11-21"
---@return integer days since 1970-01-01
function calendar.parse(text)
  local year, month, day = text:match("^(%d%d%d%d)%-(%d%d)%-(%d%d)$")
  if not year then
    Refusal.raise("'%s' is not a date like 2026-11-21", text)
  end
  local days = calendar.days(tonumber(year), tonumber(month), tonumber(day))
  -- Arithmetic carries 30 February over to March: a date that comes back changed was none.
  if calendar.date(days) ~= text then
    Refusal.raise("there is no day %s in the calendar", text)
  end
  return days
end

---@param days integer since 1970-01-01
---@return string date such as "2026-11-21"
function calendar.date(days)
  return string.format("%04d-%02d-%02d", calendar.civil(days))
end

---@param days integer since 1970-01-01
---@return string name such as "Sat"
function calendar.weekday(days)
  -- 1970-01-01 was a Thursday.
  return WEEKDAYS[(days + 3) % 7 + 1]
end

---@param month integer 1 to 12
---@return string name such as "Nov"
function calendar.month_name(month)
  return MONTHS[month]
end

---@param year integer
---@param month integer 1 to 12
---@return integer days
function calendar.month_length(year, month)
  local next_year = year + floor(month / 12)
  local next_month = month % 12 + 1
  return calendar.days(next_year, next_month, 1) - calendar.days(year, month, 1)
end

return calendar
