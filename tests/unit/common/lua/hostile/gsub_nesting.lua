-- ends: error
local function nest() return (("a"):gsub("a", nest)) end
nest()
