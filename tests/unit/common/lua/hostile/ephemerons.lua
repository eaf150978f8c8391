-- ends: error
setmetatable({}, {__mode = "k"})
