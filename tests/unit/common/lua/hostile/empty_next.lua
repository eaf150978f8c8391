-- ends: time
local t = {}
for i = 1, 30000 do t["k" .. i] = true end
for i = 1, 30000 do t["k" .. i] = nil end
while true do next(t) end
