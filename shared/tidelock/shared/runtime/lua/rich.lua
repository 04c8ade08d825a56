-- Values in richer forms than text: plain data as JSON, lists of records as an HTML table.
-- Reads raw and within limits; only a `__display` that an object brings itself is called.
local T = ...
local raw = T.raw
local type, next, rawget, rawlen, tostring = raw.type, raw.next, raw.rawget, raw.rawlen, raw.tostring
local pcall, error = raw.pcall, raw.error
local getmetatable = raw.debug.getmetatable
local concat, sort = raw.table.concat, raw.table.sort
local gsub, sub, format, byte = raw.string.gsub, raw.string.sub, raw.string.format, raw.string.byte
local find = raw.string.find
local floor, huge = raw.math.floor, raw.math.huge

local DEEPEST, MOST_VALUES = 100, 1000000
local ROWS, COLUMNS, CELL = 60, 20, 200

local ESCAPES = { ['"'] = '\\"', ["\\"] = "\\\\", ["\n"] = "\\n", ["\r"] = "\\r", ["\t"] = "\\t" }
local function escape(char)
  return ESCAPES[char] or format("\\u%04x", byte(char))
end

local function json_text(text)
  return '"' .. gsub(text, '[%z\1-\31\127"\\]', escape) .. '"'
end

local function json_number(value)
  if value ~= value then
    return '"nan"'
  elseif value == huge or value == -huge then
    return value > 0 and '"inf"' or '"-inf"'
  elseif floor(value) == value and value > -2 ^ 53 and value < 2 ^ 53 then
    return format("%.0f", value)
  elseif raw.math.type and raw.math.type(value) == "integer" then
    return format("%d", value)
  end
  return format("%.17g", value)
end

local json_value

-- Whether all keys of a table are 1 to n.
local function is_list(value)
  local count = 0
  local key = next(value)
  while key ~= nil do
    count = count + 1
    if type(key) ~= "number" then
      return false
    end
    key = next(value, key)
  end
  return count > 0 and count == rawlen(value)
end

local function json_table(value, state, depth)
  if state.open[value] then
    error("a table that holds itself is no plain data", 0)
  elseif depth > DEEPEST then
    error("nested deeper than " .. DEEPEST, 0)
  end
  state.open[value] = true
  local parts, size = {}, 0
  local text
  if is_list(value) then
    for index = 1, rawlen(value) do
      size = size + 1
      parts[size] = json_value(rawget(value, index), state, depth + 1)
    end
    text = "[" .. concat(parts, ",") .. "]"
  else
    local keys = {}
    local key = next(value)
    while key ~= nil do
      if type(key) ~= "string" then
        error("a table with keys that are no texts, and no list, is no plain data", 0)
      end
      keys[#keys + 1] = key
      key = next(value, key)
    end
    sort(keys)
    for index = 1, #keys do
      local name = keys[index]
      size = size + 1
      parts[size] = json_text(name) .. ":" .. json_value(rawget(value, name), state, depth + 1)
    end
    text = "{" .. concat(parts, ",") .. "}"
  end
  state.open[value] = nil
  return text
end

function json_value(value, state, depth)
  state.count = state.count + 1
  if state.count > MOST_VALUES then
    error("more than " .. MOST_VALUES .. " values", 0)
  end
  local kind = type(value)
  if kind == "string" then
    return json_text(value)
  elseif kind == "number" then
    return json_number(value)
  elseif kind == "nil" then
    return "null"
  elseif kind == "boolean" then
    return tostring(value)
  elseif kind == "table" then
    return json_table(value, state, depth)
  end
  error("a " .. kind .. " is no plain data", 0)
end

-- A value as JSON text; raises when it is no plain data.
local function json(value)
  return json_value(value, { count = 0, open = {} }, 0)
end

local ENTITIES = { ["&"] = "&amp;", ["<"] = "&lt;", [">"] = "&gt;", ['"'] = "&quot;" }
local function html_text(text)
  return (gsub(text, '[&<>"]', ENTITIES))
end

local function cell(value)
  if value == nil then
    return ""
  elseif type(value) == "string" then
    local more = #value > CELL and "…" or ""
    return html_text(T.cut(value, CELL) .. more)
  end
  return html_text(T.short(value))
end

-- The names of the columns of a list of records, sorted; nil when it is none.
local function columns_of(list, rows)
  local names, seen, count = {}, {}, 0
  for index = 1, rows do
    local record = rawget(list, index)
    if type(record) ~= "table" then
      return nil
    end
    local key = next(record)
    if key == nil then
      return nil
    end
    while key ~= nil do
      if type(key) ~= "string" then
        return nil
      end
      if not seen[key] then
        seen[key] = true
        count = count + 1
        names[count] = key
      end
      key = next(record, key)
    end
  end
  sort(names)
  return names
end

local function row(tag, cells)
  local open, close = "<" .. tag .. ">", "</" .. tag .. ">"
  return "<tr>" .. open .. concat(cells, close .. open) .. close .. "</tr>"
end

-- A list of records as an HTML table, or nil for anything else.
local function html_table(list)
  local length = type(list) == "table" and rawlen(list) or 0
  if length == 0 or getmetatable(list) or not is_list(list) then
    return nil
  end
  local rows = length < ROWS and length or ROWS
  local names = columns_of(list, rows)
  if not names then
    return nil
  end
  local shown = #names < COLUMNS and #names or COLUMNS
  local head, lines = {}, {}
  for place = 1, shown do
    head[place] = html_text(names[place])
  end
  if shown < #names then
    head[shown + 1] = "… " .. (#names - shown) .. " more"
  end
  for index = 1, rows do
    local cells, record = {}, rawget(list, index)
    for place = 1, shown do
      cells[place] = cell(rawget(record, names[place]))
    end
    if shown < #names then
      cells[shown + 1] = "…"
    end
    lines[index] = row("td", cells)
  end
  local note = length > rows and "<p>… " .. (length - rows) .. " more rows</p>" or ""
  return "<table><thead>" .. row("th", head) .. "</thead><tbody>"
    .. concat(lines, "\n") .. "</tbody></table>" .. note
end

-- Short names of the common kinds; every other key of a bundle is a MIME type.
local KINDS = {
  text = "text/plain",
  html = "text/html",
  markdown = "text/markdown",
  latex = "text/latex",
  svg = "image/svg+xml",
  png = "image/png",
  jpeg = "image/jpeg",
  gif = "image/gif",
  pdf = "application/pdf",
  json = "application/json",
}

local function kind_of(key)
  if type(key) ~= "string" then
    return nil
  end
  return KINDS[key] or (find(key, "^[%w.+-]+/[%w.+-]+$") and key) or nil
end

local function is_json(mime)
  return mime == "application/json" or sub(mime, -5) == "+json"
end

-- A bundle by MIME types as flat pairs: type, bytes. Raises for content that cannot be shown.
local function pairs_of(bundle)
  local found, size = {}, 0
  local key = next(bundle)
  while key ~= nil do
    local mime, content = kind_of(key), rawget(bundle, key)
    if not mime then
      error("'" .. tostring(key) .. "' is no kind of content; use a MIME type such as "
        .. "'image/png', or text, html, markdown, latex, svg, png, jpeg, gif, pdf, json", 0)
    end
    if is_json(mime) then
      content = type(content) == "string" and content or json(content)
    elseif type(content) == "number" then
      content = tostring(content)
    elseif type(content) ~= "string" then
      error("the content of '" .. key .. "' is a " .. type(content) .. ", not a text", 0)
    end
    found[size + 1], found[size + 2] = mime, content
    size = size + 2
    key = next(bundle, key)
  end
  if size == 0 then
    error("an empty bundle shows nothing", 0)
  end
  return found
end

-- Whether a table is meant as a bundle: it is no object, and one of its keys says so.
local function is_bundle(value)
  if type(value) ~= "table" or rawlen(value) > 0 or getmetatable(value) then
    return false
  end
  local key = next(value)
  while key ~= nil do
    if kind_of(key) then
      return true
    end
    key = next(value, key)
  end
  return false
end

-- The forms a value has besides its text, as flat pairs; empty for most.
local function forms(value)
  local meta = getmetatable(value)
  local own = type(meta) == "table" and rawget(meta, "__display")
  if own then
    local ok, bundle = pcall(own, value)
    if ok and type(bundle) == "table" then
      local good, found = pcall(pairs_of, bundle)
      if good then
        return found
      end
      bundle = found
    end
    local why = type(bundle) == "string" and bundle or "it gave a " .. type(bundle)
    return { "text/plain", T.full(value) .. "\n(__display failed: " .. why .. ")" }
  end
  local html = html_table(value)
  return html and { "text/html", html } or {}
end

return { json = json, pairs_of = pairs_of, is_bundle = is_bundle, forms = forms }
