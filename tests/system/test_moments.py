"""A node of a pair dies at each named moment between the acceptance of a message and its end: the active one, and the other one
as it comes back. docs/pair.md names them."""

import math
import time

import pytest
from conftest import at_work
from harness.daemons import Agent
from harness.database_receiver import DatabaseReceiver
from harness.mail_receiver import MailReceiver
from harness.pair import LIMIT
from harness.receiver import Receiver
from harness.rest import wait_for
from harness.sending_pair import LEASE, SendingPair

# When the active node dies, and then again as it comes back: the moment, and which time. What was accepted, read or marked
# and not yet told is lacked by the other one, to take all anew for and to offer; once it was told, it may be there.
MOMENTS = [
    ("outbox.accepted:60", "replica.snapshot-begun:1"),
    ("outbox.marked:20", "replica.snapshot-ended:1"),
    ("replica.read:20", "replica.offered:1"),
    ("replica.read:30", "replica.resolved:1"),
    ("replica.published:20", "replica.applied:5"),
    ("replica.acked:2", "replica.heard:5"),
    ("outbox.delivered:60", "replica.acknowledged:3"),
]


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    site = SendingPair(tmp_path_factory.mktemp("moments"), Receiver(), DatabaseReceiver(), MailReceiver(), lease=LEASE)
    with at_work(site, interval="50ms"):
        yield site


@pytest.fixture(autouse=True)
def deaths(site):
    """When active nodes died: what was under way then may arrive again. After each moment both nodes are there, and what was
    accepted has arrived."""
    # What the last node that died had delivered, and told nobody, comes again by then.
    site.wait_sent(5)
    site.wait_all()
    before = site.twice()
    deaths = []
    yield deaths
    for agent in site.nodes.values():
        if agent.environment and agent.running:
            agent.kill()
        agent.environment = {}
    site.start_dead()
    site.wait_settled()
    site.wait_in_line()
    site.wait_all()
    site.check_repeats(before, min(deaths, default=math.inf))


def start_armed(agent, moment, start=Agent.start):
    if agent.running:
        agent.kill()
    agent.environment = {"FIELDLINE_FAIL_POINT": moment}
    start(agent)


def make_active(site, moment):
    """The node that stood by is active, and dies at that moment."""
    heir = site.nodes[site.other(site.wait_settled())]
    start_armed(heir, moment, Agent.come_back)
    wait_for("a switch goes through", lambda: switched(site, heir), LIMIT)
    return heir


def switched(site, heir):
    """Not where the standby was slow to say that it is there, or to take the last rows: then the active one goes on."""
    assert site.wait_settled() != heir.node
    site.wait_in_line()
    former = site.nodes[site.other(heir.node)]
    read = len(former.log())
    if site.rest.request("POST", "/api/v1/sites/north/failover").status == 409:
        return False
    over = ("was draining: handed over", "was draining: the switch failed")
    wait_for("the switch ends", lambda: any(end in former.log()[read:] for end in over))
    return over[0] in former.log()[read:]


@pytest.mark.parametrize("moment, coming_back", MOMENTS)
def test_an_active_node_dies_and_dies_again_as_it_comes_back(site, deaths, moment, coming_back):
    dying = make_active(site, moment)
    dying.wait_killed(moment)
    deaths.append(time.monotonic())
    site.wait_active(site.other(dying.node))
    start_armed(dying, coming_back)
    dying.wait_killed(coming_back)


@pytest.mark.parametrize("moment", ["replica.paged:1", "replica.adopted:1"])
def test_an_active_node_dies_as_the_other_one_comes_back(site, deaths, moment):
    former = site.wait_settled()
    dying = site.nodes[site.other(former)]
    start_armed(dying, moment, Agent.come_back)
    site.wait_settled()
    site.wait_in_line()
    deaths.append(time.monotonic())
    site.nodes[former].kill()
    site.wait_active(dying.node)
    site.nodes[former].start()
    dying.wait_killed(moment)


@pytest.mark.parametrize("moment", ["replica.applied:40", "replica.acknowledged:3"])
def test_a_standby_dies(site, moment):
    standby = site.nodes[site.other(site.wait_settled())]
    start_armed(standby, moment)
    standby.wait_killed(moment)
