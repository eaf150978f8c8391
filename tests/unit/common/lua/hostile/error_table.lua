-- ends: error
error({code = 1})
