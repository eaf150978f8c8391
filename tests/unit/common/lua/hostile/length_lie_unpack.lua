-- ends: error
table.unpack(setmetatable({}, {__len = function() return math.maxinteger end}))
