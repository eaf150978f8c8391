"""A site of two nodes that fail over, as central sees it."""

import re
import time

from .rest import wait_for

LIMIT = 60  # s; a takeover takes about 7
LAG = 2  # s; a standby acknowledges once a second


def seconds_of(duration):
    """Of "250ms", "1s"."""
    value, unit = re.fullmatch(r"([0-9]+)(us|ms|s|min)", duration).groups()
    return int(value) * {"us": 1e-6, "ms": 1e-3, "s": 1, "min": 60}[unit]


class Pair:
    """`agents` are paired up; their site is called north."""

    def __init__(self, coordinator, *agents):
        self.coordinator = coordinator
        self.nodes = {agent.node: agent for agent in agents}

    @property
    def rest(self):
        return self.coordinator.rest

    def health(self):
        return self.rest.get("/sites/north/health")

    def node(self, name):
        return next(node for node in self.health()["nodes"] if node["node"] == name)

    def active(self):
        """The name of the node that runs the site, where it is connected."""
        return self.health().get("active")

    def other(self, name):
        return next(node for node in self.nodes if node != name)

    def phase_on_its_own_word(self, name):
        """The last phase that the node wrote to its log."""
        lines = [line for line in self.nodes[name].log().splitlines() if "] pair: " in line and ", was " in line]
        return lines[-1].split("] pair: ")[1].split(",")[0] if lines else None

    def serves(self, name):
        """It is the active one, and works."""
        return self.active() == name

    def wait_active(self, name, limit=LIMIT):
        wait_for(f"{name} is active", lambda: self.active() == name, limit)
        wait_for(f"{name} serves", lambda: self.serves(name), limit)
        return self.node(name)["epoch"]

    def wait_settled(self, limit=LIMIT):
        """Both nodes are there, and one of them is active and may hand over to the other one; answers its name."""
        def settled():
            health = self.health()
            roles = {node["node"]: node["role"] for node in health["nodes"] if node["online"]}
            if sorted(roles.values()) != ["active", "standby"]:
                return None
            # What was told before the last of them came is of a node that has ended since, or of one that knew that one.
            came = max(node["since"] for node in health["nodes"])
            told = {node["node"]: node["health"] for node in health["nodes"] if node.get("health_time", "") > came}
            # Central knows how a node stands before the other one does.
            def stands(name):
                other = self.other(name)
                return name in told and told[name]["phase"] == roles[name] and \
                    told[name].get("peer") == {"connected": True, "node": other, "phase": roles[other]}

            return health["active"] if all(map(stands, roles)) else None

        name = wait_for("one node is active, the other one stands by", settled, limit, pause=0.2)
        self.wait_active(name)
        return name

    def replication(self, name):
        return self.node(name).get("health", {}).get("replication", {})

    def wait_in_line(self, limit=LIMIT):
        """The active node knows that the standby has everything, but for what came in the last moment."""
        def in_line():
            active = self.active()
            if not active:
                return False
            fed, following = self.replication(active), self.replication(self.other(active))
            return fed.get("state") == "fed" and following.get("state") == "following" and \
                "lag" in fed and seconds_of(fed["lag"]) < LAG

        wait_for("the standby follows", in_line, limit)

    def start_dead(self):
        """Whoever does not run comes back."""
        for agent in self.nodes.values():
            if not agent.running:
                agent.come_back()

    def stays(self, name, span):
        """Nothing changes for that long."""
        before = self.node(name)["epoch"]
        end = time.monotonic() + span
        while time.monotonic() < end:
            assert self.active() == name
            assert self.node(name)["epoch"] == before
            time.sleep(0.2)
        assert self.serves(name)

    def events(self, text, source="pair"):
        """The messages of the events from there that hold `text`."""
        return [event["message"] for event in self.rest.get("/sites/north/events?limit=500")["events"]
                if event.get("source") == source and text in event["message"]]
