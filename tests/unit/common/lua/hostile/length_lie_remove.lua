-- ends: time
table.remove(setmetatable({}, {__len = function() return math.maxinteger end}), 1)
