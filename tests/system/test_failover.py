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


def test_the_one_that_is_stopped_gives_its_lease_back(site):
    stopped = site.wait_settled()
    heir = site.other(stopped)
    start = time.monotonic()
    assert site.nodes[stopped].stop() == 0
    wait_for(f"{heir} is active", lambda: site.active() == heir, LIMIT)
    print(f"stop of {stopped}: {heir} is active after {time.monotonic() - start:.1f} s")
    log = site.nodes[stopped].log()
    assert "pair: maintenance, was active" in log
    assert "instances did not stop in time" not in log
    site.wait_active(heir)
    site.nodes[stopped].come_back()
    assert site.wait_settled() == heir


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
    assert len(site.events("fenced")) == fenced + 1

    for line in site.lines:
        line.mend()
    site.wait_settled()
