-- The moment: what a program has made of its globals, small enough to be sent after each run.
-- Raw reads only, bounded by a number of names, by bytes and by time.
local T = ...
local raw = T.raw
local type, next, tostring, clock = raw.type, raw.next, raw.tostring, raw.os.clock
local MODULES = 2000
local ROUND = 32 -- names between two looks at the clock

-- Whether there is more, the names of loaded modules that are no standard ones joined by newlines,
-- then the globals that are no standard ones as packed facts: so many names and bytes at most, and
-- what is found in so many seconds (of the processor: there is no other clock in every Lua).
function T.ops.moment(most, most_bytes, most_seconds)
  local fields, size, bytes, cut = {}, 0, 0, false
  local ends = clock() + most_seconds
  local name, value = next(T.globals)
  while name ~= nil and not cut do
    if type(name) == "string" and not T.baseline[name] then
      cut = size >= most or (size % ROUND == 0 and clock() > ends)
      if not cut then
        T.push_fact(fields, size, name, value, "global")
        for index = size * 6 + 1, size * 6 + 6 do
          bytes = bytes + #fields[index]
        end
        cut = bytes > most_bytes
        size = cut and size or size + 1
      end
    end
    name, value = next(T.globals, name)
  end
  local modules, more = T.modules(most)
  return cut or more, raw.table.concat(modules, "\n"), T.packed(fields, size * 6)
end

-- The names of loaded modules that are no standard ones, so many at most and sorted; whether there
-- are more.
function T.modules(most)
  local modules, count, more = {}, 0, false
  local module = next(raw.package.loaded)
  while module ~= nil and not more do
    if type(module) == "string" and not T.baseline[module] and not T.loaded_before[module] then
      more = count == most
      if not more then
        count = count + 1
        modules[count] = module
      end
    end
    module = next(raw.package.loaded, module)
  end
  raw.table.sort(modules)
  return modules, more
end

-- For each of them name and path.
function T.ops.modules()
  local fields = {}
  for index, name in raw.ipairs((T.modules(MODULES))) do
    fields[index * 2 - 1], fields[index * 2] = name, T.module_path(name)
  end
  return raw.unpack(fields)
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
