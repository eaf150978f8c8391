-- ends: error
load("\x1bLua")
