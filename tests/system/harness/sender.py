"""A site whose script sends a message at a time and tells the receiver of each that was accepted."""

from .daemons import Agent, Coordinator
from .receiver import Receiver
from .rest import wait_for


def documents(*receivers, nodes="a", interval="100ms", before="", source=None, attributes="{}"):
    """`nodes`: a name for each letter. An instance for each receiver sends to it, and runs what is `before` that too."""
    texts = [f"""kind: Site
name: north
spec: {{nodes: [{", ".join(nodes)}]}}"""]
    for receiver in receivers:
        texts += [*receiver.artifacts(), f"""kind: Template
name: Sender{receiver.instance}
spec:
  attributes: {attributes}
  scripts:
    Send:
      source: |{source or before + receiver.script()}
      trigger: {{kind: interval, interval: {interval}}}""", f"""kind: Instance
name: {receiver.instance}
spec: {{site: north, template: Sender{receiver.instance}}}"""]
    return "\n---\n".join(texts)


def deploy_artifacts(rest):
    """To the one site, all nodes of which hold them then."""
    rest.post("/artifacts/deploy", None)
    wait_for("the artifacts are there", lambda: rest.get("/artifacts/deployment")["sites"][0].get(
        "deployment", {}).get("state") == "success")


def deploy(rest):
    """The artifacts, and the instance."""
    deploy_artifacts(rest)
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
        self.receiver.start()
        self.coordinator.start()
        self.rest.post("/apply", documents(self.receiver, **options))
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
        self.receiver.wait_all()

    def stop(self):
        self.agent.stop()
        self.coordinator.stop()
        self.receiver.stop()
