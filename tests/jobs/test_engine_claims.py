"""What a job writes, it writes only while the job is its own, and never without its end."""

from __future__ import annotations

from dataclasses import replace

import pytest

from jobs import claims, working
from jobs.claims import Claim, HeldStore, claim, execute
from jobs.running import JobCancelled
from jobs.workshop import Workshop
from store import jobs as records
from store import reports, workspaces
from store.jobs import NotHeld


def new_job(world) -> str:
    with world.store.writing() as session:
        return records.create(session, "home", "report", {}, "ann").id


def taken(world, executor: str = "e1", key: str = "") -> Claim:
    held = claim(world.store, key or new_job(world), executor)
    assert held is not None
    return held


def a_report(workshop, actor, arguments, progress):
    """Keep a report, as a kind of job that writes once does."""
    progress("writing", 0, 1)

    def save(session):
        kept = reports.add(session, "home", "gap_report", "r", b"r", actor.who, media_type="text/plain")
        actor.outcome(session, {"report": kept.id})
        return kept

    return {"report": workshop.store.run(save).id}


@pytest.fixture
def kind(monkeypatch):
    """Put another kind of work in the place of reports."""

    def put(work):
        monkeypatch.setattr(working, "KINDS", {**working.KINDS, "report": work})

    put(a_report)
    return put


def test_a_claimed_job_is_done_with_what_it_wrote_as_its_result(world, kind):
    held = taken(world)
    assert execute(Workshop(world.store), held) == ("done", None)
    job = world.job(held.job)
    with world.store.reading() as session:
        assert reports.listing(session, "home", kind="gap_report").items[0].id == job.result["report"]
    assert (job.state, job.executor, job.attempts) == ("done", "e1", 1)


def test_work_and_its_end_are_written_together_or_not_at_all(world, kind, monkeypatch):
    held = taken(world)
    finish = records.finish

    def killed(session, key, result):
        finish(session, key, result)
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(records, "finish", killed)
        with pytest.raises(KeyboardInterrupt):
            execute(Workshop(world.store), held)
    assert (world.job(held.job).state, world.made("report")) == ("running", 0)
    again = taken(world, "e2", held.job)
    assert execute(Workshop(world.store), again) == ("done", None)
    assert world.made("report") == 1


def test_a_job_that_was_killed_after_it_was_written_is_not_done_again(world, kind, monkeypatch):
    held = taken(world)

    def killed(store, held, how):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(claims, "end", killed)
        with pytest.raises(KeyboardInterrupt):
            execute(Workshop(world.store), held)
    assert world.job(held.job).state == "done"
    assert claim(world.store, held.job, "e2") is None
    assert world.made("report") == 1


def test_who_lost_a_job_can_write_nothing_more_and_does_not_end_it(world, kind):
    first = taken(world, "asleep")
    second = taken(world, "awake", first.job)
    assert execute(Workshop(world.store), first) == ("running", None)
    assert world.made("report") == 0
    with world.store.writing() as session, pytest.raises(NotHeld):
        first.hold(session)
    assert execute(Workshop(world.store), second) == ("done", None)
    assert execute(Workshop(world.store), first) == ("done", None)
    assert world.made("report") == 1


def test_the_same_executor_under_an_earlier_attempt_has_lost_it_too(world):
    first = taken(world)
    assert claim(world.store, first.job, "e1") == replace(first, attempt=2)
    with world.store.writing() as session, pytest.raises(NotHeld):
        first.hold(session)


def test_a_job_that_is_to_stop_writes_nothing_more(world, kind):
    held = taken(world)
    with world.store.writing() as session:
        records.cancel(session, held.job)
    with pytest.raises(JobCancelled), HeldStore(world.store, held).writing():
        pass
    assert execute(Workshop(world.store), held) == ("cancelled", None)
    assert (world.job(held.job).state, world.made("report")) == ("cancelled", 0)


def test_a_job_that_was_to_stop_when_its_executor_died_is_cancelled_by_the_next(world):
    held = taken(world)
    with world.store.writing() as session:
        records.cancel(session, held.job)
    assert claim(world.store, held.job, "e2") is None
    assert world.job(held.job).state == "cancelled"


def test_an_error_that_nobody_foresaw_is_handed_on_and_not_shown(world, kind):
    def broken(workshop, actor, arguments, progress):
        raise ZeroDivisionError("criteria text")

    kind(broken)
    held = taken(world)
    state, error = execute(Workshop(world.store), held)
    assert (state, type(error)) == ("failed", ZeroDivisionError)
    assert "criteria text" not in str(world.job(held.job).error)


def test_many_steps_are_told_at_a_bearable_pace(world, kind):
    def chatty(workshop, actor, arguments, progress):
        for number in range(500):
            progress("counting", number, 500)
        return {}

    kind(chatty)
    held = taken(world)
    execute(Workshop(world.store), held)
    job = world.job(held.job)
    assert claims.FREELY <= job.version < 200


def test_a_job_whose_workspace_is_gone_is_gone(world, kind):
    def deleting(workshop, actor, arguments, progress):
        with world.store.writing() as session:
            workspaces.delete(session, "home")
        progress("too late", 0, 1)
        return {}

    kind(deleting)
    held = taken(world)
    assert execute(Workshop(world.store), held) == ("gone", None)
    assert claim(world.store, held.job, "e2") is None


def test_only_an_open_job_is_claimed(world):
    key = new_job(world)
    assert claim(world.store, key, "e1") == Claim(key, "e1", 1)
    with world.store.writing() as session:
        records.fail(session, key, {"code": "x", "message": "x"})
    assert claim(world.store, key, "e1") is None
    assert claim(world.store, "no such job", "e1") is None
