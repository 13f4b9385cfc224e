"""A PostgreSQL server of the tests' own: Debian's programs, on loopback, in a temporary folder."""

import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import mkdtemp

from tests.parts.peers import missing
from tests.parts.ports import free_port

USER, PASSWORD = "tool", "a-password-of-the-tests"


class PostgresServer:
    """A cluster in `folder`; `url` is its database, without the password."""

    def __init__(self, folder: Path) -> None:
        self._programs = _programs()
        self._folder = folder
        self._data = folder / "data"
        self._as = _as_somebody_else(folder)
        self.port = free_port()
        self.url = f"postgresql://{USER}@127.0.0.1:{self.port}/postgres"

    def make(self) -> None:
        """Make the cluster."""
        secret = self._folder / "password"
        secret.write_text(PASSWORD)
        secret.chmod(0o644)
        self._run(
            "initdb", "-D", str(self._data), "-U", USER, "--pwfile", str(secret),
            "--auth=scram-sha-256", "--no-sync", "-E", "UTF8", "--locale=C",
        )  # fmt: skip

    def start(self) -> None:
        """Start it on its port."""
        options = f"-p {self.port} -c listen_addresses=127.0.0.1 -k {self._folder} -F"
        log = str(self._folder / "log")
        self._run("pg_ctl", "-D", str(self._data), "-o", options, "-l", log, "-w", "start")

    def stop(self) -> None:
        """Stop it, and cut every connection."""
        self._run("pg_ctl", "-D", str(self._data), "-m", "immediate", "-w", "stop")

    def _run(self, program: str, *arguments: str) -> None:
        command = [*self._as, str(self._programs / program), *arguments]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL, cwd=self._folder)


@contextmanager
def postgres_server() -> Iterator[PostgresServer]:
    """A server that runs."""
    folder = Path(mkdtemp(prefix="pg-"))
    try:
        server = PostgresServer(folder)
        server.make()
        server.start()
        try:
            yield server
        finally:
            server.stop()
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _programs() -> Path:
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    if not found:
        missing("PostgreSQL")
    return found[-1].parent


def _as_somebody_else(folder: Path) -> list[str]:
    """PostgreSQL doesn't run as root."""
    if os.getuid() != 0:
        return []
    shutil.chown(folder, "postgres")
    return ["runuser", "-u", "postgres", "--"]
