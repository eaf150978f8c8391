"""kill -9 at each named moment of an operation, while deployments of a thousand instances are under way."""

import contextlib
import sqlite3
import urllib.error

import pytest
from harness.many import deploy_all, wait_all_over
from harness.rest import Refused, wait_for

INSTANCES = 1000
NAMES = [f"Wide{number:04}" for number in range(INSTANCES)]
FAMILY = "\n---\n".join(f"{{kind: Instance, name: {name}, spec: {{site: north, template: Wide}}}}" for name in NAMES)
MIDDLE = 100  # deployments that get past the moment before the one that dies there

COORDINATOR = ["deployment.saved", "deployment.dispatched", "deployment.reported", "deployment.recorded"]
ACTIVE = ["order.accepted", "order.staged", "order.swapped", "order.promoted", "order.reported"]
STANDBY = ["order.accepted", "order.staged", "order.promoted", "order.reported"]
MOMENTS = ([("coordinator", point) for point in COORDINATOR] + [("active", point) for point in ACTIVE] +
           [("standby", point) for point in STANDBY])


def template(mark):
    return f"{{kind: Template, name: Wide, spec: {{attributes: {{Mark: {{type: int, value: {mark}}}}}}}}}"


def held(agent):
    """What the node has as current, by its own disk."""
    path = agent.state / "configurations.db"
    with contextlib.closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as database:
        return dict(database.execute("SELECT instance, revision FROM configurations WHERE instance LIKE 'Wide%'"))


@pytest.fixture(scope="module")
def thousand(fleet):
    fleet.rest.post("/apply", template(0) + "\n---\n" + FAMILY)
    deploy_all(fleet.rest, NAMES)
    assert wait_all_over(fleet.rest) == {"success"}
    return fleet


def restart(fleet, daemon, environment):
    daemon.stop()
    if daemon is not fleet.coordinator:
        wait_for("central has noticed", lambda: not daemon.central_view["online"], 10)
    daemon.environment = environment
    daemon.start()
    for agent in (fleet.active, fleet.standby):
        agent.wait_online()


def shown(rest):
    """The deployed snapshots."""
    return {item["name"]: item["deployed"]["revision"] for item in rest.get_all("instances", "template=Wide")}


@pytest.mark.parametrize(("victim", "moment"), MOMENTS)
def test_nothing_is_stuck_and_central_shows_what_the_nodes_run(thousand, victim, moment):
    fleet, daemon = thousand, getattr(thousand, victim)
    restart(fleet, daemon, {"FIELDLINE_FAIL_POINT": f"{moment}:{MIDDLE}"})
    fleet.rest.put("/templates/Wide", template(MOMENTS.index((victim, moment)) + 1), headers={"If-Match": "*"})

    deploy_all(fleet.rest, NAMES, forgive=(OSError, urllib.error.URLError, Refused))
    wait_for(f"{daemon.name} dies at {moment}", lambda: not daemon.running, 30)
    restart(fleet, daemon, {})

    wait_all_over(fleet.rest)
    wait_for("central shows what the active node runs", lambda: shown(fleet.rest) == held(fleet.active), 30)
    wait_for("the standby holds the same", lambda: held(fleet.standby) == held(fleet.active), 30)
    for item in fleet.rest.get_all("instances", "template=Wide"):
        if item["deployment"]["state"] == "success":
            assert item["deployment"]["revision"] == item["deployed"]["revision"]
