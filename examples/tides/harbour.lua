--- A harbour: the published constants of its tide, ready for a predictor.
---
--- What the data file says ends up in `harbour.about` and `harbour.by_name` under the names
--- that the file uses.  No reader of this source can know them: they exist at run time only,
--- which makes them a good thing to complete in an editor that asks the running program.

local Refusal = require("refusal")
local harmonics = require("harmonics")

---@class Constituent
---@field name string as in the data file, such as "M2"
---@field speed number degrees per hour
---@field amplitude number metres
---@field phase number phase lag behind Greenwich, degrees
---@field equilibrium table<integer, number> V0+u by year, degrees
---@field node_factor table<integer, number> f by year

---@class Harbour
---@field name string
---@field datum string the level from which heights are measured
---@field mean_level number metres above the datum
---@field zone string the station's standard time, which it keeps all year
---@field zone_hours number hours that its clocks are ahead of UTC
---@field years integer[] years that the tables of the data file cover
---@field constituents Constituent[] in the order of the data file
---@field by_name table<string, Constituent>
---@field about table<string, string> the header of the data file
local Harbour = {}
Harbour.__index = Harbour

local METRES_PER_UNIT = { feet = 0.3048, metres = 1 }

---@param data Harmonics
---@param key string
---@return string
local function header(data, key)
  local value = data.about[key]
  if not value then
    Refusal.raise("%s: there is no line '%s: ...'", data.path, key)
  end
  return value
end

---@param data Harmonics
---@param key string
---@return number
local function header_number(data, key)
  local value = header(data, key)
  local number = tonumber(value)
  if not number then
    Refusal.raise("%s: '%s: %s' is not a number", data.path, key, value)
  end
  return number
end

---@param data Harmonics
---@param name string
---@return Row[]
local function section(data, name)
  local rows = data.sections[name]
  if not rows then
    Refusal.raise("%s: there is no section [%s]", data.path, name)
  end
  return rows
end

---@param row Row
---@param count integer
local function expect_numbers(row, count)
  if #row.numbers ~= count then
    Refusal.raise("%s: %s needs %d numbers and has %d", row.where, row.name, count, #row.numbers)
  end
end

---@param data Harmonics
---@param scale number metres in one unit of the file
function Harbour:add_constituents(data, scale)
  for _, row in ipairs(section(data, "constituents")) do
    expect_numbers(row, 3)
    local constituent = {
      name = row.name,
      speed = row.numbers[1],
      amplitude = row.numbers[2] * scale,
      phase = row.numbers[3],
      equilibrium = {},
      node_factor = {},
    }
    self.constituents[#self.constituents + 1] = constituent
    self.by_name[row.name] = constituent
  end
end

---@param data Harmonics
---@param heading string section of the data file
---@param field string field of the constituents to fill
function Harbour:add_table(data, heading, field)
  for _, row in ipairs(section(data, heading)) do
    local constituent = self.by_name[row.name]
    if not constituent then
      Refusal.raise("%s: %s is not among the constituents", row.where, row.name)
    end
    expect_numbers(row, #self.years)
    for column, year in ipairs(self.years) do
      constituent[field][year] = row.numbers[column]
    end
  end
end

---@param path string of the data file
---@return Harbour
function Harbour.load(path)
  local data = harmonics.read(path)
  local scale = METRES_PER_UNIT[header(data, "units")]
  if not scale then
    Refusal.raise("%s: the units are neither feet nor metres", path)
  end
  local self = setmetatable({}, Harbour)
  self.about = data.about
  self.name = header(data, "station")
  self.datum = header(data, "datum")
  self.mean_level = header_number(data, "mean level") * scale
  self.zone = header(data, "zone")
  self.zone_hours = header_number(data, "zone hours")
  self.years = {}
  self.constituents = {}
  self.by_name = {}
  for year in header(data, "years"):gmatch("%d+") do
    self.years[#self.years + 1] = tonumber(year)
  end
  self:add_constituents(data, scale)
  self:add_table(data, "equilibrium", "equilibrium")
  self:add_table(data, "node factors", "node_factor")
  return self
end

---Makes sure that every constituent has its values for a year.
---@param year integer
function Harbour:require_year(year)
  local first = self.years[1]
  local last = self.years[#self.years]
  if year < first or year > last then
    Refusal.raise("%d is outside the tables of the data file, %d to %d", year, first, last)
  end
  for _, constituent in ipairs(self.constituents) do
    if not (constituent.equilibrium[year] and constituent.node_factor[year]) then
      Refusal.raise("the data file has no values of %s for %d", constituent.name, year)
    end
  end
end

---@param days integer local date, in days since 1970-01-01
---@return number hours since 1970-01-01 00:00 UTC when that date begins at the station
function Harbour:midnight(days)
  return days * 24 - self.zone_hours
end

---@return string
function Harbour:__tostring()
  return string.format("%s: %d constituents", self.name, #self.constituents)
end

return Harbour
