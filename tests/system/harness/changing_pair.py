"""A pair of senders whose settings a test changes."""

from .pair import LIMIT
from .rest import wait_for
from .sending_pair import SendingPair

LEASE = 4  # s
OPTIONS = ("pair.strict", "pair.lone_survivor", "pair.lone_after")


class ChangingPair(SendingPair):
    def __init__(self, state):
        super().__init__(state)
        for agent in self.nodes.values():
            agent.settings |= {"pair.lease": f"{LEASE}s", "pair.renew": "500ms"}

    def told_by(self, name):
        """What that node says of itself."""
        return self.node(name).get("health", {})

    def settle_with(self, **options):
        """Both nodes run with these of the OPTIONS, are in line, and nothing waits; answers who is active, and the other."""
        wanted = {f"pair.{key}": value for key, value in options.items()}
        self.network.heal()
        self.receiver.away = False
        if any({key: agent.settings[key] for key in OPTIONS if key in agent.settings} != wanted
               for agent in self.nodes.values()):
            self._change(wanted)
        for agent in self.nodes.values():
            if not agent.running:
                agent.come_back()
            agent.wait_online()
        active = self.wait_settled()
        wait_for("all that was accepted arrives", self.receiver.has_all, LIMIT)
        self.wait_in_line()
        return active, self.other(active)

    def _change(self, wanted):
        for agent in self.nodes.values():
            agent.ask_to_stop()
        for agent in self.nodes.values():
            agent.stop()
            for key in OPTIONS:
                agent.settings.pop(key, None)
            agent.settings |= wanted
