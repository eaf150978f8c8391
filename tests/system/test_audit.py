"""The audit log of a real coordinator: verified while it runs, after a kill, and after a hand was in it."""

import sqlite3
import subprocess

import pytest
from harness.daemons import BIN, Coordinator


def verify(coordinator):
    done = subprocess.run([str(BIN / "fieldline-coordinator"), "audit", "verify", f"--state={coordinator.state}"],
                          stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=30)
    return done.returncode, done.stdout + done.stderr


def put_sites(coordinator, count):
    for number in range(count):
        coordinator.rest.post("/apply", [{"kind": "Site", "name": f"s{number}", "spec": {"nodes": ["a"]}}])


@pytest.fixture
def log(tmp_path):
    """A coordinator that has stopped, with five entries in its log."""
    coordinator = Coordinator(tmp_path / "coordinator").start()
    put_sites(coordinator, 5)
    assert verify(coordinator)[0] == 0
    assert coordinator.stop() == 0
    code, said = verify(coordinator)
    assert code == 0 and "5 entries" in said, said
    return coordinator


def test_every_answered_change_is_there_after_a_kill(tmp_path):
    coordinator = Coordinator(tmp_path / "coordinator").start()
    put_sites(coordinator, 20)
    coordinator.kill()
    code, said = verify(coordinator)
    assert code == 0 and "20 entries" in said, said
    coordinator.start()
    put_sites(coordinator, 1)
    entries = coordinator.rest.get("/audit?limit=100")["entries"]
    assert [entry["sequence"] for entry in entries] == list(range(21, 0, -1))
    assert coordinator.stop() == 0
    assert verify(coordinator)[0] == 0


@pytest.mark.parametrize("edit, entry, word", [
    ("UPDATE audit SET result = '403' WHERE sequence = 3", 3, "changed"),
    ("DELETE FROM audit WHERE sequence = 2", 2, "missing"),
    ("DELETE FROM audit WHERE sequence > 3", 4, "truncated"),
])
def test_what_a_hand_did_to_the_database_is_named(log, edit, entry, word):
    with sqlite3.connect(log.state / "coordinator.db") as database:
        database.execute(edit)
    database.close()
    code, said = verify(log)
    assert code == 1
    assert f"broken at entry {entry} " in said and word in said, said


def test_a_log_without_its_key_keeps_the_coordinator_from_starting(log):
    (log.state / "audit.key").unlink()
    done = subprocess.run([str(BIN / "fieldline-coordinator"), f"--state={log.state}", "--listen.http=127.0.0.1:0",
                           "--listen.nodes=127.0.0.1:0"], stdin=subprocess.DEVNULL, capture_output=True, text=True,
                          timeout=30)
    assert done.returncode == 1
    assert "audit.key" in done.stdout + done.stderr
