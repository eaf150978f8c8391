-- ends: time
local s = (" "):rep(1000000) .. "1"
while true do
  local _ = s + 1, s * 2, -s, tonumber(s), math.floor(s), math.random(s)
  pcall(string.rep, "x", s)
  pcall(function() return s | 1 end)
end
