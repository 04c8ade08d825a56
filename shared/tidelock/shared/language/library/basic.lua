---@meta

-- The globals every Lua has.

--- The table of all globals; it holds itself under its own name.
---@type table
_G = nil

--- The name of the running Lua, such as `Lua 5.4`.
---@type string
_VERSION = nil

--- Gives back all its arguments, or raises `message` when `value` is false or nil.
---@generic T
---@param value T
---@param message? any
---@param ... any
---@return T
---@return any ...
function assert(value, message, ...) end

--- Steers the garbage collector: `collect`, `count`, `step`, `stop`, `restart` and the modes of each Lua.
---@param what? string
---@param argument? any
---@return any
---@overload fun(what: "count"): number
---@overload fun(what?: "collect"): integer
---@overload fun(what: "step", size?: integer): boolean
---@overload fun(what: "isrunning"): boolean
function collectgarbage(what, argument) end

--- Runs a file (standard input without a path) and gives back what its chunk returns.
---@param path? string
---@return any ...
function dofile(path) end

--- Raises `message`; with a string, the place of the caller (`level` 1) or further out is put in front.
---@param message any
---@param level? integer
function error(message, level) end

--- Kilobytes of memory in use; `collectgarbage("count")` took its place.
---@version 5.1, JIT
---@return number
function gcinfo() end

--- The environment of a function or of a level of the stack.
---@version 5.1, JIT
---@param target? function|integer
---@return table
function getfenv(target) end

--- The metatable of a value, or its `__metatable` field where there is one.
---@param object any
---@return any
function getmetatable(object) end

--- Walks a list from 1 up to the first nil.
---@generic T
---@param list T[]
---@return fun(list: T[], index?: integer): integer, T
---@return T[]
---@return integer
function ipairs(list) end

--- Compiles the pieces that a function returns one by one; nil and a message when they are no Lua.
---@version 5.1
---@param source function
---@param name? string
---@return function|nil
---@return string?
function load(source, name) end

--- Compiles a text, or the pieces a function returns; `mode` allows text (`t`), binary (`b`) or both.
---@version >5.2, JIT
---@param source string|function
---@param name? string
---@param mode? string
---@param env? table
---@return function|nil
---@return string?
function load(source, name, mode, env) end

--- Compiles a file without running it.
---@version 5.1
---@param path? string
---@return function|nil
---@return string?
function loadfile(path) end

--- Compiles a file without running it, with an environment of your choice.
---@version >5.2, JIT
---@param path? string
---@param mode? string
---@param env? table
---@return function|nil
---@return string?
function loadfile(path, mode, env) end

--- Compiles a text without running it.
---@version 5.1, JIT
---@param source string
---@param name? string
---@return function|nil
---@return string?
function loadstring(source, name) end

--- Makes the rest of the file a module of its own with its own globals.
---@version 5.1, JIT
---@param name string
---@param ... function
function module(name, ...) end

--- An empty userdata, with a fresh metatable when `meta` is true.
---@version 5.1, JIT
---@param meta? boolean|userdata
---@return userdata
function newproxy(meta) end

--- The key and value after `key`, in no special order; nil after the last.
---@generic K, V
---@param table table<K, V>
---@param key? K
---@return K?
---@return V
function next(table, key) end

--- Walks all keys and values of a table in no special order.
---@generic K, V
---@param table table<K, V>
---@return fun(table: table<K, V>, key?: K): K, V
---@return table<K, V>
---@return nil
function pairs(table) end

--- Calls a function and catches its error: true and its results, or false and the error.
---@param action function
---@param ... any
---@return boolean
---@return any ...
function pcall(action, ...) end

--- Writes its arguments as text to standard output, tabs between them.
---@param ... any
function print(...) end

--- Compares two values without asking their metatables.
---@param a any
---@param b any
---@return boolean
function rawequal(a, b) end

--- Reads a field without asking the metatable.
---@param table table
---@param key any
---@return any
function rawget(table, key) end

--- The length of a table or string without asking the metatable.
---@version >5.2
---@param value table|string
---@return integer
function rawlen(value) end

--- Writes a field without asking the metatable.
---@param table table
---@param key any
---@param value any
---@return table
function rawset(table, key, value) end

--- Loads a module once and gives back what it returned; later calls give the same value.
---@param name string
---@return any
---@return any?
function require(name) end

--- The arguments from `index` on, or their number for `"#"`.
---@param index integer|string
---@param ... any
---@return any ...
function select(index, ...) end

--- Gives a function another environment.
---@version 5.1, JIT
---@param target function|integer
---@param env table
---@return function
function setfenv(target, env) end

--- Gives a table a metatable, or takes it away, and returns the table.
---@generic T
---@param table T
---@param metatable table|nil
---@return T
function setmetatable(table, metatable) end

--- Reads a number from a string, in a base from 2 to 36 if given; nil when it is none.
---@param value any
---@param base? integer
---@return number|nil
function tonumber(value, base) end

--- The value as text; `__tostring` decides where there is one.
---@param value any
---@return string
function tostring(value) end

--- The name of the type of a value.
---@param value any
---@return string
function type(value) end

--- The elements of a list as separate values.
---@version 5.1, JIT
---@generic T
---@param list T[]
---@param first? integer
---@param last? integer
---@return T ...
function unpack(list, first, last) end

--- Emits a warning made of all its arguments; `@on` and `@off` switch warnings.
---@version >5.4
---@param message string
---@param ... string
function warn(message, ...) end

--- Calls a function without arguments; the handler gets its error while the stack still stands.
---@version 5.1
---@param action function
---@param handler function
---@return boolean
---@return any ...
function xpcall(action, handler) end

--- Calls a function with arguments; the handler gets its error while the stack still stands.
---@version >5.2, JIT
---@param action function
---@param handler function
---@param ... any
---@return boolean
---@return any ...
function xpcall(action, handler, ...) end
