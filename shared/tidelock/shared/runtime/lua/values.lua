-- How values look, and how their children are reached again: one formatter for all faces.
-- Reads raw: no metamethod of the program runs, except `__tostring` where the caller asks.
-- Bytes are passed on as they are; the Python side decodes and escapes what is not UTF-8.
local T = ...
local raw = T.raw
local type, next, rawget, rawlen, tostring = raw.type, raw.next, raw.rawget, raw.rawlen, raw.tostring
local getmetatable = raw.debug.getmetatable
local getinfo = raw.debug.getinfo
local concat, sort = raw.table.concat, raw.table.sort
local gsub, sub, format, byte = raw.string.gsub, raw.string.sub, raw.string.format, raw.string.byte
local find, match = raw.string.find, raw.string.match
local floor = raw.math.floor
local pcall, select = raw.pcall, raw.select

local COUNT_LIMIT = 10000 -- other keys are counted and sorted up to here
local BRIEF = 1000 -- entries of a sequence that are looked at before the rest is passed over
local WORD = {}
for word in
  ("and break do else elseif end false for function goto if in local nil not or repeat return "
    .. "then true until while"):gmatch("%a+")
do
  WORD[word] = true
end

local function is_name(text)
  return find(text, "^[%a_][%w_]*$") ~= nil and not WORD[text]
end
T.is_name = is_name

-- Cut after at most `limit` bytes, never inside a UTF-8 sequence.
local function cut(text, limit)
  while limit > 0 do
    local following = byte(text, limit + 1)
    if not following or following < 0x80 or following > 0xBF then
      break
    end
    limit = limit - 1
  end
  return sub(text, 1, limit)
end
T.cut = cut

local ESCAPES = { ["\n"] = "\\n", ["\r"] = "\\r", ["\t"] = "\\t", ["\\"] = "\\\\", ['"'] = '\\"' }
local function escape(char)
  return ESCAPES[char] or format("\\x%02X", byte(char))
end

local function quote(text, limit)
  local size = #text
  if size <= limit then
    return '"' .. gsub(text, '[%c"\\]', escape) .. '"'
  end
  local kept = cut(text, limit)
  return '"' .. gsub(kept, '[%c"\\]', escape) .. '"… ' .. (size - #kept) .. " more bytes"
end
T.quote = quote

-- Whether integers are shown in hexadecimal: while one question is answered.
T.hex = false

local kind_of = raw.math.type
local function is_integer(value)
  if kind_of then
    return kind_of(value) == "integer"
  end
  return floor(value) == value and value > -2 ^ 53 and value < 2 ^ 53
end

local function number_text(value)
  if value ~= value then
    return "nan"
  elseif T.hex and is_integer(value) then
    return value < 0 and format("-0x%X", -value) or format("0x%X", value)
  end
  return tostring(value)
end

-- A function of the library: written in C, or one that the runtime put in its place.
local function builtin(info)
  return info.what == "C" or info.source == T.own
end

local function short_place(info)
  local source = info.source
  local first = sub(source, 1, 1)
  if first == "@" then
    return match(source, "([^/\\]*)$") .. ":" .. info.linedefined
  elseif first == "=" then
    return sub(source, 2) .. ":" .. info.linedefined
  end
  return "string:" .. info.linedefined
end
T.short_place = short_place

local function function_text(value)
  local info = getinfo(value, "S")
  if builtin(info) then
    return "function builtin"
  end
  return "function (" .. short_place(info) .. ")"
end

local function thread_text(value)
  return "coroutine " .. raw.coroutine.status(value)
end

-- Type name that users see: `__name` of the metatable where there is one (it is data, not code).
local function type_name(value)
  local kind = type(value)
  if kind == "table" or kind == "userdata" then
    local meta = getmetatable(value)
    local name = type(meta) == "table" and rawget(meta, "__name")
    if type(name) == "string" then
      return name
    end
  end
  return kind
end
T.type_name = type_name

local KIND_ORDER = { string = 1, number = 2, boolean = 3, table = 4, ["function"] = 5 }
local function before(a, b)
  local kind_a, kind_b = type(a), type(b)
  if kind_a ~= kind_b then
    return (KIND_ORDER[kind_a] or 9) < (KIND_ORDER[kind_b] or 9)
  elseif kind_a == "string" or kind_a == "number" then
    return a < b
  end
  return tostring(a) < tostring(b)
end

local function safe_before(a, b)
  local ok, result = pcall(before, a, b) -- tostring may meet a failing `__tostring`
  return ok and result
end

-- The keys of a table that are not in its sequence, sorted while they are few.
-- Returns the keys and whether there were more than the limit. To be brief, the rest of a long
-- sequence is passed over once it has begun in order, as arrays do: others are not counted if
-- they lie between entries of a sequence that does not.
local function other_keys(value, limit, is_brief)
  local length = rawlen(value)
  local keys, count, place = {}, 0, 0
  local key = next(value)
  while key ~= nil do
    local in_sequence = type(key) == "number"
      and key >= 1
      and key <= length
      and floor(key) == key
    if not in_sequence then
      count = count + 1
      if count > limit then
        return keys, true
      end
      keys[count] = key
    elseif is_brief and key == place + 1 then
      place = key
      if place == BRIEF then
        key = length
      end
    end
    key = next(value, key)
  end
  sort(keys, safe_before)
  return keys, false
end
T.other_keys = other_keys

local show

local function key_text(key, options, depth, seen)
  if type(key) == "string" and is_name(key) then
    return key
  end
  return "[" .. show(key, options, depth + 1, seen) .. "]"
end

local function table_text(value, options, depth, seen)
  if seen[value] then
    return "<table " .. seen[value] .. ">"
  end
  seen.count = (seen.count or 0) + 1
  seen[value] = seen.count
  local length = rawlen(value)
  if depth >= options.depth or (seen.total or 0) > COUNT_LIMIT then
    return next(value) == nil and "{}" or "{…}"
  end
  local parts, used = {}, 0
  local shown = length < options.items and length or options.items
  for index = 1, shown do
    used = used + 1
    parts[used] = show(rawget(value, index), options, depth + 1, seen)
  end
  local left = length - shown
  seen.total = (seen.total or 0) + shown
  local keys, more = other_keys(value, options.items * 20, true)
  for index = 1, #keys do
    if used >= options.items then
      left = left + #keys - index + 1
      break
    end
    used, seen.total = used + 1, seen.total + 1
    local key = keys[index]
    parts[used] = key_text(key, options, depth, seen)
      .. " = "
      .. show(rawget(value, key), options, depth + 1, seen)
  end
  if left > 0 or more then
    parts[used + 1] = "… " .. left .. (more and "+" or "") .. " more"
  end
  return "{" .. concat(parts, ", ") .. "}"
end

local function meta_text(value)
  local meta = getmetatable(value)
  local method = type(meta) == "table" and rawget(meta, "__tostring")
  if method then
    local ok, text = pcall(tostring, value)
    return ok and type(text) == "string" and text or "<__tostring failed>"
  end
end

function show(value, options, depth, seen)
  local kind = type(value)
  if kind == "string" then
    return quote(value, options.text)
  elseif kind == "number" then
    return number_text(value)
  elseif kind == "nil" or kind == "boolean" then
    return tostring(value)
  elseif kind == "function" then
    return function_text(value)
  elseif kind == "thread" then
    return thread_text(value)
  end
  local own = options.call and meta_text(value)
  if own then
    return own
  elseif kind == "table" then
    local name = type_name(value)
    local text = table_text(value, options, depth, seen)
    return name == "table" and text or name .. " " .. text
  end
  local foreign = T.python and T.python.text(value)
  return foreign or type_name(value)
end

local SHORT = { depth = 1, items = 10, text = 100, call = false }
local FULL = { depth = 3, items = 20, text = 1000, call = true }

-- One line for lists and hovers.
function T.short(value)
  return show(value, SHORT, 0, {})
end

-- The form of results; `__tostring` is asked, as the user who typed the input expects.
function T.full(value)
  return show(value, FULL, 0, {})
end

-- All of it, for the clipboard, up to 10,000 items; what a table holds twice is shown once.
local WHOLE = { depth = 50, items = COUNT_LIMIT, text = 2 ^ 31, call = false }
function T.whole(value)
  return show(value, WHOLE, 0, {})
end

-- A key in the name of a child: always as Lua prints it, for names are how children are set.
function T.key_name(key)
  local hex = T.hex
  T.hex = false
  local text = T.short(key)
  T.hex = hex
  return text
end

-- Handles: numbers by which a client reaches children again while a pause lasts.
local handles, last = {}, 0
local function keep(entry)
  last = last + 1
  handles[last] = entry
  return last
end
T.keep = keep

function T.entry(handle)
  return handles[handle]
end

function T.release()
  handles, T.hex = {}, false
end

-- type, text, handle (0 without children), count of indexed and of named children
function T.describe(value, text)
  local kind = type(value)
  local shown = text or T.short(value)
  if kind == "table" then
    local length = rawlen(value)
    local keys, more = other_keys(value, COUNT_LIMIT, true)
    local named = #keys + (more and 1 or 0) + (getmetatable(value) and 1 or 0)
    if length == 0 and named == 0 then
      return type_name(value), shown, 0, 0, 0
    end
    return type_name(value), shown, keep({ value = value }), length, named
  end
  return type_name(value), shown, 0, 0, 0
end

-- Several values as one text: tab separated when short, else a line each.
function T.results_text(...)
  local count = select("#", ...)
  if count == 0 or (count == 1 and (...) == nil) then
    return ""
  end
  local parts, size = {}, 0
  for index = 1, count do
    parts[index] = T.full((select(index, ...)))
    size = size + #parts[index]
  end
  if count == 1 or size <= 200 then
    return concat(parts, "\t")
  end
  for index = 1, count do
    parts[index] = "[" .. index .. "] " .. parts[index]
  end
  return concat(parts, "\n")
end

-- `(a, b, ...)` where the Lua version can tell parameter names.
function T.parameters(value)
  local info = getinfo(value, "Su")
  if builtin(info) or not info.nparams then
    return ""
  end
  local names = {}
  for index = 1, info.nparams do
    local ok, name = pcall(raw.debug.getlocal, value, index)
    names[index] = ok and name or "_"
  end
  if info.isvararg then
    names[#names + 1] = "..."
  end
  return "(" .. concat(names, ", ") .. ")"
end

-- `source:line` of a Lua function, else the empty text.
function T.place(value)
  local info = getinfo(value, "S")
  if builtin(info) then
    return ""
  end
  return info.source .. ":" .. info.linedefined
end
