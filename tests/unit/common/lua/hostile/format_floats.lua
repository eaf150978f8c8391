-- ends: time
while true do string.format(("%.99f"):rep(200), table.unpack((function() local t = {} for i = 1, 200 do t[i] = 1e308 end return t end)())) end
