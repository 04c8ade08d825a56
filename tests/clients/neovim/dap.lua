-- Stands for the plugin nvim-dap, which is in no package registry: the tables that a user's
-- configuration fills, and a session that says on the wire what nvim-dap says.
--
-- Read from nvim-dap's lua/dap/session.lua: numbers begin with 0, a request without arguments has
-- none, the whole configuration goes with launch or attach, and configuring is serial. Where
-- nvim-dap calls back, this waits.
local uv = vim.uv or vim.loop
local dap = { adapters = {}, configurations = {} }

local WAIT_MS = 20000

local Session = {}
Session.__index = Session

---The message's bytes.
local function framed(message)
  local body = vim.json.encode(message)
  return ("Content-Length: %d\r\n\r\n%s"):format(#body, body)
end

---Take whole messages off the front of what has come.
function Session:_received(chunk)
  self.unread = self.unread .. chunk
  while true do
    local _, head, length = self.unread:find("Content%-Length: (%d+)\r\n\r\n")
    if not head or #self.unread < head + length then
      return
    end
    local message = vim.json.decode(self.unread:sub(head + 1, head + length))
    self.unread = self.unread:sub(head + length + 1)
    if message.type == "response" then
      self.responses[message.request_seq] = message
    else
      table.insert(self.events, message)
    end
  end
end

---Give what `look` gives, once it gives something.
function Session:_wait(what, look)
  local found
  vim.wait(WAIT_MS, function()
    found = look()
    return found ~= nil or self.code ~= nil
  end, 5)
  return found or error(("no %s came; adapter: %s %s"):format(what, self.code, self.stderr))
end

---Start the adapter as its definition says.
local function spawn(adapter)
  assert(adapter.type == "executable", adapter.type)
  local options = adapter.options or {}
  local pipes = { uv.new_pipe(false), uv.new_pipe(false), uv.new_pipe(false) }
  local session = setmetatable({
    pipes = pipes,
    seq = 0,
    unread = "",
    stderr = "",
    responses = {},
    events = {},
  }, Session)
  session.handle = assert(uv.spawn(adapter.command, {
    args = adapter.args,
    stdio = pipes,
    cwd = options.cwd,
    env = options.env,
    detached = true,
  }, function(code, signal)
    session.code, session.signal = code, signal
  end))
  pipes[2]:read_start(function(_, chunk)
    if chunk then
      session:_received(chunk)
    end
  end)
  pipes[3]:read_start(function(_, chunk)
    session.stderr = session.stderr .. (chunk or "")
  end)
  return session
end

---Send a request; its number.
function Session:post(command, arguments)
  local seq = self.seq
  self.seq = seq + 1
  local request = { seq = seq, type = "request", command = command, arguments = arguments }
  self.pipes[1]:write(framed(request))
  return seq
end

---The response to a request, of success or failure.
function Session:answer(seq, command)
  return self:_wait("answer to " .. command, function()
    return self.responses[seq]
  end)
end

---Ask for something that has to succeed; the body.
function Session:ask(command, arguments)
  local response = self:answer(self:post(command, arguments), command)
  assert(response.success, ("%s: %s"):format(command, response.message))
  return response.body
end

---The first event of a name after those that were waited for before; its body. What comes before
---it counts as seen.
function Session:await(name)
  return self:_wait("event " .. name, function()
    for index = (self.seen or 0) + 1, #self.events do
      if self.events[index].event == name then
        self.seen = index
        return self.events[index].body or {}
      end
    end
  end)
end

---What the program has printed until now.
function Session:printed()
  local texts = {}
  for _, message in ipairs(self.events) do
    if message.event == "output" and message.body.category == "stdout" then
      table.insert(texts, message.body.output)
    end
  end
  return table.concat(texts)
end

---What nvim-dap asks when something has stopped.
function Session:stopped()
  local stop = self:await("stopped")
  local threads = self:ask("threads").threads
  local place = { threadId = stop.threadId, startFrame = 0 }
  local frames = self:ask("stackTrace", place).stackFrames
  local scopes = self:ask("scopes", { frameId = frames[1].id }).scopes
  for _, scope in ipairs(scopes) do
    if not scope.expensive then
      local wanted = { variablesReference = scope.variablesReference }
      scope.variables = self:ask("variables", wanted).variables
    end
  end
  self.thread, self.frame = stop.threadId, frames[1].id
  return { stopped = stop, threads = threads, frames = frames, scopes = scopes }
end

---A step or continue of the thread that stopped.
function Session:step(command)
  self:ask(command, { threadId = self.thread, granularity = "statement" })
end

---Evaluate as the prompt of nvim-dap does; the text of the result.
function Session:evaluate(expression)
  local wanted = { expression = expression, context = "repl", frameId = self.frame }
  return self:ask("evaluate", wanted).result
end

---Let go of the adapter as nvim-dap does when a session is over: it is told to end.
function Session:close()
  for _, pipe in ipairs(self.pipes) do
    pipe:close()
  end
  pcall(self.handle.kill, self.handle, 15)
  assert(vim.wait(WAIT_MS, function()
    return self.code ~= nil
  end, 5), "the adapter goes on")
  self.handle:close()
end

---What stands for `${file}` and the like.
local function expanded(value)
  local words = {
    ["${file}"] = vim.fn.expand("%:p"),
    ["${workspaceFolder}"] = vim.fn.getcwd(),
  }
  return words[value] or value
end

---Begin a session with a configuration and breakpoints, `{[path] = {line, ...}}`.
function dap.run(configuration, breakpoints)
  configuration = vim.tbl_map(expanded, configuration)
  local session = spawn(dap.adapters[configuration.type])
  session.capabilities = session:ask("initialize", {
    clientId = "neovim",
    clientname = "neovim",
    adapterID = "nvim-dap",
    pathFormat = "path",
    columnsStartAt1 = true,
    linesStartAt1 = true,
    supportsRunInTerminalRequest = true,
    supportsVariableType = true,
    supportsProgressReporting = true,
    supportsStartDebuggingRequest = true,
    locale = os.getenv("LANG") or "en_US",
  })
  local begun = session:post(configuration.request, configuration)
  session:await("initialized")
  for path, lines in pairs(breakpoints) do
    session.breakpoints = session:ask("setBreakpoints", {
      source = { path = path, name = vim.fn.fnamemodify(path, ":t") },
      sourceModified = false,
      breakpoints = vim.tbl_map(function(line)
        return { line = line }
      end, lines),
      lines = lines,
    }).breakpoints
  end
  local filters = {}
  for _, filter in ipairs(session.capabilities.exceptionBreakpointFilters) do
    if filter.default then
      table.insert(filters, filter.filter)
    end
  end
  session:ask("setExceptionBreakpoints", { filters = filters })
  session:ask("configurationDone")
  local answer = session:answer(begun, configuration.request)
  assert(answer.success, answer.message)
  return session
end

return dap
