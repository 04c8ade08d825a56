-- Serving questions while the program stands still: at a pause, at a safe point of a running
-- script, while it waits for input, or between executions. The serving itself runs in a
-- coroutine of ours, so that the coroutine that stands still is looked at from outside and
-- evaluated code can be interrupted even where its asker stopped inside a hook.
local T, host = ...
local raw = T.raw
local pcall, error, type = raw.pcall, raw.error, raw.type
local getinfo, getlocal = raw.debug.getinfo, raw.debug.getlocal
local create, resume = raw.coroutine.create, raw.coroutine.resume
local status, yield, running = raw.coroutine.status, raw.coroutine.yield, raw.coroutine.running
local ops = T.ops

local function answer(token, ok, ...)
  host.answer(token, ok, ...)
end

-- Do one job; false and how to go on when there is none.
local function perform(token, name, ...)
  if not token then
    return false, name
  end
  local op = ops[name]
  if op then
    answer(token, pcall(op, ...))
  else
    host.answer(token, false, "unknown operation " .. name)
  end
  return true
end

-- Take jobs until the host says how to go on; `mode` is idle, live or paused.
function T.visit(mode)
  while true do
    local more, how = perform(host.take(mode))
    if not more then
      return how
    end
  end
end

-- What to do at one visit: a mode to serve in, or a function of ours to call once.
local function body(errand)
  if host.serving then
    host.serving()
  end
  while true do
    if type(errand) == "function" then
      errand = yield(errand())
    else
      errand = yield(T.visit(errand))
    end
  end
end

local server

-- The coroutine that stands still while jobs run, and those that resumed it, outermost first.
T.standing = nil
T.chain = {}

function T.find_chain()
  T.chain = T.chain_to(T.standing)
end

-- The coroutine that another waits for in resume or in a function of wrap, where Lua shows it.
local function resumed_from(thread)
  local info = getinfo(thread, 0, "fS")
  if not info or info.what ~= "C" then
    return nil
  elseif info.func == resume then
    local _, first = getlocal(thread, 0, 1)
    return type(first) == "thread" and first or nil
  end
  return T.wrapped(info.func)
end

function T.chain_to(standing)
  if T.luajit or not host.chain then
    if standing == T.main or not T.main then
      return { standing }
    end
    local chain, thread = { T.main }, T.main
    while thread and thread ~= standing do
      thread = resumed_from(thread)
      chain[#chain + 1] = thread
    end
    return thread and chain or { T.main, standing }
  end
  local chain = { host.chain() }
  chain[#chain] = nil -- the serving coroutine itself
  return chain
end

-- Whether an errand is under way: what it calls, finalizers too, cannot stand still to be asked.
function T.is_serving()
  local condition = server and status(server) or "dead"
  return condition ~= "dead" and condition ~= "suspended"
end

-- Do an errand with the calling coroutine standing still; returns what the errand returns.
-- Errands are never nested: code that a job runs finds the server busy and gets nil.
function T.enter(errand)
  if T.is_serving() then
    return nil
  elseif not server or status(server) == "dead" then
    server = create(body)
  end
  -- A question may come in the midst of another errand's first steps, which go on unchanged.
  local standing, chain = T.standing, T.chain
  T.standing = running() or T.main
  local ok, first, second = resume(server, errand)
  T.standing, T.chain = standing, chain
  if not ok then
    server = nil
    if host.served then
      host.served()
    end
    error(first, 0)
  end
  return first, second
end

function T.serve_live()
  T.enter("live")
end

function T.serve_idle()
  T.enter("idle")
end
