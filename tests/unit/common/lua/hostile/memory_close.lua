-- ends: memory
while true do
  pcall(function()
    local x <close> = setmetatable({}, {__close = function() error("mine") end})
    local s = "x" while true do s = s .. s end
  end)
end
