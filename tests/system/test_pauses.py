"""Nodes that stand still for a while, or are gone: at no time do two of them act."""

import time

import pytest
from conftest import at_work
from harness.sending_pair import LEASE, PartedPair


@pytest.fixture(scope="module")
def running(tmp_path_factory):
    with at_work(PartedPair(tmp_path_factory.mktemp("paused"))) as site:
        yield site


@pytest.fixture
def site(running):
    running.wait_settled()
    yield running
    running.network.heal()
    for agent in running.nodes.values():
        agent.resume()
    running.start_dead()


@pytest.mark.parametrize("span", [1, 5, 30])
def test_an_active_node_that_was_stopped_by_a_signal_sends_nothing_once_it_was_replaced(site, span):
    name = site.wait_settled()
    epoch = site.node(name)["epoch"]
    agent = site.nodes[name]
    agent.pause()
    stopped = time.monotonic()
    time.sleep(span)
    if span > LEASE:
        site.wait_replaced(name)
    resumed = time.monotonic()
    agent.resume()
    if span < LEASE:
        assert site.wait_settled() == name
        assert site.node(name)["epoch"] == epoch
        return
    assert site.wait_settled() == site.other(name)
    # What it had looked at its lease for before it stopped, a delivery and a call at most, goes out when it is resumed.
    assert site.heard(name, resumed) <= 2, f"stopped for {resumed - stopped:.1f} s"
    assert not site.heard(name, resumed + 1)


@pytest.mark.parametrize("signal", ["pause", "kill"])
def test_a_standby_that_is_gone_does_not_stop_the_active_one(site, signal):
    name = site.wait_settled()
    standby = site.nodes[site.other(name)]
    getattr(standby, signal)()
    site.stays(name, 2 * LEASE)
    standby.come_back() if signal == "kill" else standby.resume()
    assert site.wait_settled() == name
