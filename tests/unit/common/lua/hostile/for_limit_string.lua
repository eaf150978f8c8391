-- ends: time
local s = (" "):rep(1000000) .. "z"
local function count() for _ = 1, s do end end
while true do pcall(count) end
