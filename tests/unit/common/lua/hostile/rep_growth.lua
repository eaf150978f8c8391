-- ends: error
("x"):rep(1e18)
