"""A node in another language, written from docs/protocol.md alone, is as good a node as ours."""

import pytest
from harness.rest import Refused, wait_for
from python_agent import PythonAgent, time_now

TEMPLATE = {"kind": "Template", "name": "Box", "spec": {
    "attributes": {"Size": {"type": "float", "value": 1.5, "unit": "m"}, "Label": {"type": "string", "value": "empty"},
                   "Open": {"type": "bool", "value": True}, "Count": {"type": "int", "value": -7},
                   "Made": {"type": "timestamp", "value": "2026-11-22T10:00:00Z"}, "Unknown": {"type": "int"}}}}


def instance(name, **attributes):
    return {"kind": "Instance", "name": name, "spec": {
        "site": "south", "template": "Box",
        "attributes": {key: {"value": value} for key, value in attributes.items()}}}


def join(coordinator, node, role):
    """A python agent whose key is accepted, with its session open."""
    key = (coordinator.state / "coordinator.pub").read_text().strip()
    agent = PythonAgent(f"127.0.0.1:{coordinator.nodes_port}", key, "south", node, role).start()
    rest = coordinator.rest

    def knock():
        pending = rest.get("/nodes/pending")["pending"]
        return next((item for item in pending if item["public_key"] == agent.public_key), None)

    fingerprint = wait_for("its key is pending", knock)["fingerprint"]
    rest.post(f"/nodes/pending/{fingerprint}/accept", {"site": "south", "node": node})
    wait_for("its session is open", lambda: rest.get(f"/sites/south/nodes/{node}")["online"])
    return agent


@pytest.fixture(scope="module")
def site(coordinator):
    site = {"kind": "Site", "name": "south", "spec": {"nodes": ["p", "q"]}}
    coordinator.rest.post("/apply", [site, TEMPLATE, instance("Box1")])
    return coordinator


@pytest.fixture(scope="module")
def active(site):
    agent = join(site, "p", "active")
    yield agent
    agent.stop()


def deploy(coordinator, name):
    return coordinator.rest.post(f"/instances/{name}/deploy?wait=30s")


def test_it_receives_an_order_and_shows_success(site, active):
    deployment = deploy(site, "Box1")
    assert (deployment["state"], deployment["stage"]) == ("success", "done")
    assert active.current["Box1"]["revision"] == deployment["revision"]
    assert site.rest.get("/instances/Box1/deployed")["revision"] == deployment["revision"]


def test_its_values_are_shown(site, active):
    deploy(site, "Box1")
    values = {item["name"]: item for item in site.rest.get("/instances/Box1/values")["values"]}
    assert {name: item["value"] for name, item in values.items()} == {
        "Size": 1.5, "Label": "empty", "Open": True, "Count": -7, "Made": "2026-11-22T10:00:00.000000Z", "Unknown": None}
    assert {item["quality"] for item in values.values()} == {"Good"}


def test_its_health_is_shown(site, active):
    def shown():
        node = site.rest.get("/sites/south/nodes/p")
        return node if node.get("health") else None

    node = wait_for("its health is shown", shown)
    assert node["software"] == "python-agent 1"
    assert node["role"] == node["health"]["role"] == "active"
    assert node["malformed"] == 0


def test_its_alarms_and_events_are_shown(site, active):
    active.alarms = [{"instance": "Box1", "alarm": "High", "active": True, "acked": False, "latched": False, "level": "hi",
                      "priority": 700, "message": "too large", "occurrence": "1", "since": time_now(), "value": 1.5}]
    active.events = [{"id": 7, "time": time_now(), "category": "alarm", "severity": "error", "source": "alarms/High",
                      "instance": "Box1", "message": "High raised", "details": "", "node": "p", "trace_id": ""}]
    alarms = site.rest.get("/alarms?site=south")["alarms"]
    assert [(alarm["alarm"], alarm["level"], alarm["value"]) for alarm in alarms] == [("High", "hi", 1.5)]
    events = site.rest.get("/sites/south/events?severity=warning&q=raised")["events"]
    assert [(event["id"], event["message"]) for event in events] == [(7, "High raised")]
    query = active.event_queries[-1]
    assert (query["severity"], query["text"]) == ("warning", "raised")
    assert not {"from", "to", "category"} & query.keys()


def test_it_fetches_what_is_too_large_for_an_order(site, active):
    site.rest.post("/apply", [instance("Large", Label="x" * 100_000)])
    deployment = deploy(site, "Large")
    assert deployment["state"] == "success"
    assert len(active.current["Large"]["config"]) > 100_000


def test_its_refusal_is_shown_with_its_findings(site, active):
    site.rest.post("/apply", [instance("Refused")])
    finding = {"code": "lua-syntax", "path": "scripts/Start:3", "message": "unexpected symbol"}
    active.refuse_with = {"stage": "compiled", "reason": "does-not-compile", "message": "one script does not compile",
                          "findings": [finding]}
    deployment = deploy(site, "Refused")
    assert (deployment["state"], deployment["stage"], deployment["reason"]) == ("failed", "compiled", "does-not-compile")
    assert deployment["findings"] == [finding]
    with pytest.raises(Refused) as refused:
        site.rest.get("/instances/Refused/deployed")
    assert refused.value.status == 404


def test_it_disables_enables_and_deletes(site, active):
    site.rest.post("/apply", [instance("Brief")])
    deploy(site, "Brief")
    for verb, enabled in (("disable", False), ("enable", True)):
        assert site.rest.post(f"/instances/Brief/{verb}?wait=30s")["state"] == "success"
        assert active.current["Brief"]["enabled"] == enabled
        assert site.rest.get("/instances/Brief/deployed")["enabled"] == enabled
    gone = site.rest.call("DELETE", "/instances/Brief?wait=30s", headers={"If-Match": "*"})
    assert gone["state"] == "success"
    assert "Brief" not in active.current


def test_a_standby_holds_what_the_active_runs(site, active):
    deploy(site, "Box1")
    standby = join(site, "q", "standby")
    try:
        wait_for("the standby has been brought in line",
                 lambda: {name: item["revision"] for name, item in dict(standby.current).items()} ==
                 {name: item["revision"] for name, item in active.current.items()})
        site.rest.put("/instances/Box1", instance("Box1", Count=3), headers={"If-Match": "*"})
        deployment = deploy(site, "Box1")
        assert (deployment["state"], deployment["standby"]) == ("success", "stored")
        assert standby.current["Box1"] == active.current["Box1"]
    finally:
        standby.stop()


def test_what_it_really_has_is_believed_after_a_reconnect(site, active):
    deploy(site, "Box1")
    sessions = active.sessions
    active.current["Box1"]["revision"] = "f" * 64
    active.hang_up.set()
    wait_for("it has reconnected", lambda: active.sessions > sessions)
    wait_for("central shows what it has", lambda: site.rest.get("/instances/Box1/deployed")["revision"] == "f" * 64)
    rows = site.rest.get("/instances?stale=true")["instances"]
    assert "Box1" in [row["name"] for row in rows]
