"""kill -9 at any moment of a deployment: statuses are true, the old or the new revision runs whole, nothing is stuck."""

import os
import random
import time

import pytest
from harness.rest import Refused, wait_for

SILENCE = 3  # s, nodes.silence_limit of the fleet
ROUNDS = 30

TEMPLATE = {"kind": "Template", "name": "Marked", "spec": {
    "attributes": {"Mark": {"type": "int", "value": 0}, "Well": {"type": "float", "address": "input:10:float32"}},
    "scripts": {"Beat": {"trigger": {"kind": "interval", "interval": "1s"}, "source": 'attributes.get("Mark")'}}}}


class Marked:
    """An instance whose attribute Mark tells which of its revisions really runs."""

    def __init__(self, fleet, name):
        self.fleet = fleet
        self.name = name
        self.revisions = {}  # by mark

    @property
    def rest(self):
        return self.fleet.rest

    def write(self, mark):
        document = {"kind": "Instance", "name": self.name, "spec": {
            "site": "north", "template": "Marked", "attributes": {"Mark": {"value": mark}},
            "bindings": {"Well": {"connection": "plc1"}}}}
        self.rest.put(f"/instances/{self.name}", document, headers={"If-Match": "*"} if self.revisions else {})
        self.revisions[mark] = self.rest.get(f"/instances/{self.name}/derived")["revision"]

    def deploy(self, wait=None):
        return self.rest.post(f"/instances/{self.name}/deploy" + (f"?wait={wait}" if wait else ""))

    def status(self):
        return self.rest.get(f"/instances/{self.name}/deployment")

    def wait_ended(self, limit):
        def ended():
            status = self.status()
            return status if status["state"] in ("success", "failed") else None

        return wait_for(f"the deployment of {self.name} is over", ended, limit)

    def deployed(self):
        return self.rest.get(f"/instances/{self.name}/deployed")["revision"]

    def running(self):
        """The mark of what runs, once it has read the plant; None until then."""
        try:
            values = {item["name"]: item for item in self.rest.get(f"/instances/{self.name}/values")["values"]}
        except Refused as refused:
            assert refused.status in (404, 503, 504), refused
            return None
        return values["Mark"]["value"] if values["Well"]["quality"] == "Good" else None

    def wait_running(self, marks, limit=30):
        """Waits until it runs and central has learnt from its inventory what; answers the mark."""
        wait_for(f"{self.name} runs", lambda: self.running() is not None, limit)
        mark = self.running()
        assert mark in marks
        wait_for("central shows what runs", lambda: self.deployed() == self.revisions[mark], 20)
        assert self.running() == mark
        return mark

    def wait_standby(self):
        wait_for("the standby holds it", lambda: self.status().get("standby") == "stored", 30)


@pytest.fixture(scope="module")
def applied(fleet):
    fleet.rest.post("/apply", [TEMPLATE])
    return fleet


def marked(fleet, name):
    instance = Marked(fleet, name)
    instance.write(1)
    assert instance.deploy(wait="30s")["state"] == "success"
    assert instance.wait_running({1}) == 1
    return instance


@pytest.fixture
def healed(applied):
    """The whole fleet, up again afterwards."""
    yield applied
    applied.heal()


def test_an_active_node_killed_in_mid_deployment(healed):
    fleet, instance = healed, marked(healed, "Killed")
    instance.write(2)
    fleet.active.pause()
    begun = time.monotonic()
    deployment = instance.deploy()
    assert deployment["state"] in ("pending", "in-progress")
    fleet.active.kill()
    ended = instance.wait_ended(SILENCE + 3)
    assert (ended["id"], ended["state"], ended["reason"]) == (deployment["id"], "failed", "connection-lost")
    assert time.monotonic() - begun < SILENCE + 2

    begun = time.monotonic()
    refused = instance.deploy(wait="30s")
    assert (refused["state"], refused["reason"]) == ("failed", "no-active-node")
    assert time.monotonic() - begun < 1

    fleet.standby.kill()
    wait_for("the standby is offline", lambda: not fleet.standby.central_view["online"], SILENCE + 3)
    refused = instance.deploy(wait="30s")
    assert (refused["state"], refused["reason"]) == ("failed", "site-unreachable")
    assert instance.deployed() == instance.revisions[1]

    fleet.active.start()
    fleet.standby.start()
    begun = time.monotonic()
    fleet.active.wait_online()
    # The order lay unread in a dead process: the old revision it must be.
    assert instance.wait_running({1}, limit=10) == 1
    assert time.monotonic() - begun < 10
    fleet.standby.wait_online()
    assert instance.deploy(wait="30s")["state"] == "success"
    assert instance.wait_running({2}) == 2
    instance.wait_standby()


def test_a_silent_node_is_noticed_and_what_it_did_is_believed(healed):
    fleet, instance = healed, marked(healed, "Silent")
    instance.write(2)
    fleet.active.pause()
    instance.deploy()
    ended = instance.wait_ended(SILENCE + 3)
    assert (ended["state"], ended["reason"]) == ("failed", "connection-lost")
    fleet.active.resume()
    fleet.active.wait_online()
    instance.wait_running({1, 2})


def test_a_coordinator_killed_in_mid_deployment(healed):
    fleet, instance = healed, marked(healed, "Widowed")
    instance.write(2)
    fleet.active.pause()
    deployment = instance.deploy()
    fleet.coordinator.kill()
    fleet.coordinator.start()
    ended = instance.status()
    assert (ended["id"], ended["state"], ended["reason"]) == (deployment["id"], "failed", "coordinator-failover")
    assert instance.deployed() == instance.revisions[1]
    fleet.active.resume()
    fleet.active.wait_online()
    mark = instance.wait_running({1, 2})
    assert instance.status()["state"] == "failed"
    assert instance.rest.get(f"/instances/{instance.name}/diff")["same"] == (mark == 2)
    fleet.standby.wait_online()
    assert instance.deploy(wait="30s")["state"] == "success"
    assert instance.wait_running({2}) == 2
    instance.wait_standby()


def test_instances_outlive_the_coordinator(healed):
    """The site goes on without central, and central finds it as it is."""
    fleet, instance = healed, marked(healed, "Alone")
    fleet.coordinator.kill()
    fleet.active.kill()
    fleet.active.start()
    fleet.coordinator.start()
    fleet.active.wait_online()
    assert instance.wait_running({1}) == 1


def test_kills_at_random_moments(healed):
    seed = int(os.environ.get("FIELDLINE_SEED", random.SystemRandom().randrange(1 << 32)))
    print(f"FIELDLINE_SEED={seed} repeats this")
    dice = random.Random(seed)
    fleet, instance = healed, marked(healed, "Random")
    runs = 1
    for mark in range(2, 2 + ROUNDS):
        instance.write(mark)
        victim = dice.choice([fleet.active, fleet.standby, fleet.coordinator])
        instance.deploy()
        # Not a wait for something: the moment of the kill, anywhere from the order's way out to after the report.
        time.sleep(dice.expovariate(1 / 0.006))
        victim.kill()
        print(f"round {mark}: {victim.name} killed")
        victim.start()
        for agent in (fleet.active, fleet.standby):
            agent.wait_online()
        ended = instance.wait_ended(SILENCE + 10)
        runs = instance.wait_running({runs, mark})
        print(f"round {mark}: {ended['state']} {ended['reason']}, mark {runs} runs")
        if ended["state"] == "success":
            assert runs == mark
    instance.write(100)
    assert instance.deploy(wait="30s")["state"] == "success"
    assert instance.wait_running({100}) == 100
    instance.wait_standby()
