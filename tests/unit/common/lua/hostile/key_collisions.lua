-- ends: time
-- Keys that Lua hashes to one chain, at each of the sizes that the table grows through.
local step = ((1 << 13) - 1) * ((1 << 14) - 1) * ((1 << 15) - 1)
while true do
  local t = {}
  for i = 1, 32000 do t[i * step] = true end
end
