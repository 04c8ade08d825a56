---@meta

-- Bits, in the Luas without operators for them.

--- Operations on the bits of 32-bit numbers.
---@version 5.2
bit32 = {}

--- Shifts right and keeps the sign.
---@version 5.2
---@param x integer
---@param count integer
---@return integer
function bit32.arshift(x, count) end

--- The bits set in all arguments.
---@version 5.2
---@param ... integer
---@return integer
function bit32.band(...) end

--- All bits turned over.
---@version 5.2
---@param x integer
---@return integer
function bit32.bnot(x) end

--- The bits set in any argument.
---@version 5.2
---@param ... integer
---@return integer
function bit32.bor(...) end

--- Whether any bit is set in all arguments.
---@version 5.2
---@param ... integer
---@return boolean
function bit32.btest(...) end

--- The bits set in an odd number of arguments.
---@version 5.2
---@param ... integer
---@return integer
function bit32.bxor(...) end

--- A group of bits as a number.
---@version 5.2
---@param x integer
---@param field integer
---@param width? integer
---@return integer
function bit32.extract(x, field, width) end

--- Turns the bits round to the left.
---@version 5.2
---@param x integer
---@param count integer
---@return integer
function bit32.lrotate(x, count) end

--- Shifts left.
---@version 5.2
---@param x integer
---@param count integer
---@return integer
function bit32.lshift(x, count) end

--- The number with a group of bits replaced.
---@version 5.2
---@param x integer
---@param value integer
---@param field integer
---@param width? integer
---@return integer
function bit32.replace(x, value, field, width) end

--- Turns the bits round to the right.
---@version 5.2
---@param x integer
---@param count integer
---@return integer
function bit32.rrotate(x, count) end

--- Shifts right and fills with zeros.
---@version 5.2
---@param x integer
---@param count integer
---@return integer
function bit32.rshift(x, count) end

--- Operations on the bits of numbers, 32 bits wide unless they are 64-bit numbers.
---@version JIT
bit = {}

--- Shifts right and keeps the sign.
---@version JIT
---@param x integer
---@param count integer
---@return integer
function bit.arshift(x, count) end

--- The bits set in all arguments.
---@version JIT
---@param x integer
---@param ... integer
---@return integer
function bit.band(x, ...) end

--- All bits turned over.
---@version JIT
---@param x integer
---@return integer
function bit.bnot(x) end

--- The bits set in any argument.
---@version JIT
---@param x integer
---@param ... integer
---@return integer
function bit.bor(x, ...) end

--- The bytes in reverse order.
---@version JIT
---@param x integer
---@return integer
function bit.bswap(x) end

--- The bits set in an odd number of arguments.
---@version JIT
---@param x integer
---@param ... integer
---@return integer
function bit.bxor(x, ...) end

--- Shifts left.
---@version JIT
---@param x integer
---@param count integer
---@return integer
function bit.lshift(x, count) end

--- Turns the bits round to the left.
---@version JIT
---@param x integer
---@param count integer
---@return integer
function bit.rol(x, count) end

--- Turns the bits round to the right.
---@version JIT
---@param x integer
---@param count integer
---@return integer
function bit.ror(x, count) end

--- Shifts right and fills with zeros.
---@version JIT
---@param x integer
---@param count integer
---@return integer
function bit.rshift(x, count) end

--- The number brought into the range of 32 bits with a sign.
---@version JIT
---@param x number
---@return integer
function bit.tobit(x) end

--- The number in hexadecimal; a negative count of digits asks for capitals.
---@version JIT
---@param x integer
---@param digits? integer
---@return string
function bit.tohex(x, digits) end
