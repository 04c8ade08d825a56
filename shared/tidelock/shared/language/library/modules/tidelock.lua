---@meta

-- The module `tidelock`, which every program on Tidelock can require.

local tidelock = {}

--- Shows a value where the program is looked at: a cell of a notebook, a terminal.
--- A table whose keys are MIME types, or short names of them (`text`, `html`, `markdown`, `latex`,
--- `svg`, `png`, `jpeg`, `gif`, `pdf`, `json`), is shown in the best of these forms.
---@param what any
---@param metadata? table what front ends should know of it
---@param id? string|number a name under which it can be updated
function tidelock.display(what, metadata, id) end

--- Puts something else in the place of what was displayed under an id.
---@param id string|number
---@param what any
---@param metadata? table
function tidelock.update_display(id, what, metadata) end

--- Clears what the cell has shown.
---@param wait? boolean leave it until something new comes
function tidelock.clear_output(wait) end

--- Shows how far something is; the next call moves the same bar.
---@param done number
---@param total? number what there is to do in all
---@param text? string
---@param id? string|number of a bar of its own
function tidelock.progress(done, total, text, id) end

--- Asks the user for a line that is not shown.
---@param prompt? string
---@return string? line nil at the end of the input
function tidelock.read_password(prompt) end

--- Stops here where somebody debugs; does nothing otherwise.
---@param condition? any stop only if it holds
---@param message? any is shown at the stop
function tidelock.pause(condition, message) end

--- Runs the present text of a loaded module; from then on `require` gives what came of it.
--- What does not load or raises an error leaves the old module, and is raised.
---@param name string
---@return any module
function tidelock.reload(name) end

--- Does nothing for a while; it can be interrupted.
---@param seconds number
function tidelock.sleep(seconds) end

return tidelock
