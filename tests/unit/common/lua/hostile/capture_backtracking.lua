-- ends: time
(("ab"):rep(20000)):find(("(.-)"):rep(30) .. "%30c")
