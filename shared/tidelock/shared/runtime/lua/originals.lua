-- The library as it was before any program ran: everything in this folder works with these,
-- so that a script that replaces `pairs` or `debug.getlocal` cannot break the runtime.
-- Must never keep anything that a script made.
local T = ...

local raw = {}
for name, value in next, _G do
  raw[name] = value
end
for _, library in next, { "string", "table", "debug", "io", "os", "coroutine", "package", "math" } do
  local copy = {}
  for name, value in next, _G[library] do
    copy[name] = value
  end
  raw[library] = copy
end

raw.unpack = raw.table.unpack or raw.unpack
raw.rawlen = raw.rawlen or function(value)
  return #value
end
raw.pack = raw.table.pack or function(...)
  return { n = raw.select("#", ...), ... }
end

T.raw = raw
T.globals = _G
T.version = raw.tonumber(raw.string.match(_VERSION, "%d+%.%d+"))
T.luajit = raw.jit ~= nil
T.ops = {}

-- Lua 5.1 has no environment argument to load, and its load takes only functions.
if raw.setfenv and not T.luajit then
  function T.compile(text, name, _, env)
    local chunk, message = raw.loadstring(text, name)
    if chunk and env then
      raw.setfenv(chunk, env)
    end
    return chunk, message
  end
else
  local load = raw.load
  function T.compile(text, name, mode, env)
    if env then
      return load(text, name, mode, env)
    end
    return load(text, name, mode)
  end
end

-- Frames of this folder carry this chunk name; users never see them.
T.own = "=[tidelock]"

local baseline = { arg = true, ARGS = true }
for name in next, _G do
  baseline[name] = true
end
T.baseline = baseline
