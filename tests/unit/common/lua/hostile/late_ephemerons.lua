-- ends: time
-- A chain through a weak table costs its collection quadratic time; the mode comes too late to count.
local mode = {}
local t = setmetatable({}, mode)
mode.__mode = "k"
local keys, order, a, b = {}, {}, 1, 12000
for i = 1, b do keys[i] = function() end end
for i = 1, b do
  if i % 2 == 1 then order[i] = a a = a + 1 else order[i] = b b = b - 1 end
end
for i = 1, #order - 1 do t[keys[order[i]]] = keys[order[i + 1]] end
root, keys, order = keys[order[1]], nil, nil
while true do local _ = {} end
