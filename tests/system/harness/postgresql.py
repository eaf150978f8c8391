"""A real PostgreSQL server in a directory, on a socket of its own there and perhaps on a port of loopback; run by the user
postgres when we are root."""

import contextlib
import os
import pathlib
import pwd
import shutil
import signal
import subprocess
import tempfile

from .daemons import LIBC, PR_SET_PDEATHSIG
from .rest import wait_for
from .secrets import forget, watch


def newest_programs():
    return max(pathlib.Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda path: int(path.parts[-3])).parent


class Postgresql:
    """Its owner is `fieldline`."""

    def __init__(self, port=None):
        self.listen = "127.0.0.1" if port else ""
        self.environment = {**os.environ, "PGPORT": str(port or 5432)}  # of the server and of its clients
        self.programs = newest_programs()
        self.folder = None
        self.process = None
        self.account = pwd.getpwnam("postgres") if os.geteuid() == 0 else None

    def __enter__(self):
        # Not below pytest's directories: the user postgres may not enter those.
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="fieldline-pg-"))
        with contextlib.ExitStack() as undoing:
            undoing.push(self)
            if self.account:
                os.chown(self.folder, self.account.pw_uid, self.account.pw_gid)
            self._run("initdb", "-D", self.folder / "data", "-U", "fieldline", "-A", "trust", "-E", "UTF8",
                      "--locale=C.UTF-8", "--no-sync")
            self.start()
            watch(self.folder)
            undoing.pop_all()
        return self

    def __exit__(self, *_):
        self.crash()
        forget(self.folder)
        shutil.rmtree(self.folder)

    def new_database(self, name):
        """The address of a new, empty one."""
        self.ask("postgres", f"CREATE DATABASE {name}")
        return f"postgresql://fieldline@/{name}?host={self.folder}&port={self.environment['PGPORT']}"

    def ask(self, database, statement):
        """The rows as psql prints them, without frills."""
        return self._run("psql", "-h", self.folder, "-U", "fieldline", "-d", database, "-Atc", statement).stdout

    def dump(self, database):
        """As SQL."""
        return self._run("pg_dump", "-h", self.folder, "-U", "fieldline", database).stdout

    def restore(self, database, dump):
        self._run("psql", "-q", "-v", "ON_ERROR_STOP=1", "-h", self.folder, "-U", "fieldline", "-d", database, input=dump)

    def start(self):
        with open(self.folder / "log", "ab") as log:
            self.process = subprocess.Popen(
                [self.programs / "postgres", "-D", self.folder / "data", "-k", self.folder, "-c",
                 f"listen_addresses={self.listen}",
                 "-c", "fsync=on", "-c", "shared_buffers=16MB"],
                stdin=subprocess.DEVNULL, stdout=log, stderr=log, cwd="/",
                env=self.environment, preexec_fn=self._become)

        def ready():
            return subprocess.run([self.programs / "pg_isready", "-q", "-h", self.folder],
                                  env=self.environment).returncode == 0

        wait_for("PostgreSQL is ready", ready, 60)

    def crash(self):
        """Its processes end without tidying up."""
        if self.process is not None:
            self.process.send_signal(signal.SIGQUIT)
            self.process.wait()
            self.process = None

    def pause(self):
        """All its processes stand still, those behind sessions too; its connections stay."""
        self._signal_all(signal.SIGSTOP)

    def resume(self):
        self._signal_all(signal.SIGCONT)

    def _signal_all(self, number):
        # First the one that starts the others, which come and go.
        os.kill(self.process.pid, number)
        children = subprocess.run(["pgrep", "-P", str(self.process.pid)], check=True, text=True, capture_output=True).stdout
        for pid in map(int, children.split()):
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, number)

    def _run(self, program, *words, **options):
        return subprocess.run([str(word) for word in (self.programs / program, *words)], check=True, cwd="/", text=True,
                              capture_output=True, env=self.environment, preexec_fn=self._become, **options)

    def _become(self):
        if self.account:
            os.setgroups([])
            os.setgid(self.account.pw_gid)
            os.setuid(self.account.pw_uid)
        LIBC.prctl(PR_SET_PDEATHSIG, signal.SIGQUIT)
