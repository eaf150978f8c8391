"""Messages that could not be delivered, as an operator sees and mends them from central."""

import collections
import http.server
import json
import threading

import pytest
from harness.daemons import QUICK, Agent, Coordinator, show_logs
from harness.rest import Refused, Rest, wait_for
from harness.sender import deploy_artifacts

EACH = 5  # messages of each instance
ERP = "external-systems/erp"
OUTBOX = "/sites/north/outbox"
PARKED = OUTBOX + "/parked"


class Target:
    """An HTTP server that refuses for good until it is mended."""

    def __init__(self):
        self.mended = False
        self.delivered = collections.Counter()
        outer = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self):
                self.rfile.read(int(self.headers["Content-Length"]))
                if outer.mended:
                    outer.delivered[self.headers["Idempotency-Key"]] += 1
                self.send_response(201 if outer.mended else 422)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    @property
    def url(self):
        return f"http://127.0.0.1:{self.server.server_port}"


def documents(url, system=""):
    instances = "".join(f"""---
kind: Instance
name: {name}
spec: {{site: north, template: Sender, attributes: {{Name: {{value: {name}}}}}}}
""" for name in ("Pump", "Mixer"))
    return f"""kind: Site
name: north
spec: {{nodes: [a]}}
---
kind: ExternalSystem
name: erp
spec: {{base_url: "{url}"{system}}}
---
kind: Template
name: Sender
spec:
  attributes:
    Name: {{type: string, value: ""}}
    Sent: {{type: int, value: 0, writable: true, retained: true}}
  scripts:
    Send:
      source: |
        local sent = attributes.get("Sent")
        if sent < attributes.get("Most") then
          external.send("erp", {{path = "/in", headers = {{["X-Auth-Token"] = "hush-hush"}},
                                body = {{from = attributes.get("Name"), number = sent}}}})
          attributes.set("Sent", sent + 1)
        end
      trigger: {{kind: interval, interval: 20ms}}
""".replace("    Sent:", f"    Most: {{type: int, value: {EACH}}}\n    Sent:") + instances


class Plant:
    """A site with one node whose two instances have sent what the target refuses."""

    def __init__(self, folder):
        self.target = Target()
        self.coordinator = Coordinator(folder / "coordinator", QUICK).start()
        self.agent = Agent(folder / "a", self.coordinator, "north", "a", "active")
        self.rest = self.coordinator.rest

    def start(self, most=EACH, system="", settled=None):
        text = documents(self.target.url, system)
        self.rest.post("/apply", text.replace(f"value: {EACH}}}", f"value: {most}}}"))
        self.agent.start().accept()
        self.agent.wait_online()
        deploy_artifacts(self.rest)
        for name in ("Pump", "Mixer"):
            assert self.rest.post(f"/instances/{name}/deploy?wait=30s")["state"] == "success"
        settled = settled or (lambda figures: figures["parked"] == 2 * most)
        wait_for("all was refused", lambda: settled(self.figures()), 60)
        return self

    def close(self):
        self.agent.stop()
        self.coordinator.stop()
        self.target.server.shutdown()
        show_logs([self.coordinator, self.agent])

    def figures(self):
        targets = self.rest.get(OUTBOX)["targets"]
        return targets[0] if targets else collections.Counter()

    def parked(self, **filters):
        query = "&".join(f"{key}={value}" for key, value in filters.items())
        return self.rest.get(f"{PARKED}?{query}")["messages"]

    def state(self, identity):
        return self.rest.get(f"{OUTBOX}/messages/{identity}")

    def audited(self, action):
        return self.rest.get(f"/audit?action={action}")["entries"][0]


@pytest.fixture
def plant(tmp_path):
    plant = Plant(tmp_path)
    try:
        yield plant
    finally:
        plant.close()


def status_of(call, *arguments, **options):
    with pytest.raises(Refused) as refused:
        call(*arguments, **options)
    return refused.value.status


def test_an_operator_sees_mends_and_discards_what_was_parked(plant):
    plant.start()
    rest = plant.rest
    wait_for("health tells of it", lambda: rest.get("/sites/north/health").get("outbox", {}).get("parked") == 2 * EACH)
    metrics = rest.request("GET", "/metrics").body.decode()
    assert f'fieldline_outbox_messages{{state="parked"}} {2 * EACH}' in metrics
    assert 'fieldline_outbox_sites{state="parked"} 1' in metrics
    assert "erp" not in metrics
    figures = plant.figures()
    assert figures["target"] == ERP
    assert figures["depth"] == 0
    assert figures["last_error"] == "refused: the system answered 422"
    assert figures["retry_limit"] == 10

    pumps = plant.parked(instance="Pump")
    assert {message["instance"] for message in pumps} == {"Pump"}
    assert [message["reason"] for message in pumps] == [figures["last_error"]] * EACH
    assert not plant.parked(target="external-systems/mes")
    pages = []
    cursor = ""
    while True:
        page = rest.get(f"{PARKED}?limit=3&cursor={cursor}")
        pages.append([message["id"] for message in page["messages"]])
        cursor = page["next"]
        if not cursor:
            break
    assert len(pages) == 4
    assert len(set(sum(pages, []))) == 2 * EACH

    first, second, third = (message["id"] for message in pumps[:3])
    whole = rest.get(f"{PARKED}/{first}")
    assert json.loads(whole["content"]["http"]["body"]) == {"from": "Pump", "number": 0}
    assert whole["content"]["http"]["headers"]["X-Auth-Token"] == "***"
    exported = rest.get(f"{PARKED}/export?instance=Mixer")
    assert [json.loads(message["content"]["http"]["body"])["number"] for message in exported["messages"]] == [
        *range(EACH)]

    # While the target refuses, it is parked again, under its id.
    assert rest.post(f"{PARKED}/{first}/retry", None)["count"] == 1
    wait_for("it is parked again", lambda: plant.figures()["parked"] == 2 * EACH)
    assert plant.state(first)["state"] == "parked"

    plant.agent.stop()
    assert status_of(rest.get, OUTBOX) == 503
    assert status_of(rest.post, f"{PARKED}/{first}/retry", None) == 503
    plant.agent.come_back()
    assert plant.figures()["parked"] == 2 * EACH

    plant.target.mended = True
    assert rest.post(f"{PARKED}/{first}/retry", None)["node"] == "a"
    wait_for("it is delivered", lambda: plant.state(first)["state"] == "delivered")
    assert plant.state(first)["detail"].startswith("201")
    assert plant.target.delivered == {first: 1}
    assert status_of(rest.post, f"{PARKED}/{first}/retry", None) == 404
    assert status_of(rest.get, f"{PARKED}/{first}") == 404

    assert rest.request("DELETE", f"/api/v1{PARKED}/{second}").status == 204
    assert rest.request("DELETE", f"/api/v1{PARKED}/{second}").status == 404
    discarded = plant.state(second)
    assert (discarded["state"], discarded["detail"]) == ("discarded", "discarded by admin")
    picked = rest.post(f"{PARKED}/discard", {"ids": [third, second]})
    assert (picked["count"], picked["not_parked"]) == (1, [second])

    assert rest.post(f"{PARKED}/retry", {"instance": "Pump"})["count"] == EACH - 3
    assert rest.post(f"{PARKED}/retry", {"target": ERP})["count"] == EACH
    wait_for("the rest is delivered", lambda: len(plant.target.delivered) == 2 * EACH - 2)
    assert max(plant.target.delivered.values()) == 1
    assert rest.post(f"{PARKED}/discard", {"all": True})["count"] == 0
    # The target has the last one a moment before its delivery is marked.
    wait_for("nothing is left", lambda: plant.figures()["parked"] == plant.figures()["bytes"] == 0)

    entry = plant.audited("discardParked")
    assert (entry["who"], entry["site"], entry["result"]) == ("admin", "north", "404")
    entry = plant.audited("retryAllParked")
    assert entry["details"] == {"node": "a", "count": EACH, "target": ERP, "instance": ""}
    told = [event["message"] for event in rest.get("/sites/north/events?q=outbox")["events"]]
    assert f"admin discarded the parked message {second}" in told
    assert f"admin retries {EACH} parked messages" in told
    assert status_of(rest.get, f"{OUTBOX}/messages/north.a.1.1") == 404


def test_a_node_without_a_peer_hands_over_to_nobody(plant):
    plant.start()
    answer = plant.rest.request("POST", "/api/v1/sites/north/failover")
    assert answer.status == 409
    assert "no peer" in answer.json["detail"]


def test_an_ordered_target_is_blocked_and_then_served_in_order(plant):
    plant.start(system=", ordered: true, retry_interval: 1s",
                settled=lambda figures: figures["blocked"] and figures["depth"] == 2 * EACH)
    assert plant.figures()["parked"] == 0
    assert any("blocks those after it: refused" in event["message"]
               for event in plant.rest.get("/sites/north/events?q=outbox&severity=error")["events"])
    plant.target.mended = True
    wait_for("all is delivered", lambda: plant.figures()["depth"] == 0)
    places = [int(identity.rpartition(".")[2]) for identity in plant.target.delivered]
    assert places == sorted(places) and len(places) == 2 * EACH
    assert not plant.figures()["blocked"]


def test_a_viewer_sees_that_messages_are_parked_but_neither_what_they_say_nor_decides(plant):
    plant.start()
    secret = plant.rest.post("/tokens", {"name": "looks", "grants": [{"role": "viewer"}]})["secret"]
    viewer = Rest(plant.rest.url, secret)
    identity = viewer.get(PARKED)["messages"][0]["id"]
    assert viewer.get(f"{OUTBOX}/messages/{identity}")["state"] == "parked"
    assert status_of(viewer.get, f"{PARKED}/{identity}") == 403
    assert status_of(viewer.get, f"{PARKED}/export") == 403
    assert status_of(viewer.post, f"{PARKED}/{identity}/retry", None) == 403
    assert status_of(viewer.post, f"{PARKED}/discard", {"all": True}) == 403
    assert plant.figures()["parked"] == 2 * EACH


def test_a_decision_that_a_dying_node_cuts_off_says_how_far_it_came(plant):
    plant.agent.environment = {"FIELDLINE_FAIL_POINT": "outbox.decided:2"}
    plant.start(125)
    with pytest.raises(Refused) as refused:
        plant.rest.post(f"{PARKED}/discard", {"all": True})
    assert refused.value.status in (503, 504)
    assert "Before that 100 messages were discarded" in refused.value.problem["detail"]
    entry = plant.audited("discardAllParked")
    assert entry["details"]["count"] == 100
    plant.agent.wait_killed("outbox.decided")
    plant.agent.environment = {}
    plant.agent.come_back()
    assert plant.figures()["parked"] == 50
    assert plant.rest.post(f"{PARKED}/discard", {"all": True})["count"] == 50
