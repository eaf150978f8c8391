"""What a site really holds, read from the files of its nodes, against what central shows of it."""

import contextlib
import sqlite3

from .rest import wait_for

OPEN = ("pending", "in-progress")


def held(agent):
    """{instance: (revision, enabled)} of a node, from its database."""
    # Closed at once: a connection that outlives the node's process would keep the files of its write-ahead log.
    with contextlib.closing(sqlite3.connect(f"file:{agent.state / 'configurations.db'}?mode=ro", uri=True)) as database:
        rows = database.execute("SELECT instance, revision, enabled FROM configurations").fetchall()
    return {instance: (revision, bool(enabled)) for instance, revision, enabled in rows}


def open_statuses(rest, site):
    return [row["name"] for row in rest.get_all("instances", f"site={site}")
            if row.get("deployment", {}).get("state") in OPEN]


def shown(rest, site):
    """{instance: (revision, enabled)} as central believes that the site has it."""
    return {row["name"]: (row["deployed"]["revision"], row["deployed"]["enabled"])
            for row in rest.get_all("instances", f"site={site}") if "deployed" in row}


def wait_true(fleet, limit=30):
    """Waits until no status is open, and central and both nodes agree on everything."""
    def agreed():
        if open_statuses(fleet.rest, "north"):
            return False
        believed = shown(fleet.rest, "north")
        return believed == held(fleet.active) == held(fleet.standby)

    wait_for("no status is open, and central shows what both nodes hold", agreed, limit, pause=0.2)
