-- ends: time
local hay, needle = ("a"):rep(900000), ("a"):rep(450000) .. "b"
while true do hay:find(needle, 1, true) end
