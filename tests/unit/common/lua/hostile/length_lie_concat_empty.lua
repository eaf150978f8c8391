-- ends: time
table.concat(setmetatable({}, {__index = function() return "" end, __len = function() return math.maxinteger end}))
