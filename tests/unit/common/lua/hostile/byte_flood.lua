-- ends: any
local s = ("x"):rep(900000)
while true do s:byte(1, -1) end
