-- ends: time
local function turn() return turn() end
turn()
