"""The audit log of a real coordinator: verified while it runs, after a kill, and after a hand was in it."""

import contextlib
import re
import sqlite3
import subprocess

import pytest
from harness.daemons import BIN, Coordinator
from harness.postgresql import Postgresql


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def server(request):
    """None: the database is a file of the coordinator's."""
    if request.param == "sqlite":
        yield None
    else:
        with Postgresql() as server:
            yield server


class Recorded(Coordinator):
    """With a database of its own that hands can get into."""

    def __init__(self, state, server, name):
        super().__init__(state, {"database.url": server.new_database(name)} if server else {})
        self.server = server
        self.name_of_database = name

    def edit(self, statement):
        if self.server:
            self.server.ask(self.name_of_database, statement)
            return
        with contextlib.closing(sqlite3.connect(self.state / "coordinator.db")) as database, database:
            database.execute(statement)

    def dump(self):
        """A backup as SQL, line by line."""
        if self.server:
            return self.server.dump(self.name_of_database).splitlines(keepends=True)
        with contextlib.closing(sqlite3.connect(self.state / "coordinator.db")) as database:
            return [line + "\n" for line in database.iterdump()]

    def restore(self, name, lines):
        """Into another database, which is this one's from now on."""
        if self.server:
            name = f"{self.name_of_database}_{name}"
            self.settings["database.url"] = self.server.new_database(name)
            self.server.restore(name, "".join(lines))
            return
        with contextlib.closing(sqlite3.connect(self.state / f"{name}.db")) as database:
            database.executescript("".join(lines))
        self.settings["database.url"] = f"sqlite:{name}.db"


@pytest.fixture
def coordinator(tmp_path, server, request):
    name = f"audit_{request.node.name.partition('[')[0][-30:]}_{len(list(tmp_path.parent.iterdir()))}"
    daemon = Recorded(tmp_path / "coordinator", server, name)
    yield daemon
    daemon.stop()


def verify(coordinator):
    flags = [f"--{key}={value}" for key, value in coordinator.settings.items()]
    done = subprocess.run([str(BIN / "fieldline-coordinator"), "audit", "verify", f"--state={coordinator.state}", *flags],
                          stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=30)
    return done.returncode, done.stdout + done.stderr


def put_sites(coordinator, count):
    for number in range(count):
        coordinator.rest.post("/apply", [{"kind": "Site", "name": f"s{number}", "spec": {"nodes": ["a"]}}])


@pytest.fixture
def log(coordinator):
    """A coordinator that has stopped, with five entries in its log."""
    coordinator.start()
    put_sites(coordinator, 5)
    assert verify(coordinator)[0] == 0
    assert coordinator.stop() == 0
    code, said = verify(coordinator)
    assert code == 0 and "5 entries" in said, said
    return coordinator


def test_every_answered_change_is_there_after_a_kill(coordinator):
    coordinator.start()
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


def test_a_change_that_a_kill_left_without_its_entry_is_recorded_at_the_next_start(coordinator):
    coordinator.environment = {"FIELDLINE_FAIL_POINT": "request.answered:3"}
    coordinator.start()
    put_sites(coordinator, 2)
    with pytest.raises(OSError):
        coordinator.rest.put("/sites/lost", {"kind": "Site", "name": "lost", "spec": {"nodes": ["a"]}})
    coordinator.wait_killed("request.answered")
    code, said = verify(coordinator)
    assert code == 0 and "2 entries" in said, said

    coordinator.environment = {}
    coordinator.start()
    assert coordinator.rest.get("/sites/lost")["name"] == "lost", "the change itself was on the disk"
    for _ in range(2):
        entries = coordinator.rest.get("/audit")["entries"]
        assert [entry["sequence"] for entry in entries] == [3, 2, 1]
        cut_off = entries[0]
        assert (cut_off["action"], cut_off["who"], cut_off["site"], cut_off["result"]) == (
            "putSite", "admin", "lost", "unknown")
        assert cut_off["details"]["asked"] <= cut_off["time"]
        assert coordinator.stop() == 0
        code, said = verify(coordinator)
        assert code == 0 and "3 entries" in said, said
        coordinator.start()


@pytest.mark.parametrize("edit, entry, word", [
    ("UPDATE audit SET result = '403' WHERE sequence = 3", 3, "changed"),
    ("DELETE FROM audit WHERE sequence = 2", 2, "missing"),
    ("DELETE FROM audit WHERE sequence > 3", 4, "truncated"),
])
def test_what_a_hand_did_to_the_database_is_named(log, edit, entry, word):
    log.edit(edit)
    code, said = verify(log)
    assert code == 1
    assert f"broken at entry {entry} " in said and word in said, said


def test_a_dump_that_was_edited_before_it_was_restored_is_named(log):
    lines = log.dump()
    third = next(number for number, line in enumerate(lines) if re.match(r'3\t|INSERT INTO "audit" VALUES\(3,', line))
    log.restore("untouched", lines)
    code, said = verify(log)
    assert code == 0 and "5 entries" in said, said
    assert "admin" in lines[third]
    lines[third] = lines[third].replace("admin", "eve")
    log.restore("edited", lines)
    code, said = verify(log)
    assert code == 1 and "broken at entry 3 " in said and "changed" in said, said


def test_a_log_without_its_key_keeps_the_coordinator_from_starting(log):
    (log.state / "audit.key").unlink()
    log.launch(*log.command())
    assert log.process.wait(30) == 1
    assert "audit.key" in log.log()
