-- Tidelock in nvim-dap: the adapter, and what may be debugged in a Lua file.
--
-- `require("tidelock.dap")` after nvim-dap; configurations that are there already stay.
local dap = require("dap")

dap.adapters.tidelock = {
  type = "executable",
  command = "tidelock",
  args = { "dap" },
}

dap.configurations.lua = vim.list_extend(dap.configurations.lua or {}, {
  {
    type = "tidelock",
    request = "launch",
    name = "Debug this file",
    program = "${file}",
    cwd = "${workspaceFolder}",
  },
  {
    type = "tidelock",
    request = "attach",
    name = "Join what runs",
  },
})

return dap.adapters.tidelock
