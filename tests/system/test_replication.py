"""What a site was told is kept outlives the node that kept it: the other node has it, delivers it once, and goes on."""

import time

import pytest
from conftest import at_work
from harness.pair import LIMIT
from harness.rest import Refused, wait_for
from harness.sending_pair import PartedPair

KEEPER = [
    {"kind": "Template", "name": "Keeping", "spec": {
        "attributes": {"Count": {"type": "int", "value": 0, "retained": True, "writable": True}},
        "alarms": {"Counting": {"attribute": "Count", "kind": "limits", "hi": {"value": 1}, "latching": True}},
        "scripts": {"Step": {"source": 'attributes.set("Count", attributes.get("Count") + 1)\n',
                             "trigger": {"kind": "interval", "interval": "200ms"}}}}},
    {"kind": "Instance", "name": "K", "spec": {"site": "north", "template": "Keeping"}}]


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    with at_work(PartedPair(tmp_path_factory.mktemp("replication"), lease=None)) as site:
        yield site


@pytest.fixture(autouse=True)
def at_peace(site):
    """Both nodes are there and in line, and nothing waits, when a test begins."""
    site.network.heal()
    site.receiver.away = False
    site.start_dead()
    site.wait_settled()
    site.wait_in_line()
    site.wait_all()
    yield


def test_what_waits_for_a_target_is_delivered_by_the_heir_of_a_killed_node(site):
    receiver = site.receiver
    for _ in range(2):
        killed = site.wait_settled()
        site.wait_in_line()
        receiver.away = True
        waiting = site.wait_sent(50)[receiver]
        time.sleep(2)  # more than a beat: all but the last moment is replicated
        site.nodes[killed].kill()
        receiver.away = False
        heir = site.other(killed)
        site.wait_active(heir)
        wait_for("the heir has delivered what waited", lambda: all(receiver.delivered[one] for one in waiting), LIMIT)
        site.nodes[killed].come_back()
        site.wait_settled()
        site.wait_all()


def snapshots(site):
    return sum(agent.log().count("takes all of the other node's journal") for agent in site.nodes.values())


def losses(site, takeovers):
    """What the events tell that the last so many may have lost."""
    epoch = site.node(site.active())["epoch"]
    return [one for back in range(takeovers) for one in site.events(f"loss window: active in epoch {epoch - back} ")]


def test_a_planned_switch_loses_nothing_and_delivers_nothing_twice(site):
    receiver = site.receiver
    receiver.away = True
    site.wait_sent(20)
    twice = site.twice()
    site.wait_settled()
    taken = snapshots(site)
    for _ in range(4):
        before = site.wait_settled()
        site.wait_in_line()
        start = time.monotonic()
        answer = site.rest.post("/sites/north/failover?wait=30s")
        print(f"switch from {before}: {time.monotonic() - start:.2f} s")
        assert answer["active"] == site.other(before)
        receiver.away = not receiver.away
        site.wait_sent(20)
    receiver.away = False
    site.wait_settled()
    site.wait_all()
    site.check_repeats(twice)
    assert not losses(site, 4)
    assert snapshots(site) < taken + 4  # as a rule none: where the last ack came in time, which is not promised


def test_a_switch_that_the_standby_does_not_follow_is_given_up_and_says_so(site):
    active = site.wait_settled()
    standby = site.nodes[site.other(active)]

    def refusal():
        site.wait_in_line()
        standby.pause()
        try:
            site.wait_sent(5)
            answer = site.rest.request("POST", "/api/v1/sites/north/failover?wait=30s")
        finally:
            standby.resume()
        assert answer.status == 409
        assert site.wait_settled() == active
        return answer.json["detail"]

    # A node that has stood still for long is not switched to.
    wait_for("a switch is given up", lambda: "was given up" in refusal(), LIMIT)
    wait_for("the event log says why", lambda: site.events("switch-failed: the standby did not catch up"), LIMIT)


def test_a_node_that_is_told_to_stop_hands_over_first(site):
    receiver = site.receiver
    twice = site.twice()
    for _ in range(2):
        stopped = site.wait_settled()
        heir = site.other(stopped)
        site.wait_in_line()
        receiver.away = True
        site.wait_sent(20)
        start = time.monotonic()
        assert site.nodes[stopped].stop() == 0
        print(f"stop of {stopped}: gone after {time.monotonic() - start:.2f} s")
        receiver.away = False
        # All of it, though the one that accepted it is gone.
        site.wait_active(heir)
        site.wait_all()
        site.nodes[stopped].come_back()
        assert site.wait_settled() == heir
    site.check_repeats(twice)
    assert not losses(site, 2)


def test_what_only_a_dead_node_had_comes_home_with_it(site):
    receiver = site.receiver
    lonely = site.wait_settled()
    heir = site.other(lonely)
    receiver.away = True
    site.network.part(lonely, heir)
    tail = site.wait_sent(30)[receiver][10:]
    site.nodes[lonely].kill()
    receiver.away = False
    site.wait_active(heir)
    site.wait_sent(20)
    assert not any(receiver.delivered[one] for one in tail)
    # Not before: the kernel still tries to send what the dead node had streamed.
    site.network.heal()
    site.nodes[lonely].come_back()
    assert site.wait_settled() == heir
    wait_for("the tail arrives", lambda: all(receiver.delivered[one] for one in tail), LIMIT)
    site.wait_all()


def test_both_nodes_die_and_nothing_is_lost(site):
    receiver = site.receiver
    receiver.away = True
    site.wait_sent(30)
    for agent in site.nodes.values():
        agent.kill()
    receiver.away = False
    for agent in site.nodes.values():
        agent.come_back()
    site.wait_settled()
    site.wait_all()


def test_a_standby_that_was_away_fetches_what_it_missed(site):
    receiver = site.receiver
    active = site.wait_settled()
    standby = site.other(active)
    site.nodes[standby].kill()
    receiver.away = True
    missed = site.wait_sent(200)[receiver]
    assert site.replication(active)["state"] == "unheard"
    site.nodes[standby].come_back()
    assert site.wait_settled() == active
    site.wait_in_line()
    site.nodes[active].kill()
    receiver.away = False
    site.wait_active(standby)
    wait_for("it delivers what it missed", lambda: all(receiver.delivered[one] for one in missed), LIMIT)


def test_a_damaged_journal_comes_back_from_the_peer(site):
    receiver = site.receiver
    active = site.wait_settled()
    standby = site.other(active)
    receiver.away = True
    waiting = site.wait_sent(50)[receiver]
    agent = site.nodes[standby]
    agent.stop()
    with open(agent.state / "journal.db", "r+b") as journal:
        journal.write(bytes(100))
    agent.come_back()
    assert site.wait_settled() == active
    assert list(agent.state.glob("journal.db.damaged-*"))
    site.wait_in_line()
    site.nodes[active].kill()
    receiver.away = False
    site.wait_active(standby)
    wait_for("it delivers what came back", lambda: all(receiver.delivered[one] for one in waiting), LIMIT)


def test_retained_values_and_alarms_go_on_at_the_heir(site):
    site.rest.post("/apply", KEEPER)
    site.deploy("K")

    def count():
        try:
            [item] = site.rest.get("/instances/K/values")["values"]
        except Refused as refused:
            assert refused.status in (404, 503, 504), refused
            return None
        return item.get("value")

    def since():
        alarms = site.rest.get("/alarms?site=north")["alarms"]
        return next((alarm["since"] for alarm in alarms if alarm["alarm"] == "Counting"), None)

    killed = site.wait_settled()
    wait_for("it counts", lambda: (count() or 0) > 20, LIMIT)
    raised = since()
    assert raised
    time.sleep(2)
    before = count()
    site.nodes[killed].kill()
    site.wait_active(site.other(killed))
    after = wait_for("it counts on", count, LIMIT)
    assert after >= before - 10
    assert since() == raised
    site.nodes[killed].come_back()
