---@meta

-- Modules.

--- How `require` finds modules.
package = {}

--- Signs used in paths: folder, template, mark and more, one to a line.
---@type string
package.config = nil

--- Where `require` looks for C libraries.
---@type string
package.cpath = nil

--- The modules loaded so far, by name.
---@type table
package.loaded = nil

--- The functions `require` asks one after the other.
---@version 5.1, JIT
---@type table
package.loaders = nil

--- A function of a C library.
---@param path string
---@param name string
---@return function|nil
---@return string?
---@return string?
function package.loadlib(path, name) end

--- Where `require` looks for Lua files.
---@type string
package.path = nil

--- Loaders for modules that need no file, by name.
---@type table
package.preload = nil

--- The functions `require` asks one after the other.
---@version >5.2
---@type table
package.searchers = nil

--- The first file of a path that exists for a module name.
---@version >5.2, JIT
---@param name string
---@param path string
---@param separator? string
---@param replacement? string
---@return string|nil
---@return string?
function package.searchpath(name, path, separator, replacement) end

--- Lets a module made by `module` read the globals.
---@version 5.1, JIT
---@param module table
function package.seeall(module) end
