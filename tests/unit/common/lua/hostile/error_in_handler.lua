-- ends: time
while true do
  xpcall(error, function(message) error(message) end)
end
