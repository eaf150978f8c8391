"""A node that hears nobody any more: it serves alone where its settings say so, and nowhere else."""

import time

import pytest
from conftest import at_work
from harness.changing_pair import LEASE, ChangingPair
from harness.pair import LIMIT
from harness.rest import wait_for

LONE_AFTER = 9  # s; at least two leases as a voter counts them


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    with at_work(ChangingPair(tmp_path_factory.mktemp("lone"))) as site:
        yield site


@pytest.mark.parametrize("opted", [True, False])
def test_a_lone_survivor_takes_over_and_only_where_it_may(site, opted):
    settings = {"lone_survivor": "true", "lone_after": f"{LONE_AFTER}s"} if opted else {}
    active, standby = site.settle_with(**settings)
    survivor = site.nodes[standby]
    begun = len(survivor.log())
    site.coordinator.kill()
    site.nodes[active].kill()
    start = time.monotonic()
    if opted:
        wait_for("it takes over", lambda: "pair: active" in survivor.log()[begun:], LIMIT)
        assert time.monotonic() - start > LONE_AFTER - 2
        now = time.monotonic()
        wait_for("it works", lambda: site.heard(standby, now), LIMIT)
    else:
        time.sleep(LONE_AFTER + LEASE)
        assert "pair: active" not in survivor.log()[begun:]
        assert not site.heard(standby, start)
    site.coordinator.start()
    site.wait_active(standby)
    if opted:
        # It has a lease again, and gave up nothing for it.
        wait_for("it has a lease", lambda: "lease" in site.told_by(standby), LIMIT)
        assert "pair: fenced" not in survivor.log()[begun:]
    site.nodes[active].come_back()
    assert site.wait_settled() == standby
    site.wait_all()


def test_an_active_node_that_is_left_alone_is_fenced_and_goes_on_when_it_may(site):
    active, standby = site.settle_with(lone_survivor="true", lone_after=f"{LONE_AFTER}s")
    survivor = site.nodes[active]
    begun = len(survivor.log())
    site.nodes[standby].kill()
    site.network.part(active, "central")
    wait_for("it is fenced", lambda: "pair: fenced" in survivor.log()[begun:], LIMIT)
    start = time.monotonic()
    wait_for("it goes on", lambda: "pair: active" in survivor.log()[begun:], LIMIT)
    assert time.monotonic() - start > LONE_AFTER - LEASE - 2
    now = time.monotonic()
    wait_for("it works", lambda: site.heard(active, now), LIMIT)
    site.network.heal()
    site.nodes[standby].come_back()
    assert site.wait_settled() == active
    site.wait_all()
