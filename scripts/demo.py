"""Shows Fieldline at work: a plant, the coordinator, and a site with two nodes, on this machine."""

import argparse
import http.client
import os
import pathlib
import signal
import sys
import tempfile
import time

from demo_page import Page, number

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "tests/system"))
from harness.daemons import Fleet, pair_up  # noqa: E402
from harness.modbus import Modbus  # noqa: E402
from harness.rest import Refused, wait_for  # noqa: E402
from harness.stream import Stream  # noqa: E402

SPEEDUP = 10  # the plant's seconds in one of ours
RAIN = 150  # m³/h on top of the natural 60; the alarm Inflow is raised at 120
RETURN = 20  # s, after which a node that was killed starts again
STATION = "NorthStation"
WELL_LEVEL_REGISTER = 10
GOOD = "Good"

# What is shown while the water rises and falls: attribute, heading.
COLUMNS = [("Inflow", "inflow"), ("Well.Level", "well"), ("Pump1.Speed", "pump"), ("Pump1.Flow", "pumped"),
           ("Tank1.Level", "tank"), ("Outlet.Position", "valve"), ("Meter.Flow", "outflow")]


class Stopped(Exception):
    """Somebody pressed Ctrl-C or sent SIGTERM."""


def stop_on_signals():
    def stop(number, _):
        for each in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(each, signal.SIG_IGN)
        raise Stopped(signal.Signals(number).name)

    for each in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(each, stop)


class Demo:
    """The story, told step by step. Every step waits for what it shows and fails with a sentence."""

    def __init__(self, fleet, page):
        self.fleet = fleet
        self.page = page
        self.instances = []
        self.units = {}
        self.stream = None
        self.returns = {}  # when a node that was killed starts again

    @property
    def rest(self):
        return self.fleet.rest

    def expect(self, what, condition, limit=30):
        def holds():
            self.fleet.check()
            return condition()

        return wait_for(what, holds, limit, pause=0.1)

    def start_plant(self):
        plant = self.fleet.plant.start("--speedup", SPEEDUP)
        self.page.chapter("The plant")
        self.page.line(f"well, pump, tank, valve and flow meter behind Modbus TCP 127.0.0.1:{plant.port}")
        self.page.line(f"its clock runs {SPEEDUP} times as fast as ours")

    def start_coordinator(self):
        coordinator = self.fleet.coordinator.start()
        self.page.chapter("The coordinator")
        self.page.line(f"REST at {coordinator.url}, nodes connect to 127.0.0.1:{coordinator.nodes_port}")
        self.page.line(f"the admin token is in {coordinator.token_path}")

    def apply_documents(self):
        self.page.chapter("The documents: docs/examples/pump-station")
        summary = self.fleet.apply_example()
        for kind in ("Site", "Connection", "Template", "Instance"):
            names = [item["name"] for item in summary["documents"] if item["kind"] == kind]
            self.page.line(f"{kind:<11} {', '.join(names)}")
        self.instances = names

    def start_site(self):
        self.page.chapter("The site north")
        agents = (self.fleet.active, self.fleet.standby)
        pair_up(*agents)
        for agent in agents:
            agent.start()
        for agent in agents:
            if not agent.central_view["fingerprint"]:
                self.page.line(f"{agent.name} knocks with an unknown key: {agent.accept()}, compared and accepted")
        for agent in agents:
            agent.wait_online()
            self.page.line(f"{agent.name} is online")
        node = self.expect("a node of the site is active", self.active_node)
        self.page.line(f"the nodes and the coordinator settled that north/{node} is the active one")

    def active_node(self):
        return self.rest.get("/sites/north/health").get("active")

    def deploy(self):
        self.page.chapter("Deploy")
        self.stream = Stream(self.rest, "deployment,node")
        for name in self.instances:
            self.rest.post(f"/instances/{name}/deploy")
        missing = set(self.instances)
        deadline = time.monotonic() + 60
        while missing:
            self.fleet.check()
            assert time.monotonic() < deadline, f"after 60 s still not deployed at both nodes: {', '.join(missing)}"
            status = self.show(self.stream.next(1))
            if status is None:
                continue
            assert status["state"] != "failed", f"{status['instance']} failed: {status['reason']}: {status['message']}"
            if status["state"] == "success" and status.get("standby") == "stored":
                missing.discard(status["instance"])

    def show(self, event):
        """A line of what the stream tells. The deployment, where it tells of one."""
        topic, said = event or (None, {})
        if topic == "node" and said["kind"] != "health":
            self.page.stamped(f"node {said['site']}/{said['node']}: {said['message'] or said['kind']}")
        status = said.get("deployment") if topic == "deployment" else None
        if status is not None:
            tone = {"success": "good", "failed": "bad"}.get(status["state"])
            how = status["reason"] or (f"standby: {status['standby']}" if "standby" in status else "")
            self.page.stamped(f"{status['instance']:<14} {status['kind']:<7} {status['state']:<12} "
                              f"{status['stage']:<9} {how}".rstrip(), tone)
        return status

    def values(self):
        return {item["name"]: item for item in self.rest.get(f"/instances/{STATION}/values")["values"]}

    def show_values(self):
        self.page.chapter(f"What {STATION} has now")
        config = self.rest.get(f"/instances/{STATION}/deployed")["config"]
        self.units = {item["name"]: item.get("unit", "") for item in config["attributes"]}
        addressed = [item["name"] for item in config["attributes"] if item.get("address")]

        def all_good():
            values = self.values()
            return values if all(values[name]["quality"] == GOOD for name in addressed) else None

        for name, item in self.expect("every attribute with an address has quality Good", all_good).items():
            self.page.line(f"{name:<24} {number(item['value']):>10} {self.units[name]:<6} {item['quality']}")

    def compare_with_plant(self):
        """What central shows is what stands in the plant's registers."""
        plant = Modbus(self.fleet.plant.port)

        def same():
            shown, read = self.values()["Well.Level"]["value"], plant.input_float(WELL_LEVEL_REGISTER)
            return (shown, read) if abs(shown - read) < 0.1 else None

        shown, read = self.expect("central shows the well level of the plant within 0.1 m", same)
        self.page.line()
        self.page.line(f"the plant's own register of the well says {read:.3f} m, central says {shown:.3f} m")

    def inflow_alarm(self):
        alarms = self.rest.get("/alarms?site=north")["alarms"]
        return next((alarm for alarm in alarms if alarm["alarm"] == "Inflow"), None)

    def head(self):
        self.page.head([(heading, self.units[name]) for name, heading in COLUMNS])

    def row(self):
        """Shows the values and the alarm of the inflow, and answers that."""
        values, alarm = self.values(), self.inflow_alarm()
        self.page.row([values[name]["value"] for name, _ in COLUMNS], self.alarm_text(alarm))
        return alarm

    def watch(self, seconds, until=lambda alarm: False):
        """Shows values and alarms each second; true once `until` holds for the alarm of the inflow."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            self.fleet.check()
            if until(self.row()):
                return True
            time.sleep(1)
        return False

    @staticmethod
    def alarm_text(alarm):
        if alarm is None:
            return ""
        if not alarm["active"]:
            return f"alarm {alarm['alarm']} is gone, not acknowledged"
        return f"ALARM {alarm['alarm']} {alarm['level']}: {alarm['message']}"

    def rain(self):
        self.page.chapter(f"It rains: {RAIN} m³/h more run into the well")
        plant = Modbus(self.fleet.plant.port)
        self.head()
        plant.rain(RAIN)
        assert self.watch(30, lambda alarm: alarm and alarm["active"]), "the inflow rose, but no alarm within 30 s"
        self.watch(5)
        self.page.line("the rain stops")
        plant.rain(0)
        assert self.watch(30, lambda alarm: not alarm or not alarm["active"]), \
            "the rain is over, but the alarm is still active after 30 s"

    def show_events(self):
        self.page.chapter("The event log of the site, newest first")
        events = self.rest.get("/sites/north/events?limit=500")["events"]
        for event in events[:25]:
            tone = "bad" if event["severity"] in ("warning", "error", "critical") else None
            source = "/".join(part for part in (event.get("instance"), event.get("source")) if part)
            self.page.line(f"{event['time'][11:19]} {event['node']} {event['severity']:<8} {event['category']:<10} "
                           f"{source}  {event['message']}", tone)
        told = {(event["category"], event.get("source")) for event in events}
        assert any(category == "alarm" and source.endswith("Inflow") for category, source in told), \
            "the event log does not tell of the alarm Inflow"
        assert any(category == "deployment" for category, _ in told), "the event log does not tell of the deployment"

    def tell(self):
        self.start_plant()
        self.start_coordinator()
        self.apply_documents()
        self.start_site()
        self.deploy()
        self.show_values()
        self.compare_with_plant()
        self.rain()
        self.show_events()

    def go_on(self, environment):
        """Until a signal: whatever the stream tells, and every ten seconds the values."""
        self.page.chapter("Now it is yours, until Ctrl-C")
        self.page.line(f". {environment}")
        self.page.line('curl -H "Authorization: Bearer $FIELDLINE_TOKEN" $FIELDLINE_URL/api/v1/alarms')
        self.page.line('curl -H "Authorization: Bearer $FIELDLINE_TOKEN" $FIELDLINE_URL/openapi.json')
        active = next(agent for agent in (self.fleet.active, self.fleet.standby) if agent.node == self.active_node())
        self.page.line(f"kill -9 {active.process.pid}    # north/{active.node}, the active node: the other one takes over")
        self.head()
        next_row = time.monotonic()
        while True:
            self.bring_back_nodes()
            self.fleet.check()
            if time.monotonic() >= next_row:
                next_row = time.monotonic() + 10
                self.row_if_possible()
            self.show(self.stream.next(1))

    def bring_back_nodes(self):
        """Who kills one sees the other take over, and later that it stands by."""
        now = time.monotonic()
        for agent in (self.fleet.active, self.fleet.standby):
            if agent.running or (agent.process is None and now < self.returns[agent]):
                continue
            if agent.process is not None:
                self.page.stamped(f"{agent.name} ended with code {agent.process.returncode}; it starts again in "
                                  f"{RETURN} s", "bad")
                agent.process = None
                self.returns[agent] = now + RETURN
                continue
            agent.start()

    def row_if_possible(self):
        """It is no longer only the demo that decides what the station is."""
        try:
            self.row()
        except (Refused, KeyError) as missing:
            self.page.stamped(f"no values of {STATION}: {missing}")


def write_environment(path, fleet):
    """Whole or not at all, and for its owner alone: it holds the token."""
    draft = path.with_suffix(".part")
    draft.unlink(missing_ok=True)
    with open(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write(f"FIELDLINE_URL={fleet.rest.url}\nFIELDLINE_TOKEN={fleet.rest.token}\n")
    draft.rename(path)


def run(state, once, page):
    environment = state / "demo.env"
    environment.unlink(missing_ok=True)
    with Fleet(state) as fleet:
        demo = Demo(fleet, page)
        try:
            demo.tell()
            write_environment(environment, fleet)
            if not once:
                demo.go_on(environment)
        except (Refused, OSError, http.client.HTTPException):
            blame_the_dead(fleet)
            raise
        finally:
            environment.unlink(missing_ok=True)
            page.line("stopping")


def blame_the_dead(fleet):
    """A connection that breaks is often seen a moment before the end of the daemon behind it."""
    deadline = time.monotonic() + 1
    while time.monotonic() < deadline:
        fleet.check()
        time.sleep(0.05)


def arguments():
    parser = argparse.ArgumentParser(prog="scripts/demo", description=__doc__)
    parser.add_argument("--once", action="store_true",
                        help="check what is shown, stop everything that was started, and exit 0 or 1")
    parser.add_argument("--state", type=pathlib.Path, metavar="DIR",
                        help="where files and logs go, and stay (default: a temporary directory); while the demo is up, "
                             "DIR/demo.env holds FIELDLINE_URL and FIELDLINE_TOKEN")
    return parser.parse_args()


def main():
    options = arguments()
    stop_on_signals()
    page = Page()
    try:
        if options.state is not None:
            run(options.state.resolve(), options.once, page)
        else:
            with tempfile.TemporaryDirectory(prefix="fieldline-demo-") as state:
                run(pathlib.Path(state), options.once, page)
    except Stopped:
        return 1 if options.once else 0
    except (AssertionError, Refused, OSError, http.client.HTTPException) as failure:
        print(f"demo: {failure}", file=sys.stderr)
        return 1
    if options.once:
        page.line("everything is as it should be", "good")
    return 0


if __name__ == "__main__":
    sys.exit(main())
