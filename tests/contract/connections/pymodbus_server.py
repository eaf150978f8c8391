#!/usr/bin/python3
"""A Modbus TCP server that is not ours: Debian's python3-pymodbus, unit 17, on a free port of 127.0.0.1.

Prints the port, then answers each line "TABLE NUMBER COUNT" on stdin with what stands there, so that a test
can see its writes from the other side. Ends when stdin does.
"""

import asyncio
import logging
import sys

from pymodbus.constants import Endian
from pymodbus.datastore import ModbusSequentialDataBlock, ModbusServerContext, ModbusSlaveContext
from pymodbus.payload import BinaryPayloadBuilder
from pymodbus.server import StartAsyncTcpServer

UNIT = 17
FUNCTION = {"coil": 1, "discrete": 2, "holding": 3, "input": 4}


def words(add, value, wordorder=Endian.Big):
    builder = BinaryPayloadBuilder(byteorder=Endian.Big, wordorder=wordorder)
    getattr(builder, add)(value)
    return builder.to_registers()


def device():
    inputs = [0] * 100
    inputs[0:1] = words("add_16bit_int", -7)
    inputs[2:4] = words("add_32bit_float", 21.5)
    inputs[4:6] = words("add_32bit_float", 21.5, Endian.Little)
    inputs[6:8] = words("add_32bit_int", -100000)
    inputs[8:10] = words("add_32bit_uint", 4000000000, Endian.Little)
    return ModbusSlaveContext(
        co=ModbusSequentialDataBlock(0, [False] * 100),
        di=ModbusSequentialDataBlock(0, [False, True] * 50),
        hr=ModbusSequentialDataBlock(0, [0] * 100),
        ir=ModbusSequentialDataBlock(0, inputs),
        zero_mode=True,
    )


async def main():
    logging.disable()  # the test provokes errors; they are not its output
    store = device()
    context = ModbusServerContext(slaves={UNIT: store}, single=False)
    server = await StartAsyncTcpServer(context=context, address=("127.0.0.1", 0), defer_start=True)
    serving = asyncio.ensure_future(server.serve_forever())
    await server.serving
    print(server.server.sockets[0].getsockname()[1], flush=True)

    loop = asyncio.get_running_loop()
    while line := await loop.run_in_executor(None, sys.stdin.readline):
        table, number, count = line.split()
        print(*map(int, store.getValues(FUNCTION[table], int(number), int(count))), flush=True)
    serving.cancel()


asyncio.run(main())
