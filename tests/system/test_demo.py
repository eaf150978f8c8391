"""scripts/demo, without its setup and build."""

import os
import pathlib
import re
import signal
import stat
import subprocess

import pytest
from harness.daemons import ROOT
from harness.rest import Rest, wait_for
from harness.secrets import assert_no_secret_in, secrets_below

DEMO = ROOT / "scripts/demo.py"
DAEMONS = 4


def children_of(pid):
    text = pathlib.Path(f"/proc/{pid}/task/{pid}/children").read_text()
    return {int(child): pathlib.Path(f"/proc/{child}/comm").read_text().strip() for child in text.split()}


class Demo:
    """One that runs until somebody ends it."""

    def __init__(self, state, log):
        self.state = state
        self.log = log
        self.process = subprocess.Popen(["/usr/bin/python3", DEMO, "--state", state], stdin=subprocess.DEVNULL,
                                        stdout=open(log, "wb"), stderr=subprocess.STDOUT)
        self.environment = state / "demo.env"

    def said(self):
        return self.log.read_text()

    def wait_up(self):
        def up():
            assert self.process.poll() is None, self.said()
            return self.environment.exists()

        wait_for("demo.env is there", up, 90)
        return dict(line.split("=", 1) for line in self.environment.read_text().splitlines())


@pytest.fixture
def demo(tmp_path):
    demo = Demo(tmp_path / "state", tmp_path / "output")
    yield demo
    if demo.process.poll() is None:
        demo.process.kill()
    demo.process.wait()


def runs(pid):
    """A dead process that its parent, maybe a container's first process, has not reaped does not run."""
    try:
        return pathlib.Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


def ended(pids):
    return not any(runs(pid) for pid in pids)


def test_once_checks_itself_and_stops_what_it_started(tmp_path):
    state = tmp_path / "state"
    done = subprocess.run(["/usr/bin/python3", DEMO, "--once", "--state", state], stdin=subprocess.DEVNULL,
                          capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stderr == ""
    assert re.search(r"NorthStation +deploy +success +done +standby: stored", done.stdout)
    assert "ALARM Inflow hi" in done.stdout
    assert "\033" not in done.stdout
    assert_no_secret_in({"the output": done.stdout}, secrets_below(state))
    assert sorted(path.parent.name for path in state.glob("*/log")) == ["coordinator", "north-a", "north-b", "plant"]
    assert not (state / "demo.env").exists()


def test_it_runs_until_it_is_told_to_stop_and_starts_again_where_it_was(demo, tmp_path):
    environment = demo.wait_up()
    assert stat.S_IMODE(os.stat(demo.environment).st_mode) == 0o600
    rest = Rest(environment["FIELDLINE_URL"], environment["FIELDLINE_TOKEN"])
    assert rest.get("/instances/NorthStation/deployment")["state"] == "success"
    assert environment["FIELDLINE_TOKEN"] not in demo.said()
    daemons = children_of(demo.process.pid)
    assert len(daemons) == DAEMONS
    demo.process.send_signal(signal.SIGINT)
    assert demo.process.wait(30) == 0
    assert ended(daemons)
    assert not demo.environment.exists()

    again = Demo(demo.state, tmp_path / "again")
    try:
        again.wait_up()
        assert "knocks" not in again.said()
        kill_coordinator_of(again)
    finally:
        again.process.terminate()
        again.process.wait(30)


def kill_coordinator_of(demo):
    """It is named, with the end of its log, and the others are stopped."""
    daemons = children_of(demo.process.pid)
    os.kill(next(pid for pid, name in daemons.items() if name.startswith("fieldline-coor")), signal.SIGKILL)
    assert demo.process.wait(30) == 1
    assert "coordinator ended with code -9" in demo.said()
    assert f"the end of {demo.state}/coordinator/log" in demo.said()
    assert ended(daemons)


def test_two_demos_at_once_and_one_that_is_killed(demo, tmp_path):
    other = Demo(tmp_path / "other", tmp_path / "other-output")
    url, other_url = demo.wait_up()["FIELDLINE_URL"], other.wait_up()["FIELDLINE_URL"]
    assert url != other_url
    orphans = children_of(other.process.pid)
    other.process.kill()
    other.process.wait()
    wait_for("nothing outlives it", lambda: ended(orphans))
    demo.process.send_signal(signal.SIGTERM)
    assert demo.process.wait(30) == 0
