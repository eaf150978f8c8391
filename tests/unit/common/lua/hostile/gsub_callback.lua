-- ends: time
while true do pcall(string.gsub, "a", "a", function() while true do end end) end
