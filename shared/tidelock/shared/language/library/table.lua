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
---@param list table
---@param position integer|any
---@param value? any
function table.insert(list, position, value) end

--- The largest positive number used as a key.
---@version 5.1, JIT
---@param table table
---@return number
function table.maxn(table) end

--- Copies a range of elements within a list or into another.
---@version >5.3, JIT
---@param from table
---@param first integer
---@param last integer
---@param to integer
---@param target? table
---@return table
function table.move(from, first, last, to, target) end

--- A list of all its arguments, with their number in field `n`.
---@version >5.2
---@param ... any
---@return table
function table.pack(...) end

--- Takes out the last element, or the one at a place, and returns it.
---@param list table
---@param position? integer
---@return any
function table.remove(list, position) end

--- Out of use: set the length of a list.
---@version 5.1
---@param list table
---@param count integer
function table.setn(list, count) end

--- Sorts a list in place, by `<` or by a function that tells which of two comes first.
---@param list table
---@param before? function
function table.sort(list, before) end

--- The elements of a list as separate values.
---@version >5.2
---@param list table
---@param first? integer
---@param last? integer
---@return any ...
function table.unpack(list, first, last) end
