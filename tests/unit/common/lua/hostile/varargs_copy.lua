-- ends: time
local t = {}
local function count(...) return select("#", ...) end
while true do count(table.unpack(t, 1, 9000)) end
