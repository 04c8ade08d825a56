---@meta

-- Debugging.

--- A look inside the running program.
debug = {}

--- What `debug.getinfo` tells; a field is there when it was asked for.
---@class debuginfo
---@field source string the chunk name
---@field short_src string the chunk name as messages show it
---@field what "Lua"|"C"|"main"
---@field currentline integer the line being run, -1 where there is none
---@field linedefined integer
---@field lastlinedefined integer
---@field name? string
---@field namewhat ""|"global"|"local"|"method"|"field"|"upvalue"
---@field nups integer the number of upvalues
---@field nparams integer
---@field isvararg boolean
---@field istailcall boolean
---@field func function
---@field activelines table<integer, boolean>

--- Reads and runs lines from standard input until `cont`.
function debug.debug() end

--- The environment of an object.
---@version 5.1, JIT
---@param object any
---@return table
function debug.getfenv(object) end

--- The hook of a coroutine with its mask and count.
---@param thread? thread
---@return function|nil
---@return string
---@return integer
function debug.gethook(thread) end

--- Facts about a function or a level of the stack.
---@param thread thread|function|integer
---@param what? function|integer|string
---@param more? string
---@return debuginfo|nil
function debug.getinfo(thread, what, more) end

--- Name and value of a local variable.
---@param thread thread|function|integer
---@param level function|integer
---@param index? integer
---@return string|nil
---@return any
function debug.getlocal(thread, level, index) end

--- The metatable of any value.
---@param value any
---@return table|nil
function debug.getmetatable(value) end

--- The table in which C code keeps its Lua values.
---@return table
function debug.getregistry() end

--- Name and value of an upvalue.
---@param action function
---@param index integer
---@return string|nil
---@return any
function debug.getupvalue(action, index) end

--- The value tied to a userdata.
---@version 5.2, 5.3
---@param object userdata
---@return any
function debug.getuservalue(object) end

--- A value tied to a userdata.
---@version >5.4
---@param object userdata
---@param index? integer
---@return any
---@return boolean
function debug.getuservalue(object, index) end

--- Without effect; kept for older programs.
---@version 5.4
---@param limit integer
---@return integer|boolean
function debug.setcstacklimit(limit) end

--- Gives an object another environment.
---@version 5.1, JIT
---@param object any
---@param env table
---@return any
function debug.setfenv(object, env) end

--- Has a function called at calls (`c`), returns (`r`), lines (`l`) or every so many instructions.
---@param thread? thread|function
---@param hook? function|string
---@param mask? string|integer
---@param count? integer
function debug.sethook(thread, hook, mask, count) end

--- Gives a local variable another value.
---@param thread thread|integer
---@param level integer
---@param index any
---@param value? any
---@return string|nil
function debug.setlocal(thread, level, index, value) end

--- Gives any value a metatable.
---@param value any
---@param metatable table|nil
---@return any
function debug.setmetatable(value, metatable) end

--- Gives an upvalue another value.
---@param action function
---@param index integer
---@param value any
---@return string|nil
function debug.setupvalue(action, index, value) end

--- Ties a value to a userdata.
---@version 5.2, 5.3
---@param object userdata
---@param value any
---@return userdata
function debug.setuservalue(object, value) end

--- Ties a value to a userdata.
---@version >5.4
---@param object userdata
---@param value any
---@param index? integer
---@return userdata|nil
function debug.setuservalue(object, value, index) end

--- The stack as text, after a message.
---@param thread? thread
---@param message? string
---@param level? integer
---@return string
function debug.traceback(thread, message, level) end

--- Something that is equal for shared upvalues only.
---@version >5.2, JIT
---@param action function
---@param index integer
---@return lightuserdata
function debug.upvalueid(action, index) end

--- Makes an upvalue of one function the same variable as one of another.
---@version >5.2, JIT
---@param first function
---@param index integer
---@param second function
---@param other integer
function debug.upvaluejoin(first, index, second, other) end
