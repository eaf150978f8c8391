-- ends: any
local s = ("x"):rep(300000)
while true do string.format(("%s"):rep(100), table.unpack({s, s, s, s}, 1, 100)) end
