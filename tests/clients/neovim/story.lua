-- A debug session from inside Neovim, as its user has set it up: what was seen goes as JSON to
-- the file SEEN, and why it came to no end as `problem`.
local dap = require("dap")

---A stop, with what the program has printed and what `expression` is there.
local function look(session, expression)
  local seen = session:stopped()
  seen.printed = session:printed()
  seen.evaluated = session:evaluate(expression)
  return seen
end

local function story(seen)
  local launch, attach = unpack(dap.configurations.lua)
  vim.cmd("edit " .. vim.env.PROGRAM)
  local path = vim.fn.expand("%:p")

  local session = dap.run(launch, { [path] = { 7 } })
  seen.capabilities, seen.breakpoints = session.capabilities, session.breakpoints
  seen.breakpoint = look(session, "total")
  local locals = seen.breakpoint.scopes[1].variablesReference
  local change = { variablesReference = locals, name = "total", value = "5" }
  seen.changed = session:ask("setVariable", change)
  session:step("stepIn")
  seen.entered = look(session, "left")
  session:step("next")
  seen.next = look(session, "sum")
  session:step("stepOut")
  seen.left = look(session, "total")
  while seen.left.frames[1].line < 9 do
    session:step("next")
    seen.left = look(session, "mark")
  end
  session:step("next")
  seen.marked = look(session, "mark")
  session:ask("continue", { threadId = session.thread })
  seen.exited = session:await("exited")
  session:await("terminated")
  seen.printed = session:printed()
  session:close()

  -- Left while it stands still: the program, which was launched, ends.
  session = dap.run(launch, { [path] = { 9 } })
  seen.again = look(session, "total")
  session:ask("disconnect", { restart = false })
  session:close()

  -- The kernel goes on, with the globals that the first session made.
  session = dap.run(attach, {})
  seen.kept = session:evaluate("mark")
  session:ask("disconnect", { restart = false })
  session:close()
end

local seen = {}
local ok, problem = pcall(story, seen)
seen.problem = not ok and problem or nil
local file = assert(io.open(vim.env.SEEN, "w"))
file:write(vim.json.encode(seen))
file:close()
vim.cmd("qall!")
