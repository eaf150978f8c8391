-- ends: any
local name = ("n"):rep(500000)
local t = setmetatable({}, {__name = name})
while true do tostring(t) end
