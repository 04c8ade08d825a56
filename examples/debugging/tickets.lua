-- What the cars on the ferry pay: asked in Lua, reckoned in Python, with a rebate from Lua.
local tariff = python.import("tariff")

local function rebate(name, price)
  local part = name == "bus" and 4 or 10
  return price // part
end

local cars = { { name = "van", length = 6 }, { name = "bus", length = 12 } }
local summer = tariff.Tariff("summer", 5)
print(summer.total(cars, rebate))
