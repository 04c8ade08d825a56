---@meta

-- LuaJIT.

--- The compiler of LuaJIT.
---@version JIT
jit = {}

--- The processor it compiles for.
---@version JIT
---@type string
jit.arch = nil

--- Has a function called at events of the compiler.
---@version JIT
---@param action function
---@param event? string
function jit.attach(action, event) end

--- Forgets compiled code.
---@version JIT
---@param target? function|integer|boolean
---@param recursive? boolean
function jit.flush(target, recursive) end

--- Turns the compiler off, for all or for one function.
---@version JIT
---@param target? function|boolean
---@param recursive? boolean
function jit.off(target, recursive) end

--- Turns the compiler on, for all or for one function.
---@version JIT
---@param target? function|boolean
---@param recursive? boolean
function jit.on(target, recursive) end

--- The optimiser of LuaJIT.
---@version JIT
jit.opt = {}

--- Sets optimisation level, flags and parameters.
---@version JIT
---@param ... string|integer
function jit.opt.start(...) end

--- The system it runs on.
---@version JIT
---@type string
jit.os = nil

--- How the build defends itself in one respect.
---@version JIT
---@param what string
---@return integer
function jit.security(what) end

--- Whether the compiler is on, and its features.
---@version JIT
---@return boolean
---@return string ...
function jit.status() end

--- The name and version of LuaJIT.
---@version JIT
---@type string
jit.version = nil

--- The version as a number, 20100 for 2.1.0.
---@version JIT
---@type integer
jit.version_num = nil
