"""Uploads, reports, jobs, idempotency keys, the audit trail, and what is thrown away when."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import inspect

from criteria.problems import MraError
from store import audit, content, idempotency, jobs, reports, retention, uploads
from store.errors import BadName, KeyReused, NotFound, StillRunning, VersionConflict
from store.idempotency import Answer
from store.models import Base
from store.types import utc_now

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
DAY = timedelta(days=1)
PRINT = "f" * 64


def test_an_upload_is_kept_as_it_came(store, home, away):
    data = bytes(range(256)) * 40
    with store.writing() as session:
        first = uploads.add(session, home, "C:\\Users\\anna\\criteria.xlsx", data, "anna", media_type=XLSX)
        second = uploads.add(session, home, "again.xlsx", data, "otto")
    assert (first.name, first.size, first.sha256) == ("criteria.xlsx", len(data), second.sha256)
    with store.reading() as session:
        assert uploads.data_of(session, home, first.id) == data
        assert uploads.listing(session, home).items == (second, first)
        assert uploads.listing(session, away).items == ()
        with pytest.raises(NotFound):
            uploads.get(session, away, first.id)


def test_two_who_lay_out_the_same_upload_are_told_of_each_other(store, home):
    with store.writing() as session:
        made = uploads.add(session, home, "a.csv", b"x", "anna")
        changed = uploads.annotate(session, home, made.id, {"layout": {"header": 3}}, made.version)
        assert (changed.details, changed.version) == ({"layout": {"header": 3}}, 2)
        with pytest.raises(VersionConflict):
            uploads.annotate(session, home, made.id, {}, made.version)


def test_a_report_is_found_by_what_it_is_about(store, home, away):
    with store.writing() as session:
        made = reports.add(
            session, home, "gap_report", "gaps.xlsx", b"PK", "nina", media_type=XLSX, subject="c" * 64
        )
        assert reports.listing(session, home, subject="c" * 64, kind="gap_report").items == (made,)
        assert reports.listing(session, home, subject="d" * 64).items == ()
        assert reports.listing(session, away).items == ()
        assert reports.data_of(session, home, made.id) == b"PK"
        reports.delete(session, home, made.id)
        with pytest.raises(NotFound):
            reports.data_of(session, home, made.id)


def queued(session, home, **more):
    """A queued job."""
    return jobs.create(session, home, "matrix", {"baseline": "ctpat"}, "anna", **more)


def test_a_job_goes_from_queued_to_done(store, home, away):
    with store.writing() as session:
        made = queued(session, home, key="engine-1")
        started = jobs.start(session, made.id, "executor-1")
        assert (started.state, started.attempts, started.executor) == ("running", 1, "executor-1")
        step = jobs.progress(session, made.id, "comparing", 3, 18)
        assert (step.step, step.done, step.total, step.cancelling) == ("comparing", 3, 18, False)
        done = jobs.finish(session, made.id, {"report": "r1"})
        assert (done.state, done.result) == ("done", {"report": "r1"})
        assert [one.version for one in (made, started, step, done)] == [1, 2, 3, 4]
        with pytest.raises(NotFound):
            jobs.get(session, made.id, away)
        assert jobs.listing(session, home, state="done", kind="matrix").items == (done,)
        assert jobs.listing(session, home, state="failed").items == ()


def test_a_job_ends_once_whoever_reports_it(store, home):
    """A second end, a late step or a late failure changes nothing that people saw."""
    with store.writing() as session:
        made = queued(session, home)
        jobs.start(session, made.id, "executor-1")
        done = jobs.finish(session, made.id, {"report": "r1"})
        assert jobs.finish(session, made.id, {"report": "r2"}) == done
        assert jobs.fail(session, made.id, {"code": "late"}) == done
        assert jobs.cancel(session, made.id) == done
        assert jobs.progress(session, made.id, "late", 1, 1) == done
        for again in (
            lambda: jobs.start(session, made.id, "executor-2"),
            lambda: jobs.requeue(session, made.id),
        ):
            with pytest.raises(jobs.WrongState):
                again()


def test_a_queued_job_is_cancelled_at_once_and_a_running_one_is_asked(store, home):
    with store.writing() as session:
        first, second = queued(session, home), queued(session, home)
        assert jobs.cancel(session, first.id, home).state == "cancelled"
        jobs.start(session, second.id, "executor-1")
        asked = jobs.cancel(session, second.id, home)
        assert (asked.state, asked.cancelling) == ("running", True)
        assert jobs.progress(session, second.id, "next", 1, 2).cancelling
        assert jobs.cancelled(session, second.id).state == "cancelled"


def test_a_failed_job_can_be_tried_again(store, home):
    with store.writing() as session:
        made = queued(session, home)
        jobs.start(session, made.id, "executor-1")
        jobs.fail(session, made.id, {"code": "matcher", "message": "The matching process failed twice."})
        again = jobs.requeue(session, made.id, home)
        assert (again.state, again.error, again.finished) == ("queued", None, None)
        assert jobs.start(session, made.id, "executor-2").attempts == 2


def test_work_whose_executor_fell_silent_is_found(store, home):
    now = utc_now()
    with store.writing() as session:
        silent, lively = queued(session, home), queued(session, home)
        for made in (silent, lively):
            jobs.start(session, made.id, "executor-1", now - DAY)
        jobs.progress(session, lively.id, "on", 1, 2, now)
        assert [one.id for one in jobs.stuck(session, now - timedelta(minutes=5))] == [silent.id]


def test_a_request_sent_twice_is_done_once_and_answered_twice(store):
    with store.writing() as session:
        assert idempotency.begin(session, "anna POST /x", "k1", PRINT) is None
        with pytest.raises(StillRunning):
            idempotency.begin(session, "anna POST /x", "k1", PRINT)
        answer = Answer(201, {"ETag": '"1"'}, b'{"id": 1}')
        idempotency.finish(session, "anna POST /x", "k1", answer)
        assert idempotency.begin(session, "anna POST /x", "k1", PRINT) == answer
        with pytest.raises(KeyReused):
            idempotency.begin(session, "anna POST /x", "k1", "0" * 64)
        assert idempotency.begin(session, "otto POST /x", "k1", PRINT) is None


def test_a_request_that_failed_before_anything_was_done_may_be_sent_again(store):
    with store.writing() as session:
        idempotency.begin(session, "anna", "k1", PRINT)
        idempotency.release(session, "anna", "k1")
        assert idempotency.begin(session, "anna", "k1", PRINT) is None
        idempotency.finish(session, "anna", "k1", Answer(204, {}, b""))
        idempotency.release(session, "anna", "k1")
        assert idempotency.begin(session, "anna", "k1", PRINT) == Answer(204, {}, b"")
        with pytest.raises(NotFound):
            idempotency.finish(session, "anna", "k2", Answer(204, {}, b""))


def test_the_trail_tells_who_did_what_to_which_when(store, home, away):
    with store.writing() as session:
        audit.record(
            session, "review.applied", "rita", workspace=home, kind="edition", target="away-2025",
            request_id="r-1", details={"decisions": 3, "partly": False, "method": "workbook", "note": None},
        )  # fmt: skip
        audit.record(session, "upload.added", "anna", workspace=away)
        audit.record(session, "signed_in", "anna")
    with store.reading() as session:
        (entry,) = audit.listing(session, home).items
        assert (entry.event, entry.who, entry.target) == ("review.applied", "rita", "away-2025")
        assert entry.details == {"decisions": 3, "partly": False, "method": "workbook", "note": None}
        assert [one.event for one in audit.listing(session, who="anna").items] == [
            "signed_in",
            "upload.added",
        ]
        assert len(audit.listing(session, target="away-2025", event="review.applied").items) == 1


@pytest.mark.parametrize("value", ["x" * 101, ["a"], {"a": 1}, 1.5, b"x"])
def test_the_trail_takes_no_text_that_could_be_a_criterion(store, value):
    with store.writing() as session, pytest.raises(BadName):
        audit.record(session, "test", "anna", details={"text": value})


def test_pages_follow_each_other_without_gap_or_repeat(store, home):
    """Also while new entries come in at the top."""
    with store.writing() as session:
        for number in range(7):
            audit.record(session, f"event.{number}", "anna", workspace=home)
    seen, cursor = [], ""
    while True:
        with store.writing() as session:
            found = audit.listing(session, home, after=cursor, limit=3)
            audit.record(session, "later", "otto", workspace=home)
        seen += [one.event for one in found.items]
        cursor = found.next
        if not cursor:
            break
    assert seen == [f"event.{number}" for number in reversed(range(7))]


def test_content_is_kept_once_and_packed_where_that_helps(store):
    with store.writing() as session:
        text, noise = b"the same words again and again " * 100, bytes(range(256))
        addresses = content.put_all(session, [text, noise, text])
        assert addresses[0] == addresses[2]
        assert content.get_all(session, addresses) == {addresses[0]: text, addresses[1]: noise}
        assert content.put(session, text) == addresses[0]
        with pytest.raises(NotFound):
            content.get(session, "0" * 64)


def test_unused_bytes_go_and_used_ones_stay(store, home):
    now = utc_now()
    with store.writing() as session:
        kept = uploads.add(session, home, "a.csv", b"kept", "anna", at=now - 9 * DAY)
        gone = uploads.add(session, home, "b.csv", b"gone", "anna", at=now - 9 * DAY)
        content.put(session, b"on its way", now)
        uploads.delete(session, home, gone.id)
        assert retention.sweep(session, now=now).content == 1
        assert uploads.data_of(session, home, kept.id) == b"kept"
        assert content.get(session, content.address(b"on its way"))


def test_every_column_that_points_to_content_counts_as_a_use():
    """A table added without being named in `retention` would lose its bytes."""
    pointing = {
        f"{table.name}.{column.name}"
        for table in Base.metadata.tables.values()
        for column in table.columns
        if any(key.target_fullname == "content.sha256" for key in column.foreign_keys)
    }
    named = {f"{one.class_.__tablename__}.{one.key}" for one in retention.REFERENCES}
    assert pointing == named


def test_each_kind_of_record_is_kept_as_long_as_it_is_told_to(store, home):
    now, old = utc_now(), utc_now() - 200 * DAY
    with store.writing() as session:
        for at in (old, now):
            uploads.add(session, home, "a.csv", b"a", "anna", at=at)
            reports.add(session, home, "matrix", "m.xlsx", b"m", "anna", media_type=XLSX, at=at)
            audit.record(session, "test", "anna", at=at)
            idempotency.begin(session, "anna", at.isoformat(), PRINT, at)
            ended = queued(session, home, at=at)
            jobs.finish(session, ended.id, {}, at)
        running = queued(session, home, at=old)
        plain = retention.sweep(session, now=now).as_dict()
        assert {name for name, count in plain.items() if count} == {"idempotency", "jobs"}
        keep = retention.Keep(uploads=90 * DAY, reports=90 * DAY, audit=90 * DAY)
        swept = retention.sweep(session, keep, now)
        assert (swept.uploads, swept.reports, swept.audit) == (1, 1, 1)
        assert jobs.get(session, running.id).state == "queued"


def test_every_time_in_the_database_carries_its_zone_where_the_database_knows_zones(store):
    if store.is_sqlite:
        return
    found = inspect(store.engine)
    times = [
        column["type"]
        for table in found.get_table_names()
        for column in found.get_columns(table)
        if "TIMESTAMP" in str(column["type"])
    ]
    assert len(times) > 10
    assert all(getattr(one, "timezone", False) for one in times)


def test_a_sign_the_database_does_not_take_is_an_error_of_ours(store, home):
    """PostgreSQL takes no zero byte in a text; SQLite does."""

    def write():
        with store.writing() as session:
            jobs.create(session, home, "a\0b", {}, "anna")

    if store.is_sqlite:
        write()
        return
    with pytest.raises(MraError):
        write()
