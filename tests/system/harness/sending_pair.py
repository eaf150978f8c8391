"""A pair of nodes whose scripts send messages to receivers in this process, ten a second each unless a test says otherwise."""

import contextlib
import math
import time

from .daemons import QUICK, Agent, Coordinator, pair_up
from .network import HOST, Network
from .pair import LAG, LIMIT, Pair
from .receiver import Receiver
from .rest import wait_for
from .sender import deploy_artifacts, documents

LEASE = 3  # s; half of the default
LAST_MOMENT = LAG + 3  # s; what a node delivered in it before it died, the other one may deliver again


class SendingPair(Pair):
    """Central and the nodes a and b of the site north, on this machine or `machines`, with an instance for each receiver."""

    def __init__(self, state, *receivers, lease=None, machines=None):
        """`lease`: s; None: the default timers."""
        self.receivers = receivers
        timers = {"pair.lease": f"{lease}s", "pair.renew": "500ms"} if lease else {}
        coordinator = Coordinator(state / "coordinator", {**QUICK, "http.plaintext": "true"})
        agents = [Agent(state / node, coordinator, "north", node, "automatic", dict(timers)) for node in "ab"]
        super().__init__(coordinator, *agents)
        if machines:
            for name, daemon in (("central", coordinator), *self.nodes.items()):
                daemon.machine = machines[name]

    @property
    def daemons(self):
        return [*self.nodes.values(), self.coordinator]

    def start(self, **options):
        """`options` of documents()."""
        for receiver in self.receivers:
            receiver.start()
        self.coordinator.start()
        self.rest.post("/apply", documents(*self.receivers, nodes="ab", **options))
        pair_up(*self.nodes.values())
        for agent in self.nodes.values():
            agent.start().accept()
        wait_for("a node is active", self.active, LIMIT)
        deploy_artifacts(self.rest)
        for receiver in self.receivers:
            self.deploy(receiver.instance)
        self.wait_settled()
        return self

    def deploy(self, instance):
        assert self.rest.post(f"/instances/{instance}/deploy?wait=30s")["state"] == "success"
        wait_for(f"the standby holds {instance}",
                 lambda: self.rest.get(f"/instances/{instance}/deployment").get("standby") == "stored", 30)

    def wait_sent(self, count):
        """Each script was told of so many more messages; answers them by receiver."""
        before = {receiver: len(receiver.told) for receiver in self.receivers}
        wait_for("the scripts send", lambda: all(len(receiver.told) >= before[receiver] + count
                                                 for receiver in self.receivers), LIMIT)
        return {receiver: receiver.told[start:start + count] for receiver, start in before.items()}

    def wait_all(self):
        for receiver in self.receivers:
            receiver.wait_all(LIMIT)

    def twice(self):
        """By receiver, what arrived more than once."""
        return {receiver: receiver.twice() for receiver in self.receivers}

    def check_repeats(self, before, died=math.inf):
        """What arrived again since twice() answered `before` was under way when a node `died`, or came later; where a message
        is written once, there is none."""
        for receiver, ids in self.twice().items():
            again = ids - before[receiver]
            print(f"{receiver.name}: {len(receiver.told)} accepted, {len(again)} arrived again")
            if receiver.writes_once:
                assert not ids
            assert all(receiver.first[one] > died - LAST_MOMENT for one in again)

    def stop(self):
        """Each of them, though another one does not stop as it should."""
        with contextlib.ExitStack() as ends:
            for ending in (*self.receivers, *reversed(self.daemons)):
                ends.callback(ending.stop)
            for daemon in self.daemons:
                daemon.ask_to_stop()


class PartedPair(SendingPair):
    """Each daemon on a machine of its own, which a test parts from the others. All reach the one receiver at all times."""

    def __init__(self, state, lease=LEASE):
        self.network = Network("central", "a", "b")
        self.receiver = Receiver(HOST)
        super().__init__(state, self.receiver, lease=lease, machines=self.network)

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
