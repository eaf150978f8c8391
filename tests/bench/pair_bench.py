"""What a pair of real nodes, on machines of their own, takes for a takeover and a switch, and how far its standby is behind.

Default timers. --json prints one object a line.
"""

import json
import pathlib
import statistics
import sys
import tempfile
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "system"))

from harness.pair import LIMIT, seconds_of  # noqa: E402
from harness.rest import wait_for  # noqa: E402
from harness.sender import deploy_artifacts  # noqa: E402
from harness.sending_pair import PartedPair  # noqa: E402

TAKEOVERS = 20
SWITCHES = 10
SENDERS = 100
NEW = 100  # rows; the script that always sends adds some ten between two acknowledgements

# Each instance sends COUNT messages as fast as they are accepted, once a second or once at all.
BURST = """kind: Template
name: {name}
spec:
  scripts:
    Send:
      source: |
        if sent then return end
        sent = {once}
        for i = 1, {count} do
          external.send("down", {{path = "/in", body = {{reading = string.rep("x", 1000)}}}})
        end
      trigger: {{kind: interval, interval: 1s}}
---
kind: ExternalSystem
name: down
spec: {{base_url: "http://10.77.0.1:9", retry_interval: 1h}}
"""


def show(metric, value, unit, scale=""):
    if "--json" in sys.argv:
        print(json.dumps({"bench": "pair", "metric": metric, "value": value, "unit": unit, "scale": scale}), flush=True)
    else:
        print(f"{'pair':<10} {metric:<44} {value:>14.4g} {unit:<8} {scale}", flush=True)


def until_it_sends(site, name, since):
    """Seconds from `since` to the first request of that node after it."""
    wait_for(f"{name} sends", lambda: site.heard(name, since), LIMIT, pause=0.005)
    address = site.network[name].address
    return next(when for when, source in site.receiver.arrivals if source == address and when >= since) - since


def takeovers(site):
    took = []
    for _ in range(TAKEOVERS):
        killed = site.wait_settled()
        site.wait_in_line(300)
        since = time.monotonic()
        site.nodes[killed].kill()
        took.append(until_it_sends(site, site.other(killed), since))
        site.nodes[killed].come_back()
    show("takeover after kill -9, median", statistics.median(took), "s", f"{TAKEOVERS} kills")
    show("takeover after kill -9, worst", max(took), "s", f"{TAKEOVERS} kills")


def repeated(site):
    """Deliveries beyond the first of a message."""
    return sum(count - 1 for count in site.receiver.delivered.values())


def switches(site):
    took = []
    site.wait_all()
    before = repeated(site)
    for _ in range(SWITCHES):
        name = site.wait_settled()
        site.wait_in_line(300)
        since = time.monotonic()
        site.rest.post("/sites/north/failover?wait=30s", None)
        took.append(until_it_sends(site, site.other(name), since))
    show("planned switch, median", statistics.median(took), "s", f"{SWITCHES} switches")
    show("planned switch, worst", max(took), "s", f"{SWITCHES} switches")
    site.wait_all()
    show("planned switch, deliveries repeated", repeated(site) - before, "messages", f"{SWITCHES} switches")


def instances(site, name, count, once):
    """Deploys SENDERS of them, `count` messages each."""
    text = BURST.format(name=name, count=count, once="true" if once else "false")
    names = [f"{name}{i}" for i in range(SENDERS)]
    text += "".join(f"---\nkind: Instance\nname: {one}\nspec: {{site: north, template: {name}}}\n" for one in names)
    site.rest.post("/apply", text)
    deploy_artifacts(site.rest)
    for one in names:
        site.rest.post(f"/instances/{one}/deploy")
    return names


def remove(site, names):
    for name in names:
        site.rest.call("DELETE", f"/instances/{name}?wait=30s", headers={"If-Match": "*"})


def waiting(site):
    targets = site.rest.get("/sites/north/outbox")["targets"]
    return next((target["depth"] for target in targets if target["target"] == "external-systems/down"), 0)


def lag(site):
    names = instances(site, "Steady", 10, once=False)
    time.sleep(5)
    active = site.active()
    before, start = waiting(site), time.monotonic()
    rows, seconds = [], []
    while time.monotonic() < start + 30:
        told = site.replication(active)
        rows.append(told["lag_rows"])
        seconds.append(seconds_of(told["lag"]))
        time.sleep(0.5)
    rate = (waiting(site) - before) / (time.monotonic() - start)
    scale = f"{rate:.0f} messages/s"
    show("replication lag, median", statistics.median(rows), "rows", scale)
    show("replication lag, worst", max(rows), "rows", scale)
    show("replication lag, worst", max(seconds), "s", scale)
    remove(site, names)


def wait_caught_up(site):
    """The standby has all but what is new."""
    site.wait_in_line(300)
    wait_for("the standby has it", lambda: site.replication(site.active()).get("lag_rows", NEW) < NEW, 300)


def burst(site):
    before = waiting(site)
    names = instances(site, "Burst", 100, once=True)
    wait_for("the burst begins", lambda: waiting(site) > before, LIMIT, pause=0.01)
    start = time.monotonic()
    wait_for("it is accepted", lambda: waiting(site) >= before + 100 * SENDERS, 300, pause=0.01)
    show("accepted", 100 * SENDERS / (time.monotonic() - start), "/s", "burst of 10,000")
    wait_caught_up(site)
    show("until the standby has it, too", time.monotonic() - start, "s", "burst of 10,000")
    remove(site, names)


def resync(site):
    active = site.wait_settled()
    away = site.nodes[site.other(active)]
    away.kill()
    before = waiting(site)
    names = instances(site, "Many", 1000, once=True)
    wait_for("100,000 are accepted", lambda: waiting(site) >= before + 1000 * SENDERS, 600, pause=0.1)
    missed = waiting(site) - before
    away.start()
    wait_for("it resyncs", lambda: site.replication(away.node).get("state") in ("resyncing", "following"), LIMIT, 0.05)
    start = time.monotonic()
    wait_caught_up(site)
    show("resync", missed / (time.monotonic() - start), "rows/s", f"{missed} messages missed")
    remove(site, names)


def main():
    with tempfile.TemporaryDirectory(prefix="fieldline-pair-") as folder:
        site = PartedPair(pathlib.Path(folder), lease=None)
        try:
            site.start()
            for measure in (takeovers, switches, lag, burst, resync):
                measure(site)
        finally:
            site.stop()


main()
