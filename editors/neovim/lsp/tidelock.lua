-- Tidelock in Neovim: the language server's configuration, and what `:TidelockRun` shows.
--
-- Neovim 0.11 finds this file as `lsp/tidelock.lua` on 'runtimepath'; README.md says how older
-- ones use the same table.

---The buffer that shows what runs print, in a window below the others; the cursor stays put.
---@param clear boolean
---@return integer
local function output_buffer(clear)
  local buffer = vim.fn.bufadd("tidelock://output")
  vim.fn.bufload(buffer)
  vim.bo[buffer].buftype = "nofile"
  vim.bo[buffer].swapfile = false
  if clear then
    vim.api.nvim_buf_set_lines(buffer, 0, -1, false, {})
  end
  if vim.fn.bufwinid(buffer) == -1 then
    vim.cmd("botright 10split")
    vim.api.nvim_win_set_buf(0, buffer)
    vim.wo.winfixheight = true
    vim.cmd("wincmd p")
  end
  return buffer
end

---@param text string
local function show(text)
  local buffer = output_buffer(false)
  local last = vim.api.nvim_buf_line_count(buffer)
  local lines = vim.split(text, "\n", { plain = true })
  lines[1] = vim.api.nvim_buf_get_lines(buffer, last - 1, last, true)[1] .. lines[1]
  vim.api.nvim_buf_set_lines(buffer, last - 1, last, true, lines)
  for _, window in ipairs(vim.fn.win_findbuf(buffer)) do
    vim.fn.win_execute(window, "normal! Gzb")
  end
end

---How a run ended, on lines of its own.
---@param told table
---@return string
local function ending(told)
  local words = told.value and "= " .. told.value .. "\n" or ""
  if told.exitCode then
    return words .. "[exit code " .. told.exitCode .. "]"
  elseif told.error and #told.error.report > 0 then
    return words .. table.concat(told.error.report, "\n")
  elseif told.error then
    return words .. "[" .. told.outcome .. ": " .. told.error.message .. "]"
  end
  return words .. ("[%s, %.3f s]"):format(told.outcome, (told.durationMs or 0) / 1000)
end

---Send a command of the server.
---@param client table
---@param buffer integer
---@param name string
---@param arguments table
local function execute(client, buffer, name, arguments)
  local function answered(problem)
    if problem then
      vim.notify("tidelock: " .. problem.message, vim.log.levels.ERROR)
    end
  end
  local method, params = "workspace/executeCommand", { command = name, arguments = arguments }
  if vim.fn.has("nvim-0.11") == 1 then
    client:request(method, params, answered, buffer)
  else
    client.request(method, params, answered, buffer)
  end
end

return {
  cmd = { "tidelock", "lsp", "--stdio" },
  filetypes = { "lua" },
  root_markers = { "tidelock.toml", ".git" },
  on_attach = function(client, buffer)
    local function command(name, text, act)
      vim.api.nvim_buf_create_user_command(buffer, name, act, { desc = text })
    end
    command("TidelockRun", "Run this text, saved or not, on the kernel of the workspace", function()
      output_buffer(true)
      execute(client, buffer, "tidelock.run", { { uri = vim.uri_from_bufnr(buffer) } })
    end)
    command("TidelockInterrupt", "End what runs on the kernel of the workspace", function()
      execute(client, buffer, "tidelock.interrupt", { { uri = vim.uri_from_bufnr(buffer) } })
    end)
  end,
  handlers = {
    ["tidelock/output"] = function(_, told)
      show(told.text)
    end,
    ["tidelock/executionFinished"] = function(_, told)
      local buffer = output_buffer(false)
      local last = vim.api.nvim_buf_get_lines(buffer, -2, -1, true)[1]
      show((last == "" and "" or "\n") .. ending(told) .. "\n")
    end,
  },
}
