-- ends: memory
local keep = {}
while true do
  local ok = pcall(function() for i = 1, 1e9 do keep[i] = ("x"):rep(10000) .. i end end)
  if not ok then keep = {} end
end
