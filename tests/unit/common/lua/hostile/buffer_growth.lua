-- ends: memory
local t = {}
for i = 1, 60000 do t[i] = ("x"):rep(1000) end
