"""What a script was told is accepted arrives, whatever kills the node; and what arrives twice bears the same id."""

import os
import random

import pytest
from harness.sender import SendingNode


@pytest.fixture
def site(tmp_path):
    site = SendingNode(tmp_path)
    try:
        yield site.start(interval="50ms")
    finally:
        site.stop()


@pytest.fixture
def dice():
    seed = int(os.environ.get("FIELDLINE_SEED", random.SystemRandom().randrange(1 << 32)))
    print(f"FIELDLINE_SEED={seed} repeats this")
    return random.Random(seed)


@pytest.mark.parametrize("moment", ["outbox.accepted", "outbox.delivered", "outbox.marked"])
def test_a_node_dies_at_a_named_moment(site, moment):
    agent, receiver = site.agent, site.receiver
    agent.kill()
    agent.environment = {"FIELDLINE_FAIL_POINT": f"{moment}:20"}
    agent.start()
    agent.wait_killed(moment)
    agent.environment = {}
    agent.come_back()
    site.wait_told()
    site.wait_all()
    assert max(receiver.delivered.values()) <= 2


def test_a_node_is_killed_again_and_again(site, dice):
    agent, receiver = site.agent, site.receiver
    for _ in range(8):
        site.wait_told(dice.randint(1, 10))
        agent.kill()
        agent.start()
    site.wait_all()
    assert len(receiver.told) > 20


def test_an_orderly_restart_delivers_nothing_twice(site):
    agent, receiver = site.agent, site.receiver
    for _ in range(3):
        site.wait_told()
        agent.stop()
        agent.start()
    site.wait_all()
    assert max(receiver.delivered.values()) == 1


def test_messages_outlive_the_instance_that_sent_them(site):
    agent, receiver = site.agent, site.receiver
    receiver.away = True
    site.wait_told(10)
    ended = site.rest.call("DELETE", "/instances/S?wait=30s", headers={"If-Match": "*"})
    assert ended["state"] == "success"
    assert site.rest.request("GET", "/api/v1/instances/S").status == 404
    waiting = [identity for identity in receiver.told if not receiver.delivered[identity]]
    assert len(waiting) >= 10
    agent.kill()
    agent.come_back()
    receiver.away = False
    site.wait_all()
    assert all(receiver.delivered[identity] == 1 for identity in waiting)
