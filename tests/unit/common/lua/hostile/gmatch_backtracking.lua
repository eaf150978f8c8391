-- ends: time
for _ in (("a"):rep(50000)):gmatch(("a*"):rep(20) .. "b") do end
