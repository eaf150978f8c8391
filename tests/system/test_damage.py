"""A node whose files were damaged while it stood still; and one that an earlier release left its states to."""

import contextlib
import sqlite3

import pytest
from harness.rest import wait_for
from harness.sender import SendingNode, deploy

COUNTING = "{Sent: {type: int, value: 0, writable: true, retained: true}}"
COUNT = """
        attributes.set("Sent", attributes.get("Sent") + 1)"""


@pytest.fixture
def site(tmp_path):
    site = SendingNode(tmp_path)
    try:
        yield site.start(before=COUNT, attributes=COUNTING)
    finally:
        site.stop()


def ruin(file):
    with open(file, "r+b") as stream:
        stream.write(bytes(100))


def goes_on(site):
    site.wait_told()
    site.wait_all()


def sent(rest):
    return next(value for value in rest.get("/instances/S/values")["values"] if value["name"] == "Sent")["value"]


def said(rest):
    return [event["message"] for event in rest.get("/sites/north/events")["events"] if event["source"] == "store"]


@pytest.mark.parametrize("name", ["journal.db", "events.db", "configurations.db"])
def test_a_damaged_file_is_set_aside_and_said(site, name):
    agent, rest = site.agent, site.rest
    agent.stop()
    ruin(agent.state / name)
    agent.come_back()
    assert len(list(agent.state.glob(f"{name}.damaged-*"))) == 1
    wait_for("that is an event",
             lambda: any(name in message and "was damaged" in message for message in said(rest)))
    if name == "configurations.db":
        deploy(rest)
    goes_on(site)


def test_without_its_votes_a_node_does_not_start(site):
    agent = site.agent
    agent.stop()
    ruin(agent.state / "votes.db")
    agent.start()
    assert agent.process.wait(15) == 1
    assert "may have voted" in agent.log()
    assert not list(agent.state.glob("votes.db.damaged-*"))
    (agent.state / "votes.db").unlink()
    agent.come_back()
    goes_on(site)


def test_states_that_an_earlier_release_kept_are_taken_over(site):
    agent, receiver = site.agent, site.receiver
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
    goes_on(site)
    assert sent(site.rest) >= told + 5
    agent.stop()
    with contextlib.closing(sqlite3.connect(agent.state / "configurations.db")) as store:
        assert store.execute("SELECT count(*) FROM kept").fetchone() == (0,)
