"""What a script was told is accepted arrives at each kind of target, whatever becomes of the active node; and what arrives
twice is what docs/pair.md allows."""

import time

import pytest
from conftest import at_work
from harness.database_receiver import DatabaseReceiver
from harness.mail_receiver import MailReceiver
from harness.receiver import Receiver
from harness.sending_pair import PairOfSenders

PACE = 0.2  # s, that a delivery takes: some wait at all times, and one is under way when a node dies
LAST_MOMENT = 2.0  # s


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    with at_work(PairOfSenders(tmp_path_factory.mktemp("receivers"), Receiver(), DatabaseReceiver(), MailReceiver()), interval="50ms") as site:
        yield site


def set_pace(site, seconds):
    for receiver in site.receivers:
        receiver.pace = seconds


def twice(site):
    return {receiver: receiver.twice() for receiver in site.receivers}


@pytest.mark.parametrize("how_often", ["once", "again, the other one"])
def test_the_active_node_is_killed_in_mid_stream_and_comes_back(site, how_often):
    before = twice(site)
    killed = site.wait_settled()
    site.wait_in_line()
    set_pace(site, PACE)
    site.wait_sent(20)
    moment = time.monotonic()
    site.nodes[killed].kill()
    site.wait_active(site.other(killed))
    site.wait_sent(20)
    site.nodes[killed].come_back()
    assert site.wait_settled() == site.other(killed)
    set_pace(site, 0)
    site.wait_all()
    for receiver, ids in twice(site).items():
        again = ids - before[receiver]
        print(f"{receiver.name}: {len(receiver.told)} accepted, {len(again)} arrived again")
        if receiver.writes_once:
            assert not ids
        else:
            assert all(receiver.first[one] > moment - LAST_MOMENT for one in again)


def test_a_planned_switch_repeats_nothing(site):
    before = twice(site)
    for _ in range(2):
        active = site.wait_settled()
        site.wait_in_line()
        set_pace(site, PACE)
        site.wait_sent(20)
        assert site.rest.post("/sites/north/failover?wait=30s")["active"] == site.other(active)
        site.wait_sent(20)
        set_pace(site, 0)
    site.wait_settled()
    site.wait_all()
    assert twice(site) == before
