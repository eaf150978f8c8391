-- ends: any
while true do string.pack("c1000000", "") end
