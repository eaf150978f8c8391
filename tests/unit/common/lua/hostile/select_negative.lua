-- ends: time
local t = {}
while true do select(-1, table.unpack(t, 1, 9000)) end
