-- Looking at a program that stands still: stacks, variables, members, by raw reads only.
-- A frame is a coroutine and a level in it; frames of the runtime itself are never shown.
-- The file is long because frames, variables and facts are read with the same few guarded reads.
local T = ...
local raw = T.raw
local type, next, rawget, rawset, rawlen = raw.type, raw.next, raw.rawget, raw.rawset, raw.rawlen
local getinfo, getlocal, setlocal = raw.debug.getinfo, raw.debug.getlocal, raw.debug.setlocal
local getupvalue, setupvalue = raw.debug.getupvalue, raw.debug.setupvalue
local getmetatable, getfenv = raw.debug.getmetatable, raw.getfenv
local pcall, unpack, error, tostring = raw.pcall, raw.unpack, raw.error, raw.tostring
local match, sub, concat = raw.string.match, raw.string.sub, raw.table.concat
local floor = raw.math.floor
local ops, own = T.ops, T.own

-- Lua 5.1 cannot tell a tail call this way.
local FRAME = T.version >= 5.2 and "nSlutf" or "nSluf"

-- Names of functions that live in loaded modules, as Lua's own traceback looks them up.
function T.known_name(func)
  local loaded = raw.package.loaded
  local name, library = next(loaded)
  while name ~= nil do
    if type(library) == "table" and type(name) == "string" then
      local key, value = next(library)
      while key ~= nil do
        if value == func and type(key) == "string" then
          return name == "_G" and key or name .. "." .. key
        end
        key, value = next(library, key)
      end
    end
    name, library = next(loaded, name)
  end
end

function T.frame_name(info)
  if info.what == "main" then
    return "main chunk"
  end
  local known = info.func and T.known_name(info.func)
  if known then
    return known
  elseif info.name and info.name ~= "" and info.name ~= "?" then
    return info.name
  elseif info.what == "C" then
    return "?"
  end
  return "function <" .. (match(info.source, "([^/\\]*)$") or "?") .. ":" .. info.linedefined .. ">"
end

local function is_python(info)
  return T.python and T.python.is_call(info.func)
end

-- Visit the user's frames of one coroutine from the innermost outwards until visit is true.
-- Left out: our own frames, the C function that serves us, and a C function we called
-- (the pcall around a chunk).
function T.walk(thread, visit)
  local level = 0
  local info = getinfo(thread, 0, FRAME)
  if info and info.what == "C" then
    local outer = getinfo(thread, 1, "S")
    if outer and outer.source == own and not is_python(info) then
      level, info = 1, getinfo(thread, 1, FRAME)
    end
  end
  while info do
    local outer = getinfo(thread, level + 1, FRAME)
    local ours = info.source == own
    if not ours and info.what == "C" and outer and outer.source == own then
      ours = not is_python(info)
      info.name = outer.name -- for a call of Python: ours stands between it and its caller
    end
    if not ours and visit(level, info) then
      return true
    end
    level, info = level + 1, outer
  end
end

-- The parameters of frames as text.
function ops.signatures(...)
  return T.part("signatures")(...)
end

-- Innermost user frame of a coroutine: level and info, or nil.
function T.top_frame(thread)
  local top, found
  T.walk(thread, function(level, info)
    top, found = level, info
    return true
  end)
  return top, found
end

function T.is_stopped_frame(thread, level)
  return thread == T.standing and level == (T.top_frame(thread))
end

local function frame_info(thread, level, what)
  local info = thread and getinfo(thread, level, what)
  if not info then
    error("no such frame", 0)
  end
  return info
end

-- Locals of a frame in order: { name, index }, without the VM's temporaries.
local function locals_of(thread, level)
  local found, count, index = {}, 0, 1
  while true do
    local name = getlocal(thread, level, index)
    if not name then
      break
    end
    if sub(name, 1, 1) ~= "(" then
      count = count + 1
      found[count] = { name = name, index = index }
    end
    index = index + 1
  end
  return found
end

local function varargs_of(thread, level)
  local values, count = {}, 0
  if T.version == 5.1 and not T.luajit then
    return values, 0
  end
  while true do
    local ok, name, value = pcall(getlocal, thread, level, -count - 1)
    if not ok or not name then
      return values, count
    end
    count = count + 1
    values[count] = value
  end
end
T.varargs_of = varargs_of

-- The table in which a frame's function looks up its globals.
local function environment(thread, level)
  for _, entry in raw.ipairs(locals_of(thread, level)) do
    if entry.name == "_ENV" then
      local _, value = getlocal(thread, level, entry.index)
      if type(value) == "table" then
        return value
      end
    end
  end
  local func = frame_info(thread, level, "f").func
  if getfenv then
    return getfenv(func)
  end
  local index = 1
  while true do
    local name, value = getupvalue(func, index)
    if not name then
      return T.globals
    elseif name == "_ENV" and type(value) == "table" then
      return value
    end
    index = index + 1
  end
end
T.environment = environment

-- Where a name of a frame lives: "local"/"upvalue"/"global", then how to reach it.
local function place_of(thread, level, name)
  local index, found = 1, nil
  while true do
    local local_name = getlocal(thread, level, index)
    if not local_name then
      break
    end
    if local_name == name then
      found = index -- the last one of a name is the innermost
    end
    index = index + 1
  end
  if found then
    return "local", found
  end
  local func = frame_info(thread, level, "f").func
  index = 1
  while true do
    local upvalue_name = getupvalue(func, index)
    if not upvalue_name then
      return "global"
    elseif upvalue_name == name then
      return "upvalue", index, func
    end
    index = index + 1
  end
end
T.place_of = place_of

-- Handles of the scopes of a frame: locals, upvalues, globals, each with its child count.
function ops.scopes(thread_number, level)
  if thread_number < 0 then
    return T.python.scopes(level)
  end
  local thread = T.thread_of(thread_number)
  local info = frame_info(thread, level, "fu")
  local _, varargs = varargs_of(thread, level)
  local count = #locals_of(thread, level) + (varargs > 0 and 1 or 0)
  if T.is_stopped_frame(thread, level) then
    count = count + #T.returned
  end
  local frame = { thread = thread, level = level }
  return T.keep({ kind = "locals", frame = frame }), count,
    T.keep({ kind = "upvalues", frame = frame, func = info.func }), info.nups,
    T.keep({ kind = "globals", value = environment(thread, level) })
end

-- Child lists: each entry is { name, value, evaluate name, set = function(new value) }.
local function local_children(entry)
  local thread, level = entry.frame.thread, entry.frame.level
  local children, last_of = {}, {}
  local list = locals_of(thread, level)
  for place, item in raw.ipairs(list) do
    last_of[item.name] = place
  end
  local shadowed = {}
  for place, item in raw.ipairs(list) do
    local _, value = getlocal(thread, level, item.index)
    local hidden = last_of[item.name] ~= place
    local child = {
      name = hidden and item.name .. " (shadowed)" or item.name,
      value = value,
      path = hidden and "" or item.name,
      set = function(new)
        setlocal(thread, level, item.index, new)
      end,
    }
    local target = hidden and shadowed or children
    target[#target + 1] = child
  end
  for _, child in raw.ipairs(shadowed) do
    children[#children + 1] = child
  end
  local varargs, count = varargs_of(thread, level)
  if count > 0 then
    local shown = {}
    for index = 1, count do
      shown[index] = T.short(varargs[index])
    end
    children[#children + 1] = {
      name = "...",
      value = varargs,
      text = raw.table.concat(shown, ", "),
      path = "{...}",
    }
  end
  if T.is_stopped_frame(thread, level) then
    for _, child in raw.ipairs(T.returned_children()) do
      children[#children + 1] = child
    end
  end
  return children
end

local function upvalue_children(entry)
  local children, index = {}, 1
  while true do
    local place = index
    local name, value = getupvalue(entry.func, place)
    if not name then
      return children
    end
    if name ~= "_ENV" then
      children[#children + 1] = {
        name = name == "" and "[" .. place .. "]" or name,
        value = value,
        path = name,
        set = function(new)
          setupvalue(entry.func, place, new)
        end,
      }
    end
    index = index + 1
  end
end

local function key_path(prefix, key)
  if prefix == "" then
    return ""
  elseif type(key) == "string" then
    if T.is_name(key) then
      return prefix .. "." .. key
    end
    return prefix .. "[" .. T.quote(key, 1000) .. "]"
  elseif type(key) == "number" or type(key) == "boolean" then
    return prefix .. "[" .. tostring(key) .. "]"
  end
  return ""
end

local function field(table_value, key, prefix)
  local name = type(key) == "string" and key or "[" .. T.key_name(key) .. "]"
  return {
    name = name,
    value = rawget(table_value, key),
    path = key_path(prefix, key),
    set = function(new)
      rawset(table_value, key, new)
    end,
  }
end

local function indexed_children(entry, start, count)
  local children, length = {}, rawlen(entry.value)
  local last = start + count < length and start + count or length
  for index = start + 1, last do
    children[#children + 1] = field(entry.value, index, entry.path or "")
  end
  return children
end

local function named_children(entry, start, count)
  local keys = T.other_keys(entry.value, 10000)
  if entry.kind == "globals" then
    local kept = {}
    for _, key in raw.ipairs(keys) do
      if not T.baseline[key] then
        kept[#kept + 1] = key
      end
    end
    keys = kept
  end
  local children = {}
  for index = start + 1, #keys < start + count and #keys or start + count do
    local prefix = entry.path or ""
    local child = field(entry.value, keys[index], prefix)
    if entry.kind == "globals" and type(keys[index]) == "string" then
      child.path = T.is_name(keys[index]) and keys[index] or ""
    end
    children[#children + 1] = child
  end
  local meta = entry.kind ~= "globals" and getmetatable(entry.value)
  if meta and #keys >= start and #keys < start + count then
    children[#children + 1] = { name = "(metatable)", value = meta, path = "" }
  end
  return children
end

local function children_of(handle, filter, start, count)
  local entry = T.entry(handle)
  if not entry then
    error("not available after resume", 0)
  end
  if entry.kind == "locals" then
    return local_children(entry)
  elseif entry.kind == "upvalues" then
    return upvalue_children(entry)
  elseif entry.kind == "python" then
    return T.python.variables(entry.level)
  elseif type(entry.value) ~= "table" then
    return {}
  elseif filter == "indexed" then
    return indexed_children(entry, start, count)
  elseif filter == "named" then
    return named_children(entry, start, count)
  end
  local length = rawlen(entry.value)
  local children = entry.kind ~= "globals" and indexed_children(entry, start, count) or {}
  local left = count - #children
  if left > 0 then
    local skip = start > length and start - length or 0
    for _, child in raw.ipairs(named_children(entry, skip, left)) do
      children[#children + 1] = child
    end
  end
  return children
end

-- Flat fields of a page of children: count, then per child: name, type, text, handle,
-- indexed, named, evaluate name.
function ops.children(handle, filter, start, count)
  local entry = T.entry(handle)
  local kind = entry and entry.kind
  local whole = kind == "locals" or kind == "upvalues" or kind == "python"
  local children = children_of(handle, filter, start, count)
  local fields, size = {}, 0
  local from, to = 1, #children
  if whole then
    from = start + 1
    to = start + count < to and start + count or to
  end
  for index = from, to do
    local child = children[index]
    local place = size * 7
    local child_handle, indexed, named, text
    kind, text, child_handle, indexed, named = T.describe(child.value, child.text)
    if child_handle ~= 0 then
      T.entry(child_handle).path = child.path
    end
    fields[place + 1], fields[place + 2], fields[place + 3] = child.name, child.type or kind, text
    fields[place + 4], fields[place + 5], fields[place + 6] = child_handle, indexed, named
    fields[place + 7] = child.path
    size = size + 1
  end
  return size, unpack(fields, 1, size * 7)
end

-- Find a child by the name it was listed under and give it a new value.
function T.set_child(handle, name, new)
  local children = children_of(handle, "", 0, floor(2 ^ 31))
  for _, child in raw.ipairs(children) do
    if child.name == name then
      if not child.set then
        error("'" .. name .. "' cannot be changed", 0)
      end
      child.set(new)
      return
    end
  end
  local entry = T.entry(handle)
  if entry.kind == "globals" then
    rawset(entry.value, name, new)
    return
  end
  error("no variable '" .. name .. "' here", 0)
end

-- Raw index that follows `__index` tables and calls nothing.
local function raw_index(value, key)
  for _ = 1, 100 do
    if type(value) == "table" then
      local found = rawget(value, key)
      if found ~= nil then
        return found
      end
    end
    local meta = getmetatable(value)
    value = type(meta) == "table" and rawget(meta, "__index")
    if type(value) ~= "table" then
      return nil
    end
  end
end

-- The value that a root and constant keys lead to, and whether the root exists.
local function resolve(thread_number, level, root, ...)
  local value, exists
  local thread = T.thread_of(thread_number)
  if thread then
    local kind, index, func = place_of(thread, level, root)
    if kind == "local" then
      local _, found = getlocal(thread, level, index)
      value, exists = found, true
    elseif kind == "upvalue" then
      local _, found = getupvalue(func, index)
      value, exists = found, true
    else
      value = raw_index(environment(thread, level), root)
    end
  else
    value = rawget(T.globals, root)
  end
  for index = 1, raw.select("#", ...) do
    value = raw_index(value, (raw.select(index, ...)))
  end
  return value, exists or value ~= nil
end
T.resolve = resolve

function T.is_lua_function(value)
  local info = type(value) == "function" and getinfo(value, "S")
  return info and info.what ~= "C" and info.source ~= own
end

-- Which paths from the stopped frame lead to a function written in Lua: a boolean for each; none
-- for any other frame. Per path: the number of keys, the root, the keys.
function ops.callable(number, level, ...)
  local thread = T.thread_of(number)
  if not thread or not T.is_stopped_frame(thread, level) then
    return
  end
  local found, count, place, fields = {}, 0, 1, raw.pack(...)
  while place <= fields.n do
    local last = place + 1 + fields[place]
    count = count + 1
    found[count] = T.is_lua_function((resolve(number, level, unpack(fields, place + 1, last))))
    place = last + 1
  end
  return unpack(found, 1, count)
end

local MEMBER_LIMIT = 2000

-- One fact as flat fields: name, type, text, signature, kind, place of the source.
function T.push_fact(fields, size, name, value, kind)
  local place = size * 6
  local callable = type(value) == "function"
  local parameters = callable and T.parameters(value) or ""
  if kind == "field" and match(parameters, "^%(self[,)]") then
    kind = "method"
  end
  fields[place + 1], fields[place + 2], fields[place + 3] = name, T.type_name(value), T.short(value)
  fields[place + 4] = parameters ~= "" and name .. parameters or ""
  fields[place + 5] = kind
  fields[place + 6] = callable and T.place(value) or ""
end
local push_fact = T.push_fact

-- Flat fields as two texts: the length of each, and all of them in a row. Lua 5.1 and LuaJIT hand
-- over some 8000 values at once.
function T.packed(fields, count)
  local lengths = {}
  for index = 1, count do
    lengths[index] = #fields[index]
  end
  return concat(lengths, " "), concat(fields, "", 1, count)
end
local packed = T.packed

-- Members of a value, also those it has through `__index` tables: whether there are more, then
-- packed facts.
function ops.members(thread_number, level, root, ...)
  local value = resolve(thread_number, level, root, ...)
  local fields, size, seen, cut = {}, 0, {}, false
  for _ = 1, 20 do
    if type(value) == "table" then
      local key, member = next(value)
      while key ~= nil and not cut do
        if type(key) == "string" and not seen[key] then
          cut = size == MEMBER_LIMIT
          if not cut then
            seen[key] = true
            push_fact(fields, size, key, member, "field")
            size = size + 1
          end
        end
        key, member = next(value, key)
      end
    end
    local meta = getmetatable(value)
    value = type(meta) == "table" and rawget(meta, "__index")
    if type(value) ~= "table" then
      break
    end
  end
  return cut, packed(fields, size * 6)
end

-- One value by its path: whether it exists, then as one packed fact.
function ops.value(thread_number, level, root, ...)
  local value, exists = resolve(thread_number, level, root, ...)
  if not exists then
    return false
  end
  local fields = {}
  local name = raw.select("#", ...) > 0 and tostring((raw.select(-1, ...))) or root
  push_fact(fields, 0, name, value, "field")
  return true, packed(fields, 6)
end

-- Names at hand: the frame's locals and upvalues, then the globals that are no standard ones.
-- Whether there are more, then packed facts.
function ops.names(thread_number, level)
  local fields, size, seen, cut = {}, 0, {}, false
  local function push(name, value, kind)
    if seen[name] then
      return
    end
    cut = size == MEMBER_LIMIT
    if not cut then
      seen[name] = true
      push_fact(fields, size, name, value, kind)
      size = size + 1
    end
  end
  local thread = T.thread_of(thread_number)
  local scope = T.globals
  if thread then
    local list = locals_of(thread, level)
    for index = #list, 1, -1 do
      local _, value = getlocal(thread, level, list[index].index)
      push(list[index].name, value, "local")
    end
    for _, child in raw.ipairs(upvalue_children({ func = frame_info(thread, level, "f").func })) do
      push(child.name, child.value, "upvalue")
    end
    scope = environment(thread, level)
  end
  local name, value = next(scope)
  while name ~= nil and not cut do
    if type(name) == "string" and (scope ~= T.globals or not T.baseline[name]) then
      push(name, value, "global")
    end
    name, value = next(scope, name)
  end
  return cut, packed(fields, size * 6)
end
