-- ends: time
local guard = {__close = function() for _ = 1, 1e9 do end end}
local function tower(n)
  local x <close> = setmetatable({}, guard)
  if n > 0 then tower(n - 1) end
  while true do end
end
pcall(tower, 150)
