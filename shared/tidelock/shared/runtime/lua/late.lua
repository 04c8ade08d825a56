-- Late breakpoints by line hook: which of them are meant where a line is reported, and whether one
-- of them asks for a stop. Most lines are passed by with as little as can be: what is meant is
-- remembered for each function, and a bare condition is looked at without leaving the hook.
local T = ...
local raw = T.raw
local type, ipairs, unpack, rawget = raw.type, raw.ipairs, raw.unpack, raw.rawget
local next = raw.next
local getmetatable, setmetatable, getfenv = raw.debug.getmetatable, raw.setmetatable, raw.getfenv
local getinfo = raw.debug.getinfo
local getlocal, getupvalue = raw.debug.getlocal, raw.debug.getupvalue
local late, consider = T.late_lines, T.consider

local TEMPORARY = T.version < 5.4 and "(*temporary)" or "(temporary)" -- these come last

-- Whether the function on a level (of whoever calls this) has a local of that name from the given
-- place among its locals on, its value and place, and whether it has one called `_ENV` there.
local function find_local(name, level, index)
  local at, value, has_env = nil, nil, false
  local found, held = getlocal(level + 1, index)
  while found and found ~= TEMPORARY do
    if found == name then
      at, value = index, held -- the last one of a name is the innermost
    elseif found == "_ENV" then
      has_env = true
    end
    index = index + 1
    found, held = getlocal(level + 1, index)
  end
  return at, value, has_env
end

-- The value of a name in the function that a hook was called for, and whether it could be read
-- without calling anything. The function's locals are on level 7 from here.
local function value_of(name, func)
  local at, value, has_env = find_local(name, 7, 1)
  if at or has_env then
    return at, value
  end
  local globals = getfenv and getfenv(func)
  local index = 1
  while true do
    local found, held = getupvalue(func, index)
    if not found then
      break
    elseif found == name then
      return true, held
    elseif found == "_ENV" then
      globals = held
    end
    index = index + 1
  end
  if type(globals) ~= "table" or getmetatable(globals) then
    return false
  end
  return true, rawget(globals, name)
end

-- Whether a point with a bare condition is surely passed by: most are, most of the time.
local function passes(point, func)
  local names = point.names
  if not names then
    return false
  elseif #names == 1 then
    local is_known, value = value_of(names[1], func)
    return is_known and not point.quick(value)
  end
  local values = {}
  for index = 1, #names do
    local is_known, value = value_of(names[index], func)
    if not is_known then
      return false
    end
    values[index] = value
  end
  return not point.quick(unpack(values, 1, #names))
end

local function all_pass(list, func)
  for index = 1, #list do
    if not passes(list[index], func) then
      return false
    end
  end
  return true
end

local WEAK = { __mode = "k" }
local meant = setmetatable({}, WEAK) -- function -> line -> its late points there, or false
local alone = {} -- line -> the only late point on lines of that number, if it has a quick condition

-- What is known of that is void: the points or the functions are others.
function T.forget_meant()
  meant, alone = setmetatable({}, WEAK), {}
end

local function find_alone(by_source)
  local source, list = next(by_source)
  local point = not next(by_source, source) and not list[2] and list[1]
  return point and point.names and #point.names == 1 and point or false
end

local function find_meant(by_source, func, info)
  local list = {}
  for _, point in ipairs(by_source[info.source] or {}) do
    local is_meant = point.defined == 0 or point.defined == info.linedefined
    if is_meant and (not point.only_old or T.is_old(func)) then
      list[#list + 1] = point
    end
  end
  return list[1] and list or false
end

local function check_late(by_source, line)
  local func = getinfo(4, "f").func -- under at_late_line and on_event
  local lines = meant[func]
  if not lines then
    lines = {}
    meant[func] = lines
  end
  local list = lines[line]
  if list == nil then
    list = find_meant(by_source, func, getinfo(4, "S"))
    lines[line] = list
  end
  if not list or all_pass(list, func) then
    return
  end
  local ids, text = T.enter(function()
    local frame = { thread = T.standing, level = (T.top_frame(T.standing)) }
    local is_plain = true
    for _, point in ipairs(list) do
      point.frame.thread, point.frame.level = frame.thread, frame.level
      is_plain = is_plain and not (point.condition or point.log)
    end
    if is_plain then
      return consider(list)
    end
    return T.watched(consider, list)
  end)
  if ids then
    T.stop("breakpoint", text or "", ids)
    return true
  end
end

-- Whether one of the late breakpoints on lines of that number stopped. Called from the hook itself.
-- Whatever function it is a line of: where a local makes the condition of the only point false,
-- nothing else has to be looked up.
function T.at_late_line(by_source, line)
  local point = alone[line]
  if point == nil then
    point = find_alone(by_source)
    alone[line] = point
  end
  if point then
    local at, value = find_local(point.names[1], 3, point.place or 1)
    if at and not point.quick(value) then
      point.place = at
      return false
    end
  end
  return (check_late(by_source, line)) -- no tail call: it counts levels
end
