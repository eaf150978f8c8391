"""The programs under test as child processes: coordinator, agents and plant, on free ports of loopback."""

import contextlib
import ctypes
import itertools
import os
import pathlib
import random
import signal
import socket
import subprocess
import sys
import urllib.error

from .rest import Rest, wait_for

ROOT = pathlib.Path(__file__).resolve().parents[3]
BIN = pathlib.Path(os.environ.get("FIELDLINE_BIN", ROOT / "build/dev/bin"))
EXAMPLE = ROOT / "docs/examples/pump-station"
EXAMPLE_PLANT = "127.0.0.1:1502"  # where the example's connection leads

# Settings of a coordinator, so that a test of silence does not take the ten seconds of the defaults.
QUICK = {"nodes.silence_limit": "3s", "nodes.ping_interval": "500ms", "nodes.health_interval": "1s"}
LOG_END = 4000

LIBC = ctypes.CDLL(None, use_errno=True)
PR_SET_PDEATHSIG = 1


def die_with_parent():
    """In the child: the kernel kills it when its parent is gone, however that ended."""
    LIBC.prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


def show_logs(daemons):
    """For the report of a failed test."""
    for daemon in daemons:
        print(f"--- the end of the log of {daemon.name}\n{daemon.log()[-LOG_END:]}", file=sys.stderr)


class Ended(AssertionError):
    """A daemon that should be running is not."""

    def __init__(self, daemon):
        super().__init__(f"{daemon.name} ended with code {daemon.process.poll()}; the end of {daemon.log_path}:\n"
                         f"{daemon.log()[-3000:]}")


class Daemon:
    """One child process. Its output goes to a log beside its state; it is stopped by its pid."""

    def __init__(self, name, state):
        self.name = name
        self.state = pathlib.Path(state)
        self.state.mkdir(parents=True, exist_ok=True)
        self.log_path = self.state / "log"
        self.environment = {}  # beside ours
        self.machine = None  # of a Network; None: this one
        self.process = None
        self.asked = False  # to stop

    @property
    def address(self):
        return self.machine.address if self.machine else "127.0.0.1"

    def launch(self, *command):
        assert not self.running
        self.asked = False
        if self.machine:
            command = self.machine.enter + list(command)
        with open(self.log_path, "ab") as log:
            self.process = subprocess.Popen(
                [str(word) for word in command], stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                env={**os.environ, **self.environment}, start_new_session=True, preexec_fn=die_with_parent)

    @property
    def running(self):
        return self.process is not None and self.process.poll() is None

    def check(self):
        if self.process is not None and not self.running:
            raise Ended(self)

    def kill(self):
        """kill -9."""
        self.process.kill()
        self.process.wait()

    def wait_killed(self, moment, limit=60):
        """It dies at that fail point, and not of anything else."""
        wait_for(f"{self.name} dies at {moment}", lambda: not self.running, limit)
        if self.process.returncode != -signal.SIGKILL:
            raise Ended(self)

    def pause(self):
        self.process.send_signal(signal.SIGSTOP)

    def resume(self):
        self.process.send_signal(signal.SIGCONT)

    def ask_to_stop(self):
        """Once: a second signal ends it at once."""
        if self.running and not self.asked:
            self.asked = True
            self.resume()
            self.process.terminate()

    def stop(self, limit=30):
        """SIGTERM, and the exit code."""
        if self.process is None:
            return None
        self.ask_to_stop()
        try:
            return self.process.wait(limit)
        except subprocess.TimeoutExpired:
            self.kill()
            raise AssertionError(f"{self.name} did not stop within {limit} s:\n{self.log()[-3000:]}") from None

    def log(self):
        return self.log_path.read_text(errors="replace") if self.log_path.exists() else ""

    def wait_for_file(self, name):
        """What a file of the state directory holds, once the daemon has written it."""
        path = self.state / name

        def written():
            self.check()
            return path.exists() and path.read_text().strip()

        return wait_for(f"{self.name} has written {name}", written)


class Plant(Daemon):
    """Two tanks and their pump behind a Modbus TCP server."""

    def __init__(self, state):
        super().__init__("plant", state)
        self.port = 0

    def start(self, *flags):
        port_file = self.state / "port"
        port_file.unlink(missing_ok=True)
        self.launch(BIN / "plant", "--port", self.port, "--port-file", port_file, *flags)
        self.port = int(self.wait_for_file("port"))
        return self


class Coordinator(Daemon):
    def __init__(self, state, settings=None):
        super().__init__("coordinator", state)
        self.settings = settings or {}
        self.http_port = 0
        self.nodes_port = 0

    def start(self):
        """Starts it, on the ports it had before if it ran before, and waits until it is ready."""
        for name in ("http.port", "nodes.port"):
            (self.state / name).unlink(missing_ok=True)
        self.launch(*self.command())
        self.http_port = int(self.wait_for_file("http.port"))
        self.nodes_port = int(self.wait_for_file("nodes.port"))
        wait_for("the coordinator is ready", self.ready)
        return self

    def command(self):
        flags = [f"--{key}={value}" for key, value in self.settings.items()]
        return [BIN / "fieldline-coordinator", f"--state={self.state}", f"--listen.http={self.address}:{self.http_port}",
                f"--listen.nodes={self.address}:{self.nodes_port}", *flags]

    def ready(self):
        self.check()
        try:
            return Rest(self.url).request("GET", "/readyz").status == 200
        except (urllib.error.URLError, OSError):
            return False

    @property
    def url(self):
        return f"http://{self.address}:{self.http_port}"

    @property
    def token_path(self):
        return self.state / "admin-token"

    @property
    def rest(self):
        return Rest(self.url, self.token_path.read_text().strip())


class Agent(Daemon):
    def __init__(self, state, coordinator, site, node, role, settings=None):
        super().__init__(f"{site}/{node}", state)
        self.coordinator = coordinator
        self.site = site
        self.node = node
        self.role = role
        self.settings = settings or {}

    def start(self):
        flags = [f"--{key}={value}" for key, value in self.settings.items()]
        self.launch(BIN / "fieldline-agent", f"--state={self.state}", f"--site={self.site}", f"--node={self.node}",
                    f"--role={self.role}",
                    f"--coordinator.endpoint={self.coordinator.address}:{self.coordinator.nodes_port}",
                    f"--coordinator.key_file={self.coordinator.state / 'coordinator.pub'}", *flags)
        return self

    def make_key(self):
        """Its public key, which it writes before it asks for the coordinator's; then it ends."""
        if not (self.state / "node.pub").exists():
            self.launch(BIN / "fieldline-agent", f"--state={self.state}", f"--site={self.site}", f"--node={self.node}",
                        f"--coordinator.key_file={self.state / 'nowhere'}")
            assert self.process.wait(15) == 1, self.log()
            self.process = None
        return self.state / "node.pub"

    def accept(self):
        """Accepts the key of this agent at central, as an engineer who compared it would. Answers its fingerprint."""
        key = self.wait_for_file("node.pub")
        rest = self.coordinator.rest

        def knocked():
            self.check()
            pending = rest.get("/nodes/pending")["pending"]
            return next((item for item in pending if item["public_key"] == key), None)

        knock = wait_for(f"the key of {self.name} is pending", knocked)
        rest.post(f"/nodes/pending/{knock['fingerprint']}/accept", {"site": self.site, "node": self.node})
        return knock["fingerprint"]

    @property
    def central_view(self):
        return self.coordinator.rest.get(f"/sites/{self.site}/nodes/{self.node}")

    def wait_online(self, limit=45):
        def online():
            self.check()
            return self.central_view["online"]

        wait_for(f"{self.name} is online", online, limit)
        return self

    def come_back(self):
        """Starts it after a kill that central may not have noticed yet, and waits for its new session."""
        before = self.central_view.get("since")
        self.start()

        def back():
            self.check()
            view = self.central_view
            return view["online"] and view.get("since") != before

        wait_for(f"{self.name} is back", back, 45)
        return self


PORTS = itertools.count(random.randrange(10_000, 30_000))


def free_port():
    """Of loopback, below those that the kernel hands to whoever asks for any, and never the same twice."""
    while True:
        with socket.socket() as taken, contextlib.suppress(OSError):
            taken.bind(("127.0.0.1", next(PORTS)))
            return taken.getsockname()[1]


def pair_up(preferred, other, dial=None):
    """Makes these two agents, which have not started yet, a pair. `dial`: ports to dial instead of where each listens."""
    dial = dial or (lambda port: port)
    ports = {agent: free_port() for agent in (preferred, other)}
    streams = {agent: free_port() for agent in (preferred, other)}
    for agent, peer in ((preferred, other), (other, preferred)):
        agent.role = "automatic"
        agent.settings |= {"pair.peer": peer.node, "pair.peer_key_file": peer.make_key(),
                           "pair.listen": f"{agent.address}:{ports[agent]}",
                           "pair.peer_endpoint": f"{peer.address}:{dial(ports[peer])}",
                           "pair.stream_listen": f"{agent.address}:{streams[agent]}",
                           "pair.stream_endpoint": f"{peer.address}:{dial(streams[peer])}"}
    preferred.settings["pair.preferred"] = "true"


class Fleet:
    """A coordinator, a plant and the pair of site `north`, in one directory. Stops them on exit."""

    def __init__(self, state, settings=None):
        """`settings` are the coordinator's. The roles of the nodes are fixed, until they are paired up."""
        state = pathlib.Path(state)
        self.state = state
        self.plant = Plant(state / "plant")
        self.coordinator = Coordinator(state / "coordinator", settings)
        self.active = Agent(state / "north-a", self.coordinator, "north", "a", "active")
        self.standby = Agent(state / "north-b", self.coordinator, "north", "b", "standby")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop()

    @property
    def rest(self):
        return self.coordinator.rest

    @property
    def daemons(self):
        return [self.active, self.standby, self.coordinator, self.plant]

    def start(self, *plant_flags):
        """Everything up, the pump station applied, both nodes accepted and online."""
        self.plant.start(*plant_flags)
        self.coordinator.start()
        self.apply_example()
        for agent in (self.active, self.standby):
            agent.start()
            agent.accept()
        for agent in (self.active, self.standby):
            agent.wait_online()
        return self

    def apply_example(self):
        """docs/examples/pump-station, with the plant where it listens today."""
        text = "\n---\n".join(file.read_text() for file in sorted(EXAMPLE.glob("*.yaml")))
        assert EXAMPLE_PLANT in text
        return self.rest.post("/apply", text.replace(EXAMPLE_PLANT, f"127.0.0.1:{self.plant.port}"))

    def heal(self):
        """Whoever was killed is up again, and both nodes are online."""
        for daemon in (self.coordinator, self.active, self.standby):
            if not daemon.running:
                daemon.start()
        for agent in (self.active, self.standby):
            agent.wait_online()

    def check(self):
        for daemon in self.daemons:
            daemon.check()

    def stop(self):
        for daemon in self.daemons:
            daemon.ask_to_stop()
        for daemon in self.daemons:
            daemon.stop()
