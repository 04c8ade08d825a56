--- The data file: header lines `key: value`, then sections `[name]` of rows `name number ...`.
---
--- This module knows the layout of the file and nothing about tides.

local Refusal = require("refusal")

---@class Row
---@field name string first word of the line
---@field numbers number[] the other words
---@field where string file and line, for messages

---@class Harmonics
---@field path string
---@field about table<string, string> header lines by key
---@field sections table<string, Row[]> rows in the order of the file

local harmonics = {}

---@param text string
---@return number?
local function plain_number(text)
  -- tonumber alone would also take "0x10", "inf" or "1e5", each on some versions of Lua only.
  if text:match("^%-?%d+%.?%d*$") then
    return tonumber(text)
  end
  return nil
end

---@param line string
---@param where string
---@return Row
local function read_row(line, where)
  local name, rest = line:match("^(%S+)%s+(.*)$")
  if not name then
    Refusal.raise("%s: numbers expected after '%s'", where, line)
  end
  local row = { name = name, numbers = {}, where = where }
  for word in rest:gmatch("%S+") do
    local number = plain_number(word)
    if not number then
      Refusal.raise("%s: '%s' is not a number", where, word)
    end
    row.numbers[#row.numbers + 1] = number
  end
  return row
end

---Reads a line into `data` and returns the section that the next line belongs to.
---@param data Harmonics
---@param section Row[]? nil in the header
---@param line string
---@param where string
---@return Row[]?
local function read_line(data, section, line, where)
  local heading = line:match("^%[(.+)%]$")
  if heading then
    section = {}
    data.sections[heading] = section
    return section
  end
  if section then
    section[#section + 1] = read_row(line, where)
    return section
  end
  local key, value = line:match("^([^:]+):%s*(.+)$")
  if not key then
    Refusal.raise("%s: 'key: value' expected, found '%s'", where, line)
  end
  data.about[key] = value
  return nil
end

---@param path string
---@return Harmonics
function harmonics.read(path)
  local file = io.open(path, "r")
  if not file then
    Refusal.raise("cannot read the data file %s", path)
  end
  local data = { path = path, about = {}, sections = {} }
  local name = path:match("[^/\\]+$")
  local section = nil
  local count = 0
  for line in file:lines() do
    count = count + 1
    -- A file that came through Windows ends its lines with a carriage return as well.
    local text = line:gsub("%s+$", "")
    if text ~= "" and text:sub(1, 1) ~= "#" then
      local where = string.format("%s:%d", name, count)
      section = read_line(data, section, text, where)
    end
  end
  file:close()
  return data
end

return harmonics
