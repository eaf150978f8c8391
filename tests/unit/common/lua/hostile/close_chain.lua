-- ends: any
-- Each close of a coroutine closes the next one: Lua 5.4.4 alone would overflow the C stack.
local previous
for _ = 1, 5000 do
  local next_one = previous
  local co = coroutine.create(function()
    local x <close> = setmetatable({}, {__close = function() if next_one then coroutine.close(next_one) end end})
    coroutine.yield()
  end)
  coroutine.resume(co)
  previous = co
end
assert(coroutine.close(previous))
