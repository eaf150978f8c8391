"""A node of Fieldline written from docs/protocol.md alone, on pyzmq and msgpack.

It keeps configurations in memory, runs no scripts and reads no devices: attributes have the value of their
configuration. Everything that the protocol asks of a node it does.
"""

import hashlib
import struct
import threading
import time

import msgpack
import zmq

MAGIC, MAJOR, MINOR = b"FL", 1, 0
HEADER = struct.Struct(">2sBBHHQQ")  # magic, major, minor, type, 0, correlation, term

(HELLO, WELCOME, REJECT, PING, PONG, INVENTORY_QUERY, INVENTORY_PAGE, ARTIFACTS_QUERY, ARTIFACTS_PAGE) = range(1, 10)
(ORDER, ACCEPTED, REPORT, FETCH, PIECE) = range(16, 21)
(HEALTH, VALUES_QUERY, VALUES_PAGE, ALARMS_QUERY, ALARMS_PAGE, EVENTS_QUERY, EVENTS_PAGE) = range(32, 39)

INLINE_LIMIT = 32768  # a larger configuration is fetched
GOOD = 0
TIME_EXT = 1


def digest(data):
    return hashlib.blake2b(data, digest_size=32).hexdigest()


def sorted_keys(value):
    """Maps in the order in which they are written."""
    if isinstance(value, dict):
        return {key: sorted_keys(value[key]) for key in sorted(value)}
    if isinstance(value, list):
        return [sorted_keys(item) for item in value]
    return value


def pack(value):
    return msgpack.packb(sorted_keys(value))


def time_now():
    return msgpack.ExtType(TIME_EXT, struct.pack(">q", time.time_ns() // 1000))


class Rejected(Exception):
    """The coordinator answered HELLO with REJECT."""

    def __init__(self, code, message):
        super().__init__(f"{code}: {message}")
        self.code = code


class Line:
    """One connection to the coordinator: frames out and in, nothing else."""

    def __init__(self, endpoint, server_key, keys):
        """`keys`: the node's public and secret key, in Z85."""
        self.socket = zmq.Context.instance().socket(zmq.DEALER)
        self.socket.linger = 0
        self.socket.curve_serverkey = server_key.encode()
        self.socket.curve_publickey, self.socket.curve_secretkey = keys
        self.socket.connect(f"tcp://{endpoint}")
        self.term = 0

    def send(self, kind, body, correlation=0, attachment=None):
        header = HEADER.pack(MAGIC, MAJOR, MINOR, kind, 0, correlation, self.term)
        self.socket.send_multipart([header, pack(body)] + ([attachment] if attachment is not None else []))

    def receive(self, limit):
        """(type, body, correlation, term, attachment), or None after `limit` seconds."""
        if not self.socket.poll(int(limit * 1000)):
            return None
        frames = self.socket.recv_multipart()
        assert len(frames) in (2, 3), f"{len(frames)} frames"
        magic, major, _, kind, zero, correlation, term = HEADER.unpack(frames[0])
        assert (magic, major, zero) == (MAGIC, MAJOR, 0)
        return kind, msgpack.unpackb(frames[1]), correlation, term, frames[2] if len(frames) == 3 else b""

    def close(self):
        self.socket.close()


class PythonAgent:
    """One node. `start` keeps a session in a thread until `stop`."""

    def __init__(self, endpoint, server_key, site, node, role="active", keys=None):
        self.endpoint, self.server_key = endpoint, server_key
        self.site, self.node, self.role = site, node, role
        self.keys = keys or zmq.curve_keypair()
        self.term = 0
        self.current = {}  # by instance: {"config": bytes or None, "revision", "enabled"}
        self.artifacts = {}  # by key: (revision, bytes)
        self.numbers = {}  # by instance, "" for artifacts: highest order number
        self.reports = {}  # by deployment
        self.alarms = []
        self.events = []
        self.event_queries = []
        self.fetching = None  # the order, its correlation and the bytes so far
        self.refuse_with = None  # a test's wish: the next order that brings something fails with these fields
        self.sessions = 0
        self.hang_up = threading.Event()  # a test's wish: close the connection and come again
        self.last_reject = None
        self._stopped = threading.Event()
        self._thread = None
        self._line = None

    @property
    def public_key(self):
        return self.keys[0].decode()

    # -- session

    def start(self):
        self._thread = threading.Thread(target=self._live, daemon=True)
        self._thread.start()
        return self

    def stop(self):
        self._stopped.set()
        self._thread.join(10)

    def _live(self):
        while not self._stopped.is_set():
            self._line = Line(self.endpoint, self.server_key, self.keys)
            try:
                welcome = self.say_hello(self._line)
                if welcome is not None:
                    self.sessions += 1
                    self.hang_up.clear()
                    self._serve(welcome)
            except Rejected as rejected:
                self.last_reject = rejected
            finally:
                self._line.close()
            self._stopped.wait(0.5)

    def say_hello(self, line, limit=2):
        """The WELCOME; None when there was none in time, as for a key that is not accepted (yet)."""
        line.term = self.term
        line.send(HELLO, {"site": self.site, "node": self.node, "role": self.role, "term": self.term, "epoch": 0,
                          "inventory_digest": digest(pack(self.inventory())),
                          "artifacts_digest": digest(pack(self.artifact_inventory())), "software": "python-agent 1"})
        answer = line.receive(limit)
        if answer is None:
            return None
        kind, body, *_ = answer
        if kind == REJECT:
            raise Rejected(body["code"], body["message"])
        assert kind == WELCOME
        self.term = line.term = max(self.term, body["term"])
        return body

    def _serve(self, welcome):
        interval, silence, health = (welcome[key] / 1e6
                                     for key in ("ping_interval", "silence_limit", "health_interval"))
        heard = time.monotonic()
        next_ping = next_health = heard
        while not self._stopped.is_set() and not self.hang_up.is_set() and time.monotonic() < heard + silence:
            now = time.monotonic()
            if now >= next_ping:
                self._line.send(PING, {})
                next_ping = now + interval
            if now >= next_health:
                self._line.send(HEALTH, self._health())
                next_health = now + health
            message = self._line.receive(0.05)
            if message is not None:
                heard = time.monotonic()
                self._handle(*message)

    def _handle(self, kind, body, correlation, term, attachment):
        answers = {INVENTORY_QUERY: self._answer_inventory, ARTIFACTS_QUERY: self._answer_artifacts,
                   VALUES_QUERY: self._answer_values, ALARMS_QUERY: self._answer_alarms,
                   EVENTS_QUERY: self._answer_events}
        if kind in answers:
            answers[kind](body, correlation)
        elif kind == ORDER:
            self._take_order(body, correlation, term, attachment)
        elif kind == PIECE:
            self._take_piece(body, attachment)
        elif kind == REJECT:
            raise Rejected(body["code"], body["message"])
        else:
            assert kind == PONG, f"unexpected type {kind}"

    # -- what the coordinator asks

    def inventory(self):
        return [{"instance": name, "revision": item["revision"], "enabled": item["enabled"]}
                for name, item in sorted(self.current.items())]

    def _answer_inventory(self, body, correlation):
        assert body["cursor"] == ""
        self._line.send(INVENTORY_PAGE, {"items": self.inventory(), "next": ""}, correlation)

    def artifact_inventory(self):
        return [{"key": key, "revision": revision} for key, (revision, _) in sorted(self.artifacts.items())]

    def _answer_artifacts(self, body, correlation):
        assert body["cursor"] == ""
        self._line.send(ARTIFACTS_PAGE, {"items": self.artifact_inventory(), "next": ""}, correlation)

    def _answer_values(self, body, correlation):
        item = self.current.get(body["instance"])
        values = []
        for attribute in self._config(body["instance"])["attributes"] if item else []:
            sample = {"value": attribute["value"], "quality": GOOD, "source_time": time_now(), "server_time": time_now()}
            values.append({"name": attribute["name"], "sample": sample})
        self._line.send(VALUES_PAGE, {"found": item is not None, "values": values, "next": ""}, correlation)

    def _answer_alarms(self, body, correlation):
        assert body["cursor"] == ""
        self._line.send(ALARMS_PAGE, {"alarms": self.alarms, "next": ""}, correlation)

    def _answer_events(self, body, correlation):
        self.event_queries.append(body)
        self._line.send(EVENTS_PAGE, {"events": self.events, "next": ""}, correlation)

    def _health(self):
        return {"role": self.role, "uptime": int(time.monotonic() * 1e6), "instances": len(self.current),
                "active_alarms": 0, "script_errors": 0, "tags_good": 0, "tags_uncertain": 0, "tags_bad": 0,
                "connections": [], "disk_free": 1, "memory": 1}

    def _config(self, instance):
        config = msgpack.unpackb(self.current[instance]["config"])
        assert config["format"] == 1 and config["instance"] == instance
        return config

    # -- orders

    def _take_order(self, order, correlation, term, attachment):
        if order["deployment"] in self.reports:
            self._line.send(REPORT, self.reports[order["deployment"]], correlation)
            return
        self._line.send(ACCEPTED, {"deployment": order["deployment"]}, correlation)
        refusal = self._fence(order, term)
        if refusal:
            self._report(order, correlation, stage="accepted", reason=refusal)
        elif order["kind"] in ("apply", "hold", "artifacts") and order["size"] > INLINE_LIMIT:
            self.fetching = (order, correlation, b"")
            self._fetch(0)
        elif order["kind"] in ("apply", "hold", "artifacts"):
            self._store(order, correlation, attachment)
        else:
            self._command(order)
            self._report(order, correlation)

    def _fence(self, order, term):
        if term < self.term:
            return "stale-term"
        if order["number"] < self.numbers.get(order["instance"], 0):
            return "stale-order"
        self.numbers[order["instance"]] = order["number"]
        if order["kind"] in ("apply", "delete") and self.role != "active":
            return "not-active"
        if order["kind"] in ("hold", "drop") and self.role != "standby":
            return "not-standby"
        return None

    def _fetch(self, offset):
        order = self.fetching[0]
        self._line.send(FETCH, {"deployment": order["deployment"], "revision": order["revision"], "offset": offset})

    def _take_piece(self, piece, attachment):
        order, correlation, data = self.fetching
        assert piece["deployment"] == order["deployment"] and piece["offset"] == len(data)
        assert piece["size"] == order["size"]
        data += attachment
        self.fetching = (order, correlation, data)
        if len(data) < order["size"]:
            self._fetch(len(data))
        else:
            self.fetching = None
            self._store(order, correlation, data)

    def _store(self, order, correlation, data):
        assert len(data) == order["size"]
        if self.refuse_with is not None:
            refusal, self.refuse_with = self.refuse_with, None
            self._report(order, correlation, **refusal)
        elif digest(data) != order["revision"]:
            self._report(order, correlation, stage="stored", reason="corrupt")
        elif order["kind"] == "artifacts":
            self._hold_artifacts(order, correlation, data)
        else:
            enabled = self.current.get(order["instance"], {"enabled": True})["enabled"]
            self.current[order["instance"]] = {"config": data, "revision": order["revision"], "enabled": enabled}
            self._report(order, correlation)

    def _hold_artifacts(self, order, correlation, data):
        size = int.from_bytes(data[:4], "big")
        manifest, documents = msgpack.unpackb(data[4:4 + size]), data[4 + size:]
        assert manifest["format"] == 1
        assert manifest["items"] == sorted(manifest["items"], key=lambda item: item["key"])
        held = {}
        for item in manifest["items"]:
            document, documents = documents[:item["size"]], documents[item["size"]:]
            known = self.artifacts.get(item["key"])
            if known and known[0] == item["revision"]:
                held[item["key"]] = known
            elif digest(document) == item["revision"]:
                held[item["key"]] = (item["revision"], document)
            else:
                finding = {"code": "artifact-absent", "path": item["key"], "message": "it was not brought"}
                return self._report(order, correlation, stage="accepted", reason="artifact-absent", findings=[finding])
        assert documents == b""
        self.artifacts = held
        self._report(order, correlation)

    def _command(self, order):
        if order["kind"] in ("delete", "drop"):
            self.current.pop(order["instance"], None)
        elif order["instance"] in self.current:
            self.current[order["instance"]]["enabled"] = order["kind"] == "enable"

    def _report(self, order, correlation, stage="done", reason="", message="", findings=None):
        item = self.current.get(order["instance"], {"revision": "", "enabled": True})
        if order["kind"] == "artifacts":
            item = {"revision": digest(pack(self.artifact_inventory())), "enabled": True}
        report = {"deployment": order["deployment"], "instance": order["instance"], "success": not reason,
                  "stage": stage, "reason": reason, "message": message, "findings": findings or [],
                  "revision": item["revision"], "enabled": item["enabled"]}
        self.reports[order["deployment"]] = report
        self._line.send(REPORT, report, correlation)
