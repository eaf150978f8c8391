"""A site whose script sends a message at a time and tells the receiver of each that was accepted."""

from .daemons import Agent, Coordinator
from .receiver import Receiver
from .rest import wait_for

SEND = """
        local id = external.send("erp", {path = "/in", body = {reading = string.rep("x", 1000)}})
        external.call("erp", {path = "/told", body = id})"""


def documents(url, nodes="a", interval="100ms", source=SEND, attributes="{}"):
    """`nodes`: a name for each letter. The messages wait as long as a test takes."""
    return f"""kind: Site
name: north
spec: {{nodes: [{", ".join(nodes)}]}}
---
kind: ExternalSystem
name: erp
spec: {{base_url: "{url}", retry_interval: 1s, retry_limit: 1000}}
---
kind: Template
name: Sender
spec:
  attributes: {attributes}
  scripts:
    Send:
      source: |{source}
      trigger: {{kind: interval, interval: {interval}}}
---
kind: Instance
name: S
spec: {{site: north, template: Sender}}"""


def deploy(rest):
    """The artifacts, and the instance."""
    rest.post("/artifacts/deploy", None)
    wait_for("the artifacts are there", lambda: rest.get("/artifacts/deployment")["sites"][0].get(
        "deployment", {}).get("state") == "success")
    assert rest.post("/instances/S/deploy?wait=30s")["state"] == "success"


class SendingNode:
    """Central and the one node of the site, whose state is in the folder a."""

    def __init__(self, folder):
        self.receiver = Receiver()
        self.coordinator = Coordinator(folder / "coordinator")
        self.agent = Agent(folder / "a", self.coordinator, "north", "a", "active")

    @property
    def rest(self):
        return self.coordinator.rest

    def start(self, **options):
        """`options` of documents()."""
        self.coordinator.start()
        self.rest.post("/apply", documents(self.receiver.url, **options))
        self.agent.start().accept()
        self.agent.wait_online()
        deploy(self.rest)
        self.wait_told()
        return self

    def wait_told(self, more=5):
        """The script is told that so many more were accepted."""
        before = len(self.receiver.told)
        wait_for("messages are accepted", lambda: len(self.receiver.told) > before + more, 60)

    def wait_all(self):
        wait_for("all that was accepted arrives", self.receiver.has_all, 60)

    def stop(self):
        self.agent.stop()
        self.coordinator.stop()
        self.receiver.stop()
