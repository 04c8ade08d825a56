-- The module `tidelock`: what a program says to whoever looks at it, besides printing.
-- Every function checks its arguments here; nothing in it outlives the call.
local T, host = ...
local raw = T.raw
local type, error, unpack, tostring = raw.type, raw.error, raw.unpack, raw.tostring
local pcall, select = raw.pcall, raw.select
local rich = T.part("rich")

local tidelock = {}

local function bad(position, name, expected, got)
  local what = "bad argument #" .. position .. " to '" .. name .. "' ("
  error(what .. expected .. " expected, got " .. type(got) .. ")", 3)
end

local function text_id(id, position, name)
  if id == nil then
    return ""
  elseif type(id) == "number" then
    return tostring(id)
  elseif type(id) ~= "string" or id == "" then
    bad(position, name, "a text", id)
  end
  return id
end

local function content_of(what)
  if rich.is_bundle(what) then
    return rich.pairs_of(what)
  end
  local text = type(what) == "string" and what or T.full(what)
  return { "text/plain", text, unpack(rich.forms(what)) }
end

local function show(is_update, what, metadata, id)
  local ok, content = pcall(content_of, what)
  if not ok then
    error(content, 3)
  end
  local good, details = true, "{}"
  if metadata ~= nil then
    good, details = pcall(rich.json, metadata)
  end
  if not good then
    error("metadata: " .. details, 3)
  end
  local shown, message = host.display(is_update, id, details, unpack(content))
  if not shown then
    error(message, 3)
  end
end

-- Show a bundle of MIME types (or of short names: text, html, markdown, latex, svg, png, jpeg,
-- gif, pdf, json), or any value. What has an id can be updated.
function tidelock.display(what, metadata, id)
  if metadata ~= nil and type(metadata) ~= "table" then
    bad(2, "display", "table", metadata)
  end
  show(false, what, metadata, text_id(id, 3, "display"))
end

-- Put something else in the place of what was displayed under an id.
function tidelock.update_display(id, what, metadata)
  if id == nil then
    bad(1, "update_display", "a text", id)
  end
  if metadata ~= nil and type(metadata) ~= "table" then
    bad(3, "update_display", "table", metadata)
  end
  show(true, what, metadata, text_id(id, 1, "update_display"))
end

-- Clear what the cell has shown; `wait` leaves it until something new comes.
function tidelock.clear_output(wait)
  host.clear_output(wait and true or false)
end

-- Show how far something is; the same bar (or that of the id) is updated by the next call.
function tidelock.progress(done, total, text, id)
  if type(done) ~= "number" then
    bad(1, "progress", "number", done)
  elseif total ~= nil and type(total) ~= "number" then
    bad(2, "progress", "number", total)
  elseif text ~= nil and type(text) ~= "string" then
    bad(3, "progress", "string", text)
  end
  host.progress(done, total, text or "", text_id(id, 4, "progress"))
end

-- Ask the user for a line that is not shown; nil at the end of input.
function tidelock.read_password(prompt)
  if prompt ~= nil and type(prompt) ~= "string" then
    bad(1, "read_password", "string", prompt)
  end
  return T.ask(prompt or "", true)
end

-- Stop here if somebody debugs, and the condition holds where one is given; else do nothing.
function tidelock.pause(...)
  local condition, message = ...
  if (select("#", ...) > 0 and not condition) or T.deaf or not host.debugged() then
    return
  end
  local text = type(message) == "string" and message or message == nil and "" or T.full(message)
  T.stop("statement", text, "")
end

-- Run the present text of a loaded module, which is then what `require` gives; the old one stays
-- where its values are kept, and stays altogether if the text does not load or raises.
function tidelock.reload(name)
  if type(name) ~= "string" then
    bad(1, "reload", "string", name)
  end
  local ok, value = T.reload_module(name)
  if not ok then
    error(value, 0)
  end
  return value
end

-- Do nothing for some seconds; can be interrupted, and questions are answered meanwhile.
function tidelock.sleep(seconds)
  if type(seconds) ~= "number" or not (seconds >= 0) then
    if type(seconds) == "number" then
      error("bad argument #1 to 'sleep' (not less than 0)", 2)
    end
    bad(1, "sleep", "number", seconds)
  end
  local left = seconds
  while left do
    left = host.sleep(left)
    if left then
      T.serve_live()
    end
  end
end

return tidelock
