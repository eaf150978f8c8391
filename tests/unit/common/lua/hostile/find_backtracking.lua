-- ends: time
(("a"):rep(50000)):find((".-"):rep(20) .. "b")
