-- ends: time
while true do pcall(answer, ("x"):rep(1000)) end
