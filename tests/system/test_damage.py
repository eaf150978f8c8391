"""A node whose files were damaged while it stood still; and one that an earlier release left its states to."""

import contextlib
import sqlite3

import pytest
from harness.daemons import Agent, Coordinator
from harness.receiver import Receiver
from harness.rest import wait_for

DOCUMENTS = """kind: Site
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
  attributes:
    Sent: {{type: int, value: 0, writable: true, retained: true}}
  scripts:
    Send:
      source: |
        attributes.set("Sent", attributes.get("Sent") + 1)
        local id = external.send("erp", {{path = "/in", body = {{reading = string.rep("x", 1000)}}}})
        external.call("erp", {{path = "/told", body = id}})
      trigger: {{kind: interval, interval: 100ms}}
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
        rest.post("/apply", DOCUMENTS.format(url=receiver.url))
        agent.start().accept()
        agent.wait_online()
        deploy(rest)
        wait_for("messages arrive", lambda: len(receiver.delivered) > 5)
        yield agent, receiver
    finally:
        agent.stop()
        coordinator.stop()
        receiver.stop()


def deploy(rest):
    rest.post("/artifacts/deploy", None)
    wait_for("the artifacts are there", lambda: rest.get("/artifacts/deployment")["sites"][0].get(
        "deployment", {}).get("state") == "success")
    assert rest.post("/instances/S/deploy?wait=30s")["state"] == "success"


def ruin(file):
    with open(file, "r+b") as stream:
        stream.write(bytes(100))


def goes_on(receiver):
    before = len(receiver.told)
    wait_for("the script goes on", lambda: len(receiver.told) > before + 5, 60)
    wait_for("all that was accepted arrives", receiver.has_all, 60)


def sent(rest):
    return next(value for value in rest.get("/instances/S/values")["values"] if value["name"] == "Sent")["value"]


def said(rest):
    return [event["message"] for event in rest.get("/sites/north/events")["events"] if event["source"] == "store"]


@pytest.mark.parametrize("name", ["journal.db", "events.db", "configurations.db"])
def test_a_damaged_file_is_set_aside_and_said(sending, name):
    agent, receiver = sending
    rest = agent.coordinator.rest
    agent.stop()
    ruin(agent.state / name)
    agent.come_back()
    assert len(list(agent.state.glob(f"{name}.damaged-*"))) == 1
    assert any(name in message and "was damaged" in message for message in said(rest)), said(rest)
    if name == "configurations.db":
        deploy(rest)
    goes_on(receiver)


def test_without_its_votes_a_node_does_not_start(sending):
    agent, receiver = sending
    agent.stop()
    ruin(agent.state / "votes.db")
    agent.start()
    assert agent.process.wait(15) == 1
    assert "may have voted" in agent.log()
    assert not list(agent.state.glob("votes.db.damaged-*"))
    (agent.state / "votes.db").unlink()
    agent.come_back()
    goes_on(receiver)


def test_states_that_an_earlier_release_kept_are_taken_over(sending):
    agent, receiver = sending
    agent.stop()
    with contextlib.closing(sqlite3.connect(agent.state / "journal.db")) as journal, journal:
        (record,) = journal.execute("SELECT bytes FROM records WHERE shelf = 0 AND note = 'S'").fetchone()
        journal.execute("DELETE FROM records WHERE shelf = 0")
        journal.execute("DELETE FROM kept")
    name, state = record.split(b"\0", 1)
    assert name == b"values/Sent"
    with contextlib.closing(sqlite3.connect(agent.state / "configurations.db")) as store, store:
        store.execute("INSERT INTO kept VALUES ('S', 'values/Sent', ?)", (state,))
    told = len(receiver.told)
    agent.come_back()
    goes_on(receiver)
    assert sent(agent.coordinator.rest) >= told + 5
    agent.stop()
    with contextlib.closing(sqlite3.connect(agent.state / "configurations.db")) as store:
        assert store.execute("SELECT count(*) FROM kept").fetchone() == (0,)
