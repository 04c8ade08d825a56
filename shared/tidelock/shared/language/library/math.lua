---@meta

-- Numbers.

--- Numbers: rounding, roots, angles, chance.
math = {}

--- The value without its sign.
---@param x number
---@return number
---@overload fun(x: integer): integer
function math.abs(x) end

--- The angle in radians whose cosine is `x`.
---@param x number
---@return number
function math.acos(x) end

--- The angle in radians whose sine is `x`.
---@param x number
---@return number
function math.asin(x) end

--- The angle in radians whose tangent is `x`.
---@version 5.1, 5.2, JIT
---@param x number
---@return number
function math.atan(x) end

--- The angle in radians of the point (`x`, `y`), `x` being 1 unless given.
---@version >5.3
---@param y number
---@param x? number
---@return number
function math.atan(y, x) end

--- The angle in radians of the point (`x`, `y`).
---@version 5.1, 5.2, JIT
---@param y number
---@param x number
---@return number
function math.atan2(y, x) end

--- The smallest whole number not below `x`.
---@param x number
---@return integer
function math.ceil(x) end

--- The cosine of an angle in radians.
---@param x number
---@return number
function math.cos(x) end

--- The hyperbolic cosine.
---@version 5.1, 5.2, JIT
---@param x number
---@return number
function math.cosh(x) end

--- Radians to degrees.
---@param x number
---@return number
function math.deg(x) end

--- The number e to the power of `x`.
---@param x number
---@return number
function math.exp(x) end

--- The largest whole number not above `x`.
---@param x number
---@return integer
function math.floor(x) end

--- The rest of a division that rounds towards zero.
---@param x number
---@param y number
---@return number
function math.fmod(x, y) end

--- Splits `x` into a fraction and a power of two.
---@version 5.1, 5.2, JIT, 5.5
---@param x number
---@return number
---@return integer
function math.frexp(x) end

--- A number larger than any other: infinity.
---@type number
math.huge = nil

--- A fraction times a power of two.
---@version 5.1, 5.2, JIT, 5.5
---@param fraction number
---@param exponent integer
---@return number
function math.ldexp(fraction, exponent) end

--- The natural logarithm.
---@version 5.1
---@param x number
---@return number
function math.log(x) end

--- The logarithm, natural unless a base is given.
---@version >5.2, JIT
---@param x number
---@param base? number
---@return number
function math.log(x, base) end

--- The logarithm to base ten.
---@version 5.1, JIT
---@param x number
---@return number
function math.log10(x) end

--- The largest of its arguments.
---@param x number
---@param ... number
---@return number
---@overload fun(x: integer, ...: integer): integer
function math.max(x, ...) end

--- The largest integer.
---@version >5.3
---@type integer
math.maxinteger = nil

--- The smallest of its arguments.
---@param x number
---@param ... number
---@return number
---@overload fun(x: integer, ...: integer): integer
function math.min(x, ...) end

--- The smallest integer.
---@version >5.3
---@type integer
math.mininteger = nil

--- The old name of `math.fmod`.
---@version 5.1
---@param x number
---@param y number
---@return number
function math.mod(x, y) end

--- The whole part and the fraction.
---@param x number
---@return number
---@return number
function math.modf(x) end

--- The circumference of a circle of diameter one.
---@type number
math.pi = nil

--- `x` to the power of `y`; the operator `^` does the same.
---@version 5.1, 5.2, JIT
---@param x number
---@param y number
---@return number
function math.pow(x, y) end

--- Degrees to radians.
---@param x number
---@return number
function math.rad(x) end

--- A random number: from 0 to 1, from 1 to `low`, or from `low` to `high`.
---@param low? integer
---@param high? integer
---@return number
---@overload fun(): number
---@overload fun(low: integer, high?: integer): integer
function math.random(low, high) end

--- Starts the row of random numbers anew.
---@version 5.1, 5.2, 5.3, JIT
---@param seed number
function math.randomseed(seed) end

--- Starts the row of random numbers anew, by chance without a seed; tells the seed used.
---@version >5.4
---@param seed? number
---@param more? integer
---@return integer
---@return integer
function math.randomseed(seed, more) end

--- The sine of an angle in radians.
---@param x number
---@return number
function math.sin(x) end

--- The hyperbolic sine.
---@version 5.1, 5.2, JIT
---@param x number
---@return number
function math.sinh(x) end

--- The square root.
---@param x number
---@return number
function math.sqrt(x) end

--- The tangent of an angle in radians.
---@param x number
---@return number
function math.tan(x) end

--- The hyperbolic tangent.
---@version 5.1, 5.2, JIT
---@param x number
---@return number
function math.tanh(x) end

--- The integer equal to `x`, nil when there is none.
---@version >5.3
---@param x any
---@return integer|nil
function math.tointeger(x) end

--- `integer` or `float`, nil for what is no number.
---@version >5.3
---@param x any
---@return string|nil
function math.type(x) end

--- Whether `a` is below `b` when both are read without a sign.
---@version >5.3
---@param a integer
---@param b integer
---@return boolean
function math.ult(a, b) end
