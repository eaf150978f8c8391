"""The example's site as a pair of nodes that fail over, on lines that a test can cut."""

import contextlib

from .daemons import QUICK, Fleet, pair_up, show_logs
from .line import Line
from .pair import LIMIT, Pair
from .rest import Refused, wait_for

STATION = "NorthStation"
LEASE = 6  # s, the default


class ReadingPair(Pair):
    """The pair of a fleet, which reads a well."""

    def __init__(self, fleet, lines):
        super().__init__(fleet.coordinator, fleet.active, fleet.standby)
        self.lines = lines

    def well(self):
        """The level of the well as the plant has it now; None when no node reads it."""
        try:
            values = self.rest.get(f"/instances/{STATION}/values")["values"]
        except Refused as refused:
            assert refused.status in (404, 503, 504), refused
            return None
        value = next(item for item in values if item["name"] == "Well.Level")
        return value["value"] if value["quality"] == "Good" else None

    def serves(self, name):
        return self.active() == name and self.well() is not None


@contextlib.contextmanager
def reading_pair(state):
    """Stopped in the end."""
    lines = []

    def through_a_line(port):
        lines.append(Line(port))
        return lines[-1].port

    with Fleet(state, QUICK) as fleet:
        pair_up(fleet.active, fleet.standby, through_a_line)
        try:
            fleet.start()
            site = ReadingPair(fleet, lines)
            wait_for("a node is active", site.active, LIMIT)
            fleet.rest.post(f"/instances/{STATION}/deploy?wait=30s")
            yield site
        finally:
            show_logs(fleet.daemons)
            for line in lines:
                line.close()
