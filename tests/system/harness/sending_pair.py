"""A pair of nodes whose scripts send messages to receivers in this process, ten a second each."""

import time

from .daemons import QUICK, Agent, Coordinator, pair_up
from .network import HOST, Network
from .pair import LIMIT, Pair
from .receiver import Receiver
from .rest import wait_for
from .sender import documents

LEASE = 3  # s; half of the default


class PairOfSenders(Pair):
    """Central and the nodes a and b of the site north, on this machine or `machines`, with an instance for each receiver."""

    def __init__(self, state, *receivers, settings=None, machines=None):
        """`settings` are those of the nodes."""
        self.receivers = receivers
        coordinator = Coordinator(state / "coordinator", {**QUICK, "http.plaintext": "true"})
        agents = [Agent(state / node, coordinator, "north", node, "automatic", dict(settings or {})) for node in "ab"]
        super().__init__(coordinator, *agents)
        if machines:
            for name, daemon in (("central", coordinator), *self.nodes.items()):
                daemon.machine = machines[name]

    @property
    def daemons(self):
        return [*self.nodes.values(), self.coordinator]

    def start(self, **options):
        """`options` of documents()."""
        self.coordinator.start()
        self.rest.post("/apply", documents(*self.receivers, nodes="ab", **options))
        pair_up(*self.nodes.values())
        for agent in self.nodes.values():
            agent.start().accept()
        wait_for("a node is active", self.active, LIMIT)
        self.rest.post("/artifacts/deploy", None)
        wait_for("both nodes hold the artifacts", lambda: self.rest.get("/artifacts/deployment")["sites"][0].get(
            "deployment", {}).get("state") == "success")
        for receiver in self.receivers:
            self.deploy(receiver.instance)
        self.wait_settled()
        return self

    def deploy(self, instance):
        assert self.rest.post(f"/instances/{instance}/deploy?wait=30s")["state"] == "success"
        wait_for(f"the standby holds {instance}",
                 lambda: self.rest.get(f"/instances/{instance}/deployment").get("standby") == "stored", 30)

    def wait_sent(self, count):
        """Each script was told of so many more messages."""
        before = {receiver: len(receiver.told) for receiver in self.receivers}
        wait_for("the scripts send", lambda: all(len(receiver.told) >= before[receiver] + count
                                                 for receiver in self.receivers), LIMIT)

    def wait_all(self):
        for receiver in self.receivers:
            wait_for(f"all that was accepted arrives at {receiver.name}", receiver.has_all, LIMIT)

    def stop(self):
        for daemon in self.daemons:
            daemon.ask_to_stop()
        for daemon in self.daemons:
            daemon.stop()
        for receiver in self.receivers:
            receiver.stop()


class SendingPair(PairOfSenders):
    """Each daemon on a machine of its own. All reach the one receiver at all times."""

    def __init__(self, state):
        self.network = Network("central", "a", "b")
        self.receiver = Receiver(HOST)
        timers = {"pair.lease": f"{LEASE}s", "pair.renew": "500ms"}
        super().__init__(state, self.receiver, settings=timers, machines=self.network)

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
        super().stop()
