-- Loading: every chunk of a program passes here on its way to Lua's own load, so that it has
-- the name the sources know it by and can carry its breakpoints from the first line.
-- Never runs what it loads, except `dofile` and `require`, as Lua does.
local T, host = ...
local raw = T.raw
local type, error = raw.type, raw.error
local sub, gsub, gmatch, find = raw.string.sub, raw.string.gsub, raw.string.gmatch, raw.string.find
local globals = T.globals
local package = globals.package
local compile = T.compile
local getmetatable = raw.debug.getmetatable

-- Whether any breakpoint exists; without one `load` leaves text alone (no instrumentation).
T.instrumenting = false

-- The chunk that is between the look at its breakpoints and Lua's load: its functions do not exist
-- yet, so that a plan to replace them has to wait.
local loading, waiting

-- Whether a chunk is being loaded; plan `number` is then told when it is.
function T.is_loading(name, number)
  if name == loading then
    waiting = number
  end
  return name == loading
end

local function end_loading(...)
  loading = nil
  if waiting then
    local number = waiting
    waiting = nil
    host.swap_left(number)
  end
  return ...
end
T.end_loading = end_loading

-- The text with the breakpoints of its source compiled in, or nil; then the table knows the
-- calls that it carries before the chunk can run.
local function prepared(text, name)
  if sub(text, 1, 1) == "\27" then
    return nil
  end
  loading = name
  local ready = host.prepare(name, text, getmetatable(globals) ~= nil)
  if ready then
    T.install_probe()
    T.ops.breakpoints(host.points())
  end
  return ready
end

local function not_prepared(name)
  host.unprepared(name)
  T.ops.breakpoints(host.points())
end

local function load_text(text, name, mode, env)
  local ready = prepared(text, name)
  if ready then
    local chunk = compile(ready, name, mode, env)
    if chunk then
      return end_loading(chunk)
    end
    not_prepared(name)
  end
  return end_loading(compile(text, name, mode, env))
end
T.load_text = load_text

-- A UTF-8 mark and a first line that begins with # are no part of Lua; the line stays counted.
local function plain(text)
  if sub(text, 1, 3) == "\239\187\191" then
    text = sub(text, 4)
  end
  if sub(text, 1, 1) == "#" then
    text = sub(text, find(text, "\n", 1, true) or #text + 1)
  end
  return text
end
T.plain = plain

-- Whether a text is Lua as it stands; nothing is prepared and nobody is told.
function T.is_chunk(text)
  return compile(text, "=", "t") ~= nil
end

-- Load a file the way Lua does, by its canonical path and with the editor's unsaved text.
local function load_file(path, mode, env)
  local text, name = host.read_source(path)
  if not text then
    return nil, name
  end
  return load_text(plain(text), name, mode, env)
end

local function chunk_name(given, fallback)
  return type(given) == "string" and given or fallback
end

-- The pieces a reader function gives, joined; nil and a message when it gives something else.
local function collect(reader)
  local parts, count = {}, 0
  while true do
    local piece = reader()
    if piece == nil or piece == "" then
      return raw.table.concat(parts)
    elseif type(piece) ~= "string" then
      return nil, "reader function must return a string"
    end
    count = count + 1
    parts[count] = piece
  end
end

if raw.loadstring and not T.luajit then
  function globals.loadstring(text, name)
    if not T.instrumenting or type(text) ~= "string" then
      return raw.loadstring(text, name)
    end
    return load_text(text, chunk_name(name, text))
  end
  function globals.load(reader, name)
    if not T.instrumenting or type(reader) ~= "function" then
      return raw.load(reader, name)
    end
    local text, message = collect(reader)
    if not text then
      return nil, message
    end
    return load_text(text, chunk_name(name, "=(load)"))
  end
else
  local raw_load = raw.load
  function globals.load(chunk, name, mode, ...)
    local kind = type(chunk)
    if (...) then
      T.note_env()
    end
    if not T.instrumenting or (kind ~= "string" and kind ~= "function") then
      return raw_load(chunk, name, mode, ...)
    end
    local text, message = chunk, nil
    if kind == "function" then
      text, message = collect(chunk)
      if not text then
        return nil, message
      end
    end
    local source = chunk_name(name, kind == "string" and chunk or "=(load)")
    local ready = prepared(text, source)
    if ready then
      local done = raw_load(ready, source, mode, ...)
      if done then
        return end_loading(done)
      end
      not_prepared(source)
    end
    return end_loading(raw_load(text, source, mode, ...))
  end
  if raw.loadstring then
    globals.loadstring = globals.load
  end
end

function globals.loadfile(path, mode, ...)
  if type(path) ~= "string" then
    return raw.loadfile(path, mode, ...)
  end
  if raw.select("#", ...) == 0 then
    return load_file(path, mode)
  end
  -- An explicit nil environment is an environment: hand the original through unprepared.
  T.note_env()
  local env = (...)
  if env == nil then
    return raw.loadfile(path, mode, ...)
  end
  return load_file(path, mode, env)
end

function globals.dofile(path)
  if type(path) ~= "string" then
    return raw.dofile(path)
  end
  local chunk, message = load_file(path)
  if not chunk then
    error(message, 0)
  end
  return chunk()
end

-- Parts of the runtime that most programs never need: read when first asked for.
local parts = {}
function T.part(name)
  local part = parts[name]
  if part == nil then
    part = compile(host.part(name), T.own)(T, host)
    parts[name] = part
  end
  return part
end

package.preload.tidelock = function()
  return T.part("tidelock")
end

-- Modules written in Lua that this loader brought in, with their paths; a fresh launch forgets
-- exactly these.
local loaded_here = {}

local function search_path(name, path)
  if raw.package.searchpath then
    return raw.package.searchpath(name, path)
  end
  local file_name = gsub(name, "%.", "/")
  local tried = ""
  for template in gmatch(path, "[^;]+") do
    local candidate = gsub(template, "%?", (gsub(file_name, "%%", "%%%%")))
    local handle = raw.io.open(candidate, "r")
    if handle then
      handle:close()
      return candidate
    end
    tried = tried .. "\n\tno file '" .. candidate .. "'"
  end
  return nil, tried
end

local function search_lua(name)
  local path = package.path
  if type(path) ~= "string" then
    error("'package.path' must be a string", 0)
  end
  local found, tried = search_path(name, path)
  if not found then
    return tried
  end
  local chunk, message = load_file(found)
  if not chunk then
    error(
      "error loading module '" .. name .. "' from file '" .. found .. "':\n\t" .. message,
      0
    )
  end
  loaded_here[name] = found
  host.module_found(name, found)
  return chunk, found
end

local searchers = package.searchers or package.loaders
searchers[2] = search_lua

-- Forget the Lua modules of earlier runs, so that the next run loads their present text.
function T.forget_modules()
  local loaded = package.loaded
  for name in raw.next, loaded_here do
    loaded[name] = nil
  end
  loaded_here = {}
  host.modules_forgotten()
  T.ops.breakpoints(host.points())
end

-- The name that Lua 5.1's `module` has put into a table.
local function named(value)
  return type(value) == "table" and raw.rawget(value, "_NAME") or nil
end

-- Run the present text of a loaded module as `require` would: whether that went well, and the
-- module or what was raised; then the old one stays. It is not taken away meanwhile, for an
-- interrupt leaves no time to put it back.
function T.reload_module(name)
  local path, loaded = loaded_here[name], package.loaded
  local before = loaded[name]
  if not path or before == nil then
    return false, "'" .. name .. "' is no loaded module that is written in Lua"
  end
  local chunk, message = load_file(path)
  if not chunk then
    return false, message
  end
  local ok, value = raw.pcall(chunk, name, path)
  if not ok then
    loaded[name] = before
    return false, value
  end
  if value ~= nil then
    loaded[name] = value
  elseif raw.rawequal(loaded[name], before) and named(before) ~= name then
    loaded[name] = true
  end
  host.module_found(name, path)
  return true, loaded[name]
end

-- The path of a module that is written in Lua, empty for others.
function T.module_path(name)
  return loaded_here[name] or ""
end

local base_path = package.path
function T.set_path(prefix)
  package.path = prefix .. base_path
end

-- `arg` as the standalone interpreter sets it, `ARGS` with options by name besides.
function T.set_arguments(script, ...)
  local arg, args = { [0] = script }, { [0] = script }
  local count, index, position = raw.select("#", ...), 1, 0
  local words = { ... }
  local options = true
  for place = 1, count do
    arg[place] = words[place]
  end
  while index <= count do
    local word = words[index]
    local name, value = raw.string.match(word, "^%-%-([%w_%-]+)=(.*)$")
    local bare = raw.string.match(word, "^%-%-([%w_%-]+)$") or raw.string.match(word, "^%-(%a)$")
    if not options or not (name or bare or word == "--") then
      position = position + 1
      args[position] = word
    elseif word == "--" then
      options = false
    elseif name then
      args[name] = value
    elseif index < count and sub(words[index + 1], 1, 1) ~= "-" then
      index = index + 1
      args[bare] = words[index]
    else
      args[bare] = "true"
    end
    index = index + 1
  end
  globals.arg, globals.ARGS = arg, args
end
