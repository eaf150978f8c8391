-- ends: time
local t = {}
for i = 1, 50000 do t[i] = i end
while true do
  table.sort(t, rawequal)
  table.sort(t, function() return true end)
end
