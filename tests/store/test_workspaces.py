"""Workspaces and their files: versions, history, undo, names that are taken and names that are not."""

from __future__ import annotations

import pytest

from store import files, retention, reviews, workspaces
from store.errors import AlreadyExists, BadName, NotFound, ReviewsAreAppendOnly, StoreError, VersionConflict
from store.paths import clashes, path_fault
from store.types import utc_now
from tests.store.papers import edition_files, review

NOTES = "layouts/away.yaml"


def put(store, home, text, path=NOTES, **more):
    """Write one file."""
    with store.writing() as session:
        return files.commit(session, home, {path: text}, "a note", "anna", **more)


@pytest.mark.parametrize("key", ["", "Home", "a b", "-a", "a-", "é", "a/b", "a" * 65])
def test_a_key_that_does_not_suit_an_address_is_refused(store, key):
    with store.writing() as session, pytest.raises(BadName):
        workspaces.create(session, key)


def test_a_key_is_given_once_and_the_session_goes_on(store, home):
    with store.writing() as session:
        with pytest.raises(AlreadyExists):
            workspaces.create(session, home)
        workspaces.create(session, "second")
    with store.reading() as session:
        assert [one.key for one in workspaces.every(session)] == ["home", "second"]


def test_every_change_counts_one_version_and_stands_in_the_history(store, home):
    first, second = put(store, home, "a: 1\n"), put(store, home, "a: 2\n")
    assert (first.number, second.number) == (1, 2)
    with store.reading() as session:
        assert workspaces.get(session, home).version == 2
        assert files.read(session, home, NOTES) == "a: 2\n"
        (entry,) = files.entries(session, home)
        assert (entry.path, entry.size, entry.version) == (NOTES, 5, 2)
        assert files.history(session, home).items == (second, first)


def test_who_read_an_older_version_is_told_and_nothing_is_written(store, home):
    put(store, home, "a: 1\n", expected=0)
    with pytest.raises(VersionConflict) as caught:
        put(store, home, "a: 2\n", expected=0)
    assert (caught.value.expected, caught.value.actual) == (0, 1)
    with store.reading() as session:
        assert files.read(session, home, NOTES) == "a: 1\n"
        assert workspaces.get(session, home).version == 1


def test_undo_takes_back_the_last_change_and_undone_again_makes_it(store, home):
    put(store, home, "a: 1\n")
    with store.writing() as session:
        files.commit(session, home, {NOTES: None, "layouts/new.yaml": "b: 1\n"}, "moved", "anna")
    with store.writing() as session:
        change = files.undo(session, home, "rita")
        assert (change.undoes, change.files) == (2, (NOTES, "layouts/new.yaml"))
        assert files.read_all(session, home) == {NOTES: "a: 1\n"}
    with store.writing() as session:
        files.undo(session, home, "rita")
        assert files.read_all(session, home) == {"layouts/new.yaml": "b: 1\n"}


def test_there_is_nothing_to_undo_in_a_new_workspace(store, home):
    with store.writing() as session, pytest.raises(StoreError, match="nothing to undo"):
        files.undo(session, home, "anna")


def test_what_a_change_replaced_outlives_every_sweep(store, home):
    put(store, home, "a: 1\n")
    put(store, home, "a: 2\n")
    with store.writing() as session:
        assert retention.collect(session, utc_now()) == 0
        files.undo(session, home, "anna")
        assert files.read(session, home, NOTES) == "a: 1\n"


def test_the_same_text_in_two_workspaces_stays_apart(store, home, away):
    put(store, home, "a: 1\n")
    put(store, away, "a: 1\n")
    put(store, home, "a: 2\n")
    with store.reading() as session:
        assert files.read(session, away, NOTES) == "a: 1\n"
        assert workspaces.get(session, away).version == 1


def test_a_deleted_workspace_takes_everything_with_it(store, home, away):
    put(store, home, "a: 1\n")
    put(store, away, "b: 1\n")
    with store.writing() as session:
        files.decide(session, home, [review()], "rita")
        before = workspaces.get(session, home)
        workspaces.delete(session, home)
        with pytest.raises(NotFound):
            workspaces.get(session, home)
        again = workspaces.create(session, home)
        assert (again.stamp != before.stamp, again.version) == (True, 0)
        assert files.read_all(session, home) == {}
        assert reviews.listing(session, home).items == ()
        assert retention.collect(session, utc_now()) == 1
        assert files.read_all(session, away) == {NOTES: "b: 1\n"}


@pytest.mark.parametrize("look", [files.history, files.entries, files.read_all])
def test_an_unknown_workspace_shows_nothing(store, home, look):
    put(store, home, "a: 1\n")
    with store.reading() as session:
        found = look(session, "nowhere")
    assert not getattr(found, "items", found) or look is files.read_all


@pytest.mark.parametrize(
    "path",
    [
        "../x.yaml", "/etc/x.yaml", "maps/../x.yaml", "maps/./x.yaml", "maps\\x.yaml", "C:/x.yaml", "x.yaml",
        "maps/x.txt", "maps/.x.yaml", "maps/x.yaml/", "maps//x.yaml", "maps/con.yaml", "maps/x./y.yaml",
        "maps/a\0b.yaml", "maps/" + "a" * 300 + ".yaml", "maps/e\u0301.yaml", "history/1.yaml", "reviews",
        "maps/" + "d/" * 20 + "x.yaml", "workspace.yaml/x.yaml", "maps/a?.yaml", ".lock", "",
    ],
)  # fmt: skip
def test_a_path_outside_the_layout_is_refused(store, home, path):
    assert path_fault(path)
    with store.writing() as session, pytest.raises(BadName):
        files.commit(session, home, {path: "a: 1\n"}, "hostile", "eve")


@pytest.mark.parametrize(
    "path", ["workspace.yaml", "maps/é (2).yaml", "programs/new_zealand/2024/criteria.yaml", "maps/運転.yaml"]
)
def test_a_path_of_the_layout_is_taken(path):
    assert path_fault(path) == ""


def test_names_that_some_systems_cannot_tell_apart_are_refused(store, home):
    assert clashes(["maps/A.yaml", "maps/a.yaml", "maps/b.yaml"]) == ["maps/a.yaml"]
    put(store, home, "a: 1\n", "maps/a.yaml")
    with pytest.raises(BadName, match="upper and lower"):
        put(store, home, "a: 1\n", "maps/A.yaml")


def test_yaml_that_would_hurt_its_readers_is_refused(store, home):
    with pytest.raises(BadName, match="alias"):
        put(store, home, "a: &a [*a]\n")


def test_decisions_are_recorded_in_order_and_read_as_a_file(store, home):
    first, second = review(), review(decision="rejected", why="On a second look.")
    with store.writing() as session:
        files.decide(session, home, [first], "rita")
        files.decide(session, home, [second], "rita")
    with store.reading() as session:
        text = files.read(session, home, "reviews/away-2025.yaml")
        assert reviews.from_text(text, "x") == (first, second)
        assert reviews.standing(session, home) == (second,)
        recorded = reviews.listing(session, home).items
    assert [(one.review, one.change) for one in recorded] == [(second, 2), (first, 1)]


def test_two_reviewers_of_the_same_map_are_told_of_each_other(store, home):
    """If-Match on a review: the revision is that of the map, so others' maps do not disturb."""
    key = ("away-2025", "A6.a", "staff.vetting")
    with store.writing() as session:
        assert reviews.revision(session, home, *key) == 0
        files.decide(session, home, [review("A5.a", "it.accounts")], "otto")
        files.decide(session, home, [review()], "rita", revisions={key: 0})
        assert reviews.revision(session, home, *key) == 1
    with store.writing() as session, pytest.raises(VersionConflict, match=r"A6\.a"):
        files.decide(session, home, [review(decision="rejected")], "otto", revisions={key: 0})
    with store.reading() as session:
        assert reviews.revision(session, home, *key) == 1


def test_a_review_file_may_only_grow(store, home):
    path = "reviews/away-2025.yaml"
    first, second, other = review(), review("A5.a", "it.accounts"), review("A5.a", "", decision="rejected")
    put(store, home, reviews.as_text([first]), path)
    put(store, home, reviews.as_text([first, second]), path)
    for wrong in ([second], [first, other], []):
        with pytest.raises(ReviewsAreAppendOnly):
            put(store, home, reviews.as_text(wrong), path)
    with store.reading() as session:
        assert reviews.in_files(session, home) == {path: [first, second]}


def test_an_undone_decision_stays_on_record_as_taken_back(store, home):
    with store.writing() as session:
        files.decide(session, home, [review()], "rita")
        before = reviews.revision(session, home, "away-2025", "A6.a", "staff.vetting")
        files.undo(session, home, "anna")
        assert reviews.standing(session, home) == ()
        assert reviews.revision(session, home, "away-2025", "A6.a", "staff.vetting") > before
        (kept,) = reviews.listing(session, home).items
        assert kept.withdrawn == 2
        files.undo(session, home, "anna")
        assert reviews.standing(session, home) == (review(),)
        assert len(reviews.listing(session, home).items) == 2


def test_decisions_can_be_searched(store, home, away):
    with store.writing() as session:
        files.decide(session, home, [review(), review("A5.a", "it.accounts", by="otto")], "rita")
        files.decide(session, home, [review("A6.a", "", decision="approved")], "rita")
    with store.reading() as session:

        def count(**filters):
            return len(reviews.listing(session, home, **filters).items)

        assert count() == 3
        assert (count(by="otto"), count(obligation="A6.a"), count(control=""), count(edition="x")) == (
            1,
            2,
            1,
            0,
        )
        assert reviews.listing(session, away).items == ()
        first = reviews.listing(session, home, limit=2)
        assert len(reviews.listing(session, home, after=first.next).items) == 1


@pytest.mark.parametrize("cursor", ["x", "-1", "1; DROP TABLE review", "٣", "9" * 30])
def test_a_cursor_of_ones_own_making_is_refused(store, home, cursor):
    with store.reading() as session, pytest.raises(BadName, match="cursor"):
        reviews.listing(session, home, after=cursor)


def test_an_import_and_its_edition_are_one_change(store, home):
    with store.writing() as session:
        change = files.commit(session, home, edition_files(), "import away-2026", "anna")
    assert len(change.files) == 3
