"""Jobs run to their end, are cancelled, tried again and taken up, whatever happens to their workers."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from criteria.problems import UnknownName
from jobs import dispatching
from jobs.dispatching import EngineRuns
from jobs.engine import EngineRunner, Pace, jobs_address
from jobs.running import JobNotCancellable
from jobs.workshop import Workshop
from store import jobs as records
from store import workspaces
from store.errors import KeyReused, NotFound
from tests.jobs.engine_world import ROOT, World, all_gone, descendants

PACE = Pace(poll=0.05, beat=0.2, patience=1.0, sweep=0.2)
EVERYTHING = {"baseline": "all", "as_of": "2026-11-24"}  # takes long: never waited for
SOME = {"foreign": ["cn-aeo", "jp-aeo", "kr-aeo", "mx-oea", "sg-stp"], "as_of": "2026-11-24"}


@contextmanager
def running(world: World, pace: Pace = PACE, seconds: float = 10.0) -> Iterator[EngineRunner]:
    runner = EngineRunner(Workshop(world.store), 2, pace)
    try:
        yield runner
    finally:
        runner.close(seconds)


def workers() -> list[int]:
    return [pid for pid in descendants(os.getpid()) if b"jobs.worker" in command(pid)]


def command(pid: int) -> bytes:
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes()
    except (FileNotFoundError, ProcessLookupError):
        return b""


def test_a_job_runs_to_its_end_and_tells_how_far_it_is(world):
    with running(world) as runner:
        key = runner.submit("matrix", world.arguments["matrix"], "home", "ann")
        middle = world.wait(key, lambda job: job.done > 0)
        assert middle.executor == runner.executor
        assert middle.total >= middle.done
        job = world.ended(key)
    assert (job.state, job.error, job.who, job.attempts) == ("done", None, "ann", 1)
    assert job.done == job.total == job.result["cells"]
    assert job.version > middle.version
    assert world.made("matrix") == 1


def test_a_key_starts_a_job_once_and_is_not_taken_for_another(world):
    with running(world) as runner:
        arguments = world.arguments["report"]
        key = runner.submit("report", arguments, "home", "ann", "k1")
        assert runner.submit("report", arguments, "home", "ann", "k1") == key
        assert world.ended(key).state == "done"
        assert runner.submit("report", arguments, "home", "ann", "k1") == key
        with pytest.raises(records.WrongState):
            runner.retry(key, "home")
        with pytest.raises(KeyReused):
            runner.submit("matrix", {}, "home", "ann", "k1")
    assert world.made("report") == 1


def test_a_kind_that_does_not_exist_is_refused_before_anything_is_recorded(world):
    with running(world) as runner, pytest.raises(UnknownName, match="matrx"):
        runner.submit("matrx", {}, "home", "ann")
    with world.store.reading() as session:
        assert records.listing(session, "home").total == 0


def test_there_is_one_engine_in_a_process(world):
    with running(world), pytest.raises(EngineRuns):
        EngineRunner(Workshop(world.store))
    with running(world):
        pass  # another one after the first


def test_a_job_can_be_submitted_from_an_event_loop(world):
    async def submit(runner: EngineRunner) -> str:
        return runner.submit("report", world.arguments["report"], "home", "ann")

    with running(world) as runner:
        job = world.ended(asyncio.run(submit(runner)))
        assert (job.state, job.error) == ("done", None)


def unordered(runner: EngineRunner, monkeypatch, world: World) -> str:
    """Submit a job as if the process were killed between its record and its order."""
    with monkeypatch.context() as patch:
        patch.setattr(runner._dispatcher, "dispatch", lambda *order: None)
        return runner.submit("report", world.arguments["report"], "home", "ann")


def test_a_waiting_job_is_cancelled_at_once_and_never_begins(world, monkeypatch):
    with running(world, Pace(poll=0.05, sweep=60.0)) as runner:
        key = unordered(runner, monkeypatch, world)
        runner.cancel(key, "home")
        assert world.job(key).state == "cancelled"
        with pytest.raises(JobNotCancellable):
            runner.cancel(key, "home")
    with running(world) as runner:
        other = runner.submit("report", world.arguments["report"], "home", "ann")
        world.ended(other)
    assert (world.job(key).state, world.job(key).attempts, world.made("report")) == ("cancelled", 0, 1)


def test_a_running_job_is_cancelled_and_can_be_tried_again(world):
    with running(world) as runner:
        key = runner.submit("matrix", EVERYTHING, "home", "ann")
        world.at_work(key)
        with pytest.raises(records.WrongState):
            runner.retry(key, "home")
        runner.cancel(key, "home")
        assert world.ended(key).state == "cancelled"
        assert world.made("matrix") == 0
        runner.retry(key, "home")
        again = world.at_work(key)
        assert (again.attempts, again.cancelling) == (2, False)
        runner.cancel(key, "home")
        assert world.ended(key).state == "cancelled"


def test_a_job_of_another_workspace_can_be_neither_cancelled_nor_tried_again(world):
    with world.store.writing() as session:
        workspaces.create(session, "away")
    with running(world) as runner:
        key = runner.submit("report", {"comparison": "none"}, "home", "ann")
        for act in (runner.cancel, runner.retry):
            with pytest.raises(NotFound):
                act(key, "away")
        world.ended(key)


def test_a_job_that_fails_says_why_and_may_be_tried_again(world):
    with running(world) as runner:
        key = runner.submit("report", {"comparison": "none"}, "home", "ann")
        job = world.ended(key)
        assert (job.state, job.error) == (
            "failed", {"code": "NotFound", "message": 'There is no comparison "none".'},
        )  # fmt: skip
        runner.retry(key, "home")
        job = world.wait(key, lambda job: job.attempts == 2 and job.state in records.ENDED)
        assert job.state == "failed"


def test_an_upload_is_imported_again_under_another_label_and_never_twice_under_one(world):
    given = world.arguments["import"]
    other = {**given, "options": {**given["options"], "edition": "2027"}}
    with running(world) as runner:
        jobs = [world.ended(runner.submit("import", one, "home", "ann")) for one in (given, other, other)]
    assert [job.state for job in jobs] == ["done", "done", "done"]
    assert [job.result["edition"] for job in jobs] == ["fd-aeo-2026", "fd-aeo-2027", "fd-aeo-2027"]
    assert world.made("import") == 1


def test_a_workspace_that_is_deleted_takes_its_jobs_with_it(world):
    with world.store.writing() as session:
        workspaces.create(session, "away")
    with running(world) as runner:
        key = runner.submit("matrix", EVERYTHING, "away", "ann")
        world.at_work(key)
        with world.store.writing() as session:
            workspaces.delete(session, "away")
        other = runner.submit("report", world.arguments["report"], "home", "ann")
        assert world.ended(other).state == "done"


def test_a_worker_that_dies_is_replaced_and_the_job_done(world):
    with running(world) as runner:
        key = runner.submit("comparisons", SOME, "home", "ann")
        world.at_work(key)
        os.kill(workers()[0], signal.SIGKILL)
        job = world.ended(key)
        assert (job.state, job.attempts, len(job.result["comparisons"])) == ("done", 2, 5)


def test_a_job_that_kills_its_worker_twice_fails_and_the_engine_goes_on(world):
    with running(world) as runner:
        key = runner.submit("matrix", EVERYTHING, "home", "ann")
        for attempt in (1, 2):
            world.wait(key, lambda job, n=attempt: job.attempts == n)
            while not (found := workers()):
                time.sleep(0.01)
            os.kill(found[0], signal.SIGKILL)
        job = world.ended(key)
        assert (job.state, job.error["code"]) == ("failed", "worker_died")
        other = runner.submit("report", world.arguments["report"], "home", "ann")
        assert world.ended(other).state == "done"


def test_a_job_that_takes_too_long_is_stopped(world):
    with running(world, Pace(poll=0.05, beat=0.1, sweep=0.2, longest=0.3)) as runner:
        job = world.ended(runner.submit("matrix", EVERYTHING, "home", "ann"))
    assert (job.state, job.error["code"]) == ("failed", "took_too_long")


def test_closing_waits_for_what_runs_and_leaves_no_process(world):
    with running(world) as runner:
        key = runner.submit("matrix", world.arguments["matrix"], "home", "ann")
        world.at_work(key)
        children = workers()
    assert world.job(key).state == "done"
    assert children
    assert all_gone(children)


def test_what_closing_had_to_stop_is_taken_up_by_the_next_engine(world):
    with running(world, seconds=0.1) as runner:
        key = runner.submit("comparisons", SOME, "home", "ann")
        world.at_work(key)
        children = workers()
    assert all_gone(children)
    assert world.job(key).state == "running"
    with running(world):
        job = world.ended(key)
    assert (job.state, job.attempts, len(job.result["comparisons"])) == ("done", 2, 5)


def test_a_job_whose_order_was_never_given_is_done(world, monkeypatch):
    with running(world) as runner:
        assert world.ended(unordered(runner, monkeypatch, world)).state == "done"


def test_jobs_are_done_when_all_orders_are_lost(world, monkeypatch):
    with running(world, Pace(poll=0.05, sweep=60.0)) as runner:
        key = unordered(runner, monkeypatch, world)
    Path(jobs_address(world.url).removeprefix("sqlite:///")).unlink()
    with running(world):
        assert world.ended(key).state == "done"


def test_jobs_that_wait_for_an_earlier_version_are_done_by_this_one(world, monkeypatch):
    with monkeypatch.context() as patch:
        patch.setattr(dispatching, "code_version", lambda: "0.0.1+earlier")
        with running(world, Pace(poll=3.0)) as runner:  # closed before it looks
            key = runner.submit("report", world.arguments["report"], "home", "ann")
    assert world.job(key).state == "queued"
    with running(world):
        job = world.ended(key)
    assert (job.state, job.attempts, world.made("report")) == ("done", 1, 1)


def test_a_job_that_brought_down_its_service_too_often_is_given_up(world):
    with world.store.writing() as session:
        key = records.create(session, "home", "report", world.arguments["report"], "ann").id
        for number in range(5):
            records.start(session, key, f"gone-{number}")
    with running(world) as runner:
        job = world.ended(key)
        assert (job.state, job.error["code"]) == ("failed", "given_up")
        runner.retry(key, "home")
        assert world.wait(key, lambda job: job.state == "done").attempts == 6


def test_the_version_follows_from_the_code_of_jobs():
    assert dispatching.code_version() == dispatching.code_version()
    assert "+" in dispatching.code_version()


def test_comparing_at_the_command_line_loads_neither_the_job_engine_nor_the_database():
    code = (
        "import sys; from typer.testing import CliRunner; from api.cli import app; "
        "assert CliRunner().invoke(app, ['compare', 'nz-ses', '--json']).exit_code == 0; "
        "print([name for name in ('dbos', 'sqlalchemy', 'jobs.engine') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
