-- ends: time
local function relay(depth)
  for _ = 1, 150 do end
  if depth > 0 then coroutine.wrap(relay)(depth - 1) end
end
while true do pcall(relay, 190) end
