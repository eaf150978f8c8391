-- ends: time
local t = {}
for i = 1, 1000 do t[i] = i end
while true do
  pcall(table.sort, t, function(a, b) t[#t] = nil t[#t + 1] = 1 return a < b end)
end
