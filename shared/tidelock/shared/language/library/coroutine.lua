---@meta

-- Coroutines.

--- Functions that stop and go on.
coroutine = {}

--- Ends a coroutine that is not running and closes its pending variables.
---@version >5.4
---@param thread thread
---@return boolean
---@return any?
function coroutine.close(thread) end

--- A new coroutine that will run a function.
---@param action function
---@return thread
function coroutine.create(action) end

--- Whether the running coroutine can yield.
---@version JIT
---@return boolean
function coroutine.isyieldable() end

--- Whether a coroutine, the running one by default, can yield.
---@version >5.3
---@param thread? thread
---@return boolean
function coroutine.isyieldable(thread) end

--- Starts a coroutine or lets it go on; true and what it yields or returns, or false and its error.
---@param thread thread
---@param ... any
---@return boolean
---@return any ...
function coroutine.resume(thread, ...) end

--- The running coroutine, nil in the main one.
---@version 5.1, JIT
---@return thread|nil
function coroutine.running() end

--- The running coroutine, and whether it is the main one.
---@version >5.2
---@return thread
---@return boolean
function coroutine.running() end

--- `running`, `suspended`, `normal` or `dead`.
---@param thread thread
---@return string
function coroutine.status(thread) end

--- A function that resumes a new coroutine at each call and passes its errors on.
---@param action function
---@return function
function coroutine.wrap(action) end

--- Stops the running coroutine; its arguments go to `resume`, the next `resume`'s come back.
---@param ... any
---@return any ...
function coroutine.yield(...) end
