"""Who takes over and who does not, where a standby lacks what its peer kept; and what a takeover may lose."""

import calendar
import time

import pytest
from conftest import at_work
from harness.changing_pair import LEASE, ChangingPair
from harness.pair import LIMIT
from harness.rest import wait_for

DATABASES = ("journal.db", "votes.db", "configurations.db", "events.db")


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    with at_work(ChangingPair(tmp_path_factory.mktemp("promotion"))) as site:
        yield site


def window(site, name):
    return site.told_by(name).get("loss_window")


def utc(text):
    """Seconds since 1970."""
    whole, _, rest = text.rstrip("Z").partition(".")
    return calendar.timegm(time.strptime(whole, "%Y-%m-%dT%H:%M:%S")) + float(f"0.{rest or 0}")


def place(identity):
    """The epoch and the place in the journal of the node that accepted it."""
    _, _, epoch, sequence = identity.split(".")
    return int(epoch), int(sequence)


def accept_alone(site, active, count=30):
    """The active one accepts messages of which its peer never hears, and dies. Answers them."""
    receiver = site.receiver
    receiver.away = True
    site.network.part("a", "b")
    wait_for("the standby hears nothing", lambda: not site.told_by(site.other(active))["peer"]["connected"], LIMIT)
    # By then the standby asks for votes, and central says that it has another's.
    time.sleep(3)
    before = len(receiver.told)
    site.wait_sent(count)
    assert not site.told_by(site.other(active)).get("held_back")
    site.nodes[active].kill()
    receiver.away = False
    return list(receiver.told[before:])


def test_a_strict_standby_in_step_takes_over(site):
    active, standby = site.settle_with(strict="true")
    site.nodes[active].kill()
    site.wait_active(standby)
    site.nodes[active].come_back()
    site.wait_settled()


def test_a_strict_standby_that_lacks_rows_waits_for_its_peer(site):
    active, standby = site.settle_with(strict="true")
    alone = accept_alone(site, active)
    wait_for("it says why it does not take over", lambda: site.told_by(standby).get("held_back"), LIMIT)
    wait_for("and so does the event log", lambda: site.events("promotion-refused"), LIMIT)
    told = len(site.receiver.told)
    end = time.monotonic() + LEASE
    while time.monotonic() < end:
        assert site.active() is None
        time.sleep(0.2)
    assert len(site.receiver.told) == told
    assert not any(site.receiver.delivered[one] for one in alone)
    site.network.heal()
    site.nodes[active].come_back()
    site.wait_settled()
    site.wait_all()
    assert all(site.receiver.delivered[one] for one in alone)
    assert not any(site.told_by(name).get("held_back") for name in site.nodes)
    assert not any(window(site, name) for name in site.nodes)


def test_a_strict_standby_takes_over_when_it_is_told_to(site):
    active, standby = site.settle_with(strict="true")
    alone = accept_alone(site, active)
    wait_for("it does not take over", lambda: site.told_by(standby).get("held_back"), LIMIT)
    agent = site.nodes[standby]
    agent.stop()
    del agent.settings["pair.strict"]
    agent.come_back()
    site.wait_active(standby)
    lacking = wait_for("it says that it lacks something", lambda: window(site, standby), LIMIT)
    assert lacking["epoch"] == site.node(standby)["epoch"]
    # It was not there to hear its peer.
    assert "since" not in lacking and "rows" not in lacking and not lacking.get("lost")
    assert not any(site.receiver.delivered[one] for one in alone)
    site.network.heal()
    site.nodes[active].come_back()
    assert site.wait_settled() == standby
    site.wait_all()


def test_a_standby_that_lacks_rows_takes_over_and_says_so_until_they_are_home(site):
    active, standby = site.settle_with()
    parted = time.time()
    alone = accept_alone(site, active)
    site.wait_active(standby)
    lacking = wait_for("it says what it lacks", lambda: window(site, standby), LIMIT)
    assert lacking["epoch"] == site.node(standby)["epoch"]
    assert parted - 3 < utc(lacking["since"]) < parted + 1
    assert all(place(one) > (lacking["after"]["epoch"], lacking["after"]["sequence"]) for one in alone)
    wait_for("the event log has it", lambda: site.events(f"loss window: active in epoch {lacking['epoch']} "), LIMIT)
    site.network.heal()
    site.nodes[active].come_back()
    assert site.wait_settled() == standby
    wait_for("nothing is missing any more", lambda: not window(site, standby), LIMIT)
    wait_for("and the event log says so",
             lambda: site.events(f"the loss window of epoch {lacking['epoch']} is closed"), LIMIT)
    site.wait_all()
    assert all(site.receiver.delivered[one] for one in alone)


@pytest.mark.parametrize("cut", ["together", "parted"])
def test_what_is_lost_with_a_disk_is_within_the_window(site, cut):
    receiver = site.receiver
    active, standby = site.settle_with()
    if cut == "parted":
        accept_alone(site, active)
    else:
        receiver.away = True
        site.wait_sent(30)
        site.nodes[active].kill()
        receiver.away = False
    killed = time.time()
    for name in DATABASES:
        for file in site.nodes[active].state.glob(f"{name}*"):
            file.unlink()
    site.wait_active(standby)
    lacking = wait_for("it says what it may lack", lambda: window(site, standby), LIMIT)
    assert killed - utc(lacking["since"]) < (60 if cut == "parted" else 4)
    site.network.heal()
    site.nodes[active].come_back()
    assert site.wait_settled() == standby
    wait_for("central hears that it is lost", lambda: (window(site, standby) or {}).get("lost"), LIMIT)
    wait_for("and so does the event log", lambda: site.events(f"the loss window of epoch {lacking['epoch']} stays"), LIMIT)
    after = lacking["after"]["epoch"], lacking["after"]["sequence"]
    kept = [one for one in receiver.told if place(one) <= after or place(one)[0] >= lacking["epoch"]]
    wait_for("all that was accepted outside of it arrives",
             lambda: all(receiver.delivered[one] for one in kept), LIMIT)
    gone = [one for one in receiver.told if not receiver.delivered[one] and place(one)[0] < lacking["epoch"]]
    if cut == "parted":
        assert len(gone) >= 30 and len(gone) >= lacking["rows"]
    # What is known to be lost is not waited for in the tests to come.
    receiver.told = [one for one in receiver.told if one not in set(gone)]
