"""As much of a Modbus TCP client as it takes to look at the plant and to disturb it."""

import socket
import struct

READ_INPUTS = 4
WRITE_HOLDINGS = 16
RAIN = 10  # holding register of the plant: inflow added to the natural one, m³/h


class Modbus:
    def __init__(self, port):
        self.port = port

    def _ask(self, function, body):
        with socket.create_connection(("127.0.0.1", self.port), timeout=5) as line:
            line.sendall(struct.pack(">HHHBB", 1, 0, 2 + len(body), 1, function) + body)
            answer = b""
            while len(answer) < 6 or len(answer) < 6 + struct.unpack_from(">H", answer, 4)[0]:
                piece = line.recv(512)
                if not piece:
                    raise ConnectionError("the plant closed the connection")
                answer += piece
        if answer[7] != function:
            raise ConnectionError(f"the plant refused: exception {answer[8]}")
        return answer[8:]

    def input_float(self, address):
        return struct.unpack_from(">f", self._ask(READ_INPUTS, struct.pack(">HH", address, 2)), 1)[0]

    def rain(self, cubic_metres_per_hour):
        registers = struct.pack(">f", cubic_metres_per_hour)
        self._ask(WRITE_HOLDINGS, struct.pack(">HHB", RAIN, 2, 4) + registers)
