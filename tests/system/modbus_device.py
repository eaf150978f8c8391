"""A Modbus TCP device made of Debian's python3-pymodbus: modbus_device.py PORT. Every register holds its own number."""

import sys

from pymodbus.datastore import ModbusSequentialDataBlock, ModbusServerContext, ModbusSlaveContext
from pymodbus.server import StartTcpServer

REGISTERS = 100


def device():
    def registers():
        return ModbusSequentialDataBlock(0, list(range(REGISTERS)))

    def bits():
        return ModbusSequentialDataBlock(0, [number % 2 == 1 for number in range(REGISTERS)])

    return ModbusServerContext(single=True, slaves=ModbusSlaveContext(
        di=bits(), co=bits(), hr=registers(), ir=registers(), zero_mode=True))


if __name__ == "__main__":
    StartTcpServer(context=device(), address=("127.0.0.1", int(sys.argv[1])), allow_reuse_address=True)
