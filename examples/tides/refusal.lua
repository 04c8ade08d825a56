--- Refusals: what the program will not do, and why, in words for the person who asked.
---
--- A refusal is an error object and not a string: `main.lua` prints refusals and lets every
--- other error through, so that a mistake in the program still reaches the debugger.  Nor does
--- Lua put a position such as "calendar.lua:69:" in front of its words.

---@class Refusal
---@field message string
local Refusal = {}
Refusal.__index = Refusal

---@return string
function Refusal:__tostring()
  return self.message
end

---Stops what is going on with a refusal.
---@param template string text as for string.format
---@param ... any
function Refusal.raise(template, ...)
  local message = string.format(template, ...)
  error(setmetatable({ message = message }, Refusal))
end

---@param value any what pcall returned in place of a result
---@return boolean
function Refusal.is(value)
  return getmetatable(value) == Refusal
end

return Refusal
