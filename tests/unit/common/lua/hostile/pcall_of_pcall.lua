-- ends: time
local function forever() while true do end end
local function swallow(depth)
  if depth == 0 then return forever() end
  repeat local ok = pcall(swallow, depth - 1) until false
end
swallow(20)
