-- The moment: what a program has made of its globals, small enough to be sent after each run.
-- Raw reads only, bounded by a number of names.
local T = ...
local raw = T.raw
local type, next, tostring = raw.type, raw.next, raw.tostring
local unpack = raw.unpack
local LIMIT = 5000

-- count, the names of loaded modules that are no standard ones joined by newlines, then the
-- globals that are no standard ones as facts.
function T.ops.moment()
  local fields, size = {}, 0
  local name, value = next(T.globals)
  while name ~= nil and size < LIMIT do
    if type(name) == "string" and not T.baseline[name] then
      T.push_fact(fields, size, name, value, "global")
      size = size + 1
    end
    name, value = next(T.globals, name)
  end
  return size, raw.table.concat(T.modules(), "\n"), unpack(fields, 1, size * 6)
end

-- The names of loaded modules that are no standard ones, sorted.
function T.modules()
  local modules, count = {}, 0
  local module = next(raw.package.loaded)
  while module ~= nil and count < LIMIT do
    if type(module) == "string" and not T.baseline[module] and not T.loaded_before[module] then
      count = count + 1
      modules[count] = module
    end
    module = next(raw.package.loaded, module)
  end
  raw.table.sort(modules)
  return modules
end

-- For each of them name and path.
function T.ops.modules()
  local fields = {}
  for index, name in raw.ipairs(T.modules()) do
    fields[index * 2 - 1], fields[index * 2] = name, T.module_path(name)
  end
  return unpack(fields)
end

-- Kilobytes in use once the garbage is gone.
function T.ops.collect()
  raw.collectgarbage()
  return raw.collectgarbage("count")
end

local before = {}
for name in next, raw.package.loaded do
  before[tostring(name)] = true
end
T.loaded_before = before
