"""Nodes that lose each other, central or themselves, on machines of their own: at no time do two of them act."""

import time

import pytest
from conftest import QUICK, show_logs
from harness.daemons import Agent, Coordinator, pair_up
from harness.network import HOST, Network
from harness.pair import LIMIT, Pair
from harness.receiver import Receiver
from harness.rest import wait_for

LEASE = 3  # s; half of the default

DOCUMENTS = """kind: Site
name: north
spec: {{nodes: [a, b]}}
---
kind: ExternalSystem
name: erp
spec: {{base_url: "{url}", retry_interval: 1s}}
---
kind: Template
name: Sender
spec:
  scripts:
    Send:
      source: |
        local id = external.send("erp", {{path = "/in", body = {{reading = string.rep("x", 1000)}}}})
        external.call("erp", {{path = "/told", body = id}})
      trigger: {{kind: interval, interval: 100ms}}
---
kind: Instance
name: S
spec: {{site: north, template: Sender}}"""


class Site(Pair):
    """Central and two nodes, a machine each, whose script sends to a receiver that both can reach at all times."""

    def __init__(self, state):
        self.network = Network("central", "a", "b")
        self.receiver = Receiver(HOST)
        coordinator = Coordinator(state / "coordinator", {**QUICK, "http.plaintext": "true"})
        timers = {"pair.lease": f"{LEASE}s", "pair.renew": "500ms"}
        agents = [Agent(state / node, coordinator, "north", node, "automatic", dict(timers)) for node in "ab"]
        coordinator.machine = self.network["central"]
        for agent in agents:
            agent.machine = self.network[agent.node]
        super().__init__(coordinator, *agents)

    @property
    def daemons(self):
        return [*self.nodes.values(), self.coordinator]

    def start(self):
        self.coordinator.start()
        self.rest.post("/apply", DOCUMENTS.format(url=self.receiver.url))
        pair_up(*self.nodes.values())
        for agent in self.nodes.values():
            agent.start().accept()
        wait_for("a node is active", self.active, LIMIT)
        self.rest.post("/artifacts/deploy", None)
        wait_for("both nodes hold the artifacts", lambda: self.rest.get("/artifacts/deployment")["sites"][0].get(
            "deployment", {}).get("state") == "success")
        assert self.rest.post("/instances/S/deploy?wait=30s")["state"] == "success"
        wait_for("the standby holds the sender",
                 lambda: self.rest.get("/instances/S/deployment").get("standby") == "stored", 30)
        return self

    def works(self, name, since):
        return self.receiver.heard(self.network[name].address, since)

    def serves(self, name):
        now = time.monotonic()
        wait_for(f"{name} sends", lambda: self.works(name, now), LIMIT)
        return True

    def wait_replaced(self, name):
        """The other one serves, and this one does nothing from then on. Answers when it was seen."""
        heir = self.other(name)
        self.wait_active(heir)
        seen = time.monotonic()
        assert self.serves(heir)
        assert not self.works(name, seen)
        return seen

    def stop(self):
        self.network.heal()
        for daemon in self.daemons:
            daemon.ask_to_stop()
        for daemon in self.daemons:
            daemon.stop()
        self.receiver.stop()


@pytest.fixture(scope="module")
def running(tmp_path_factory):
    site = Site(tmp_path_factory.mktemp("parted"))
    try:
        yield site.start()
    finally:
        show_logs(site.daemons)
        site.stop()


@pytest.fixture
def site(running):
    running.wait_settled()
    yield running
    running.network.heal()


def test_nodes_that_lose_each_other_stay_what_they_are(site):
    name = site.wait_settled()
    site.network.part("a", "b")
    wait_for("the standby hears nothing", lambda: not site.node(site.other(name))["health"]["peer"]["connected"], LIMIT)
    site.stays(name, 2 * LEASE)


@pytest.mark.parametrize("source, sink", [("a", "b"), ("b", "a")])
def test_nodes_whose_packets_are_lost_one_way_stay_what_they_are(site, source, sink):
    name = site.wait_settled()
    site.network.drop(source, sink)
    site.stays(name, 2 * LEASE)


def test_an_active_node_that_loses_central_stays_active(site):
    name = site.wait_settled()
    since = site.node(name)["epoch"]
    site.network.part(name, "central")
    wait_for("central misses it", lambda: not site.node(name)["online"], LIMIT)
    begin = time.monotonic()
    while time.monotonic() < begin + 2 * LEASE:
        assert site.phase_on_its_own_word(name) == "active"
        time.sleep(0.2)
    assert site.serves(name)
    site.network.heal()
    assert site.wait_settled() == name
    assert site.node(name)["epoch"] == since


@pytest.mark.parametrize("cut", ["packets", "cable"])
def test_an_active_node_that_loses_everybody_is_fenced_and_replaced(site, cut):
    name = site.wait_settled()
    address = site.network[name].address
    if cut == "cable":
        site.network[name].unplug()
    else:
        site.network.part(name, "central")
        site.network.part("a", "b")
    start = time.monotonic()
    wait_for("it is fenced", lambda: site.phase_on_its_own_word(name) not in ("active", "draining"), LIMIT)
    fenced = time.monotonic()
    site.wait_replaced(name)
    print(f"{cut} cut: fenced after {fenced - start:.1f} s, replaced within {time.monotonic() - start:.1f} s")
    site.network.heal()
    assert site.wait_settled() == site.other(name)
    # What was on the line when it was cut: one delivery, one call, and the kernel tries them again.
    assert site.receiver.heard(address, fenced + 1) <= (2 if cut == "cable" else 0)


def test_when_all_are_cut_off_nobody_acts_until_one_line_is_back(site):
    name = site.wait_settled()
    site.network.part("a", "b")
    site.network.part("a", "central")
    site.network.part("b", "central")
    wait_for("it is fenced", lambda: site.phase_on_its_own_word(name) not in ("active", "draining"), LIMIT)
    fenced = time.monotonic()
    time.sleep(2 * LEASE)
    for node in site.nodes:
        assert not site.works(node, fenced + 1)
    site.network.heal()
    site.wait_settled()


@pytest.mark.parametrize("span", [1, 5, 30])
def test_an_active_node_that_was_stopped_by_a_signal_sends_nothing_once_it_was_replaced(site, span):
    name = site.wait_settled()
    epoch = site.node(name)["epoch"]
    agent = site.nodes[name]
    agent.pause()
    stopped = time.monotonic()
    time.sleep(span)
    if span > LEASE:
        site.wait_replaced(name)
    resumed = time.monotonic()
    agent.resume()
    if span < LEASE:
        assert site.wait_settled() == name
        assert site.node(name)["epoch"] == epoch
        return
    assert site.wait_settled() == site.other(name)
    assert not site.works(name, resumed), f"stopped for {resumed - stopped:.1f} s"


@pytest.mark.parametrize("signal", ["pause", "kill"])
def test_a_standby_that_is_gone_does_not_stop_the_active_one(site, signal):
    name = site.wait_settled()
    standby = site.nodes[site.other(name)]
    getattr(standby, signal)()
    site.stays(name, 2 * LEASE)
    standby.come_back() if signal == "kill" else standby.resume()
    assert site.wait_settled() == name
