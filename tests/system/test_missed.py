"""What was ordered while the standby was away is so after its takeover, or central says what is not."""

import pytest
from harness.daemons import show_logs
from harness.pair import LIMIT
from harness.rest import Refused, wait_for
from harness.sending_pair import PartedPair
from harness.site import held, shown

INSTANCES = ("Changed", "Disabled", "Deleted")


def document(name, mark):
    template = {"kind": "Template", "name": f"Of{name}", "spec": {"attributes": {"Mark": {"type": "int", "value": mark}}}}
    return [template, {"kind": "Instance", "name": name, "spec": {"site": "north", "template": f"Of{name}"}}]


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    site = PartedPair(tmp_path_factory.mktemp("missed"))
    try:
        site.start()
        for name in INSTANCES:
            site.rest.post("/apply", document(name, 1))
            site.deploy(name)
        yield site
    finally:
        show_logs(site.daemons)
        site.stop()


def order_all(site):
    """A deployment, a disable and a delete."""
    site.rest.post("/apply", document("Changed", 2))
    for verb, path in (("POST", "/instances/Changed/deploy"), ("POST", "/instances/Disabled/disable"),
                       ("DELETE", "/instances/Deleted")):
        assert site.rest.call(verb, f"{path}?wait=30s", headers={"If-Match": "*"})["state"] == "success", path


def mark(site, instance):
    """The value and quality of its Mark; None when no node answers for it."""
    try:
        [item] = site.rest.get(f"/instances/{instance}/values")["values"]
    except Refused as refused:
        assert refused.status in (404, 503, 504), refused
        return None
    return item.get("value"), item["quality"]


def told(site):
    """{instance: how a node differed, as central's events say}"""
    differences = {}
    for event in site.rest.get("/sites/north/events?category=deployment&limit=500")["events"]:
        if event["source"] == "coordinator" and "instance" in event:
            differences.setdefault(event["instance"], []).append(event["message"])
    return differences


def miss_all(site):
    """The standby is away while all is ordered; then the active one is. Answers (gone, returns)."""
    gone = site.wait_settled()
    returns = site.nodes[site.other(gone)]
    returns.kill()
    order_all(site)
    site.nodes[gone].kill()
    wait_for("central misses both", lambda: not any(node["online"] for node in site.health()["nodes"]), LIMIT)
    return site.nodes[gone], returns


def test_a_standby_that_missed_them_takes_over_with_them(site):
    gone, returns = miss_all(site)
    returns.start()
    site.wait_active(returns.node)
    wait_for("what it runs is what central shows", lambda: held(returns) == shown(site.rest, "north"), LIMIT)
    assert "Deleted" not in held(returns)
    wait_for("it runs the change", lambda: mark(site, "Changed") == (2, "Good"), LIMIT)
    assert mark(site, "Disabled")[1] == "Bad_OutOfService"
    assert set(told(site)) >= set(INSTANCES)
    gone.start()
    site.wait_settled()


def test_a_node_that_was_made_active_without_them_is_believed_and_every_difference_is_told(site):
    for name in INSTANCES:
        site.rest.post("/apply", document(name, 1))
        site.deploy(name)
    assert site.rest.post("/instances/Disabled/enable?wait=30s")["state"] == "success"
    wait_for("the standby has all", lambda: held(site.nodes["a"]) == held(site.nodes["b"]))
    before = shown(site.rest, "north")
    gone, returns = miss_all(site)
    already = told(site)
    # What is left to ops when no other voter is there: this node asks nobody.
    settings, returns.settings, returns.role = returns.settings, {}, "active"
    returns.start()
    wait_for("central sees it", lambda: site.active() == returns.node, LIMIT)
    del before["Deleted"]  # central has no such instance any more
    wait_for("central shows what it runs", lambda: shown(site.rest, "north") == before, LIMIT)
    assert {name: runs for name, runs in held(returns).items() if name != "Deleted"} == before
    assert mark(site, "Changed") == (1, "Good")
    assert mark(site, "Disabled") == (1, "Good")
    wait_for("every difference is told",
             lambda: all(len(told(site).get(name, [])) > len(already.get(name, [])) for name in INSTANCES), LIMIT)
    returns.stop()
    returns.settings, returns.role = settings, "automatic"
    for agent in (gone, returns):
        agent.start()
    site.wait_settled()
