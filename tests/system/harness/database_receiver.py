"""What a site writes to: a table of a real PostgreSQL server. Nothing in it keeps a message from being written twice."""

import collections

from .daemons import free_port
from .postgresql import Postgresql
from .receiver import Receiver

TABLES = """
CREATE TABLE readings (id text NOT NULL, reading text NOT NULL CHECK (reading = repeat('x', 1000)));
CREATE TABLE pace AS SELECT 0.0::float AS seconds;
CREATE FUNCTION linger() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
  PERFORM pg_sleep((SELECT seconds FROM pace)); RETURN NULL; END $$;
CREATE CONSTRAINT TRIGGER linger AFTER INSERT ON readings DEFERRABLE INITIALLY DEFERRED FOR EACH ROW
  EXECUTE FUNCTION linger();"""  # at its commit, which goes through whether its client lives or not


class DatabaseReceiver(Receiver):
    name = "history"
    instance = "W"
    writes_once = True
    send = """database.write("history", "INSERT INTO readings VALUES (:message_id, :reading)",
                                {reading = string.rep("x", 1000)})"""

    def start(self):
        super().start()
        self.port = free_port()
        self.server_of_tables = self.ends.enter_context(Postgresql(self.port))
        self.server_of_tables.new_database("plant")
        self.ask(TABLES)

    def ask(self, statement):
        return self.server_of_tables.ask("plant", statement)

    @property
    def delivered(self):
        rows = self.ask("SELECT id, count(*) FROM readings GROUP BY id").splitlines()
        return collections.Counter({identity: int(times) for identity, times in (row.split("|") for row in rows)})

    @property
    def pace(self):
        return float(self.ask("SELECT seconds FROM pace"))

    @pace.setter
    def pace(self, seconds):
        self.ask(f"UPDATE pace SET seconds = {seconds}")

    def artifacts(self):
        return [*super().artifacts(), f"""kind: DatabaseConnection
name: {self.name}
spec: {{backend: postgresql, database: plant, host: "{self.address}", port: {self.port}, user: fieldline}}"""]
