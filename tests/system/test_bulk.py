"""A thousand instances of one site at once, whatever dies meanwhile: no status stays open, central tells the truth."""

import os
import random
import time

import pytest
from conftest import fleet_at
from harness.daemons import QUICK
from harness.postgresql import Postgresql
from harness.rest import Refused, wait_for
from harness.site import held, open_statuses, shown, wait_true
from harness.stream import Stream

COUNT = 1000
NAMES = [f"B{number:04}" for number in range(COUNT)]


def template(mark):
    return {"kind": "Template", "name": "Small", "spec": {"attributes": {"Mark": {"type": "int", "value": mark}}}}


def instance(name, area="hall", of="Small"):
    return {"kind": "Instance", "name": name, "spec": {"site": "north", "template": of, "area": area}}


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def database(request):
    """The settings of a coordinator's database."""
    if request.param == "sqlite":
        yield {}
    else:
        with Postgresql() as server:
            yield {"database.url": server.new_database("bulks")}


@pytest.fixture(scope="module")
def thousand(database, tmp_path_factory):
    """The fleet with a thousand instances, to be deployed by one bulk."""
    with fleet_at(tmp_path_factory.mktemp("bulk"), settings=QUICK | database) as fleet:
        fleet.rest.post("/apply", [template(0)] + [instance(name) for name in NAMES])
        fleet.marks = iter(range(1, 1000))
        yield fleet


@pytest.fixture
def fleet(thousand):
    """All of it up again afterwards."""
    yield thousand
    thousand.heal()


def begin(rest, body, wait=None):
    return rest.post("/sites/north/deploy" + (f"?wait={wait}" if wait else ""), body)


def bulk(rest, begun):
    return rest.get(f"/bulk/{begun['id']}?limit=1")


def make_stale(fleet):
    """Every instance of Small is to be deployed anew."""
    fleet.rest.put("/templates/Small", template(next(fleet.marks)), headers={"If-Match": "*"})


def test_a_thousand_instances_are_deployed_at_once(fleet):
    rest = fleet.rest
    stream = Stream(rest, "bulk")
    answer = rest.request("POST", "/api/v1/sites/north/deploy", {"template": "Small"})
    begun = answer.json
    assert answer.status == 202
    assert answer.headers["Location"] == f"/api/v1/bulk/{begun['id']}"
    wait_for("the bulk is over", lambda: bulk(rest, begun)["over"], 60)
    assert bulk(rest, begun)["counts"] == {
        "succeeded": COUNT, "failed": 0, "skipped": 0, "under_way": 0, "waiting": 0}
    wait_true(fleet)
    assert set(NAMES) <= set(held(fleet.active))
    told = set()
    while True:
        topic, event = stream.next(5)
        assert topic == "bulk"
        if event["over"]:
            break
        if event["state"] == "succeeded":
            told.add(event["instance"])
    assert told == set(NAMES)
    # Each has a deployment of its own, and nothing is left to do.
    page = rest.get(f"/bulk/{begun['id']}?limit=1000")
    assert len({item["deployment"] for item in page["instances"]}) == COUNT
    assert begin(rest, {"stale": True}, wait="10s")["counts"]["succeeded"] == 0


def test_what_another_operation_holds_is_skipped(fleet):
    rest = fleet.rest
    make_stale(fleet)
    fleet.active.pause()
    try:
        holder = rest.post(f"/instances/{NAMES[0]}/deploy")
        begun = begin(rest, {"instances": NAMES[:2]}, wait="500ms")
    finally:
        fleet.active.resume()
    wait_for("the bulk is over", lambda: bulk(rest, begun)["over"], 20)
    skipped = rest.get(f"/bulk/{begun['id']}?state=skipped")["instances"]
    assert [item["instance"] for item in skipped] == [NAMES[0]]
    assert holder["id"] in skipped[0]["message"] and holder["started"][:19] in skipped[0]["message"]


def test_after_so_many_failures_no_more_are_begun(fleet):
    rest = fleet.rest
    bad = {"kind": "Template", "name": "Unbound", "spec": {"attributes": {"X": {"type": "bool", "address": "coil:1"}}}}
    names = [f"U{number:03}" for number in range(300)]
    rest.post("/apply", [bad] + [instance(name, "yard", "Unbound") for name in names])
    ended = begin(rest, {"area": "yard", "stop_after_failures": 3}, wait="30s")
    counts = ended["counts"]
    assert ended["stopped"] and ended["over"]
    assert 3 <= counts["failed"] < 100 and counts["failed"] + counts["skipped"] == len(names)
    failed = rest.get(f"/bulk/{ended['id']}?state=failed&limit=1")["instances"][0]
    assert failed["reason"] == "validation-failed"
    assert failed["findings"][0]["code"] == "address-not-bound"
    assert not set(names) & set(held(fleet.active))
    # Nothing was sent, nothing was recorded.
    with pytest.raises(Refused) as nothing:
        rest.get(f"/instances/{names[0]}/deployment")
    assert nothing.value.status == 404


def kill_in_mid_bulk(fleet, victim, dice):
    """Starts a bulk of a thousand and kills `victim` at some moment of it; answers the bulk."""
    rest = fleet.rest
    make_stale(fleet)
    begun = begin(rest, {"stale": True})
    stage = dice.choice([0, 1, COUNT // 4, COUNT // 2, COUNT - 100])
    wait_for(f"{stage} have succeeded", lambda: bulk(rest, begun)["counts"]["succeeded"] >= stage, 60, pause=0.01)
    # Not a wait for something: any moment within a commit, a send, a report.
    time.sleep(dice.expovariate(1 / 0.01))
    victim.kill()
    print(f"{victim.name} killed at {stage}")
    return begun


@pytest.fixture
def dice():
    seed = int(os.environ.get("FIELDLINE_SEED", random.SystemRandom().randrange(1 << 32)))
    print(f"FIELDLINE_SEED={seed} repeats this")
    return random.Random(seed)


def test_the_coordinator_is_killed_in_mid_bulk(fleet, dice):
    begun = kill_in_mid_bulk(fleet, fleet.coordinator, dice)
    fleet.coordinator.start()
    assert open_statuses(fleet.rest, "north") == []
    with pytest.raises(Refused) as gone:
        bulk(fleet.rest, begun)
    assert gone.value.status == 404
    assert "restarts" in gone.value.problem["detail"]
    for agent in (fleet.active, fleet.standby):
        agent.wait_online()
    wait_true(fleet)
    finish(fleet)


def test_the_active_node_is_killed_in_mid_bulk(fleet, dice):
    begun = kill_in_mid_bulk(fleet, fleet.active, dice)
    wait_for("the bulk is over", lambda: bulk(fleet.rest, begun)["over"], 60)
    counts = bulk(fleet.rest, begun)["counts"]
    assert counts["succeeded"] + counts["failed"] == COUNT
    fleet.active.come_back()
    wait_true(fleet)
    finish(fleet)


def test_the_standby_is_killed_in_mid_bulk(fleet, dice):
    begun = kill_in_mid_bulk(fleet, fleet.standby, dice)
    wait_for("the bulk is over", lambda: bulk(fleet.rest, begun)["over"], 60)
    assert bulk(fleet.rest, begun)["counts"]["succeeded"] == COUNT
    fleet.standby.come_back()
    wait_true(fleet)
    events = fleet.rest.get("/sites/north/events?category=deployment&q=standby&limit=500")["events"]
    assert any(event["source"] == "coordinator" and "north/b" in event["message"] for event in events)


MOMENTS = {
    "coordinator": ["deployment.saved", "deployment.dispatched", "deployment.reported", "deployment.recorded"],
    "active": ["order.accepted", "order.staged", "order.swapped", "order.promoted", "order.reported"],
    "standby": ["order.accepted", "order.staged", "order.promoted", "order.reported"]}


# The 100th time that it gets there: in the middle of the bulk.
@pytest.mark.parametrize(("victim", "moment"),
                         [(victim, moment) for victim, moments in MOMENTS.items() for moment in moments])
def test_a_daemon_dies_at_a_named_moment_of_a_bulk(fleet, victim, moment):
    daemon = getattr(fleet, victim)
    daemon.stop()
    daemon.environment = {"FIELDLINE_FAIL_POINT": f"{moment}:100"}
    try:
        if victim == "coordinator":
            daemon.start()
            for agent in (fleet.active, fleet.standby):
                agent.wait_online()
        else:
            daemon.come_back()
        make_stale(fleet)
        try:
            begin(fleet.rest, {"stale": True})
        except OSError:
            assert victim == "coordinator", "another one dies, and no answer comes"
        daemon.wait_killed(moment, 30)
    finally:
        daemon.environment = {}
    if victim == "coordinator":
        daemon.start()
        assert open_statuses(fleet.rest, "north") == []
        for agent in (fleet.active, fleet.standby):
            agent.wait_online()
    else:
        daemon.come_back()
    wait_true(fleet)
    finish(fleet)


def finish(fleet):
    """What is left is deployed by the next bulk, and runs whole."""
    ended = begin(fleet.rest, {"stale": True}, wait="60s")
    assert ended["over"] and ended["counts"]["failed"] == 0
    wait_true(fleet)
    assert set(NAMES) <= set(shown(fleet.rest, "north"))
    assert fleet.rest.get("/instances?site=north&stale=true")["instances"] == []
