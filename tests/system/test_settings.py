"""The command lines of both daemons, and what they keep to themselves."""

import os
import re
import stat
import subprocess

import pytest
from harness.daemons import BIN, Agent, Coordinator, show_logs
from harness.secrets import assert_no_secret_in, secrets_below

COORDINATOR = BIN / "fieldline-coordinator"
AGENT = BIN / "fieldline-agent"


def run(*command):
    done = subprocess.run([str(word) for word in command], stdin=subprocess.DEVNULL, capture_output=True, text=True,
                          timeout=30)
    return done.returncode, done.stdout, done.stderr


@pytest.mark.parametrize("program", [COORDINATOR, AGENT])
def test_help_tells_every_setting_of_the_sample(program):
    code, sample, _ = run(program, "--sample")
    assert code == 0
    code, text, _ = run(program, "--help")
    assert code == 0
    for flag in ("--config", "--check", "--sample", "--version"):
        assert flag in text
    for name in re.findall(r"^ *#?([a-z_]+):", sample, re.MULTILINE):
        assert re.search(rf"--([a-z_]+\.)*{name}\b", text), name


@pytest.mark.parametrize("program", [COORDINATOR, AGENT])
def test_the_version_is_told(program):
    code, text, _ = run(program, "--version")
    assert code == 0
    assert re.search(r"\d+\.\d+\.\d+", text)


def test_the_sample_of_the_coordinator_is_right_as_it_stands(tmp_path):
    file = tmp_path / "coordinator.yaml"
    file.write_text(run(COORDINATOR, "--sample")[1])
    assert run(COORDINATOR, "--config", file, "--check")[0] == 0
    file.write_text(re.sub(r"^( *)#([a-z_]+: .)", r"\1\2", file.read_text(), flags=re.MULTILINE))
    assert run(COORDINATOR, "--config", file, "--check")[0] == 0


def test_the_sample_of_the_agent_is_right_once_site_and_node_are_in(tmp_path):
    file = tmp_path / "agent.yaml"
    sample = run(AGENT, "--sample")[1]
    file.write_text(sample)
    code, out, err = run(AGENT, "--config", file, "--check")
    assert code == 1
    assert "site" in out + err and "node" in out + err
    file.write_text(sample.replace("\nsite:", "\nsite: north").replace("\nnode:", "\nnode: a"))
    assert run(AGENT, "--config", file, "--check")[0] == 0


def test_every_fault_of_a_file_is_told_with_its_line(tmp_path):
    file = tmp_path / "coordinator.yaml"
    file.write_text("listen:\n  http: nowhere\nnodes:\n  max: -3\n  silense_limit: 3s\nlog: {level: loud}\n")
    code, out, err = run(COORDINATOR, "--config", file, "--check")
    assert code == 1
    for line, key in ((2, "listen.http"), (4, "nodes.max"), (5, "nodes.silense_limit"), (6, "log.level")):
        assert f"{file}:{line}: {key}" in out + err


def test_settings_that_contradict_each_other_are_refused(tmp_path):
    code, out, err = run(COORDINATOR, "--nodes.ping_interval=5s", "--nodes.silence_limit=6s", "--check")
    assert code == 1
    assert "nodes.silence_limit" in out + err


PEER = ["--pair.peer=b", "--pair.peer_endpoint=127.0.0.1:7401"]


@pytest.mark.parametrize("key, flags", [
    ("pair.peer", ["--pair.peer=a", "--pair.peer_endpoint=127.0.0.1:7401"]),
    ("pair.peer", ["--pair.peer_endpoint=127.0.0.1:7401"]),
    ("pair.peer", ["--pair.peer=b b", "--pair.peer_endpoint=127.0.0.1:7401"]),
    ("pair.peer_endpoint", ["--pair.peer=b"]),
    ("pair.stream_endpoint", ["--pair.peer=b", "--pair.peer_endpoint=127.0.0.1:65535"]),
    ("pair.stream_listen", [*PEER, "--pair.listen=127.0.0.1:65535"]),
    ("pair.strict", ["--pair.strict=true"]),
    ("pair.lone_survivor", ["--pair.lone_survivor=true"]),
    ("pair.lone_survivor", [*PEER, "--pair.lone_survivor=true", "--pair.strict=true"]),
    ("pair.lone_after", [*PEER, "--pair.lone_after=10s"]),
    ("pair.lease", [*PEER, "--pair.lease=2s", "--pair.renew=1s"]),
    ("role", ["--role=maybe"]),
])
def test_settings_of_a_pair_that_contradict_each_other_are_refused(key, flags):
    code, out, err = run(AGENT, "--site=north", "--node=a", *flags, "--check")
    assert code == 1
    assert key in out + err


def test_a_pair_and_each_fixed_role_are_taken():
    for flags in (PEER, ["--role=active"], ["--role=standby"], [*PEER, "--role=standby"], []):
        code, out, err = run(AGENT, "--site=north", "--node=a", *flags, "--check")
        assert code == 0, out + err


@pytest.mark.parametrize("flags", [["--nosuch=1"], ["--listen.http=nowhere"], ["--config", "/nonexistent.yaml"]])
def test_a_daemon_does_not_start_with_wrong_settings(tmp_path, flags):
    code, _, err = run(COORDINATOR, f"--state={tmp_path}/state", *flags)
    assert code == 2
    assert err
    assert not (tmp_path / "state").exists()


def test_an_agent_without_the_key_of_its_coordinator_does_not_start(tmp_path):
    code, out, err = run(AGENT, "--site=north", "--node=a", f"--state={tmp_path}/state",
                         f"--coordinator.key_file={tmp_path}/coordinator.pub")
    assert code == 1
    assert "coordinator.pub" in out + err


@pytest.fixture(scope="module")
def talkative(tmp_path_factory):
    """A coordinator and an agent that log all they can."""
    state = tmp_path_factory.mktemp("talkative")
    coordinator = Coordinator(state / "coordinator", {"log.level": "debug"}).start()
    coordinator.rest.post("/apply", [{"kind": "Site", "name": "west", "spec": {"nodes": ["a"]}}])
    agent = Agent(state / "a", coordinator, "west", "a", "active", {"log.level": "debug"}).start()
    agent.accept()
    agent.wait_online()
    yield state, coordinator, agent
    show_logs([coordinator, agent])
    agent.stop()
    coordinator.stop()


def test_secrets_are_readable_by_their_owner_alone(talkative):
    state, coordinator, agent = talkative
    for file in (coordinator.token_path, coordinator.state / "curve.key", coordinator.state / "audit.key",
                 coordinator.state / "audit.head", coordinator.state / "secrets.key", agent.state / "curve.key",
                 agent.state / "secrets.key"):
        assert stat.S_IMODE(os.stat(file).st_mode) == 0o600, file


def test_no_secret_is_in_a_log_or_an_answer(talkative):
    state, coordinator, _ = talkative
    secrets = secrets_below(state)
    assert len(secrets) == 6
    rest = coordinator.rest
    paths = [path for path, operations in rest.request("GET", "/openapi.json").json["paths"].items()
             if "get" in operations and not path.endswith("/stream")]
    for name, value in {"{site}": "west", "{node}": "a", "{name}": "none"}.items():
        paths = [path.replace(name, value) for path in paths]
    answers = {path: rest.request("GET", path).body.decode() for path in paths}
    answers["/wrong"] = rest.request("GET", "/api/v1/sites", headers={"Authorization": f"bearer  {rest.token}"}).body.decode()
    assert_no_secret_in(answers, secrets)


@pytest.mark.parametrize("mode", [0o644, 0o640, 0o700])
def test_a_key_that_others_could_have_read_is_refused(tmp_path, mode):
    coordinator = Coordinator(tmp_path / "coordinator").start()
    coordinator.stop()
    key = coordinator.state / "curve.key"
    key.chmod(mode)
    code, out, err = run(COORDINATOR, f"--state={coordinator.state}", "--listen.http=127.0.0.1:0",
                         "--listen.nodes=127.0.0.1:0")
    assert code == 1
    assert "curve.key" in out + err and "0600" in out + err
    key.chmod(0o600)


def test_a_port_that_is_taken_is_told(tmp_path):
    first = Coordinator(tmp_path / "first").start()
    try:
        code, out, err = run(COORDINATOR, f"--state={tmp_path}/second", "--listen.nodes=127.0.0.1:0",
                             f"--listen.http=127.0.0.1:{first.http_port}")
        assert code == 1
        assert str(first.http_port) in out + err
    finally:
        assert first.stop() == 0


def test_both_daemons_end_well_when_asked_to(talkative):
    """SIGTERM: exit code 0, whatever was under way."""
    _, coordinator, agent = talkative
    assert agent.stop() == 0
    assert coordinator.stop() == 0


def test_a_password_in_the_address_of_the_database_is_refused_and_not_repeated():
    code, out, err = run(COORDINATOR, "--database.url=postgresql://ann:s3cret@db.example/fieldline", "--check")
    assert code == 1
    assert "database.url" in out + err and "passfile" in out + err
    assert "s3cret" not in out + err
    assert run(COORDINATOR, "--database.url=postgresql://ann@db.example/fieldline", "--check")[0] == 0
