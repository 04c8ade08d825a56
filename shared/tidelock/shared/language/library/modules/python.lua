---@meta

-- The table `python`, which is there where `lua.python_access` is true.

local python = {}

--- Arguments by name for the call of a Python function: `f(python.args{ key = 1 })`.
---@param arguments table positional ones by number, others by name
---@return userdata
function python.args(arguments) end

--- The value, with its attributes as fields.
---@param value any
---@return userdata
function python.as_attrgetter(value) end

--- The value, with its items as fields.
---@param value any
---@return userdata
function python.as_itemgetter(value) end

--- A Python function as a Lua function.
---@param callable userdata
---@return fun(...: any): any
function python.as_function(callable) end

--- Python's built-in functions and types.
---@type userdata
python.builtins = nil

--- Goes through a Python iterable with counting: `for number, value in python.enumerate(list) do`.
---@param iterable userdata
---@return fun(): integer, any
function python.enumerate(iterable) end

--- The value of a Python expression.
---@param code string
---@return any
function python.eval(code) end

--- Imports a Python module.
---@param name string
---@return userdata
function python.import(name) end

--- Goes through a Python iterable: `for value in python.iter(list) do`.
---@param iterable userdata
---@return fun(): any
function python.iter(iterable) end

--- Goes through a Python iterable of tuples, unpacked: `for key, value in python.iterex(d.items()) do`.
---@param iterable userdata
---@return fun(): any, any
function python.iterex(iterable) end

--- Python's `None`, where `nil` would not do.
---@type userdata
python.none = nil

--- Has a function called with each integer that Lua cannot hold; it gives what stands in for it.
---@param handler? fun(number: userdata): any
function python.set_overflow_handler(handler) end

return python
