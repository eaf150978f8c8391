-- ends: any
-- Lives at the edge of its memory, where every allocation wants a full collection.
local keep = {}
local function fill() while true do keep[#keep + 1] = {} end end
for _ = 1, 40000 do keep[#keep + 1] = {} end
while true do local _ = {{}, {}, {}, {}} keep[#keep + 1] = {} end
