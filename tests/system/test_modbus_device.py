"""The Modbus client against a device that is not ours: the server of Debian's python3-pymodbus."""

import pathlib
import socket

import pytest
from harness.daemons import QUICK, Agent, Coordinator, Daemon, free_port, show_logs
from harness.rest import wait_for
from pymodbus.client import ModbusTcpClient

HERE = pathlib.Path(__file__).parent

TEMPLATE = {"kind": "Template", "name": "Meter", "spec": {
    "attributes": {
        "Coil": {"type": "bool", "address": "coil:3"},
        "Discrete": {"type": "bool", "address": "discrete:4"},
        "Holding": {"type": "int", "address": "holding:5"},
        "Input": {"type": "float", "address": "input:7:int16:scale=0.5:offset=1"},
        "Long": {"type": "int", "address": "holding:10:uint32:low-word-first"},
        "Missing": {"type": "int", "address": "holding:5000"},
        "Target": {"type": "float", "address": "holding:20:float32", "writable": True},
        "Switch": {"type": "bool", "address": "coil:30", "writable": True}},
    "scripts": {"Write": {"trigger": {"kind": "interval", "interval": "1s"},
                          "source": 'attributes.set("Target", -12.5)\nattributes.set("Switch", true)'}}}}
INSTANCE = {"kind": "Instance", "name": "Meter1", "spec": {
    "site": "east", "template": "Meter", "bindings": {name: {"connection": "meter"}
                                                      for name in TEMPLATE["spec"]["attributes"]}}}


class Device(Daemon):
    def __init__(self, state):
        super().__init__("device", state)
        self.port = free_port()

    def start(self):
        self.launch("/usr/bin/python3", HERE / "modbus_device.py", self.port)
        wait_for("the device listens", self.listens)
        return self

    def listens(self):
        self.check()
        with socket.socket() as line:
            return line.connect_ex(("127.0.0.1", self.port)) == 0


@pytest.fixture(scope="module")
def device(tmp_path_factory):
    device = Device(tmp_path_factory.mktemp("device")).start()
    yield device
    device.stop()


@pytest.fixture(scope="module")
def coordinator(tmp_path_factory, device):
    state = tmp_path_factory.mktemp("east")
    coordinator = Coordinator(state / "coordinator", QUICK).start()
    agent = Agent(state / "a", coordinator, "east", "a", "active")
    coordinator.rest.post("/apply", [
        {"kind": "Site", "name": "east", "spec": {"nodes": ["a"]}},
        {"kind": "Connection", "name": "east/meter", "spec": {
            "protocol": "modbus-tcp", "endpoint": f"127.0.0.1:{device.port}",
            "options": {"poll": "100ms", "timeout": "500ms"}}},
        TEMPLATE, INSTANCE])
    agent.start().accept()
    agent.wait_online()
    deployment = coordinator.rest.post("/instances/Meter1/deploy?wait=30s")
    assert deployment["state"] == "success" and "standby" not in deployment
    yield coordinator
    show_logs([coordinator, agent, device])
    agent.stop()
    coordinator.stop()


def values(coordinator):
    return {item["name"]: item for item in coordinator.rest.get("/instances/Meter1/values")["values"]}


def wait_quality(coordinator, name, quality):
    wait_for(f"{name} is {quality}", lambda: values(coordinator)[name]["quality"] == quality)


def test_it_reads_every_table(coordinator):
    expected = {"Coil": True, "Discrete": False, "Holding": 5, "Input": 4.5, "Long": 11 * 65536 + 10}
    for name, value in expected.items():
        wait_quality(coordinator, name, "Good")
        assert values(coordinator)[name]["value"] == value


def test_a_register_that_is_not_there_spoils_only_itself(coordinator):
    wait_quality(coordinator, "Missing", "Bad_ConfigurationError")
    wait_quality(coordinator, "Holding", "Good")


def test_it_writes(coordinator, device):
    client = ModbusTcpClient("127.0.0.1", port=device.port)
    assert client.connect()
    try:
        wait_for("the registers hold -12.5 as a float",
                 lambda: client.read_holding_registers(20, 2, slave=1).registers == [0xC148, 0])
        wait_for("the coil is set", lambda: client.read_coils(30, 1, slave=1).bits[0])
    finally:
        client.close()
    wait_for("what was written is read back", lambda: values(coordinator)["Target"]["value"] == -12.5)


def test_it_survives_that_the_device_goes_and_comes(coordinator, device):
    wait_quality(coordinator, "Holding", "Good")
    device.kill()
    wait_quality(coordinator, "Holding", "Bad_CommunicationError")
    lost = values(coordinator)["Holding"]
    assert lost["value"] == 5

    def connection():
        health = coordinator.rest.get("/sites/east/nodes/a").get("health") or {"connections": []}
        return next(iter(health["connections"]), None)

    wait_for("health tells of the connection", lambda: connection() and not connection()["connected"])
    assert connection()["error"]
    device.start()
    wait_quality(coordinator, "Holding", "Good")
    events = coordinator.rest.get("/sites/east/events?category=connection")["events"]
    assert {event["severity"] for event in events} == {"info", "warning"}
