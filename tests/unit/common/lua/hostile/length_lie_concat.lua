-- ends: error
table.concat(setmetatable({}, {__index = table.concat, __len = function() return math.maxinteger end}))
