-- ends: time
local s = "a" .. ("\x80"):rep(1000000)
local step, _, _ = utf8.codes(s)
while true do pcall(step, s, 1) pcall(utf8.len, s) pcall(utf8.offset, s, 2) pcall(utf8.codepoint, s, 1, -1) end
