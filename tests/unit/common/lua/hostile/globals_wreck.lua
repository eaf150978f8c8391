-- ends: time
for k in pairs(_G) do _G[k] = nil end
rawset(_G, "pcall", nil)
rawset(string, "find", nil)
while true do pcall(string.find, "a", "b") end
