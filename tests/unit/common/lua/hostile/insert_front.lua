-- ends: time
local t = {}
while true do table.insert(t, 1, 1) t[60001] = nil end
