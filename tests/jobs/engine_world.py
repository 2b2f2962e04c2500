"""What the tests of the job engine share: a workspace with work to do, and services to kill."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from jobs.comparing import Request
from jobs.importing import ImportRequest, plan_files, plan_import
from jobs.stored_comparisons import make_comparison
from jobs.stored_imports import Options, options_as_plain
from jobs.workshop import Actor, Workshop
from mappings.library import load_library
from store import Store, audit, comparisons, files, migrations, reports, uploads, workspaces
from store import jobs as records
from store.jobs import Job
from tests.jobs.sheets import criteria_sheet

TODAY = date(2026, 11, 24)
ROOT = Path(__file__).parents[2]
PATIENCE = 60.0
ROWS = 30
KINDS = ("import", "suggestions", "matrix", "report", "comparisons")


@dataclass(frozen=True)
class World:
    """A store with a workspace in which there is one thing to do of each kind of job."""

    url: str
    store: Store
    arguments: Mapping[str, Mapping[str, Any]]

    def job(self, key: str) -> Job:
        """Return a job as it is now."""
        with self.store.reading() as session:
            return records.get(session, key)

    def wait(self, key: str, until: Callable[[Job], bool], seconds: float = PATIENCE) -> Job:
        """Return a job once it is so."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            job = self.job(key)
            if until(job):
                return job
            time.sleep(0.02)
        raise AssertionError(f"after {seconds} s: {self.job(key)}")

    def ended(self, key: str) -> Job:
        """Return a job once it has ended."""
        return self.wait(key, lambda job: job.state in records.ENDED)

    def at_work(self, key: str) -> Job:
        """Return a job once it is in the middle of its work."""
        return self.wait(key, lambda job: job.state == "running" and job.step != "")

    def made(self, kind: str) -> int:
        """Return how often the work of a kind stands in the workspace."""
        with self.store.reading() as session:
            if kind in ("import", "suggestions"):
                word = "import fd-aeo-2026" if kind == "import" else "proposals for"
                return sum(word in change.what for change in files.history(session, "home", limit=500).items)
            if kind == "comparisons":
                foreign = self.arguments[kind]["foreign"]
                items = comparisons.listing(session, "home", limit=500).items
                return sum(one.foreign.startswith(tuple(foreign)) for one in items) // len(foreign)
            named = {"report": "gap_report", "matrix": "matrix"}[kind]
            return reports.listing(session, "home", kind=named).total

    def told(self, kind: str, who: str = "ann") -> int:
        """Return how often the audit trail tells of the work of a kind."""
        event, target = {
            "import": ("upload.imported", "upload"),
            "suggestions": ("suggestions.recorded", "edition"),
            "matrix": ("report.created", "cells"),
            "report": ("report.created", "comparison"),
            "comparisons": ("comparison.created", "comparison"),
        }[kind]
        with self.store.reading() as session:
            entries = audit.listing(session, workspace="home", limit=500).items
        found = [entry for entry in entries if entry.event == event and entry.who == who]
        if event == "report.created":
            return sum(target in entry.details for entry in found)
        return len(found) // len(self.arguments[kind].get("foreign", "1"))


def make_world(url: str) -> World:
    """Return a world on a new database: an upload, an edition without maps, and a comparison."""
    migrations.upgrade(url)
    store = Store(url)
    texts = [one.statement.strip() for one in load_library().edition("eu-aeo").criteria][:ROWS]
    sheet = criteria_sheet(
        [(str(n), "Security", text, "Mandatory", "All", "") for n, text in enumerate(texts, 1)]
    )
    new = {"name": "Freedonia AEO", "country": "Freedonia"}
    plan = plan_import(
        load_library(), ImportRequest(sheet, "f.xlsx", "fd-aeo", "2025", new_program=new), TODAY
    )
    bare = {path: text for path, text in plan_files(plan).items() if not path.startswith("maps/")}
    with store.writing() as session:
        workspaces.create(session, "home")
        files.commit(session, "home", bare, "an edition without maps", "eve")
        upload = uploads.add(session, "home", "f.xlsx", sheet, "eve").id
    kept = make_comparison(Workshop(store), Actor("eve", "home"), Request("nz-ses"), TODAY)
    return World(url, store, {
        "import": {"upload": upload, "options": options_as_plain(Options("fd-aeo", "2026"))},
        "suggestions": {"edition": "fd-aeo-2025"},
        "matrix": {"baseline": "ctpat", "as_of": "2026-11-24"},
        "report": {"comparison": kept.stored.id},
        "comparisons": {"foreign": ["eu-aeo", "mx-oea"], "as_of": "2026-11-24"},
    })  # fmt: skip


def copied(world: World, folder: Path) -> World:
    """Return a world on a copy of a SQLite database whose store is closed."""
    target = folder / "mra.sqlite"
    shutil.copy(world.url.removeprefix("sqlite:///"), target)
    url = f"sqlite:///{target}"
    return World(url, Store(url), world.arguments)


class Service:
    """A service process."""

    def __init__(self, url: str) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.jobs.engine_service", url],
            cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
        )  # fmt: skip
        self.executor = self._line().removeprefix("ready ")

    def _line(self) -> str:
        assert self._process.stdout is not None
        line = self._process.stdout.readline().strip()
        assert line, f"the service ended with {self._process.wait(10)}"
        return line

    def _say(self, text: str) -> None:
        assert self._process.stdin is not None
        self._process.stdin.write(text + "\n")
        self._process.stdin.flush()

    def submit(self, kind: str, arguments: Mapping[str, Any]) -> str:
        """Start a job and return its id."""
        self._say(json.dumps({"kind": kind, "arguments": arguments}))
        return self._line()

    def workers(self) -> list[int]:
        """Return the worker processes and theirs, as the system knows them."""
        return descendants(self._process.pid)

    def kill(self) -> None:
        """End the process at once, as a power cut would."""
        self._process.kill()
        self._gone()

    def close(self) -> None:
        """End the process in good order."""
        self._say("close")
        assert self._line() == "closed"
        assert self._process.wait(20) == 0
        self._gone()

    def _gone(self) -> None:
        self._process.wait(20)
        for pipe in (self._process.stdin, self._process.stdout):
            assert pipe is not None
            with suppress(BrokenPipeError):
                pipe.close()

    def end(self) -> None:
        """End the process if it still runs."""
        if self._process.poll() is None:
            self.kill()


@contextmanager
def services() -> Iterator[Callable[[str], Service]]:
    """Give what starts services; whatever still runs at the end is ended."""
    started: list[Service] = []

    def start(url: str) -> Service:
        started.append(Service(url))
        return started[-1]

    yield start
    for service in started:
        service.end()


def descendants(pid: int) -> list[int]:
    """Return the processes that a process started, and those that they started."""
    children = [
        int(child)
        for task in Path(f"/proc/{pid}/task").glob("*/children")
        for child in task.read_text().split()
    ]
    return children + [one for child in children for one in descendants(child)]


def all_gone(pids: list[int], seconds: float = 5.0) -> bool:
    """Whether processes end within some time."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if not any(_runs(pid) for pid in pids):
            return True
        time.sleep(0.05)
    return False


def _runs(pid: int) -> bool:
    try:
        os.kill(pid, 0)
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except (ProcessLookupError, FileNotFoundError):
        return False


def kill(pid: int) -> None:
    """End a process at once."""
    with suppress(ProcessLookupError):
        os.kill(pid, signal.SIGKILL)
