---@meta

-- Files.

--- Files and standard streams.
io = {}

--- Closes a file, the standard output without one.
---@param file? file*
---@return boolean|nil
---@return string?
---@return integer?
function io.close(file) end

--- Writes out what the standard output still holds back.
---@return file*
function io.flush() end

--- The standard input, after changing it if a file is given.
---@param file? string|file*
---@return file*
function io.input(file) end

--- Walks the lines of a file and closes it at the end.
---@param path? string
---@param ... any
---@return fun(): any, any...
---@overload fun(path?: string): fun(): string
function io.lines(path, ...) end

--- Opens a file to read (`r`), write (`w`), append (`a`); with `+` both ways, with `b` binary.
---@param path string
---@param mode? string
---@return file*|nil
---@return string?
---@return integer?
function io.open(path, mode) end

--- The standard output, after changing it if a file is given.
---@param file? string|file*
---@return file*
function io.output(file) end

--- Starts a program and gives a file to read from it or write to it.
---@param command string
---@param mode? string
---@return file*|nil
---@return string?
function io.popen(command, mode) end

--- Reads from the standard input: a line, a number, so many bytes, or all.
---@param ... any
---@return any ...
---@overload fun(): string?
---@overload fun(format: "a"|"*a"|"*all"): string
---@overload fun(format: "l"|"L"|"*l"|"*L"|"*line"|integer): string?
---@overload fun(format: "n"|"*n"|"*number"): number?
function io.read(...) end

--- The standard error stream.
---@type file*
io.stderr = nil

--- The standard input as it was at the start.
---@type file*
io.stdin = nil

--- The standard output as it was at the start.
---@type file*
io.stdout = nil

--- A file for reading and writing that is gone when the program ends.
---@return file*
function io.tmpfile() end

--- `file`, `closed file`, or nil for what is no file.
---@param value any
---@return string|nil
function io.type(value) end

--- Writes its arguments to the standard output.
---@param ... string|number
---@return file*
function io.write(...) end

--- An open file.
---@class file*
local file = {}

--- Closes the file; of a program, also tells how it ended.
---@return boolean|nil
---@return string?
---@return integer?
function file:close() end

--- Writes out what the file still holds back.
---@return file*
function file:flush() end

--- Walks the lines of the file, or what the formats say, and leaves it open.
---@param ... any
---@return fun(): any, any...
---@overload fun(): fun(): string
function file:lines(...) end

--- Reads a line, a number, so many bytes, or all.
---@param ... any
---@return any ...
---@overload fun(): string?
---@overload fun(format: "a"|"*a"|"*all"): string
---@overload fun(format: "l"|"L"|"*l"|"*L"|"*line"|integer): string?
---@overload fun(format: "n"|"*n"|"*number"): number?
function file:read(...) end

--- Moves the place in the file, counted from `set`, `cur` or `end`, and tells it.
---@param whence? string
---@param offset? integer
---@return integer|nil
---@return string?
function file:seek(whence, offset) end

--- Chooses when output is written: `no`, `full` or `line`.
---@param mode string
---@param size? integer
---@return boolean
function file:setvbuf(mode, size) end

--- Writes its arguments to the file.
---@param ... string|number
---@return file*|nil
---@return string?
function file:write(...) end
