-- ends: time
(("("):rep(1000000)):find("%b()")
