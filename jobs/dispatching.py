"""The orders to run jobs, kept by DBOS: in SQLite beside the store, or in the store's PostgreSQL.

The only module that knows DBOS. It keeps the queues, hands each order to one executor, and remembers
which were given; what a job is and how far it is stands in the store.
"""

from __future__ import annotations

import asyncio
import hashlib
import logging
import threading
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import TypeVar

from dbos import DBOS, DBOSConfig, SetWorkflowID, WorkflowSerializationFormat, WorkflowStatus

from criteria.problems import MraError
from jobs.sweeping import Dispatch, Stage

Result = TypeVar("Result")
log = logging.getLogger("mra.service")

QUICK, LONG = "quick", "long"
LONG_KINDS = frozenset({"matrix", "comparisons"})  # they may not keep an import or a report waiting
_STAGES = {"ENQUEUED": Stage.WAITING, "DELAYED": Stage.WAITING, "PENDING": Stage.TAKEN}
_MANY = 200  # jobs asked for at once


class EngineRuns(MraError):
    """The job engine runs already in this process; there can be only one."""


@dataclass(frozen=True, slots=True)
class Plan:
    """How orders are kept: the database, and how many jobs run at once here, looked for every so often."""

    url: str
    workers: int
    poll_seconds: float


def code_version() -> str:
    """Return the version that orders are pinned to: the package's, and a hash of the code of jobs."""
    digest = hashlib.sha256()
    for path in sorted(Path(__file__).parent.glob("*.py")):
        digest.update(path.name.encode() + b"\0" + path.read_bytes())
    try:
        package = version("mutual-recognition")
    except PackageNotFoundError:  # a checkout that is not installed
        package = "unreleased"
    return f"{package}+{digest.hexdigest()[:12]}"


def queue_of(kind: str) -> str:
    """Return the queue that jobs of a kind wait in."""
    return LONG if kind in LONG_KINDS else QUICK


_lock = threading.Lock()
_work: Callable[[str], str] | None = None


@DBOS.workflow(name="mra.job", serialization_type=WorkflowSerializationFormat.PORTABLE)
def _run(job: str) -> str:
    return DBOS.run_step({"name": "work"}, _work_of, job)


def _work_of(job: str) -> str:
    if _work is None:
        raise EngineRuns("The job engine has stopped.")
    return _work(job)


class Dispatcher:
    """Keeps and hands out orders to run jobs; `work` is called with a job's id, on a thread of its own."""

    def __init__(self, plan: Plan, executor: str, work: Callable[[str], str]) -> None:
        global _work
        with _lock:
            if _work is not None:
                raise EngineRuns("The job engine runs already in this process.")
            _work = work
        self.executor, self.version = executor, code_version()
        try:
            _outside_loops(lambda: self._launch(plan))
        except BaseException:
            self.close(0)
            raise

    def _launch(self, plan: Plan) -> None:
        _hear_dbos()
        config: DBOSConfig = {
            "name": "mra",
            "system_database_url": plan.url,
            "sys_db_pool_size": 4,
            "executor_id": self.executor,
            "application_version": self.version,
            "log_level": "WARNING",
            "enable_otlp": False,
        }
        DBOS(config=config)
        DBOS.launch()
        shares = {LONG: max(1, plan.workers // 2), QUICK: max(1, plan.workers - plan.workers // 2)}
        for name, share in shares.items():
            DBOS.register_queue(
                name,
                worker_concurrency=share,
                polling_interval_sec=plan.poll_seconds,
                on_conflict="always_update",
            )

    def dispatch(self, job: str, kind: str, number: int) -> None:
        """Give an order; giving one of this number again does nothing."""

        def give() -> None:
            with SetWorkflowID(f"{job}.{number}"):
                DBOS.enqueue_workflow(queue_of(kind), _run, job)

        _outside_loops(give)

    def dispatches(self, jobs: Sequence[str]) -> dict[str, list[Dispatch]]:
        """Return all orders given for some jobs."""
        found: dict[str, list[Dispatch]] = {job: [] for job in jobs}
        for start in range(0, len(jobs), _MANY):
            prefixes = [f"{job}." for job in jobs[start : start + _MANY]]
            for status in _listed(workflow_id_prefix=prefixes):
                job, _, number = status.workflow_id.rpartition(".")
                found[job].append(_dispatch(int(number), status))
        return found

    def withdraw(self, job: str, numbers: Iterable[int]) -> None:
        """Take orders back that nobody will carry out."""
        names = [f"{job}.{number}" for number in numbers]
        if names:
            _outside_loops(lambda: DBOS.cancel_workflows(names))

    def forget(self, older_than: timedelta) -> int:
        """Drop orders that were over long ago; return how many."""
        before = (datetime.now(UTC) - older_than).isoformat()
        ended = _listed(status=["SUCCESS", "ERROR", "CANCELLED"], completed_before=before, limit=1000)
        names = [status.workflow_id for status in ended]
        if names:
            _outside_loops(lambda: DBOS.delete_workflows(names))
        return len(names)

    def close(self, seconds: int) -> None:
        """Hand out nothing more, wait so long for what runs, and stop."""
        global _work
        _outside_loops(lambda: DBOS.destroy(workflow_completion_timeout_sec=seconds))
        with _lock:
            _work = None


class _Heard(logging.Handler):
    """Passes what DBOS says on to the service's log, in one line."""

    def emit(self, record: logging.LogRecord) -> None:
        """See `logging.Handler`."""
        first = record.getMessage().partition("\n")[0][:300]
        log.log(record.levelno, "job engine: %s", first, exc_info=record.exc_info)


def _hear_dbos() -> None:
    """Let DBOS speak in our log; where it finds a handler already, it adds none of its own."""
    logger = logging.getLogger("dbos")
    if not any(isinstance(handler, _Heard) for handler in logger.handlers):
        logger.addHandler(_Heard())
    logger.propagate = False


def _listed(**wanted: object) -> list[WorkflowStatus]:
    asked: dict[str, object] = {"load_input": False, "load_output": False, **wanted}
    return _outside_loops(lambda: DBOS.list_workflows(**asked))  # type: ignore[arg-type]


def _dispatch(number: int, status: WorkflowStatus) -> Dispatch:
    moment = status.dequeued_at or status.updated_at or status.created_at or 0
    return Dispatch(
        number,
        _STAGES.get(status.status, Stage.OVER),
        status.executor_id or "",
        status.app_version or "",
        datetime.fromtimestamp(moment / 1000, UTC),
    )


def _outside_loops(call: Callable[[], Result]) -> Result:
    """Return what a call returns; where this thread runs an event loop, DBOS wants another."""
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return call()
    with ThreadPoolExecutor(1) as pool:
        return pool.submit(call).result()
