-- ends: error
table.sort({2, 1}, function() return sleep(1) end)
