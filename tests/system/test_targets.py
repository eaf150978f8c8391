"""Scripts call an external system and query a database of the plant, and their secrets are seen nowhere."""

import contextlib
import http.server
import json
import sqlite3
import threading

import pytest
from harness.daemons import Agent, Coordinator
from harness.rest import wait_for
from harness.secrets import plant

TOKEN = plant("t0ken-of-the-erp-that-nobody-sees")

DOCUMENTS = """
kind: Site
name: north
spec: {{nodes: [a]}}
---
kind: ExternalSystem
name: erp
spec: {{base_url: "{url}/api", auth: {{kind: bearer, token: {token}}}, timeout: 2s}}
---
kind: DatabaseConnection
name: history
spec: {{backend: sqlite, database: {database}}}
---
kind: Template
name: Asker
spec:
  attributes: {{Out: {{type: string, value: "", writable: true}}, Error: {{type: string, value: "", writable: true}}}}
  scripts:
    Ask:
      trigger: {{kind: interval, interval: 1s}}
      source: |
        local ok, why = pcall(function()
          local answer = external.call("erp", {{path = "/orders", body = {{tank = "T1", levels = {{1, 2}}}}}})
          local rows = database.query("history", "SELECT level FROM levels WHERE tank = :tank", {{tank = "T1"}})
          attributes.set("Out", answer.status .. " " .. answer.json.order .. " " .. rows[1].level)
        end)
        attributes.set("Error", ok and "" or why)
---
kind: Instance
name: A
spec: {{site: north, template: Asker}}
"""


class Erp(http.server.BaseHTTPRequestHandler):
    asked = []

    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.asked.append((self.path, self.headers["Authorization"], json.loads(body)))
        answer = json.dumps({"order": 7, "echo": TOKEN}).encode()
        self.send_response(201)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    def log_message(self, *_):
        pass


@pytest.fixture
def erp():
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Erp)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield server
    server.shutdown()
    server.server_close()


def test_a_script_speaks_to_an_external_system_and_a_database(tmp_path, erp):
    database = tmp_path / "plant.db"
    with contextlib.closing(sqlite3.connect(database)) as levels, levels:
        levels.execute("CREATE TABLE levels (tank TEXT, level REAL)")
        levels.execute("INSERT INTO levels VALUES ('T1', 2.5)")
    coordinator = Coordinator(tmp_path / "coordinator").start()
    agent = Agent(tmp_path / "north", coordinator, "north", "a", "active")
    try:
        rest = coordinator.rest
        rest.post("/apply", DOCUMENTS.format(url=f"http://127.0.0.1:{erp.server_port}", token=TOKEN, database=database))
        agent.start().accept()
        agent.wait_online()
        rest.post("/artifacts/deploy")
        wait_for("the artifacts are at the site", lambda: all(
            set(row["artifacts"].values()) == {"current"} for row in rest.get("/artifacts/deployment")["sites"]))
        assert rest.post("/instances/A/deploy?wait=30s")["state"] == "success"

        def value(name):
            return {item["name"]: item["value"] for item in rest.get("/instances/A/values")["values"]}[name]

        wait_for("the script has both answers", lambda: value("Out") == "201 7 2.5")
        assert Erp.asked[0] == ("/api/orders", f"Bearer {TOKEN}", {"tank": "T1", "levels": [1, 2]})
        erp.shutdown()
        erp.server_close()
        wait_for("the script is told that the system is gone", lambda: "connect" in value("Error"))
    finally:
        agent.stop()
        coordinator.stop()
