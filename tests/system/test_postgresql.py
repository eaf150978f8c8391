"""The coordinator on PostgreSQL: what it accepted is there after the server was killed, and it goes on by itself."""

import threading

import pytest
from conftest import fleet_at
from harness.daemons import QUICK, Coordinator, show_logs
from harness.postgresql import Postgresql
from harness.rest import wait_for

WRITERS = 4
ROUNDS = 3


def site(name, description=""):
    return {"kind": "Site", "name": name, "spec": {"description": description, "nodes": ["a"]}}


@pytest.fixture(scope="module")
def postgresql():
    with Postgresql() as server:
        yield server


@pytest.fixture
def coordinator(tmp_path, postgresql, request):
    """Its database has the name of the test, as far as names go."""
    daemon = Coordinator(tmp_path, {"database.url": postgresql.new_database(request.node.name[:40])}).start()
    yield daemon
    show_logs([daemon])
    daemon.stop()


class Author(threading.Thread):
    """Puts sites one after the other and keeps what it was told of each."""

    def __init__(self, number, rest):
        super().__init__(daemon=True)
        self.number = number
        self.rest = rest
        self.accepted = []
        self.refused = []
        self.enough = threading.Event()

    def run(self):
        while not self.enough.is_set():
            name = f"s{self.number}x{len(self.accepted) + len(self.refused)}"
            answer = self.rest.request("PUT", f"/api/v1/sites/{name}", site(name))
            if answer.status in (200, 201):
                self.accepted.append(name)
            else:
                assert answer.status == 503, answer.body
                self.refused.append(name)
                self.enough.wait(0.02)


def test_what_was_accepted_outlives_a_server_killed_in_mid_commit(coordinator, postgresql, request):
    rest = coordinator.rest
    accepted, refused = set(), set()
    for turn in range(ROUNDS):
        authors = [Author(turn * WRITERS + number, rest) for number in range(WRITERS)]
        for author in authors:
            author.start()
        wait_for("all authors are at work", lambda: all(len(author.accepted) > 10 for author in authors))
        postgresql.crash()
        wait_for("a write is refused", lambda: any(author.refused for author in authors))
        postgresql.start()
        before = [len(author.accepted) for author in authors]
        wait_for("the coordinator goes on by itself",
                 lambda: all(len(author.accepted) > count for author, count in zip(authors, before)))
        for author in authors:
            author.enough.set()
        for author in authors:
            author.join()
            accepted.update(author.accepted)
            refused.update(author.refused)
    coordinator.kill()
    coordinator.start()
    database = request.node.name[:40]
    known = set(postgresql.ask(database, "SELECT name FROM documents WHERE kind = 'Site'").split())
    assert accepted <= known
    assert known <= accepted | refused
    for name in sorted(accepted)[:20]:
        assert rest.request("GET", f"/api/v1/sites/{name}").status == 200


def test_a_second_coordinator_on_the_database_does_not_start(coordinator, tmp_path):
    second = Coordinator(tmp_path / "second", coordinator.settings)
    second.launch(*second.command())
    assert second.process.wait(30) == 1
    assert "another program writes to this database" in second.log()
    assert coordinator.rest.request("GET", "/readyz").status == 200


def test_readyz_says_that_the_database_is_away(coordinator, postgresql):
    rest = coordinator.rest

    def probe():
        return rest.request("GET", "/readyz", headers={"Authorization": ""})

    assert probe().status == 200
    postgresql.crash()
    wait_for("it is not ready", lambda: probe().status == 503, 20)
    problem = probe().json
    assert problem["code"] == "not-ready"
    assert "the database" in problem["detail"] and str(postgresql.folder) not in problem["detail"]
    assert rest.request("GET", "/healthz").status == 200
    postgresql.start()
    wait_for("it is ready again", lambda: probe().status == 200, 20)


def test_readyz_says_that_the_database_is_silent(coordinator, postgresql):
    rest = coordinator.rest
    postgresql.pause()
    try:
        wait_for("it is not ready", lambda: rest.request("GET", "/readyz").status == 503, 20)
        assert "has not answered for" in rest.request("GET", "/readyz").json["detail"]
        assert rest.request("GET", "/healthz").status == 200
    finally:
        postgresql.resume()
    wait_for("it is ready again", lambda: rest.request("GET", "/readyz").status == 200, 20)


def test_an_operation_that_cannot_be_recorded_is_not_accepted(tmp_path, postgresql):
    with fleet_at(tmp_path, settings=QUICK | {"database.url": postgresql.new_database("operations")}) as fleet:
        assert fleet.rest.post("/instances/NorthStation/deploy?wait=30s")["state"] == "success"
        before = fleet.rest.get("/instances/NorthStation/deployment")["id"]
        postgresql.crash()
        for action in ("deploy", "disable"):
            assert fleet.rest.request("POST", f"/api/v1/instances/NorthStation/{action}").status == 503
        assert fleet.rest.get("/instances/NorthStation/deployment")["id"] == before
        postgresql.start()
        wait_for("the database is read again", lambda: fleet.rest.request(
            "GET", "/api/v1/instances/NorthStation/deployed").status == 200, 30)
        assert fleet.rest.get("/instances/NorthStation/deployed")["enabled"] is True
        wait_for("operations are accepted again", lambda: fleet.rest.request(
            "POST", "/api/v1/instances/NorthStation/deploy?wait=30s").status in (200, 202), 30)
        ended = fleet.rest.get("/instances/NorthStation/deployment")
        assert ended["id"] != before
        assert ended["state"] == "success"
