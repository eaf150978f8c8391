"""Who takes over and who does not, where a standby lacks what its peer kept or hears nobody; and what a takeover lost."""

import calendar
import time

import pytest
from conftest import show_logs
from harness.pair import LIMIT
from harness.rest import wait_for
from harness.sending_pair import SendingPair

LEASE = 4  # s
LONE_AFTER = 9  # s; at least two leases as a voter counts them
SETTINGS = ("pair.strict", "pair.lone_survivor", "pair.lone_after")
DATABASES = ("journal.db", "votes.db", "configurations.db", "events.db")


@pytest.fixture(scope="module")
def running(tmp_path_factory):
    site = SendingPair(tmp_path_factory.mktemp("promotion"))
    for agent in site.nodes.values():
        agent.settings |= {"pair.lease": f"{LEASE}s", "pair.renew": "500ms"}
    try:
        yield site.start()
    finally:
        show_logs(site.daemons)
        site.stop()


@pytest.fixture
def site(running):
    """All are connected; settings last until a test asks for others."""
    running.network.heal()
    running.receiver.away = False
    yield running


def settle_with(site, **settings):
    """Both nodes run with these settings of the pair, and no others; answers who is active, and the other one."""
    wanted = {f"pair.{key}": value for key, value in settings.items()}
    if any({key: agent.settings.get(key) for key in SETTINGS if key in agent.settings} != wanted
           for agent in site.nodes.values()):
        for agent in site.nodes.values():
            agent.ask_to_stop()
        for agent in site.nodes.values():
            agent.stop()
            for key in SETTINGS:
                agent.settings.pop(key, None)
            agent.settings |= wanted
    for agent in site.nodes.values():
        if not agent.running:
            agent.start()
    for agent in site.nodes.values():
        agent.wait_online()
    active = site.wait_settled()
    wait_for("all that was accepted arrives", site.receiver.has_all, LIMIT)
    wait_for("the standby is in line", lambda: health(site, active)["replication"].get("lag_rows", 1000) < 100, LIMIT)
    return active, site.other(active)


def health(site, name):
    return site.node(name).get("health", {})


def window(site, name):
    return health(site, name).get("loss_window")


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
    wait_for("the standby hears nothing", lambda: not health(site, site.other(active))["peer"]["connected"], LIMIT)
    # By then the standby asks for votes, and central says that it has another's.
    time.sleep(3)
    before = len(receiver.told)
    wait_for("the script sends", lambda: len(receiver.told) >= before + count, LIMIT)
    assert not health(site, site.other(active)).get("held_back")
    site.nodes[active].kill()
    receiver.away = False
    return list(receiver.told[before:])


def test_a_strict_standby_in_step_takes_over(site):
    active, standby = settle_with(site, strict="true")
    site.nodes[active].kill()
    site.wait_active(standby)
    site.nodes[active].come_back()
    site.wait_settled()


def test_a_strict_standby_that_lacks_rows_waits_for_its_peer(site):
    active, standby = settle_with(site, strict="true")
    alone = accept_alone(site, active)
    wait_for("it says why it does not take over", lambda: health(site, standby).get("held_back"), LIMIT)
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
    wait_for("all that was accepted arrives", site.receiver.has_all, LIMIT)
    assert all(site.receiver.delivered[one] for one in alone)
    assert not any(health(site, name).get("held_back") for name in site.nodes)
    assert not any(window(site, name) for name in site.nodes)


def test_a_strict_standby_takes_over_when_it_is_told_to(site):
    active, standby = settle_with(site, strict="true")
    alone = accept_alone(site, active)
    wait_for("it does not take over", lambda: health(site, standby).get("held_back"), LIMIT)
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
    wait_for("all that was accepted arrives", site.receiver.has_all, LIMIT)


def test_a_standby_that_lacks_rows_takes_over_and_says_so_until_they_are_home(site):
    active, standby = settle_with(site)
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
    wait_for("all that was accepted arrives", site.receiver.has_all, LIMIT)
    assert all(site.receiver.delivered[one] for one in alone)


@pytest.mark.parametrize("cut", ["together", "parted"])
def test_what_is_lost_with_a_disk_is_within_the_window(site, cut):
    receiver = site.receiver
    active, standby = settle_with(site)
    if cut == "parted":
        accept_alone(site, active)
    else:
        receiver.away = True
        before = len(receiver.told)
        wait_for("the script sends", lambda: len(receiver.told) >= before + 30, LIMIT)
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
    assert all(place(one) > after for one in gone)
    if cut == "parted":
        assert len(gone) >= 30 and len(gone) >= lacking["rows"]
    # What is known to be lost is not waited for in the tests to come.
    receiver.told = [one for one in receiver.told if one not in set(gone)]


@pytest.mark.parametrize("opted", [True, False])
def test_a_lone_survivor_takes_over_and_only_where_it_may(site, opted):
    settings = {"lone_survivor": "true", "lone_after": f"{LONE_AFTER}s"} if opted else {}
    active, standby = settle_with(site, **settings)
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
        wait_for("it has a lease", lambda: "lease" in health(site, standby), LIMIT)
        assert "pair: fenced" not in survivor.log()[begun:]
    site.nodes[active].come_back()
    assert site.wait_settled() == standby
    wait_for("all that was accepted arrives", site.receiver.has_all, LIMIT)


def test_an_active_node_that_is_left_alone_is_fenced_and_goes_on_when_it_may(site):
    active, standby = settle_with(site, lone_survivor="true", lone_after=f"{LONE_AFTER}s")
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
    wait_for("all that was accepted arrives", site.receiver.has_all, LIMIT)
