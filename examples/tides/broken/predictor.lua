--- The predictor broken on purpose: four functions each hold a mistake that no Lua accepts.
---
--- The height above the datum at a time t, counted in hours from the start of the year, is
---
---     h(t) = H0 + sum of  f * H * cos(a * t + (V0 + u) - g)
---
--- over the constituents, where H0 is the mean level, H and g are the amplitude and the phase
--- lag of a constituent at the harbour, a its speed, and f and V0+u its node factor and
--- equilibrium argument for the year (Schureman, Manual of Harmonic Analysis and Prediction of
--- Tides, 1940).  Times are hours since 1970-01-01 00:00 UTC.

local calendar = require("calendar")

local cos = math.cos
local sin = math.sin
local rad = math.rad

-- High and low waters are looked for every six minutes, the interval of the gauge's own
-- reports, and then narrowed down by twelve halvings to less than a tenth of a second.
local STEP = 0.1
local HALVINGS = 12

---@class Wave a constituent as it runs in one year
---@field name string
---@field amplitude number metres
---@field speed number radians per hour
---@field phase number radians, at the start of the year

---@class Year
---@field number integer
---@field start number the moment from which the phases count, 1 January 00:00 UTC
---@field from number midnight at the station when the year begins
---@field to number midnight at the station when the year ends
---@field waves Wave[]

---@class Water a high or low water
---@field kind "high"|"low"
---@field time number
---@field height number metres above the datum

---@class Predictor
---@field harbour Harbour
---@field years table<integer, Year> filled as they are asked for
---@field year Year? the one used last
local Predictor = {}
Predictor.__index = Predictor

---@param harbour Harbour
---@param number integer
---@return Year
local function build_year(harbour, number)
  harbour:require_year(number)
  local first_day = calendar.days(number, 1, 1)
  local day_after = calendar.days(number + 1, 1, 1)
  local waves = {}
  for index, constituent in ipairs(harbour.constituents) do
    local amplitude = constituent.amplitude * constituent.node_factor[number]
    local phase = constituent.equilibrium[number] - constituent.phase
    waves[index] = {
      name = constituent.name,
      amplitude = amplitude,
      speed = rad(constituent.speed),
      phase = rad(phase),
    }
  end
  return {
    number = number,
    start = first_day * 24,
    from = harbour:midnight(first_day),
    to = harbour:midnight(day_after),
    waves = waves,
  }
end

---@param harbour Harbour
---@return Predictor
function Predictor.new(harbour)
  local years = {}
  -- A year is built when somebody first asks for it, and kept.
  setmetatable(years, {
    __index = function(_, number)
      local year = build_year(harbour, number)
      years[number] = year
      return year
    end,
  })
  return setmetatable({ harbour = harbour, years = years }, Predictor)
end

---@param t number
---@return Year
function Predictor:year_at(t)
  local year = self.year
  -- The closing midnight counts as well: the last year of the tables needs its last hour.
  if not year or t < year.from or t > year.to
    local days = math.floor((t + self.harbour.zone_hours) / 24)
    local number = calendar.civil(days)
    year = self.years[number]
    self.year = year
  end
  return year
end

---@param t number
---@return number height metres above the datum
function Predictor:height_at(t)
  local year = self:year_at(t)
  local hours = t - year.start
  local height = self.harbour.mean_level
  for _, wave in ipairs(year.waves) do
    local angle = wave.speed * hours + wave.phase
    height = height + wave.amplitude * cos(angle
  end
  return height
end

---The derivative of the height: above zero while the tide rises.
---@param t number
---@return number rate metres per hour
function Predictor:rate_at(t)
  local year = self:year_at(t)
  local hours = t - year.start
  local rate = 0
  for _, wave in ipairs(year.waves) do
    local angle = wave.speed * hours + wave.phase
    rate = rate - wave.amplitude * wave.speed * sin(angle)
  end
  return rate
end

---Finds where the tide turns, by bisection.
---@param before number a time at which it still runs one way
---@param after number a time at which it already runs the other way
---@return number t
function Predictor:turn_between(before, after)
  local rising = self:rate_at(before) > 0
  for _ = 1, HALVINGS do
    local middle = (before + after) / 2
    if (self:rate_at(middle) > 0) == rising then
      before = middle
    else
      after = middle
  end
  return (before + after) / 2
end

---The high and low waters of a span of time, found one by one as the caller asks for them.
---@param from number
---@param to number
---@return fun(): Water?
function Predictor:extremes(from, to)
  return coroutine.wrap(function()
    local before = from
    local rising = self:rate_at(before) > 0
    while before < to do
      local after = math.min(before + STEP, to)
      local still_rising = self:rate_at(after) > 0
      if still_rising != rising then
        local time = self:turn_between(before, after)
        local kind = rising and "high" or "low"
        local height = self:height_at(time)
        coroutine.yield({ kind = kind, time = time, height = height })
      end
      before = after
      rising = still_rising
    end
  end)
end

return Predictor
