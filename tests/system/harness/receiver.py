"""What a site delivers to over HTTP, in this process; and what all receivers have in common."""

import collections
import contextlib
import http.server
import json
import threading
import time

from .rest import wait_for

READING = "x" * 1000  # what each message holds


class Receiver:
    """An HTTP server that keeps the ids of what is delivered to it, and those that the script says it was told. It runs from
    start() to stop()."""

    name = "erp"
    instance = "S"  # that sends to it
    writes_once = False  # a message that comes twice is there once
    pace = 0.0  # s, between a delivery and the answer to it
    send = 'external.send("erp", {path = "/in", body = {reading = string.rep("x", 1000)}})'

    def __init__(self, address="127.0.0.1"):
        self.address = address
        self.counted = collections.Counter()
        self.first = {}  # by id: when it arrived first
        self.altered = []  # what arrived is not what was sent
        self.told = []
        self.failed = []  # why a script says that it was refused
        self.away = False  # refuses deliveries for now
        self.arrivals = []  # of all requests: when, and from which address
        self.server = None
        self.ends = contextlib.ExitStack()  # of what runs

    def start(self):
        outer = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"])).decode()
                outer.arrivals.append((time.monotonic(), self.client_address[0]))
                refused = outer.away and self.path == "/in"
                if self.path == "/told":
                    outer.told.append(body)
                elif self.path == "/failed":
                    outer.failed.append(body)
                elif not refused:
                    outer.arrive(self.headers["Idempotency-Key"], json.loads(body)["reading"])
                    time.sleep(outer.pace)
                self.send_response(503 if refused else 201)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer((self.address, 0), Handler)
        self.ends.callback(self.server.server_close)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        self.ends.callback(self.server.shutdown)

    @property
    def delivered(self):
        """By id, how often it arrived."""
        return self.counted

    @property
    def url(self):
        return f"http://{self.address}:{self.server.server_port}"

    @property
    def teller(self):
        """The external system that the script tells of its messages."""
        return self.name if self.name == Receiver.name else f"told-of-{self.name}"

    def artifacts(self):
        """The documents that a script needs for `send` and to tell of it. Messages wait as long as a test takes."""
        return [f"""kind: ExternalSystem
name: {self.teller}
spec: {{base_url: "{self.url}", retry_interval: 1s, retry_limit: 1000}}"""]

    def script(self):
        """Sends a message, and tells of it once it is accepted."""
        return f"""
        local id = {self.send}
        external.call("{self.teller}", {{path = "/told", body = id}})"""

    def arrive(self, identity, reading):
        if reading != READING:
            self.altered.append(identity)
        self.first.setdefault(identity, time.monotonic())
        self.counted[identity] += 1

    def twice(self):
        """What arrived more than once."""
        return {identity for identity, times in dict(self.delivered).items() if times > 1}

    def wait_all(self, limit=60):
        """What the script was told is accepted by now has arrived, as it was sent."""
        told = list(self.told)

        def has_arrived():
            assert not self.altered
            delivered = self.delivered
            return all(delivered[identity] > 0 for identity in told)

        wait_for(f"all that was accepted arrives at {self.name}", has_arrived, limit)

    def heard(self, address, since):
        """How many requests came from there since then."""
        return sum(source == address and when >= since for when, source in list(self.arrivals))

    def stop(self):
        self.ends.close()
