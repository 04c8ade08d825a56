-- Evaluating text in a frame or at global scope, in a coroutine of its own that can be
-- interrupted and never yields to the program. Breakpoints inside what it runs are ignored.
local T, host = ...
local raw = T.raw
local type, error, select, unpack = raw.type, raw.error, raw.select, raw.unpack
local getlocal, setlocal = raw.debug.getlocal, raw.debug.setlocal
local getupvalue, setupvalue = raw.debug.getupvalue, raw.debug.setupvalue
local sethook, setmetatable = raw.debug.sethook, raw.setmetatable
local create, resume, status = raw.coroutine.create, raw.coroutine.resume, raw.coroutine.status
local ops = T.ops

local CHECK_EVERY = 10000 -- instructions between two looks at whether the asker gave up

-- A table that stands for the names a frame sees: reads and writes reach the real variables.
-- The frame is { thread =, level = } and may be filled in later and again.
local function scope(frame)
  return setmetatable({}, {
    __index = function(_, name)
      local thread, level = frame.thread, frame.level
      if name == "_ERROR" and T.exception then
        return T.exception.value
      end
      local kind, index, func = T.place_of(thread, level, name)
      if kind == "local" then
        local _, value = getlocal(thread, level, index)
        return value
      elseif kind == "upvalue" then
        local _, value = getupvalue(func, index)
        return value
      end
      return T.environment(thread, level)[name]
    end,
    __newindex = function(_, name, value)
      local thread, level = frame.thread, frame.level
      local kind, index, func = T.place_of(thread, level, name)
      if kind == "local" then
        setlocal(thread, level, index, value)
      elseif kind == "upvalue" then
        setupvalue(func, index, value)
      else
        T.environment(thread, level)[name] = value
      end
    end,
  })
end
T.scope = scope

local function compile(text, env)
  local name = "=(evaluate)"
  local chunk = T.compile("return " .. text, name, "t", env)
  if chunk then
    return chunk
  end
  local statement, message = T.compile(text, name, "t", env)
  if not statement then
    error(message, 0)
  end
  return statement
end

-- Run a function to its end in a fresh coroutine; returns its values, raises its error.
local function run(func, ...)
  local thread = create(func)
  sethook(thread, function()
    if host.cancelled() then
      error("cancelled", 0)
    end
  end, "", CHECK_EVERY)
  local deaf = T.deaf
  T.deaf = true
  local inside = T.luajit and host.hooks_inside(true)
  local results = raw.pack(resume(thread, ...))
  if inside then
    host.hooks_inside(false)
  end
  T.deaf = deaf
  if T.luajit then
    sethook()
  end
  if not results[1] then
    local value = results[2]
    error(type(value) == "string" and value or T.short(value), 0)
  elseif status(thread) == "suspended" then
    error("attempt to yield from an evaluation", 0)
  end
  return unpack(results, 2, results.n)
end

local function values_of(thread_number, level, text)
  local thread = T.thread_of(thread_number)
  if not thread then
    return run(compile(text, nil))
  end
  local varargs, count = T.varargs_of(thread, level)
  return run(compile(text, scope({ thread = thread, level = level })), unpack(varargs, 1, count))
end

local function described(text, ...)
  local count = select("#", ...)
  if count == 1 then
    return count, T.describe((...))
  elseif count == 0 then
    return 0, "nil", "", 0, 0, 0
  end
  local kind, _, handle, indexed, named = T.describe({ ... })
  return count, kind, T.results_text(...), handle, indexed, named
end

-- count of values, then type, text, handle, indexed and named of the one value or the list
function ops.evaluate(thread_number, level, text)
  return described(text, values_of(thread_number, level, text))
end

-- The same with all of the text.
function ops.copy(thread_index, level, text)
  local values = raw.pack(values_of(thread_index, level, text))
  local parts = {}
  for index = 1, values.n do
    parts[index] = T.whole(values[index])
  end
  local kind = values.n == 1 and T.type_name(values[1]) or "table"
  return values.n, kind, raw.table.concat(parts, "\t"), 0, 0, 0
end

local function plain_again(ok, ...)
  T.hex = false
  if not ok then
    error((...), 0)
  end
  return ...
end

-- Another operation with its integers in hexadecimal.
function ops.in_hex(name, ...)
  T.hex = true
  return plain_again(raw.pcall(ops[name], ...))
end

-- Set a child of a handle to the value of an expression; on an error nothing changes.
function ops.set(handle, name, thread_number, level, text)
  local value = (values_of(thread_number, level, text))
  T.set_child(handle, name, value)
  return T.describe(value)
end

-- Assign to an expression such as `t.x[1]` in a frame.
function ops.assign(thread_number, level, target, text)
  local value = (values_of(thread_number, level, text))
  local thread = T.thread_of(thread_number)
  local env = thread and scope({ thread = thread, level = level }) or nil
  local chunk, message = T.compile(target .. " = ...", "=(assign)", "t", env)
  if not chunk then
    error(message, 0)
  end
  run(chunk, value)
  return T.describe(value)
end

-- A value as text and in its other forms, as flat pairs of MIME type and content.
function ops.rich(thread_index, level, text)
  local value = (values_of(thread_index, level, text))
  return run(function()
    return "text/plain", T.full(value), unpack(T.part("rich").forms(value))
  end)
end

-- Give a global the value of an expression in a frame; what it was is gone.
function ops.globalize(thread_index, level, text, name)
  local value = (values_of(thread_index, level, text))
  raw.rawset(T.globals, name, value)
  return T.describe(value)
end

-- Whether an expression at global scope went well, and its text or the error's.
function T.expression(text)
  local ok, result = raw.pcall(function()
    return T.results_text(run(compile(text, nil)))
  end)
  return ok, ok and (result == "" and "nil" or result) or (type(result) == "string" and result or T.short(result))
end
