-- ends: any
local previous
for _ = 1, 5000 do
  local next_one = previous
  previous = coroutine.wrap(function()
    local x <close> = setmetatable({}, {__close = function() if next_one then next_one() end end})
    coroutine.yield()
    error("on")
  end)
  previous()
end
previous()
