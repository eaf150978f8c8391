-- ends: error
answer(table.unpack({}, 1, 9000))
