-- ends: any
string.unpack(("b"):rep(500000), ("x"):rep(500000))
