"""`mra serve` as a process of its own, for what can only be seen from outside: its memory, its speed."""

from __future__ import annotations

import os
import resource
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx

from store import Store, migrations
from tests.api.serving import people

ROOT = Path(__file__).parents[2]


@dataclass(frozen=True)
class Server:
    """A process that answers on loopback."""

    port: int
    pid: int

    def resident(self) -> int:
        """Return how much memory the process holds, in bytes."""
        return int(Path(f"/proc/{self.pid}/statm").read_text().split()[1]) * resource.getpagesize()

    def processor_seconds(self) -> float:
        """Return how much processor time the process has taken."""
        user, system = Path(f"/proc/{self.pid}/stat").read_text().rpartition(")")[2].split()[11:13]
        return (int(user) + int(system)) / os.sysconf("SC_CLK_TCK")


@contextmanager
def started(folder: Path, *command: str, ready: str, **settings: str) -> Iterator[Server]:
    """Run a Python module that says `ready` and its address once it listens; stop it at the end."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("MRA_")}
    log = folder / f"{command[0]}.log"  # a file: nobody has to read it while the server works
    with log.open("wb") as out:
        process = subprocess.Popen(
            [sys.executable, "-m", *command], cwd=folder, stdout=out, stderr=out,
            env={**kept, "PYTHONPATH": str(ROOT), **settings},
        )  # fmt: skip
    try:
        while ready not in (said := log.read_text(encoding="utf-8")):
            assert process.poll() is None, said
            time.sleep(0.05)
        made = Server(int(said.split("http://127.0.0.1:")[1].split()[0]), process.pid)
        with httpx.Client(transport=httpx.HTTPTransport(retries=20)) as client:
            client.get(f"http://127.0.0.1:{made.port}/health")
        yield made
    finally:
        process.terminate()
        assert process.wait(60) in (0, -signal.SIGTERM)


@contextmanager
def served(folder: Path) -> Iterator[tuple[Server, dict[str, str]]]:
    """Start `mra serve` as it comes, but for the rate limit; give it with the tokens of `people`."""
    url = f"sqlite:///{folder / 'mra.sqlite'}"
    migrations.upgrade(url)
    with Store(url) as store:
        tokens = store.run(people)
    command = ("api.cli", "serve", "--port", "0")
    with started(folder, *command, ready="Stop it", MRA_DATABASE_URL=url, MRA_RATE_LIMIT="0") as server:
        yield server, tokens
