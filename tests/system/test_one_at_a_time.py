"""One operation on an instance at a time, and what does not reach its site changes nothing."""

import pytest
from conftest import fleet_at
from harness.daemons import QUICK
from harness.rest import Refused, wait_for
from harness.site import held

TEMPLATE = {"kind": "Template", "name": "Plain", "spec": {"attributes": {"Mark": {"type": "int", "value": 0}}}}
VERBS = ("deploy", "disable", "enable", "delete")


def document(name):
    return {"kind": "Instance", "name": name, "spec": {"site": "north", "template": "Plain"}}


def act(rest, verb, name, wait=None):
    query = f"?wait={wait}" if wait else ""
    if verb == "delete":
        return rest.call("DELETE", f"/instances/{name}{query}", headers={"If-Match": "*"})
    return rest.post(f"/instances/{name}/{verb}{query}")


@pytest.fixture(scope="module")
def fleet(tmp_path_factory):
    """One that takes a node that stands still for a moment for one that is there."""
    with fleet_at(tmp_path_factory.mktemp("fleet"), settings=QUICK | {"nodes.silence_limit": "10s"}) as running:
        yield running


@pytest.fixture(scope="module")
def rest(fleet):
    fleet.rest.post("/apply", [TEMPLATE])
    return fleet.rest


@pytest.fixture
def pump(rest):
    """An instance that runs."""
    rest.post("/apply", [document("Pump")])
    assert act(rest, "deploy", "Pump", wait="30s")["state"] == "success"
    return "Pump"


@pytest.mark.parametrize("first", VERBS)
def test_who_comes_second_is_refused_and_told_who_holds_it(fleet, rest, pump, first):
    fleet.active.pause()
    try:
        holder = act(rest, first, pump)
        assert holder["state"] in ("pending", "in-progress")
        for second in VERBS:
            with pytest.raises(Refused) as refused:
                act(rest, second, pump)
            assert refused.value.status == 409
            detail = refused.value.problem["detail"]
            assert f"{first} {holder['id']} of admin since {holder['started']}" in detail, detail
        assert rest.get(f"/instances/{pump}/deployment")["id"] == holder["id"]
    finally:
        fleet.active.resume()
    # It is free again once that is over, and gone after a delete.
    if first == "delete":
        wait_for("it is gone", lambda: rest.request("GET", f"/api/v1/instances/{pump}").status == 404, 20)
        assert pump not in held(fleet.active)
    else:
        wait_for("it is over", lambda: rest.get(f"/instances/{pump}/deployment")["state"] == "success", 20)
        assert act(rest, "enable", pump, wait="30s")["state"] == "success"


def test_what_is_disabled_stays_so_over_a_restart_of_its_node(fleet, rest, pump):
    assert act(rest, "disable", pump, wait="30s")["state"] == "success"
    fleet.active.kill()
    fleet.active.come_back()
    assert rest.get(f"/instances/{pump}/deployed")["enabled"] is False
    assert held(fleet.active)[pump][1] is False
    values = rest.get(f"/instances/{pump}/values")["values"]
    assert [item["quality"] for item in values] == ["Bad_OutOfService"]
    assert act(rest, "enable", pump, wait="30s")["state"] == "success"


def test_a_delete_that_can_not_reach_the_site_changes_nothing(fleet, rest, pump):
    before = rest.get(f"/instances/{pump}/deployed")
    agents = (fleet.active, fleet.standby)
    for agent in agents:
        agent.kill()
    wait_for("both are offline", lambda: not any(agent.central_view["online"] for agent in agents), 30)
    ended = act(rest, "delete", pump, wait="10s")
    assert (ended["state"], ended["reason"]) == ("failed", "site-unreachable")
    assert rest.get(f"/instances/{pump}/deployed") == before
    assert rest.get(f"/instances/{pump}")["name"] == pump
    for agent in agents:
        agent.come_back()
    assert rest.get(f"/instances/{pump}/deployed") == before
    assert pump in held(fleet.active)
