"""Many writers at once, threads and processes: nothing is lost, nothing is half done, conflicts are told."""

from __future__ import annotations

import multiprocessing
from collections import Counter
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from datetime import timedelta

import pytest

from store import (
    Store,
    accounts,
    audit,
    comparisons,
    content,
    files,
    idempotency,
    jobs,
    retention,
    reviews,
    tokens,
    uploads,
    workspaces,
)
from store.errors import StillRunning, VersionConflict
from store.types import utc_now
from tests.builders import shipped_policy, small_comparison
from tests.store.papers import review

WRITERS, ROUNDS = 6, 8


def together(work, count=WRITERS):
    """Run `work(n)` for each n in threads that start together; return what each returned."""
    with ThreadPoolExecutor(count) as pool:
        return list(pool.map(work, range(count)))


def write_all(url: str, writer: int) -> int:
    """What one process writes: a file, a decision and an upload in each round, each in a transaction."""
    with Store(url, pool_size=2) as store:
        for number in range(ROUNDS):

            def work(session, number=number):
                name = f"layouts/w{writer}-{number}.yaml"
                files.commit(session, "home", {name: f"round: {number}\n"}, "a round", f"w{writer}")
                files.decide(session, "home", [review(by=f"w{writer}", why=str(number))], f"w{writer}")
                uploads.add(session, "home", "a.csv", b"the same bytes", f"w{writer}")
                audit.record(session, "round", f"w{writer}", workspace="home")

            store.run(work)
    return writer


def expect_everything(store: Store) -> None:
    """Every round of every writer is there, in one unbroken line of versions."""
    total = WRITERS * ROUNDS
    with store.reading() as session:
        assert workspaces.get(session, "home").version == 2 * total
        numbers = [one.number for one in files.history(session, "home", limit=500).items]
        assert numbers == list(range(2 * total, 0, -1))
        held = files.read_all(session, "home")
        assert len([path for path in held if path.startswith("layouts/")]) == total
        decided = reviews.from_text(held["reviews/away-2025.yaml"], "x")
        assert Counter(one.by for one in decided) == {f"w{n}": ROUNDS for n in range(WRITERS)}
        for writer in range(WRITERS):  # each writer's own decisions stand in the order they were made
            mine = [one.why for one in decided if one.by == f"w{writer}"]
            assert mine == [str(number) for number in range(ROUNDS)]
        assert len(uploads.listing(session, "home", limit=500).items) == total
        assert len(audit.listing(session, "home", limit=500).items) == total


def test_threads_that_write_at_once_lose_nothing(store, home, url):
    together(lambda writer: write_all(url, writer))
    expect_everything(store)


def test_processes_that_write_at_once_lose_nothing(store, home, url):
    with ProcessPoolExecutor(WRITERS, multiprocessing.get_context("spawn")) as pool:
        assert list(pool.map(write_all, [url] * WRITERS, range(WRITERS))) == list(range(WRITERS))
    expect_everything(store)


def test_of_those_who_read_the_same_version_one_writes_and_the_others_are_told(store, home):
    def work(writer):
        try:
            with store.writing() as session:
                changed = {"layouts/a.yaml": f"by: {writer}\n"}
                return files.commit(session, home, changed, "x", f"w{writer}", expected=0).who
        except VersionConflict as conflict:
            return conflict

    done = together(work)
    (winner,) = [one for one in done if isinstance(one, str)]
    assert {(one.expected, one.actual) for one in done if isinstance(one, VersionConflict)} == {(0, 1)}
    with store.reading() as session:
        assert files.read(session, home, "layouts/a.yaml") == f"by: {winner[1:]}\n"
        assert len(files.history(session, home).items) == 1


def test_of_those_who_decide_the_same_map_one_is_recorded_and_the_others_are_told(store, home):
    key = ("away-2025", "A6.a", "staff.vetting")

    def work(writer):
        try:
            with store.writing() as session:
                files.decide(session, home, [review(by=f"w{writer}")], "x", revisions={key: 0})
                return True
        except VersionConflict:
            return False

    assert Counter(together(work)) == {True: 1, False: WRITERS - 1}
    with store.reading() as session:
        assert len(reviews.listing(session, home).items) == 1


def test_a_counter_that_is_read_and_written_again_misses_no_step(store, home):
    """Who is told of a conflict reads anew and tries again, as the API's clients do."""

    def count(session):
        seen = workspaces.get(session, home).version
        text = files.read(session, home, "layouts/n.yaml") if seen else "n: 0\n"
        following = int(text.split(":")[1]) + 1
        files.commit(session, home, {"layouts/n.yaml": f"n: {following}\n"}, "x", "w", expected=seen)

    def work(_):
        for _round in range(ROUNDS):
            done = False
            while not done:
                try:
                    store.run(count)
                    done = True
                except VersionConflict:
                    continue

    together(work)
    with store.reading() as session:
        assert files.read(session, home, "layouts/n.yaml") == f"n: {WRITERS * ROUNDS}\n"


def test_the_same_comparison_saved_by_many_is_one(store, home):
    library, made = small_comparison()

    def work(writer):
        return store.run(
            lambda session: comparisons.save(session, home, made, library, shipped_policy(), f"w{writer}")
        )

    assert len({one.who for one in together(work)}) == 1
    with store.reading() as session:
        assert len(comparisons.listing(session, home).items) == 1
        assert comparisons.load(session, home, made.id) == made


def test_the_same_bytes_in_any_order_never_lock_two_writers_up(store):
    """Writers that put the same contents in opposite order wait for each other, never crosswise for ever."""
    parts = [f"content {number}".encode() for number in range(40)]

    def work(writer):
        order = parts if writer % 2 else parts[::-1]
        for start in range(0, len(order), 8):
            store.run(lambda session, start=start: content.put_all(session, order[start : start + 8]))

    together(work)
    with store.reading() as session:
        assert len(content.get_all(session, map(content.address, parts))) == len(parts)


def test_a_request_sent_many_times_at_once_is_worked_on_once(store):
    def work(_):
        try:
            return store.run(lambda session: idempotency.begin(session, "anna", "k", "f" * 64)) is None
        except StillRunning:
            return False

    assert Counter(together(work)) == {True: 1, False: WRITERS - 1}


def test_a_link_used_by_many_at_once_lets_one_in(store):
    with store.writing() as session:
        anna = accounts.create(session, "anna").id
        link = tokens.make_link(session, anna, timedelta(minutes=5))

    found = together(lambda _: store.run(lambda session: tokens.use_link(session, link)))
    assert len([one for one in found if one is not None]) == 1


def test_a_job_finished_by_many_at_once_has_one_outcome(store, home):
    with store.writing() as session:
        key = jobs.create(session, home, "matrix", {}, "anna").id
        jobs.start(session, key, "executor")

    def work(writer):
        return store.run(lambda session: jobs.finish(session, key, {"by": writer})).result

    assert len({str(result) for result in together(work)}) == 1


def test_sweeping_takes_nothing_from_those_who_write(store, home):
    """While bytes are put and named, a sweep that runs all the time collects only what is unused."""
    data = [f"upload {number}".encode() for number in range(ROUNDS)]
    old = utc_now() - timedelta(days=9)
    with store.writing() as session:
        content.put_all(session, data, old)  # unused, and old enough to be collected

    def work(writer):
        if writer == 0:
            return sum(store.run(lambda session: retention.sweep(session).content) for _ in range(ROUNDS))
        for part in data:
            store.run(lambda session, part=part: uploads.add(session, home, "a.csv", part, f"w{writer}"))
        return 0

    together(work)
    with store.reading() as session:
        made = uploads.listing(session, home, limit=500).items
        assert len(made) == (WRITERS - 1) * ROUNDS
        assert {uploads.data_of(session, home, one.id) for one in made} == set(data)


def test_readers_are_not_kept_waiting_by_a_writer(store, home):
    with store.writing() as session:
        files.commit(session, home, {"layouts/a.yaml": "a: 1\n"}, "x", "anna")
        with store.reading() as other:
            assert workspaces.get(other, home).version == 0


@pytest.mark.parametrize("repeat", range(2))
def test_a_process_killed_while_it_writes_leaves_nothing_half_done(store, home, url, repeat):
    context = multiprocessing.get_context("spawn")
    ready = context.Event()
    child = context.Process(target=_write_and_hang, args=(url, ready))
    child.start()
    assert ready.wait(60)
    child.kill()
    child.join(30)
    with store.writing() as session:
        assert workspaces.get(session, home).version == 0
        assert files.read_all(session, home) == {}
        assert uploads.listing(session, home).items == ()
        files.commit(session, home, {"layouts/a.yaml": "a: 1\n"}, "x", "anna")


def _write_and_hang(url: str, ready) -> None:
    with Store(url) as store, store.writing() as session:
        files.commit(session, "home", {"layouts/b.yaml": "b: 1\n"}, "x", "otto")
        uploads.add(session, "home", "a.csv", b"half", "otto")
        ready.set()
        multiprocessing.Event().wait(60)
