"""Which node is active, on real processes and lines: who is killed, stopped or cut off is replaced, and nobody else."""

import time

import pytest
from harness.pair import LIMIT
from harness.reading_pair import LEASE, STATION, reading_pair
from harness.rest import wait_for


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    with reading_pair(tmp_path_factory.mktemp("pair")) as running:
        yield running


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
        wait_for("that is an event", lambda: site.events(f"this node is the active one, epoch {epoch}"))
        site.nodes[killed].come_back()
        assert site.wait_settled() == heir
        assert "lease" in site.node(heir)["health"]
        assert "lease" not in site.node(killed)["health"]
        assert site.node(killed)["health"]["peer"] == {"connected": True, "node": heir, "phase": "active"}
        killed, heir = heir, killed
    site.stays(site.active(), LEASE)


def test_the_one_that_is_stopped_hands_over_and_is_gone(site):
    stopped = site.wait_settled()
    heir = site.other(stopped)
    start = time.monotonic()
    assert site.nodes[stopped].stop() == 0
    wait_for(f"{heir} is active", lambda: site.active() == heir, LIMIT)
    print(f"stop of {stopped}: {heir} is active after {time.monotonic() - start:.1f} s")
    log = site.nodes[stopped].log()
    assert "pair: syncing, was draining: handed over" in log
    assert "ends before all has stopped" not in log
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
    wait_for("the event log tells it once", lambda: len(site.events("fenced")) == fenced + 1, LIMIT)

    for line in site.lines:
        line.mend()
    site.wait_settled()
