---@meta

-- Texts.

--- Texts: search, patterns, formats; every string has these as methods.
string = {}

--- The codes of the bytes from `first` to `last`, one byte without `last`.
---@param text string
---@param first? integer
---@param last? integer
---@return integer ...
function string.byte(text, first, last) end

--- The string of the given byte codes.
---@param ... integer
---@return string
function string.char(...) end

--- A Lua function as binary chunk that `load` reads back.
---@version 5.1, 5.2
---@param action function
---@return string
function string.dump(action) end

--- A Lua function as binary chunk that `load` reads back, without debug information when stripped.
---@version >5.3, JIT
---@param action function
---@param strip? boolean
---@return string
function string.dump(action, strip) end

--- Where a pattern first matches: start, end and captures; nil when nowhere.
---@param text string
---@param pattern string
---@param init? integer
---@param plain? boolean
---@return integer|nil
---@return integer?
---@return string ...
function string.find(text, pattern, init, plain) end

--- Puts values into a format such as `%d`, `%5.2f`, `%s` or `%q`.
---@param format string
---@param ... any
---@return string
function string.format(format, ...) end

--- The old name of `string.gmatch`.
---@version 5.1
---@param text string
---@param pattern string
---@return fun(): string, string...
function string.gfind(text, pattern) end

--- Walks all matches of a pattern; gives the captures, or the whole match.
---@version 5.1, 5.2, 5.3, JIT
---@param text string
---@param pattern string
---@return fun(): string, string...
function string.gmatch(text, pattern) end

--- Walks all matches of a pattern; gives the captures, or the whole match.
---@version >5.4
---@param text string
---@param pattern string
---@param init? integer
---@return fun(): string, string...
function string.gmatch(text, pattern, init) end

--- Replaces matches of a pattern; also tells how many there were.
---@param text string
---@param pattern string
---@param replacement string|table|fun(match: string, ...: string): string|false|nil
---@param limit? integer
---@return string
---@return integer
function string.gsub(text, pattern, replacement, limit) end

--- The length in bytes.
---@param text string
---@return integer
function string.len(text) end

--- The text with small letters.
---@param text string
---@return string
function string.lower(text) end

--- The captures of the first match of a pattern, or the whole match; nil when there is none.
---@param text string
---@param pattern string
---@param init? integer
---@return string|nil ...
function string.match(text, pattern, init) end

--- Writes values in binary form as a format tells.
---@version >5.3
---@param format string
---@param ... any
---@return string
function string.pack(format, ...) end

--- The number of bytes `string.pack` makes of a format without variable parts.
---@version >5.3
---@param format string
---@return integer
function string.packsize(format) end

--- The text `count` times in a row.
---@version 5.1
---@param text string
---@param count integer
---@return string
function string.rep(text, count) end

--- The text `count` times in a row, with a separator between if given.
---@version >5.2, JIT
---@param text string
---@param count integer
---@param separator? string
---@return string
function string.rep(text, count, separator) end

--- The bytes in reverse order.
---@param text string
---@return string
function string.reverse(text) end

--- The part from `first` to `last`; negative places count from the end.
---@param text string
---@param first integer
---@param last? integer
---@return string
function string.sub(text, first, last) end

--- Reads values from binary form; the last result is where it stopped.
---@version >5.3
---@param format string
---@param data string
---@param position? integer
---@return any ...
function string.unpack(format, data, position) end

--- The text with capital letters.
---@param text string
---@return string
function string.upper(text) end

--- Texts in UTF-8, character by character.
---@version >5.3
utf8 = {}

--- The UTF-8 text of the given code points.
---@version >5.3
---@param ... integer
---@return string
function utf8.char(...) end

--- The pattern that matches one UTF-8 character.
---@version >5.3
---@type string
utf8.charpattern = nil

--- The code points of the characters that begin between two byte places.
---@version 5.3
---@param text string
---@param first? integer
---@param last? integer
---@return integer ...
function utf8.codepoint(text, first, last) end

--- The code points of the characters that begin between two byte places.
---@version >5.4
---@param text string
---@param first? integer
---@param last? integer
---@param lax? boolean
---@return integer ...
function utf8.codepoint(text, first, last, lax) end

--- Walks a text: byte place and code point of each character.
---@version 5.3
---@param text string
---@return fun(text: string, place?: integer): integer, integer
---@return string
---@return integer
function utf8.codes(text) end

--- Walks a text: byte place and code point of each character.
---@version >5.4
---@param text string
---@param lax? boolean
---@return fun(text: string, place?: integer): integer, integer
---@return string
---@return integer
function utf8.codes(text, lax) end

--- The number of characters; nil and the place of the first bad byte when it is no UTF-8.
---@version 5.3
---@param text string
---@param first? integer
---@param last? integer
---@return integer|nil
---@return integer?
function utf8.len(text, first, last) end

--- The number of characters; nil and the place of the first bad byte when it is no UTF-8.
---@version >5.4
---@param text string
---@param first? integer
---@param last? integer
---@param lax? boolean
---@return integer|nil
---@return integer?
function utf8.len(text, first, last, lax) end

--- The byte place where a character begins, counted from `start`.
---@version >5.3
---@param text string
---@param count integer
---@param start? integer
---@return integer|nil
function utf8.offset(text, count, start) end
