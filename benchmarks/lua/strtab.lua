-- Strings, tables, method calls and a coroutine: words are made, read and counted.
local Counter = {}
Counter.__index = Counter

function Counter.new()
  return setmetatable({ counts = {}, total = 0, longest = "" }, Counter)
end

function Counter:add(word)
  if word == nil then
    word = "" --@never
  end
  local seen = self.counts[word] or 0 --@hot
  self.counts[word] = seen + 1
  self.total = self.total + 1
  if #word > #self.longest then
    self.longest = word
  end
end

function Counter:top(count)
  local words = {}
  for word in pairs(self.counts) do
    words[#words + 1] = word
  end
  table.sort(words, function(a, b)
    local x, y = self.counts[a], self.counts[b]
    return x > y or (x == y and a < b)
  end)
  return table.concat(words, " ", 1, math.min(count, #words))
end

local function sentence(number)
  local parts = {}
  for i = 1, 8 do
    local key = (number * 7 + i * i * 13) % 97
    parts[i] = (i % 2 == 0 and "tide" or "moon") .. key
  end
  return table.concat(parts, " ")
end

local function words(count)
  return coroutine.wrap(function()
    for number = 1, count do
      for word in string.gmatch(sentence(number), "%a+%d*") do
        coroutine.yield(string.upper(word))
      end
    end
  end)
end

function cold(counter)
  local text = counter:top(1) --@cold
  return text
end

function bench(n)
  local counter = Counter.new()
  for word in words(n) do
    counter:add(word)
  end
  return counter:top(10) .. counter.total
end
