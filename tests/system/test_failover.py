"""Which node is active, on real processes and lines: who is killed, stopped or cut off is replaced, and nobody else."""

import time

import pytest
from conftest import show_logs
from harness.daemons import Fleet, pair_up
from harness.line import Line
from harness.pair import LIMIT, Pair
from harness.rest import Refused, wait_for

STATION = "NorthStation"
LEASE = 6  # s, the default
QUICK = {"nodes.silence_limit": "3s", "nodes.ping_interval": "500ms", "nodes.health_interval": "1s"}


class Site(Pair):
    """The pair of a fleet, which reads a well."""

    def __init__(self, fleet, lines):
        super().__init__(fleet.coordinator, fleet.active, fleet.standby)
        self.lines = lines

    def well(self):
        """The level of the well as the plant has it now; None when no node reads it."""
        try:
            values = self.rest.get(f"/instances/{STATION}/values")["values"]
        except Refused as refused:
            assert refused.status in (404, 503, 504), refused
            return None
        value = next(item for item in values if item["name"] == "Well.Level")
        return value["value"] if value["quality"] == "Good" else None

    def serves(self, name):
        return self.active() == name and self.well() is not None


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    lines = []
    with Fleet(tmp_path_factory.mktemp("pair"), QUICK) as fleet:
        def through_a_line(port):
            lines.append(Line(port))
            return lines[-1].port

        pair_up(fleet.active, fleet.standby, through_a_line)
        try:
            fleet.start()
            site = Site(fleet, lines)
            wait_for("a node is active", site.active, LIMIT)
            fleet.rest.post(f"/instances/{STATION}/deploy?wait=30s")
            yield site
        finally:
            show_logs(fleet.daemons)
            for line in lines:
                line.close()


def test_the_one_that_is_killed_is_replaced_and_stands_by_when_it_returns(site):
    killed = site.wait_settled()
    heir = site.other(killed)
    for _ in range(2):
        wait_for("the standby holds the station",
                 lambda: site.rest.get(f"/instances/{STATION}/deployment").get("standby") == "stored", 30)
        before = site.node(killed)["epoch"]
        start = time.monotonic()
        site.nodes[killed].kill()
        wait_for(f"{heir} is active", lambda: site.active() == heir, LIMIT)
        took_over = time.monotonic() - start
        epoch = site.wait_active(heir)
        print(f"kill -9 of {killed}: {heir} is active after {took_over:.1f} s, "
              f"and values come after {time.monotonic() - start:.1f} s")
        assert epoch > before
        assert site.events(f"this node is the active one, epoch {epoch}")
        site.nodes[killed].come_back()
        assert site.wait_settled() == heir
        site.stays(heir, LEASE)
        assert "lease" in site.node(heir)["health"]
        assert "lease" not in site.node(killed)["health"]
        assert site.node(killed)["health"]["peer"] == {"connected": True, "node": heir, "phase": "active"}
        killed, heir = heir, killed


def test_the_one_that_is_stopped_hands_over_and_is_gone(site):
    stopped = site.wait_settled()
    heir = site.other(stopped)
    start = time.monotonic()
    assert site.nodes[stopped].stop() == 0
    wait_for(f"{heir} is active", lambda: site.active() == heir, LIMIT)
    print(f"stop of {stopped}: {heir} is active after {time.monotonic() - start:.1f} s")
    log = site.nodes[stopped].log()
    assert "pair: syncing, was draining: handed over" in log
    assert "instances did not stop in time" not in log
    site.wait_active(heir)
    site.nodes[stopped].come_back()
    assert site.wait_settled() == heir


def fail_over(site, wait=""):
    return site.rest.request("POST", f"/api/v1/sites/north/failover{wait}")


def switch(site, wait=""):
    """The answer, once the active node has heard that the other one stands by."""
    def begun():
        answer = fail_over(site, wait)
        return answer if answer.status != 409 else None

    return wait_for("a switch begins", begun)


def maintenance(site, method, name):
    return site.rest.request(method, f"/api/v1/sites/north/nodes/{name}/maintenance")


def why(response):
    return response.json["detail"]


def test_an_operator_switches_to_the_other_node(site):
    before = site.wait_settled()
    heir = site.other(before)
    epoch = site.node(before)["epoch"]
    start = time.monotonic()
    answer = switch(site, "?wait=30s")
    print(f"planned switch: {heir} is active after {time.monotonic() - start:.2f} s")
    assert (answer.status, answer.json) == (200, {"site": "north", "from": before, "active": heir})
    assert site.wait_active(heir) > epoch
    assert site.events("a planned switch")
    entry = site.rest.get("/audit?action=failOverSite")["entries"][0]
    assert (entry["who"], entry["site"], entry["result"], entry["details"]) == ("admin", "north", "200", {"from": before})
    assert site.wait_settled() == heir

    # Without a wait the answer comes at once; and the old one stands by, ready to go on.
    assert switch(site).status == 202
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
    assert switch(site, "?wait=30s").json["active"] == other
    assert site.wait_settled() == other
    assert site.events("maintenance, was standby: an operator's word")
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


def test_one_of_two_that_were_killed_is_active_when_they_return(site):
    site.wait_settled()
    for agent in site.nodes.values():
        agent.kill()
    start = time.monotonic()
    for agent in site.nodes.values():
        agent.start()
    wait_for("a node is active", lambda: site.active() and site.well() is not None, LIMIT)
    print(f"both killed: values come {time.monotonic() - start:.1f} s after the start")
    site.wait_settled()


def test_while_the_coordinator_is_away_the_active_node_goes_on(site):
    name = site.wait_settled()
    epoch = site.node(name)["epoch"]
    site.coordinator.kill()
    time.sleep(2 * LEASE)
    site.coordinator.start()
    for agent in site.nodes.values():
        agent.wait_online()
    assert site.wait_active(name) == epoch


def test_while_the_line_between_the_nodes_is_cut_central_keeps_the_active_one_and_without_central_none_is(site):
    name = site.wait_settled()
    for line in site.lines:
        line.cut()
    wait_for("the standby hears nothing", lambda: not site.node(site.other(name))["health"]["peer"]["connected"], LIMIT)
    site.stays(name, 2 * LEASE)

    fenced = len(site.events("fenced"))
    epoch = site.node(name)["epoch"]
    site.coordinator.kill()
    log = site.nodes[name].log()
    start = time.monotonic()
    wait_for("it is fenced", lambda: "pair: fenced" in site.nodes[name].log()[len(log):], LIMIT)
    print(f"cut off from both: fenced after {time.monotonic() - start:.1f} s")
    assert "pair: active" not in site.nodes[site.other(name)].log()[-200:]
    site.coordinator.start()
    wait_for("a node is active again", lambda: site.active() and site.well() is not None, LIMIT)
    assert site.node(site.active())["epoch"] > epoch
    wait_for("the event log tells it once", lambda: len(site.events("fenced")) == fenced + 1, LIMIT)

    for line in site.lines:
        line.mend()
    site.wait_settled()
