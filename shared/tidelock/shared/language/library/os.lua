---@meta

-- The system.

--- The system: time, files, environment.
os = {}

--- A time taken apart.
---@class osdate
---@field year integer
---@field month integer from 1 to 12
---@field day integer from 1 to 31
---@field hour integer
---@field min integer
---@field sec integer
---@field wday integer the day of the week, Sunday is 1
---@field yday integer the day of the year, from 1
---@field isdst boolean whether summer time is in force

--- Seconds of processor time used so far.
---@return number
function os.clock() end

--- A time as text, or as a table for the format `*t`.
---@param format? string
---@param time? integer
---@return string|osdate
---@overload fun(): string
---@overload fun(format: "*t"|"!*t", time?: integer): osdate
function os.date(format, time) end

--- Seconds between two times.
---@param later integer
---@param earlier integer
---@return number
function os.difftime(later, earlier) end

--- Runs a command of the system's shell and gives its exit status.
---@version 5.1, JIT
---@param command? string
---@return integer
function os.execute(command) end

--- Runs a command of the system's shell and tells how it ended.
---@version >5.2
---@param command? string
---@return boolean|nil
---@return string?
---@return integer?
function os.execute(command) end

--- Ends the whole process.
---@version 5.1
---@param code? integer
function os.exit(code) end

--- Ends the whole process, after closing the Lua state if asked.
---@version >5.2, JIT
---@param code? integer|boolean
---@param close? boolean
function os.exit(code, close) end

--- The value of an environment variable.
---@param name string
---@return string|nil
function os.getenv(name) end

--- Deletes a file.
---@param path string
---@return boolean|nil
---@return string?
---@return integer?
function os.remove(path) end

--- Renames or moves a file.
---@param old string
---@param new string
---@return boolean|nil
---@return string?
---@return integer?
function os.rename(old, new) end

--- Sets the locale of the process, or tells the one in force.
---@param locale? string
---@param category? string
---@return string|nil
function os.setlocale(locale, category) end

--- The time now in seconds, or the time of a table with `year`, `month`, `day` and more.
---@param date? table
---@return integer
function os.time(date) end

--- A file name that can be used for a temporary file.
---@return string
function os.tmpname() end
