-- ends: time
while true do
  coroutine.wrap(function() for _ = 1, 200 do end end)()
end
