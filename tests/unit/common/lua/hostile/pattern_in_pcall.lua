-- ends: time
while true do pcall(string.find, ("a"):rep(50000), ("a*"):rep(20) .. "b") end
