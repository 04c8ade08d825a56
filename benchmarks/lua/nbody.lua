-- Arithmetic on locals and fields: bodies that attract each other, moved in small steps.
local COUNT = 5

local function make()
  local bodies = {}
  for i = 1, COUNT do
    local angle = 2 * math.pi * i / COUNT
    bodies[i] = {
      x = i * math.cos(angle), y = i * math.sin(angle), z = 0.1 * i,
      vx = -math.sin(angle) / i, vy = math.cos(angle) / i, vz = 0.0,
      mass = 1.0 / (i * i),
    }
  end
  return bodies
end

local function attract(bodies, dt)
  for i = 1, COUNT do
    local a = bodies[i]
    for j = i + 1, COUNT do
      local b = bodies[j]
      if b.mass <= 0 then
        b.mass = 1 --@never
      end
      local dx, dy, dz = a.x - b.x, a.y - b.y, a.z - b.z
      local square = dx * dx + dy * dy + dz * dz + 0.01 --@hot
      local pull = dt / (square * math.sqrt(square))
      local of_a, of_b = a.mass * pull, b.mass * pull
      a.vx, a.vy, a.vz = a.vx - dx * of_b, a.vy - dy * of_b, a.vz - dz * of_b
      b.vx, b.vy, b.vz = b.vx + dx * of_a, b.vy + dy * of_a, b.vz + dz * of_a
    end
  end
end

local function move(bodies, dt)
  for i = 1, COUNT do
    local body = bodies[i]
    body.x = body.x + dt * body.vx
    body.y = body.y + dt * body.vy
    body.z = body.z + dt * body.vz
  end
end

function cold(bodies)
  local first = bodies[1] --@cold
  return first
end

function bench(n)
  local bodies = make()
  for _ = 1, n do
    attract(bodies, 0.001)
    move(bodies, 0.001)
  end
  return bodies[1].x
end
