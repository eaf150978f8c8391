-- ends: memory
local dead = coroutine.create(function() end)
coroutine.resume(dead)
local hoard = {}
local function exhaust() while true do hoard[#hoard + 1] = ("x"):rep(5000) .. #hoard end end
pcall(exhaust)
while true do coroutine.resume(dead) end
