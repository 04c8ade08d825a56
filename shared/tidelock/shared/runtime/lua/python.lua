-- Python as a program sees it and as its stack shows it; loaded only where lua.python_access is true.
-- Values are converted in bridge.py; here is what has to be done on Lua's side of the border. What
-- calls Python takes along the coroutine that it is called from and a function made to call back
-- there: lupa by itself would call back on whatever state it got a function from, which may be gone.
local T = ...
local raw = T.raw
local next, select, unpack = raw.next, raw.select, raw.unpack
local getmetatable = raw.debug.getmetatable
local running = raw.coroutine.running

local python = {}
T.python = python

local call -- the C function by which Lua calls Python
local meta -- of every Python value

local function here(func, ...)
  return func(...)
end

if T.version == 5.1 and not T.luajit then -- where a tail call would leave a frame of its own
  local function pass(...)
    return ...
  end

  function here(func, ...)
    return pass((select(1, func))(...)) -- called without a name
  end
end

-- What Python does to a table.
python.work = {
  get = function(t, key)
    return t[key]
  end,
  set = function(t, key, value)
    t[key] = value
  end,
  size = function(t)
    return #t
  end,
  key_after = function(t, key)
    return (next(t, key))
  end,
  -- Steps that pass the border; called where it is passed.
  step_number = T.step_number,
  take_step_in = function()
    return T.steps_in() and T.enter(T.drop_step)
  end,
  drop_step = function()
    return T.enter(T.drop_step)
  end,
  step = function()
    return T.enter(T.step_on)
  end,
}

-- The running coroutine, nil for the main one.
local function thread()
  local found, is_main = running()
  return not is_main and found or nil
end

-- Give programs the module: lupa's own, with `offered` in it. `ways` are what indexing and the like
-- call, `look` functions that tell of Python's side: frames, variables, text.
function T.open_python(offered, ways, look)
  local module = T.globals.python
  for name, value in next, offered do
    module[name] = value
  end
  raw.package.loaded.python = module
  meta = getmetatable(module.builtins)
  call = meta.__call
  function meta.__call(guest, ...)
    return call(guest, here, thread(), ...)
  end
  for _, name in raw.ipairs({ "index", "newindex", "tostring" }) do
    local way = ways[name]
    meta["__" .. name] = function(...)
      return call(way, here, thread(), ...)
    end
  end
  function module.as_function(guest)
    return function(...)
      return call(guest, here, thread(), ...)
    end
  end
  python.look = look
end

-- Whether a function is the one by which Lua calls Python.
function python.is_call(func)
  return func == call
end

-- A Python value as text, nil for other values.
function python.text(value)
  if meta and getmetatable(value) == meta then
    return python.look.text(value)
  end
end

-- What is to be known for putting Python's frames between Lua's, innermost first.
function python.stack()
  local frames = { python.look.frames() }
  local place, number, border = 1, 0, 0
  local merged = {}

  -- Push the frames of one call from Lua; whether there are any that the program wrote.
  function merged.call(push)
    local found = false
    while frames[place] == border do
      number = number + 1
      local info = {
        what = "Python",
        source = frames[place + 2],
        currentline = frames[place + 3],
        linedefined = 0,
      }
      push(number, info, frames[place + 1])
      place, found = place + 4, true
    end
    border = border + 1
    return found
  end

  return merged
end

-- The scopes of a frame of Python, as ops.scopes gives them: its variables, and nothing else.
function python.scopes(level)
  local fields = { python.look.variables(level) }
  return T.keep({ kind = "python", level = level }), raw.math.floor(#fields / 3), 0, 0, 0
end

-- The variables of a frame of Python as children; they cannot be set from here.
function python.variables(level)
  local fields, children = { python.look.variables(level) }, {}
  for index = 1, #fields, 3 do
    local name, kind, text = unpack(fields, index, index + 2)
    children[#children + 1] = { name = name, type = kind, text = text, path = "" }
  end
  return children
end
