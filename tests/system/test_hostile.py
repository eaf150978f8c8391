"""Whatever strangers, liars and broken nodes send: nothing of it is handled, and honest people are served."""

import os
import random
import socket
import struct

import msgpack
import pytest
import zmq
from conftest import fleet_at
from harness.daemons import QUICK
from harness.rest import wait_for
from python_agent import (ARTIFACTS_QUERY, HEADER, HELLO, INVENTORY_PAGE, MAGIC, ORDER, PING, PONG, REJECT, REPORT, VALUES_PAGE,
                          WELCOME,
                          Line, PythonAgent, Rejected, pack)

SEED = int(os.environ.get("FIELDLINE_SEED", random.SystemRandom().randrange(1 << 32)))
ZMTP_GREETING = b"\xff" + bytes(8) + b"\x7f\x03\x00" + b"CURVE".ljust(20, b"\0") + b"\0" + bytes(31)
HALF_OPEN = 60


@pytest.fixture(scope="module")
def fleet(tmp_path_factory):
    with fleet_at(tmp_path_factory.mktemp("besieged"), settings=QUICK) as fleet:
        fleet.rest.post("/apply", [{"kind": "Site", "name": "south", "spec": {"nodes": ["p", "q"]}}])
        yield fleet


@pytest.fixture
def dice():
    print(f"FIELDLINE_SEED={SEED} repeats this")
    return random.Random(SEED)


@pytest.fixture(autouse=True)
def honest_people_are_served(fleet):
    yield
    fleet.check()
    deployment = fleet.rest.post("/instances/NorthStation/deploy?wait=30s")
    assert (deployment["state"], deployment["standby"]) == ("success", "stored")


def server_key(fleet):
    return (fleet.coordinator.state / "coordinator.pub").read_text().strip()


def nodes_endpoint(fleet):
    return f"127.0.0.1:{fleet.coordinator.nodes_port}"


def python_agent(fleet, node="p", keys=None):
    return PythonAgent(nodes_endpoint(fleet), server_key(fleet), "south", node, keys=keys)


def pending_of(fleet, public_key):
    return next((item for item in fleet.rest.get("/nodes/pending")["pending"] if item["public_key"] == public_key), None)


def node_state(fleet, node="p"):
    return fleet.rest.get(f"/sites/south/nodes/{node}")


@pytest.fixture(scope="module")
def accepted(fleet):
    """The keys of south/p, accepted."""
    agent = python_agent(fleet).start()
    fingerprint = wait_for("its key is pending", lambda: pending_of(fleet, agent.public_key))["fingerprint"]
    agent.stop()
    fleet.rest.post(f"/nodes/pending/{fingerprint}/accept", {"site": "south", "node": "p"})
    return agent.keys


@pytest.fixture
def line(fleet, accepted):
    """An open session of south/p, for what its node should never send."""
    agent = python_agent(fleet, keys=accepted)
    line = Line(agent.endpoint, agent.server_key, agent.keys)
    assert agent.say_hello(line, limit=10) is not None
    yield line
    line.close()


def answers_to(line, frames):
    """Everything that comes back for `frames`, up to the answer to a PING after them: [(type, body)]."""
    line.socket.send_multipart(frames)
    line.send(PING, {}, correlation=4711)
    answers = []
    while True:
        message = line.receive(10)
        assert message is not None, "the coordinator no longer answers"
        kind, body, correlation, *_ = message
        if kind == PONG and correlation == 4711:
            return answers
        if kind != ARTIFACTS_QUERY:  # asked of every node that does not hold what central believes
            answers.append((kind, body))


def header(kind, magic=MAGIC, major=1, minor=0):
    return HEADER.pack(magic, major, minor, kind, 0, 0, 1)


# -- the port for nodes


def test_bytes_of_strangers_on_the_port_for_nodes(fleet, dice):
    for _ in range(100):
        with socket.create_connection(("127.0.0.1", fleet.coordinator.nodes_port), timeout=5) as stranger:
            start = dice.choice([b"", ZMTP_GREETING[:dice.randrange(len(ZMTP_GREETING))], ZMTP_GREETING])
            try:
                stranger.sendall(start + dice.randbytes(dice.randrange(4096)))
            except OSError:
                pass  # it has hung up, which is right


def test_connections_that_say_nothing(fleet):
    ports = (fleet.coordinator.nodes_port, fleet.coordinator.http_port)
    silent = [socket.create_connection(("127.0.0.1", port), timeout=5) for port in ports for _ in range(HALF_OPEN)]
    try:
        for half in silent[:HALF_OPEN // 2]:
            half.sendall(ZMTP_GREETING[:20])
        assert fleet.rest.get("/whoami")["name"] == "admin"
    finally:
        for each in silent:
            each.close()


def test_a_peer_without_curve(fleet):
    socket_ = zmq.Context.instance().socket(zmq.DEALER)
    socket_.linger = 0
    socket_.connect(f"tcp://{nodes_endpoint(fleet)}")
    socket_.send_multipart([header(PING), pack({})])
    assert not socket_.poll(1000)
    socket_.close()


def test_an_unknown_key_is_listed_and_nothing_of_it_is_handled(fleet):
    stranger = python_agent(fleet, node="q")
    line = Line(stranger.endpoint, stranger.server_key, stranger.keys)
    try:
        assert stranger.say_hello(line) is None
        assert wait_for("its key is pending", lambda: pending_of(fleet, stranger.public_key))["address"] == "127.0.0.1"
        assert not node_state(fleet, "q")["online"]
        assert node_state(fleet, "q")["malformed"] == 0
    finally:
        line.close()


def test_a_key_of_another_server_gets_no_connection(fleet, accepted):
    other = zmq.curve_keypair()[0].decode()
    agent = PythonAgent(nodes_endpoint(fleet), other, "south", "p", keys=accepted)
    line = Line(agent.endpoint, other, accepted)
    assert agent.say_hello(line) is None
    line.close()


@pytest.mark.parametrize("site, node", [("south", "q"), ("north", "a"), ("nowhere", "x")])
def test_a_claim_to_be_another_node_is_rejected(fleet, accepted, site, node):
    liar = PythonAgent(nodes_endpoint(fleet), server_key(fleet), site, node, keys=accepted)
    line = Line(liar.endpoint, liar.server_key, liar.keys)
    try:
        with pytest.raises(Rejected) as rejected:
            liar.say_hello(line, limit=10)
        assert rejected.value.code == "wrong-identity"
    finally:
        line.close()
    assert fleet.active.central_view["online"]


def test_nothing_is_handled_before_hello(fleet, accepted):
    line = Line(nodes_endpoint(fleet), server_key(fleet), accepted)
    line.send(PING, {})
    kind, body, *_ = line.receive(10)
    assert (kind, body["code"]) == (REJECT, "hello-first")
    line.close()


def test_a_newer_connection_of_a_node_takes_over(fleet, accepted, line):
    agent = python_agent(fleet, keys=accepted)
    newer = Line(agent.endpoint, agent.server_key, agent.keys)
    assert agent.say_hello(newer, limit=10) is not None

    def superseded():
        message = line.receive(1)
        return message is not None and message[0] == REJECT and message[1]["code"] == "superseded"

    wait_for("the older is told", superseded)
    newer.close()


def test_an_unknown_version_and_an_unknown_type_are_told(line):
    assert [(kind, body["code"]) for kind, body in answers_to(line, [header(PING, major=2), pack({})])] == \
        [(REJECT, "unsupported-version")]
    assert [(kind, body["code"]) for kind, body in answers_to(line, [header(999), pack({})])] == \
        [(REJECT, "unknown-type")]


MALFORMED = {
    "one frame": [header(PING)],
    "four frames": [header(PING), pack({}), b"", b""],
    "no header": [b"", pack({})],
    "half a header": [header(PING)[:11], pack({})],
    "another magic": [header(PING, magic=b"HT"), pack({})],
    "an attachment where none belongs": [header(PING), pack({}), b"x"],
    "no body": [header(REPORT), b""],
    "no map": [header(REPORT), pack([1, 2])],
    "half a map": [header(REPORT), b"\x84\xa2"],
    "a key twice": [header(REPORT), b"\x82\xa8instance\xa1a\xa8instance\xa1b"],
    "no field": [header(REPORT), pack({})],
    "another type": [header(REPORT), pack({"deployment": 5})],
    "bytes after the body": [header(REPORT), pack({}) + b"\xc0"],
    "a map of 4 billion": [header(REPORT), b"\xdf\xff\xff\xff\xff"],
    "a string of 4 GiB": [header(REPORT), b"\x81\xdb\xff\xff\xff\xff"],
    "33 deep": [header(REPORT), b"\x81\xa1a" * 33 + b"\xc0"],
    "20,000 deep": [header(REPORT), b"\x81\xa1a" * 20_000 + b"\xc0"],
    "no UTF-8": [header(REPORT), b"\x81\xa8instance\xa1\xff"],
    "NaN": [header(REPORT), b"\x81\xa1x\xcb\x7f\xf8" + bytes(6)],
    "bin": [header(REPORT), b"\x81\xa8instance\xc4\x01a"],
    "a body over its limit": [header(PING), pack({"x": "x" * 5000})],
    "an order": [header(ORDER), pack({"deployment": "d", "instance": "i", "kind": "apply", "number": 1, "budget": 1})],
    "a welcome": [header(WELCOME), pack({"term": 9, "clock": msgpack.ExtType(1, struct.pack(">q", 0))})],
}


@pytest.mark.parametrize("what", MALFORMED)
def test_malformed_messages_of_an_accepted_node_are_dropped_and_counted(fleet, line, what):
    before = node_state(fleet)["malformed"]
    assert [kind for kind, _ in answers_to(line, MALFORMED[what]) if kind != REJECT] == []
    assert node_state(fleet)["online"]
    assert node_state(fleet)["malformed"] == before + 1


def test_answers_nobody_asked_for_change_nothing(fleet, line):
    for kind in (INVENTORY_PAGE, VALUES_PAGE):
        assert answers_to(line, [header(kind), pack({"found": True, "items": [], "values": [], "next": ""})]) == []


def test_a_report_of_an_order_that_was_never_given_changes_nothing(fleet, line):
    report = {"deployment": "d" * 32, "instance": "NorthStation", "success": True, "stage": "done", "reason": "",
              "message": "", "findings": [], "revision": "f" * 64, "enabled": True}
    before = fleet.rest.get("/instances/NorthStation/deployed")
    answers_to(line, [header(REPORT), pack(report)])
    assert fleet.rest.get("/instances/NorthStation/deployed")["revision"] == before["revision"]


def test_mutated_messages_of_an_accepted_node(fleet, line, dice):
    """Each is one to four flipped bytes away from an honest one."""
    honest = [[header(HELLO + 3), pack({})],
              [header(REPORT), pack({"deployment": "d", "instance": "i", "success": False, "stage": "stored", "reason": "r",
                                     "message": "m", "findings": [{"code": "c", "path": "p", "message": "m"}],
                                     "revision": "", "enabled": True})],
              [header(VALUES_PAGE), pack({"found": True, "values": [{"name": "n", "sample": {
                  "value": 1.5, "quality": 0, "source_time": msgpack.ExtType(1, bytes(8)),
                  "server_time": msgpack.ExtType(1, bytes(8))}}], "next": ""})]]
    for _ in range(1000):
        frames = [bytearray(frame) for frame in dice.choice(honest)]
        for _ in range(dice.randrange(1, 5)):
            frame = dice.choice([frame for frame in frames if frame])
            frame[dice.randrange(len(frame))] = dice.randrange(256)
        line.socket.send_multipart([bytes(frame) for frame in frames])
    answers_to(line, [header(PING), pack({})])


def test_a_frame_larger_than_any_ends_the_connection_only(fleet, accepted, line):
    line.socket.send_multipart([header(REPORT), bytes(8 << 20)])
    wait_for("its session has ended", lambda: not node_state(fleet)["online"])
    agent = python_agent(fleet, keys=accepted)
    again = Line(agent.endpoint, agent.server_key, agent.keys)
    assert agent.say_hello(again, limit=10) is not None
    again.close()


# -- the port for REST


def http(fleet, text, limit=5):
    """What comes back for raw bytes, up to the end or the first pause."""
    with socket.create_connection(("127.0.0.1", fleet.coordinator.http_port), timeout=limit) as line:
        try:
            line.sendall(text)
            line.shutdown(socket.SHUT_WR)
            answer = b""
            while piece := line.recv(65536):
                answer += piece
            return answer
        except (ConnectionError, socket.timeout):
            return b""


def token(fleet):
    return fleet.coordinator.token_path.read_text().strip()


def test_bytes_of_strangers_on_the_rest_port(fleet, dice):
    for _ in range(100):
        start = dice.choice([b"", b"GET ", b"POST /api/v1/apply HTTP/1.1\r\n", b"GET /healthz HTTP/1.1\r\nHost: x\r\n"])
        http(fleet, start + dice.randbytes(dice.randrange(2048)), limit=1)


GARBAGE = {
    "a negative length": b"POST /api/v1/apply HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n",
    "two lengths": b"POST /api/v1/apply HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab",
    "a length without end": b"POST /api/v1/apply HTTP/1.1\r\nHost: x\r\nContent-Length: 99999999999999999999\r\n\r\n",
    "chunks that are none": b"POST /api/v1/apply HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
    "a target without end": b"GET /" + b"a" * 100_000 + b" HTTP/1.1\r\nHost: x\r\n\r\n",
    "a header without end": b"GET / HTTP/1.1\r\nHost: x\r\nX: " + b"a" * 100_000 + b"\r\n\r\n",
    "headers without end": b"GET / HTTP/1.1\r\nHost: x\r\n" + b"X: a\r\n" * 10_000 + b"\r\n",
    "a way out": b"GET /../../etc/passwd HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n",
    "an escaped way out": b"GET /api/v1/templates/%2e%2e%2f%00 HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n",
    "half an escape": b"GET /api/v1/templates/%2 HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n",
}


@pytest.mark.parametrize("what", GARBAGE)
def test_garbage_on_the_rest_port_is_refused(fleet, what):
    answer = http(fleet, GARBAGE[what])
    assert answer == b"" or answer.split()[1].startswith(b"4"), answer[:300]


def refusal(fleet, body, kind="application/yaml", path="/api/v1/apply"):
    answer = fleet.rest.request("POST", path, body, headers={"Content-Type": kind})
    assert answer.headers["Content-Type"] == "application/problem+json"
    return answer.status


def test_documents_that_are_none_are_refused(fleet):
    assert refusal(fleet, b"[" * 100_000, "application/json") == 400
    assert refusal(fleet, b'{"a":' * 100_000, "application/json") == 400
    assert refusal(fleet, b"[" * 100_000) == 400
    assert refusal(fleet, b"- " * 50_000) == 400
    assert refusal(fleet, b"\xff\xfe\x00") == 400
    assert refusal(fleet, b"a: &a [x, x]\nb: &b [*a, *a]\nc: [*b, *b]\n") == 400
    assert refusal(fleet, b'{"kind": "Site", "kind": "Site"}', "application/json") == 400
    assert refusal(fleet, b"kind: Site\nname: x\n", "text/plain") == 415


def test_a_body_over_the_limit_is_refused(fleet):
    assert refusal(fleet, bytes(33 << 20)) == 413


def test_wrong_tokens_are_slowed_down_and_the_right_one_is_not(fleet):
    statuses = {fleet.rest.request("GET", "/api/v1/sites", headers={"Authorization": "Bearer wrong"}).status
                for _ in range(50)}
    assert statuses <= {401, 429}
    assert fleet.rest.get("/whoami")["name"] == "admin"
