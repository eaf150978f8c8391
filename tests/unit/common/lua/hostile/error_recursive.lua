-- ends: time
while true do pcall(error, setmetatable({}, {__tostring = error})) end
