"""A pair of senders whose settings a test changes."""

from .sending_pair import PartedPair

LEASE = 4  # s
OPTIONS = ("pair.strict", "pair.lone_survivor", "pair.lone_after")


class ChangingPair(PartedPair):
    def __init__(self, state):
        super().__init__(state, LEASE)

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
        self.start_dead()
        active = self.wait_settled()
        self.wait_all()
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
