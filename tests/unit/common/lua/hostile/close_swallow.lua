-- ends: time
local guard = {__close = function() error("mine") end}
while true do
  pcall(function()
    local a <close> = setmetatable({}, guard)
    local b <close> = setmetatable({}, guard)
    while true do end
  end)
end
