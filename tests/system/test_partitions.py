"""Nodes that lose each other or central, on machines of their own: at no time do two of them act."""

import time

import pytest
from conftest import at_work
from harness.pair import LIMIT
from harness.rest import wait_for
from harness.sending_pair import LEASE, PartedPair


@pytest.fixture(scope="module")
def running(tmp_path_factory):
    with at_work(PartedPair(tmp_path_factory.mktemp("parted"))) as site:
        yield site


@pytest.fixture
def site(running):
    running.wait_settled()
    yield running
    running.network.heal()


def test_nodes_that_lose_each_other_stay_what_they_are(site):
    name = site.wait_settled()
    site.network.part("a", "b")
    wait_for("the standby hears nothing", lambda: not site.node(site.other(name))["health"]["peer"]["connected"], LIMIT)
    site.stays(name, 2 * LEASE)


@pytest.mark.parametrize("source, sink", [("a", "b"), ("b", "a")])
def test_nodes_whose_packets_are_lost_one_way_stay_what_they_are(site, source, sink):
    name = site.wait_settled()
    site.network.drop(source, sink)
    site.stays(name, 2 * LEASE)


def test_an_active_node_that_loses_central_stays_active(site):
    name = site.wait_settled()
    since = site.node(name)["epoch"]
    site.network.part(name, "central")
    wait_for("central misses it", lambda: not site.node(name)["online"], LIMIT)
    begin = time.monotonic()
    while time.monotonic() < begin + 2 * LEASE:
        assert site.phase_on_its_own_word(name) == "active"
        time.sleep(0.2)
    assert site.serves(name)
    site.network.heal()
    assert site.wait_settled() == name
    assert site.node(name)["epoch"] == since


@pytest.mark.parametrize("cut", ["packets", "cable"])
def test_an_active_node_that_loses_everybody_is_fenced_and_replaced(site, cut):
    name = site.wait_settled()
    if cut == "cable":
        site.network[name].unplug()
    else:
        site.network.part(name, "central")
        site.network.part("a", "b")
    start = time.monotonic()
    wait_for("it is fenced", lambda: site.phase_on_its_own_word(name) not in ("active", "draining"), LIMIT)
    fenced = time.monotonic()
    site.wait_replaced(name)
    print(f"{cut} cut: fenced after {fenced - start:.1f} s, replaced within {time.monotonic() - start:.1f} s")
    site.network.heal()
    assert site.wait_settled() == site.other(name)
    # What was on the line when it was cut: one delivery, one call, and the kernel tries them again.
    assert site.heard(name, fenced + 1) <= (2 if cut == "cable" else 0)


def test_when_all_are_cut_off_nobody_acts_until_one_line_is_back(site):
    name = site.wait_settled()
    site.network.part("a", "b")
    site.network.part("a", "central")
    site.network.part("b", "central")
    wait_for("it is fenced", lambda: site.phase_on_its_own_word(name) not in ("active", "draining"), LIMIT)
    fenced = time.monotonic()
    time.sleep(2 * LEASE)
    for node in site.nodes:
        assert not site.heard(node, fenced + 1)
    site.network.heal()
    site.wait_settled()
