-- ends: time
return shared.spin
