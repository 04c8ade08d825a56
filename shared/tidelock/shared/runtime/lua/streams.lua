-- Standard streams: print, io.write and the three standard files speak to whoever runs the
-- script. Other files are left to Lua. Text goes out at the call, never collected here.
local T, host = ...
local raw = T.raw
local type, select, tostring, error = raw.type, raw.select, raw.tostring, raw.error
local concat = raw.table.concat
local find, sub, match = raw.string.find, raw.string.sub, raw.string.match
local io, globals = raw.io, T.globals
local write = host.write
local stdin, stdout, stderr = io.stdin, io.stdout, io.stderr
local number_of = { [stdout] = 1, [stderr] = 2 }

-- Up to Lua 5.3 print calls the global tostring, which scripts replace; later versions do not.
local convert = tostring
if T.version < 5.4 then
  function convert(value)
    local text = globals.tostring(value)
    if type(text) ~= "string" and type(text) ~= "number" then
      error("'tostring' must return a string to 'print'", 3)
    end
    return text
  end
end

function globals.print(...)
  local count = select("#", ...)
  if count == 1 then
    write(1, convert((...)) .. "\n")
    return
  elseif count == 2 then -- no table for it
    local first, second = ...
    write(1, convert(first) .. "\t" .. convert(second) .. "\n")
    return
  end
  local parts = { ... }
  for index = 1, count do
    parts[index] = convert(parts[index])
  end
  write(1, concat(parts, "\t", 1, count) .. "\n")
end

local function emit(stream, ...)
  for index = 1, select("#", ...) do
    local piece = (select(index, ...))
    local kind = type(piece)
    if kind == "number" then
      piece = tostring(piece)
    elseif kind ~= "string" then
      local got = kind == "nil" and "nil" or kind
      error("bad argument #" .. index .. " to 'write' (string expected, got " .. got .. ")", 3)
    end
    write(stream, piece)
  end
end

-- Lua 5.1 gives true where later versions give the file.
local gives_true = stderr:write() == true

function globals.io.write(...)
  local out = io.output()
  local stream = number_of[out]
  if not stream then
    return out:write(...)
  end
  emit(stream, ...)
  return gives_true or out
end

-- Input: whole lines come from the asking client; what was not consumed waits here.
local pending, ended = "", false

-- One line without its end from whoever asked for the run, or nil at the end of input.
function T.ask(prompt, is_password)
  while true do
    local kind, text = host.input(prompt, is_password)
    if kind == "line" then
      return text
    elseif kind == "end" then
      return nil
    elseif kind == "serve" then
      T.serve_live()
    else
      error(text, 0)
    end
  end
end

local function more()
  if ended then
    return false
  end
  local line = T.ask("", false)
  if line then
    pending = pending .. line .. "\n"
    return true
  end
  ended = true
  return false
end

-- A new execution may read again after an earlier one met the end of its input.
function T.reset_input()
  pending, ended = "", false
end

local function read_line(keep_end)
  while not find(pending, "\n", 1, true) do
    if not more() then
      break
    end
  end
  if pending == "" then
    return nil
  end
  local stop = find(pending, "\n", 1, true)
  local line = sub(pending, 1, (stop or #pending + 1) - 1)
  local rest = stop and sub(pending, stop + 1) or ""
  pending = rest
  return keep_end and stop and line .. "\n" or line
end

local function read_count(count)
  while #pending < count do
    if not more() then
      break
    end
  end
  if pending == "" and (count > 0 or ended or not more()) then
    return nil
  end
  local text = sub(pending, 1, count)
  pending = sub(pending, count + 1)
  return text
end

local function read_all()
  while more() do
  end
  local text = pending
  pending = ""
  return text
end

local function read_number()
  while not find(pending, "%S") or not find(pending, "^%s*%S+%s") do
    if not more() then
      break
    end
  end
  local space, word = match(pending, "^(%s*)([%w%.%+%-]*)")
  pending = sub(pending, #space + #word + 1)
  return raw.tonumber(word)
end

local function read_one(form, index)
  if type(form) == "number" then
    return read_count(form)
  end
  local letter = type(form) == "string" and match(form, "^%*?(%a)")
  if letter == "l" then
    return read_line(false)
  elseif letter == "L" then
    return read_line(true)
  elseif letter == "a" then
    return read_all()
  elseif letter == "n" then
    return read_number()
  end
  error("bad argument #" .. index .. " to 'read' (invalid format)", 4)
end

local function read(...)
  local count = select("#", ...)
  if count == 0 then
    return read_line(false)
  end
  local results, forms = {}, { ... }
  for index = 1, count do
    results[index] = read_one(forms[index], index)
    if results[index] == nil then
      return raw.unpack(results, 1, index)
    end
  end
  return raw.unpack(results, 1, count)
end

function globals.io.read(...)
  local from = io.input()
  if from ~= stdin then
    return from:read(...)
  end
  return read(...)
end

local function lines(...)
  local forms = { ... }
  local count = select("#", ...)
  return function()
    return read(raw.unpack(forms, 1, count))
  end
end

function globals.io.lines(name, ...)
  if name == nil and io.input() == stdin then
    return lines(...)
  end
  return io.lines(name, ...)
end

-- Methods live in one table for all files; standard ones are told apart by identity.
local methods = raw.debug.getmetatable(stdout).__index
local file = {}
for name, method in raw.next, methods do
  file[name] = method
end

function methods.write(self, ...)
  local stream = number_of[self]
  if not stream then
    return file.write(self, ...)
  end
  emit(stream, ...)
  return gives_true or self
end

function methods.read(self, ...)
  if self ~= stdin then
    return file.read(self, ...)
  end
  return read(...)
end

function methods.lines(self, ...)
  if self ~= stdin then
    return file.lines(self, ...)
  end
  return lines(...)
end

function methods.flush(self)
  if not number_of[self] then
    return file.flush(self)
  end
  host.flush()
  return self
end

local raw_flush = io.flush
function globals.io.flush(...)
  if number_of[io.output()] then
    host.flush()
    return io.output()
  end
  return raw_flush(...)
end

-- os.exit ends the execution, not the process; nothing can catch it.
function globals.os.exit(code)
  if code == nil or code == true then
    code = 0
  elseif code == false then
    code = 1
  end
  host.exit(raw.tonumber(code) or 0)
  while true do -- the exit is raised at the next instruction
  end
end
