-- ends: time
local a = ("x"):rep(1000000)
local b = ("x"):rep(1000000)
while true do local _ = a == b, a < b, a <= b end
