"""Two services on one PostgreSQL share the work; when one is killed, the other does what it had begun."""

from __future__ import annotations

from collections import Counter
from concurrent.futures import ThreadPoolExecutor

import pytest

from jobs.engine import EngineRunner
from store import jobs as records
from tests.jobs.engine_world import KINDS, make_world
from tests.postgresql import running_postgresql

SOME = {"foreign": ["cn-aeo", "jp-aeo", "kr-aeo", "mx-oea", "sg-stp"], "as_of": "2026-11-24"}


@pytest.fixture(scope="module")
def shared():
    """A world on a real PostgreSQL."""
    with running_postgresql() as address:
        world = make_world(address)
        yield world
        world.store.close()


def test_two_services_share_the_jobs_and_each_is_done_once(shared, start):
    one, two = start(shared.url), start(shared.url)
    assert one.executor != two.executor
    keys = {kind: one.submit(kind, shared.arguments[kind]) for kind in KINDS}
    more = [two.submit("report", shared.arguments["report"]) for _ in range(4)]
    ended = {kind: shared.ended(key) for kind, key in keys.items()}
    done = [*ended.values(), *(shared.ended(key) for key in more)]
    assert {job.state for job in done} == {"done"}
    assert {job.attempts for job in done} == {1}
    assert {job.executor for job in done} == {one.executor, two.executor}
    assert {kind: shared.made(kind) for kind in KINDS} == dict.fromkeys(KINDS, 1) | {"report": 5}
    assert {kind: shared.told(kind) for kind in KINDS} == dict.fromkeys(KINDS, 1) | {"report": 5}
    one.close()
    two.close()


def test_the_same_key_at_the_same_moment_starts_one_job(shared):
    with ThreadPoolExecutor(8) as pool, pytest.MonkeyPatch.context() as patch:
        patch.setattr(EngineRunner, "__init__", lambda self, store: setattr(self, "_store", store))
        patch.setattr(EngineRunner, "_dispatch", lambda self, job, number: None)
        runner = EngineRunner(shared.store)
        calls = [pool.submit(runner.submit, "report", {}, "home", "ann", "one key") for _ in range(16)]
        keys = {call.result() for call in calls}
    assert len(keys) == 1
    with shared.store.writing() as session:
        records.cancel(session, keys.pop())


def test_what_a_killed_service_had_begun_the_other_does(shared, start):
    one, two = start(shared.url), start(shared.url)
    keys = [one.submit("comparisons", SOME) for _ in range(4)]

    def of(service):
        return [k for k in keys if shared.job(k).executor == service.executor]

    shared.wait(keys[-1], lambda job: bool(of(one)) and bool(of(two)))
    begun = next(key for key in of(one) if shared.job(key).state == "running")
    one.kill()
    jobs = [shared.ended(key) for key in keys]
    assert Counter(job.state for job in jobs) == {"done": 4}
    assert shared.job(begun).executor == two.executor
    assert shared.job(begun).attempts == 2
    assert len({tuple(job.result["comparisons"]) for job in jobs}) == 1
    with shared.store.reading() as session:
        assert records.unfinished(session) == ()
    two.close()
