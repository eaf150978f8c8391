-- ends: time
(("a"):rep(50000)):match(("a*"):rep(20) .. "b")
