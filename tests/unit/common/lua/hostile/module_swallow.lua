-- ends: time
while true do pcall(function() return shared.spin end) end
