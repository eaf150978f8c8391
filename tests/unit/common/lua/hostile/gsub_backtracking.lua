-- ends: time
(("a"):rep(50000)):gsub(("a*"):rep(20) .. "b", "")
