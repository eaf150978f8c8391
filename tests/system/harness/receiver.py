"""What a site delivers to over HTTP, in this process."""

import collections
import http.server
import json
import threading
import time


class Receiver:
    """An HTTP server that keeps the ids of what is delivered to it, and those that the script says it was told."""

    def __init__(self, address="127.0.0.1"):
        self.address = address
        self.delivered = collections.Counter()
        self.told = []
        self.failed = []  # why a script says that it was refused
        self.away = False  # refuses deliveries for now
        self.arrivals = []  # of all requests: when, and from which address
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
                    assert json.loads(body)["reading"] == "x" * 1000
                    outer.delivered[self.headers["Idempotency-Key"]] += 1
                self.send_response(503 if refused else 201)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer((address, 0), Handler)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    @property
    def url(self):
        return f"http://{self.address}:{self.server.server_port}"

    def has_all(self):
        """Whatever the script was told is accepted has arrived."""
        return all(self.delivered[identity] > 0 for identity in list(self.told))

    def heard(self, address, since):
        """How many requests came from there since then."""
        return sum(source == address and when >= since for when, source in list(self.arrivals))

    def stop(self):
        self.server.shutdown()
        self.server.server_close()
