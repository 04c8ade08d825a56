---@meta

-- Lists.

--- Lists: insert, remove, sort, join.
table = {}

--- Joins the strings and numbers of a list.
---@param list table
---@param separator? string
---@param first? integer
---@param last? integer
---@return string
function table.concat(list, separator, first, last) end

--- An empty table with room for so many list elements and other fields.
---@version >5.5
---@param elements integer
---@param fields? integer
---@return table
function table.create(elements, fields) end

--- Calls a function with each key and value until it returns something.
---@version 5.1, JIT
---@param table table
---@param action function
---@return any
function table.foreach(table, action) end

--- Calls a function with each place and element until it returns something.
---@version 5.1, JIT
---@param list table
---@param action function
---@return any
function table.foreachi(list, action) end

--- The length of a list; `#` took its place.
---@version 5.1, JIT
---@param list table
---@return integer
function table.getn(list) end

--- Puts a value at the end of a list, or at a place and moves the rest up.
---@generic T
---@param list T[]
---@param position integer|T
---@param value? T
function table.insert(list, position, value) end

--- The largest positive number used as a key.
---@version 5.1, JIT
---@param table table
---@return number
function table.maxn(table) end

--- Copies a range of elements within a list or into another.
---@version >5.3, JIT
---@generic T
---@param from T[]
---@param first integer
---@param last integer
---@param to integer
---@param target? table
---@return T[]
function table.move(from, first, last, to, target) end

--- A list of all its arguments, with their number in field `n`.
---@version >5.2
---@generic T
---@param ... T
---@return { n: integer, [integer]: T }
function table.pack(...) end

--- Takes out the last element, or the one at a place, and returns it.
---@generic T
---@param list T[]
---@param position? integer
---@return T?
function table.remove(list, position) end

--- Out of use: set the length of a list.
---@version 5.1
---@param list table
---@param count integer
function table.setn(list, count) end

--- Sorts a list in place, by `<` or by a function that tells which of two comes first.
---@generic T
---@param list T[]
---@param before? fun(a: T, b: T): boolean
function table.sort(list, before) end

--- The elements of a list as separate values.
---@version >5.2
---@generic T
---@param list T[]
---@param first? integer
---@param last? integer
---@return T ...
function table.unpack(list, first, last) end
