-- ends: time
while true do
  local _ = (""):rep(1e18)
  _ = ("x"):rep(1000000)
end
