"""A pair of nodes whose script sends messages to a receiver in this process, ten a second."""

import time

from .daemons import Agent, Coordinator, pair_up
from .network import HOST, Network
from .pair import LIMIT, Pair
from .receiver import Receiver
from .rest import wait_for
from .sender import documents

LEASE = 3  # s; half of the default
QUICK = {"nodes.silence_limit": "3s", "nodes.ping_interval": "500ms", "nodes.health_interval": "1s"}


class SendingPair(Pair):
    """Central and the nodes a and b of the site north, each on a machine of its own. All reach the receiver at all times."""

    def __init__(self, state):
        self.network = Network("central", "a", "b")
        self.receiver = Receiver(HOST)
        coordinator = Coordinator(state / "coordinator", {**QUICK, "http.plaintext": "true"})
        timers = {"pair.lease": f"{LEASE}s", "pair.renew": "500ms"}
        agents = [Agent(state / node, coordinator, "north", node, "automatic", dict(timers)) for node in "ab"]
        super().__init__(coordinator, *agents)
        for name, daemon in (("central", coordinator), *self.nodes.items()):
            daemon.machine = self.network[name]

    @property
    def daemons(self):
        return [*self.nodes.values(), self.coordinator]

    def start(self):
        self.coordinator.start()
        self.rest.post("/apply", documents(self.receiver.url, nodes="ab"))
        pair_up(*self.nodes.values())
        for agent in self.nodes.values():
            agent.start().accept()
        wait_for("a node is active", self.active, LIMIT)
        self.rest.post("/artifacts/deploy", None)
        wait_for("both nodes hold the artifacts", lambda: self.rest.get("/artifacts/deployment")["sites"][0].get(
            "deployment", {}).get("state") == "success")
        self.deploy("S")
        self.wait_settled()
        return self

    def deploy(self, instance):
        assert self.rest.post(f"/instances/{instance}/deploy?wait=30s")["state"] == "success"
        wait_for(f"the standby holds {instance}",
                 lambda: self.rest.get(f"/instances/{instance}/deployment").get("standby") == "stored", 30)

    def heard(self, name, since):
        """How many requests came from that node since then."""
        return self.receiver.heard(self.network[name].address, since)

    def serves(self, name):
        now = time.monotonic()
        wait_for(f"{name} sends", lambda: self.heard(name, now), LIMIT)
        return True

    def wait_replaced(self, name):
        """The other one serves, and this one does nothing from then on."""
        heir = self.other(name)
        self.wait_active(heir)
        seen = time.monotonic()
        assert self.serves(heir)
        assert not self.heard(name, seen)

    def stop(self):
        self.network.heal()
        for daemon in self.daemons:
            daemon.ask_to_stop()
        for daemon in self.daemons:
            daemon.stop()
        self.receiver.stop()
