"""Artifacts come from central to the sites: each site on its own, with their secrets, which are seen nowhere else."""

import pytest
from harness.daemons import Agent, Coordinator
from harness.rest import Refused, wait_for
from harness.secrets import plant

SECRET = plant("s3cret-Pa55word-of-the-erp")
OTHER_SECRET = plant("an0ther-Pa55word-of-the-erp")
SITES = ("east", "north", "south")

DOCUMENTS = "\n---\n".join(
    [f"kind: Site\nname: {site}\nspec: {{nodes: [a]}}" for site in SITES]
    + [
        f"""kind: ExternalSystem
name: erp
spec: {{base_url: "http://127.0.0.1:9", auth: {{kind: basic, user: plant, password: {SECRET}}}}}""",
        """kind: SharedScript
name: filters
spec: {source: "return {double = function(x) return 2 * x end}"}""",
        """kind: Template
name: Doubler
spec:
  attributes: {In: {type: int, value: 21}, Out: {type: int, value: 0, writable: true}}
  scripts:
    Run: {source: 'attributes.set("Out", shared.filters.double(attributes.get("In")))',
          trigger: {kind: interval, interval: 1s}}""",
        """kind: Instance
name: D
spec: {site: north, template: Doubler}""",
    ]
)


@pytest.fixture
def three_sites(tmp_path):
    """A coordinator and the agents of three sites, that of `south` not started yet."""
    coordinator = Coordinator(tmp_path / "coordinator").start()
    agents = {site: Agent(tmp_path / site, coordinator, site, "a", "active") for site in SITES}
    try:
        coordinator.rest.post("/apply", DOCUMENTS)
        for site in ("east", "north"):
            agents[site].start().accept()
            agents[site].wait_online()
        yield coordinator, agents
    finally:
        for daemon in (*agents.values(), coordinator):
            daemon.stop()


def rows(rest):
    return {row["site"]: row for row in rest.get("/artifacts/deployment")["sites"]}


def ended(rest, *sites):
    def over():
        now = rows(rest)
        return now if all(now[site]["deployment"]["state"] in ("success", "failed") for site in sites) else None

    return wait_for("the artifacts are delivered, or not", over)


def deploy(rest, *sites):
    begun = rest.post("/artifacts/deploy", {"sites": list(sites)} if sites else None)
    return begun["deployment"], ended(rest, *(sites or SITES))


def test_each_site_gets_the_artifacts_on_its_own(three_sites):
    coordinator, agents = three_sites
    rest = coordinator.rest
    with pytest.raises(Refused) as refused:
        rest.post("/instances/D/deploy")
    assert refused.value.status == 422
    assert {error["code"] for error in refused.value.problem["errors"]} == {"artifact-absent"}

    deployment, now = deploy(rest)
    assert {site: now[site]["deployment"]["state"] for site in SITES} == {
        "east": "success", "north": "success", "south": "failed"}
    assert now["south"]["deployment"]["reason"] == "site-unreachable"
    assert set(now["east"]["artifacts"].values()) == {"current"}
    assert set(now["south"]["artifacts"].values()) == {"failed"}
    assert now["north"]["nodes"] == [{"message": "", "node": "a", "state": "stored"}]

    agents["south"].start().accept()
    agents["south"].wait_online()
    assert rows(rest)["south"]["deployment"]["state"] == "failed", "nothing is retried by itself"
    assert rest.post("/artifacts/deployment/south/retry")["deployment"] == deployment
    now = ended(rest, "south")
    assert now["south"]["deployment"]["state"] == "success"
    assert {row["deployment"]["deployment"] for row in now.values()} == {deployment}
    assert all(set(row["artifacts"].values()) == {"current"} for row in now.values())

    end = rest.post("/instances/D/deploy?wait=30s")
    assert end["state"] == "success" and end["warnings"] == []
    wait_for("the shared script has run", lambda: any(
        value["name"] == "Out" and value["value"] == 42 for value in rest.get("/instances/D/values")["values"]))

    # A script that no site can take: refused everywhere, and everywhere the old one stays.
    rest.put("/artifacts/external-systems/erp", {
        "kind": "ExternalSystem", "name": "erp",
        "spec": {"base_url": "http://127.0.0.1:9",
                 "auth": {"kind": "basic", "user": "plant", "password": OTHER_SECRET}}}, headers={"If-Match": "*"})
    assert rows(rest)["north"]["artifacts"] == {
        "external-systems/erp": "older", "shared-scripts/filters": "current"}
    agents["east"].stop()
    wait_for("east is gone", lambda: not agents["east"].central_view["online"], 30)
    _, now = deploy(rest)
    assert {site: now[site]["deployment"]["state"] for site in SITES} == {
        "east": "failed", "north": "success", "south": "success"}
    assert now["east"]["artifacts"]["external-systems/erp"] == "failed"
    assert now["north"]["artifacts"]["external-systems/erp"] == "current", "what succeeded is not taken back"

    exported = rest.request("GET", "/api/v1/export").body.decode()
    assert SECRET not in exported and OTHER_SECRET not in exported
    assert rest.post("/apply", exported)["changed"] == 0


def test_a_coordinator_without_the_key_of_its_secrets_does_not_start(three_sites):
    coordinator, _ = three_sites
    coordinator.stop()
    key = coordinator.state / "secrets.key"
    key.rename(coordinator.state / "away.key")
    coordinator.launch(coordinator.process.args[0], *coordinator.process.args[1:])
    assert coordinator.process.wait(15) == 1
    assert "secrets.key" in coordinator.log() and SECRET not in coordinator.log()
    (coordinator.state / "away.key").rename(key)
    coordinator.start()
