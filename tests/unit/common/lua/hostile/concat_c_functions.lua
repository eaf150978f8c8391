-- ends: any
table.concat(setmetatable({}, {__index = rawlen}), "", 1, math.maxinteger)
