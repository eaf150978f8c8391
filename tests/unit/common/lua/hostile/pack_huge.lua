-- ends: any
string.pack("c2000000000", "")
