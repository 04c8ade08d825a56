-- Calls and little else: the doubly recursive Fibonacci number.
local function fib(n)
  if n < 0 then
    n = 0 --@never
  end
  if n < 2 then
    return n
  end
  return fib(n - 1) + fib(n - 2) --@hot
end

function cold(n)
  local twice = n * 2 --@cold
  return twice
end

function bench(n)
  return fib(n)
end
