"""What a script was told is accepted arrives, whatever kills the node; and what arrives twice bears the same id."""

import os
import random

import pytest
from harness.daemons import Agent, Coordinator
from harness.receiver import Receiver
from harness.rest import wait_for


def documents(url):
    return f"""kind: Site
name: north
spec: {{nodes: [a]}}
---
kind: ExternalSystem
name: erp
spec: {{base_url: "{url}", retry_interval: 1s}}
---
kind: Template
name: Sender
spec:
  scripts:
    Send:
      source: |
        local id = external.send("erp", {{path = "/in", body = {{reading = string.rep("x", 1000)}}}})
        external.call("erp", {{path = "/told", body = id}})
      trigger: {{kind: interval, interval: 50ms}}
---
kind: Instance
name: S
spec: {{site: north, template: Sender}}"""


@pytest.fixture
def sending(tmp_path):
    receiver = Receiver()
    coordinator = Coordinator(tmp_path / "coordinator").start()
    agent = Agent(tmp_path / "a", coordinator, "north", "a", "active")
    try:
        rest = coordinator.rest
        rest.post("/apply", documents(receiver.url))
        agent.start().accept()
        agent.wait_online()
        rest.post("/artifacts/deploy", None)
        wait_for("the artifacts are there", lambda: rest.get("/artifacts/deployment")["sites"][0].get(
            "deployment", {}).get("state") == "success")
        assert rest.post("/instances/S/deploy?wait=30s")["state"] == "success"
        wait_for("messages arrive", lambda: len(receiver.delivered) > 5)
        yield agent, receiver
    finally:
        agent.stop()
        coordinator.stop()
        receiver.stop()


@pytest.fixture
def dice():
    seed = int(os.environ.get("FIELDLINE_SEED", random.SystemRandom().randrange(1 << 32)))
    print(f"FIELDLINE_SEED={seed} repeats this")
    return random.Random(seed)


@pytest.mark.parametrize("moment", ["outbox.accepted", "outbox.delivered", "outbox.marked"])
def test_a_node_dies_at_a_named_moment(sending, moment):
    agent, receiver = sending
    agent.kill()
    agent.environment = {"FIELDLINE_FAIL_POINT": f"{moment}:20"}
    agent.start()
    wait_for(f"it dies at {moment}", lambda: not agent.running, 60)
    agent.environment = {}
    before = len(receiver.told)
    agent.come_back()
    wait_for("the script goes on", lambda: len(receiver.told) > before + 10, 60)
    wait_for("all that was accepted arrives", receiver.has_all)
    assert max(receiver.delivered.values()) <= 2


def test_a_node_is_killed_again_and_again(sending, dice):
    agent, receiver = sending
    for _ in range(8):
        before = len(receiver.told)
        wait_for("the script runs", lambda: len(receiver.told) > before + dice.randint(1, 10), 60)
        agent.kill()
        agent.start()
    wait_for("all that was accepted arrives", receiver.has_all, 60)
    assert len(receiver.told) > 20


def test_an_orderly_restart_delivers_nothing_twice(sending):
    agent, receiver = sending
    for _ in range(3):
        before = len(receiver.told)
        wait_for("the script runs", lambda: len(receiver.told) > before + 5, 60)
        agent.stop()
        agent.start()
    wait_for("all that was accepted arrives", receiver.has_all, 60)
    assert max(receiver.delivered.values()) == 1


def test_messages_outlive_the_instance_that_sent_them(sending):
    agent, receiver = sending
    rest = agent.coordinator.rest
    receiver.away = True
    before = len(receiver.told)
    wait_for("the script sends to a target that is away", lambda: len(receiver.told) > before + 10, 60)
    ended = rest.call("DELETE", "/instances/S?wait=30s", headers={"If-Match": "*"})
    assert ended["state"] == "success"
    assert rest.request("GET", "/api/v1/instances/S").status == 404
    waiting = [identity for identity in receiver.told if not receiver.delivered[identity]]
    assert len(waiting) >= 10
    agent.kill()
    agent.come_back()
    receiver.away = False
    wait_for("all that was accepted arrives", receiver.has_all, 60)
    assert all(receiver.delivered[identity] == 1 for identity in waiting)
