-- ends: time
table.sort(setmetatable({}, {__len = function() return 1 << 29 end, __index = rawlen, __newindex = rawlen}))
