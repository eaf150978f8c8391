"""From a new template to values that follow the plant, with curl alone, while the demo's fleet is up."""

import pytest
from conftest import fleet_at
from curl import Curl
from harness.rest import wait_for
from pymodbus.client import ModbusTcpClient
from pymodbus.constants import Endian
from pymodbus.payload import BinaryPayloadBuilder, BinaryPayloadDecoder

TEMPLATE = """
kind: Template
name: WellWatch
spec:
  attributes:
    Level: {type: float, unit: m, address: "input:10:float32"}
    Percent: {type: float, unit: "%", writable: true}
  alarms:
    High: {attribute: Level, kind: limits, hi: {value: 3.5, deadband: 0.1}, message: Well is nearly full}
  scripts:
    Scale:
      trigger: {kind: value-change, attributes: [Level]}
      source: |
        local level = attributes.get("Level")
        if level == nil then return end
        attributes.set("Percent", level / 4 * 100)
"""
INSTANCE = """
kind: Instance
name: Watch1
spec:
  site: north
  template: WellWatch
  area: waterworks/north
  bindings:
    Level: {connection: plc1}
"""
LEVEL, INFLOW_TO_ADD = 10, 10  # registers of the plant


@pytest.fixture(scope="module")
def demo(tmp_path_factory):
    with fleet_at(tmp_path_factory.mktemp("demo"), "--speedup", "10") as fleet:
        yield fleet


@pytest.fixture(scope="module")
def curl(demo):
    return Curl(demo.coordinator.url, demo.coordinator.token_path.read_text().strip())


@pytest.fixture(scope="module")
def stored(curl):
    """The template and its instance, written once for all tests."""
    assert curl("PUT", "/api/v1/templates/WellWatch", TEMPLATE).status == 201
    created = curl("PUT", "/api/v1/instances/Watch1", INSTANCE)
    assert created.status == 201
    assert created.headers["location"] == "/api/v1/instances/Watch1"
    return created


@pytest.fixture(scope="module")
def deployed(curl, stored):
    reviewed = curl("GET", "/api/v1/instances/Watch1/diff").json
    assert not reviewed["same"]
    assert reviewed["deployed_revision"] == ""
    return curl("POST", "/api/v1/instances/Watch1/deploy?wait=30s", f'{{"revision": "{reviewed["derived_revision"]}"}}',
                kind="application/json")


class Plant:
    """The plant's registers, read by somebody else's client."""

    def __init__(self, port):
        self.client = ModbusTcpClient("127.0.0.1", port=port)
        assert self.client.connect()

    def level(self):
        registers = self.client.read_input_registers(LEVEL, 2, slave=1).registers
        return BinaryPayloadDecoder.fromRegisters(registers, Endian.Big, wordorder=Endian.Big).decode_32bit_float()

    def rain(self, amount):
        payload = BinaryPayloadBuilder(byteorder=Endian.Big, wordorder=Endian.Big)
        payload.add_32bit_float(amount)
        assert not self.client.write_registers(INFLOW_TO_ADD, payload.to_registers(), slave=1).isError()


@pytest.fixture
def plant(demo):
    device = Plant(demo.plant.port)
    yield device
    device.rain(0)
    device.client.close()


def values_of(curl, instance):
    answer = curl("GET", f"/api/v1/instances/{instance}/values")
    assert answer.status == 200
    return {item["name"]: item for item in answer.json["values"]}


def test_a_deploy_ends_in_success_at_both_nodes(deployed):
    assert deployed.status == 200
    assert deployed.json["state"] == "success"
    assert deployed.json["stage"] == "done"
    assert deployed.json["standby"] == "stored"


def test_afterwards_nothing_differs(curl, deployed):
    diff = curl("GET", "/api/v1/instances/Watch1/diff").json
    assert diff["same"]
    assert diff["members"] == [] and diff["bindings"] == []
    assert diff["deployed_revision"] == diff["derived_revision"] == deployed.json["revision"]


def test_values_follow_the_plant(curl, deployed, plant):
    def follows():
        level = values_of(curl, "Watch1")["Level"]
        return level["quality"] == "Good" and abs(level["value"] - plant.level()) < 0.15

    wait_for("the level is that of the plant", follows)
    before = plant.level()
    rise = min(0.5, (4 - before) / 2)  # it spills at 4 m
    plant.rain(600)
    wait_for("the well of the plant has risen", lambda: plant.level() > before + rise)
    wait_for("central follows", lambda: values_of(curl, "Watch1")["Level"]["value"] > before + 0.8 * rise)
    wait_for("the script has followed",
             lambda: values_of(curl, "Watch1")["Percent"]["value"] > (before + 0.8 * rise) / 4 * 100)


def test_a_broken_script_is_refused_with_its_line(curl, stored):
    etag = curl("GET", "/api/v1/templates/WellWatch").etag
    broken = TEMPLATE.replace("if level == nil then return end", "if level == nil return end")
    refused = curl("PUT", "/api/v1/templates/WellWatch", broken, headers=[f"If-Match: {etag}"])
    assert refused.status == 422
    assert refused.headers["content-type"] == "application/problem+json"
    assert [(error["code"], error["pointer"]) for error in refused.json["errors"]] == \
        [("lua-syntax", "templates/WellWatch/scripts/Scale:2")]
    assert curl("GET", "/api/v1/templates/WellWatch").etag == etag


def test_a_change_says_what_it_changes(curl, stored):
    assert curl("PUT", "/api/v1/templates/WellWatch", TEMPLATE).status == 428
    assert curl("PUT", "/api/v1/templates/WellWatch", TEMPLATE, headers=['If-Match: "0123"']).status == 412
    etag = curl("GET", "/api/v1/templates/WellWatch").etag
    same = curl("PUT", "/api/v1/templates/WellWatch", TEMPLATE, headers=[f"If-Match: {etag}"])
    assert same.status == 200
    assert same.json["outcome"] == "unchanged"


def test_a_deploy_of_another_revision_than_the_reviewed_is_refused(curl, stored):
    refused = curl("POST", "/api/v1/instances/Watch1/deploy", f'{{"revision": "{"0" * 64}"}}', kind="application/json")
    assert refused.status == 412


def test_an_unknown_field_is_refused_with_its_pointer(curl, demo):
    misspelt = TEMPLATE.replace("WellWatch", "Other").replace("  attributes:", "  atributes:")
    refused = curl("PUT", "/api/v1/templates/Other", misspelt)
    assert refused.status == 400
    assert [error["pointer"] for error in refused.json["errors"]] == ["templates/Other/spec/atributes"]


def test_nothing_is_told_without_a_token(curl, demo):
    refused = curl("GET", "/api/v1/templates", token=False)
    assert refused.status == 401
    assert refused.headers["www-authenticate"].startswith("Bearer")
    assert curl("GET", "/api/v1/sites", token=False, headers=["Authorization: Bearer wrong"]).status == 401
    assert curl("GET", "/healthz", token=False).status == 200


def test_a_second_operation_is_refused_and_told_who_holds_the_first(curl, demo, deployed):
    demo.active.pause()
    try:
        first = curl("POST", "/api/v1/instances/Watch1/deploy")
        assert first.status == 202
        assert first.headers["location"] == "/api/v1/instances/Watch1/deployment"
        for verb in ("deploy", "disable"):
            second = curl("POST", f"/api/v1/instances/Watch1/{verb}")
            assert second.status == 409
            assert "admin" in second.json["detail"]
            assert first.json["started"][:16] in second.json["detail"]
    finally:
        demo.active.resume()

    def over():
        status = curl("GET", "/api/v1/instances/Watch1/deployment").json
        return status if status["state"] in ("success", "failed") else None

    ended = wait_for("the first is over", over)
    assert (ended["id"], ended["state"]) == (first.json["id"], "success")


def test_what_is_disabled_is_out_of_service_until_enabled(curl, deployed):
    assert curl("POST", "/api/v1/instances/Watch1/disable?wait=30s").json["state"] == "success"
    assert values_of(curl, "Watch1")["Level"]["quality"] == "Bad_OutOfService"
    assert curl("POST", "/api/v1/instances/Watch1/enable?wait=30s").json["state"] == "success"
    wait_for("it reads again", lambda: values_of(curl, "Watch1")["Level"]["quality"] == "Good")


def test_what_is_deleted_is_gone_everywhere(curl, demo, deployed):
    brief = INSTANCE.replace("Watch1", "Brief")
    assert curl("PUT", "/api/v1/instances/Brief", brief).status == 201
    assert curl("POST", "/api/v1/instances/Brief/deploy?wait=30s").json["state"] == "success"
    etag = curl("GET", "/api/v1/instances/Brief").etag
    assert curl("DELETE", "/api/v1/instances/Brief").status == 428
    assert curl("DELETE", "/api/v1/instances/Brief?wait=30s", headers=[f"If-Match: {etag}"]).json["state"] == "success"
    assert curl("GET", "/api/v1/instances/Brief").status == 404
    assert curl("GET", "/api/v1/instances/Brief/values").status == 404


def test_export_and_apply_are_inverse(curl, stored):
    everything = curl("GET", "/api/v1/export").body
    applied = curl("POST", "/api/v1/apply", everything).json
    assert (applied["created"], applied["changed"]) == (0, 0)
    assert curl("GET", "/api/v1/export").body == everything
