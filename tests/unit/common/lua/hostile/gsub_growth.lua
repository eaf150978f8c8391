-- ends: memory
local s = "x"
while true do s = s:gsub("x", ("x"):rep(1000)) end
