-- A ferry takes aboard what waits, as long as there is room.
local Ferry = {}
Ferry.__index = Ferry

function Ferry.new(length)
  return setmetatable({ length = length, cars = {}, used = 0 }, Ferry)
end

function Ferry:board(car)
  local left = self.length - self.used
  if car.length > left then
    error(car.name .. " does not fit, " .. left .. " m are left")
  end
  self.cars[#self.cars + 1] = car
  self.used = self.used + car.length
end

local ferry = Ferry.new(30)
for _, car in ipairs({
  { name = "van", length = 6 },
  { name = "bus", length = 12 },
  { name = "car", length = 4 },
  { name = "truck", length = 10 },
}) do
  ferry:board(car)
end
print(#ferry.cars .. " aboard, " .. ferry.used .. " m used")
