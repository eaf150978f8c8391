-- ends: error
local function deeper() return coroutine.wrap(deeper)() end
deeper()
