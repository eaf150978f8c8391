-- ends: any
local function deeper() return pcall(deeper) end
while true do deeper() end
