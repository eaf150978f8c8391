"""What a script was told is accepted arrives at each kind of target, whatever becomes of the active node; and what arrives
twice is what docs/pair.md allows."""

import time

import pytest
from conftest import at_work
from harness.database_receiver import DatabaseReceiver
from harness.mail_receiver import MailReceiver
from harness.receiver import Receiver
from harness.sending_pair import SendingPair

PACE = 0.2  # s, that a delivery takes: some wait at all times, and one is under way when a node dies


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    site = SendingPair(tmp_path_factory.mktemp("receivers"), Receiver(), DatabaseReceiver(), MailReceiver())
    with at_work(site, interval="50ms"):
        yield site


def set_pace(site, seconds):
    for receiver in site.receivers:
        receiver.pace = seconds


@pytest.mark.parametrize("how_often", ["once", "again, the other one"])
def test_the_active_node_is_killed_in_mid_stream_and_comes_back(site, how_often):
    before = site.twice()
    killed = site.wait_settled()
    site.wait_in_line()
    set_pace(site, PACE)
    site.wait_sent(20)
    died = time.monotonic()
    site.nodes[killed].kill()
    site.wait_active(site.other(killed))
    site.wait_sent(20)
    site.nodes[killed].come_back()
    assert site.wait_settled() == site.other(killed)
    set_pace(site, 0)
    site.wait_all()
    site.check_repeats(before, died)


def test_a_planned_switch_repeats_nothing(site):
    before = site.twice()
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
    site.check_repeats(before)
