"""What an operator does with a pair: switches to the other node, and takes one out of service."""

import time

import pytest
from harness.pair import LIMIT
from harness.reading_pair import LEASE, reading_pair
from harness.rest import wait_for


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    with reading_pair(tmp_path_factory.mktemp("pair")) as running:
        yield running


def fail_over(site, wait=""):
    return site.rest.request("POST", f"/api/v1/sites/north/failover{wait}")


def maintenance(site, method, name):
    return site.rest.request(method, f"/api/v1/sites/north/nodes/{name}/maintenance")


def why(response):
    return response.json["detail"]


def test_an_operator_switches_to_the_other_node(site):
    before = site.wait_settled()
    heir = site.other(before)
    epoch = site.node(before)["epoch"]
    start = time.monotonic()
    answer = fail_over(site, "?wait=30s")
    print(f"planned switch: {heir} is active after {time.monotonic() - start:.2f} s")
    assert (answer.status, answer.json) == (200, {"site": "north", "from": before, "active": heir})
    assert site.wait_active(heir) > epoch
    wait_for("that is an event", lambda: site.events("a planned switch"))
    entry = site.rest.get("/audit?action=failOverSite")["entries"][0]
    assert (entry["who"], entry["site"], entry["result"], entry["details"]) == ("admin", "north", "200", {"from": before})
    assert site.wait_settled() == heir

    # Without a wait the answer comes at once; and the old one stands by, ready to go on.
    assert fail_over(site).status == 202
    wait_for(f"{before} is active", lambda: site.active() == before, LIMIT)
    assert site.wait_settled() == before


def test_a_node_in_maintenance_is_not_switched_to_and_does_not_take_over(site):
    name = site.wait_settled()
    other = site.other(name)
    refused = maintenance(site, "PUT", name)
    assert refused.status == 409 and "fail over first" in why(refused)
    assert maintenance(site, "PUT", "c").status == 404
    entered = maintenance(site, "PUT", other)
    assert (entered.status, entered.json) == (200, {"site": "north", "node": other, "maintenance": True})
    assert maintenance(site, "PUT", other).status == 200
    wait_for("central sees it", lambda: site.node(other)["health"]["phase"] == "maintenance", LIMIT)

    def is_refused():
        answer = fail_over(site)
        assert answer.status == 409
        return "in maintenance" in why(answer)

    wait_for("the active node has heard of it", is_refused)
    site.nodes[name].kill()
    end = time.monotonic() + 2 * LEASE
    while time.monotonic() < end:
        assert site.active() != other
        time.sleep(0.2)
    assert fail_over(site).status == 503
    site.nodes[name].come_back()
    site.wait_active(name)

    assert maintenance(site, "DELETE", other).json["maintenance"] is False
    assert site.wait_settled() == name
    assert fail_over(site, "?wait=30s").json["active"] == other
    assert site.wait_settled() == other
    wait_for("that is an event", lambda: site.events("maintenance, was standby: an operator's word"))
    actions = [entry["action"] for entry in site.rest.get("/audit?site=north")["entries"]]
    assert {"enterMaintenance", "leaveMaintenance"} <= set(actions)


def test_a_switch_to_a_node_that_is_away_is_refused(site):
    name = site.wait_settled()
    other = site.other(name)
    site.nodes[other].stop()

    def is_refused():
        answer = fail_over(site)
        assert answer.status == 409
        return "not connected" in why(answer)

    wait_for("the active node hears nothing of it", is_refused)
    assert maintenance(site, "PUT", other).status == 503
    site.nodes[other].come_back()
    assert site.wait_settled() == name
