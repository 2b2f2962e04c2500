"""Comparisons in the store: kept once, read back equal, made again after the library has changed."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import date

import pytest

from criteria.model import Edition
from engine import policy as engine_policy
from engine.comparison import Scope, compare
from engine.matching import default_matcher
from engine.policy import SHIPPED, TABLES, load_policy
from engine.presenting import comparison_as_dict
from mappings.library import Library, load_library
from mappings.model import DirectMap
from store import comparisons, inputs, migrations, retention
from store.drift import ChangedFinding, drifted
from store.errors import NotFound, NotReproduced, StoreError
from store.types import utc_now
from store.upgrading import upgrade_store
from tests.builders import (
    AS_OF,
    AWAY_CRITERIA,
    criterion,
    obligation,
    shipped_policy,
    small_comparison,
    small_library,
)

AWAY, HOME = "away-2025", "home-2025"


def save(store, workspace, library, comparison, **more):
    """Save a comparison that was made with the shipped policy."""
    with store.writing() as session:
        return comparisons.save(
            session, workspace, comparison, library, more.pop("policy", shipped_policy()), "anna", **more
        )


def revised() -> Library:
    """The small library after a revision: Away reviews its plan every two years only."""
    seldom = obligation("a", "the plan is reviewed every two years", parameters={"interval": "24 months"})
    kept = (one for one in AWAY_CRITERIA if one.ref != "A1")
    return small_library(away=(criterion("A1", "security_vision", seldom), *kept))


def test_a_comparison_is_read_back_equal(store, home):
    library, made = small_comparison(warnings=("a note",))
    saved = save(store, home, library, made)
    with store.reading() as session:
        assert comparisons.load(session, home, made.id) == made
        assert json.loads(comparisons.shown(session, home, made.id)) == comparison_as_dict(made)
        assert comparisons.get(session, home, made.id) == saved
    assert saved.summary["total"] == made.summary.total
    assert (saved.baseline, saved.foreign, saved.as_of) == (HOME, AWAY, AS_OF)


def test_saving_twice_keeps_the_first(store, home):
    library, made = small_comparison()
    first = save(store, home, library, made, request={"foreign": "away"})
    assert save(store, home, library, made) == first
    with store.reading() as session:
        assert comparisons.listing(session, home).items == (first,)


def test_another_workspace_does_not_see_it(store, home, away):
    library, made = small_comparison()
    save(store, home, library, made)
    with store.reading() as session:
        assert comparisons.listing(session, away).items == ()
        for look in (comparisons.get, comparisons.load, comparisons.shown, comparisons.inputs_of):
            with pytest.raises(NotFound):
                look(session, away, made.id)


def test_equal_inputs_are_kept_once(store, home):
    """Two comparisons of the same editions share all inputs but what was asked."""
    library, made = small_comparison()
    _, narrow = small_comparison(scope=Scope(("importer",)))
    with store.writing() as session:
        comparisons.save(session, home, made, library, shipped_policy(), "anna")
        comparisons.save(session, home, narrow, library, shipped_policy(), "anna")
    with store.reading() as session:
        one, other = (comparisons.inputs_of(session, home, c.id) for c in (made, narrow))
    assert {name for name in one if one[name] != other[name]} == {"asked"}


@pytest.mark.parametrize(
    "scope", [Scope(), Scope(("importer",)), Scope(("exporter", "importer"), count_forced_labor=True)]
)
def test_it_is_made_again_from_its_inputs_after_the_shipped_library_has_changed(
    store, home, small, ship, scope
):
    made = compare(
        small, small.editions[HOME], small.editions[AWAY], shipped_policy(), default_matcher(), AS_OF, scope,
        ("Away was named",),
    )  # fmt: skip
    save(store, home, small, made)
    ship(revised())
    assert load_library().content_hash(AWAY) != small.content_hash(AWAY)
    with store.reading() as session:
        assert comparisons.reproduce(session, home, made.id, default_matcher()) == made


def test_joint_groups_and_direct_maps_are_among_the_inputs(store, home):
    """What overrides the hub, read from either side, is kept too."""
    plain = small_library()
    direct = DirectMap(
        source="A6.a", target="3.3.a", relationship="equal-to", rationale="Same text.", confidence="high"
    )
    for pair in ((AWAY, HOME), (HOME, AWAY)):
        one = direct if pair[0] == AWAY else direct.model_copy(update={"source": "3.3.a", "target": "A6.a"})
        library = replace(plain, direct={pair: (one,)}, _memory={})
        _, made = small_comparison(library)
        save(store, home, library, made)
        with store.reading() as session:
            assert comparisons.reproduce(session, home, made.id, default_matcher()) == made


def test_a_comparison_that_claims_nothing_is_made_again_too(store, home):
    """Before the program existed there are no findings, and a warning that must not double."""
    status = ({"from": date(2001, 1, 1), "status": "planned", "basis": "text", "sources": ("act",)},)
    library, made = small_comparison(small_library(away_program={"status": status}), warnings=("a note",))
    assert made.findings == ()
    save(store, home, library, made)
    with store.reading() as session:
        assert comparisons.reproduce(session, home, made.id, default_matcher()) == made


def own_policy(folder):
    """A policy of one's own: two critical gaps more are forgiven."""
    folder.mkdir()
    for name in TABLES:
        text = (SHIPPED / f"{name}.yaml").read_text(encoding="utf-8")
        (folder / f"{name}.yaml").write_text("# our own\n" + text, encoding="utf-8")
    return load_policy(default_matcher(), folder)


def test_a_policy_of_ones_own_is_kept_as_text(store, home, tmp_path):
    policy = own_policy(tmp_path / "strict")
    library = small_library()
    made = compare(library, library.editions[HOME], library.editions[AWAY], policy, default_matcher(), AS_OF)
    save(store, home, library, made, policy=policy, texts=inputs.policy_texts(tmp_path / "strict"))
    with store.reading() as session:
        again = comparisons.reproduce(session, home, made.id, default_matcher())
        assert (again, again.policy["name"]) == (made, "strict")
        assert list(drifted(session, default_matcher(), home, lambda *_: library)) == []


def test_it_is_made_again_after_the_shipped_policy_has_changed(store, home, small, tmp_path, monkeypatch):
    """The policy it was made with is no longer the one that ships; both say so by their digest alone."""
    before = replace(own_policy(tmp_path / "before"), name="default")
    made = compare(small, small.editions[HOME], small.editions[AWAY], before, default_matcher(), AS_OF)
    save(store, home, small, made, policy=before, texts=inputs.policy_texts(tmp_path / "before"))
    monkeypatch.setattr(engine_policy, "_loaded", {})  # as in a process that never saw that policy
    with store.reading() as session:
        assert comparisons.reproduce(session, home, made.id, default_matcher()) == made
        (drift,) = drifted(session, default_matcher(), home)
    assert (drift.causes, drift.matters) == (("policy",), False)


def test_texts_of_another_policy_are_refused(store, home, tmp_path):
    policy = own_policy(tmp_path / "strict")
    library = small_library()
    made = compare(library, library.editions[HOME], library.editions[AWAY], policy, default_matcher(), AS_OF)
    with pytest.raises(StoreError, match="policy texts"):
        save(store, home, library, made, policy=policy)


def test_a_judgement_that_comes_out_otherwise_is_said_and_never_passed_off(store, home, monkeypatch):
    """Where a newer engine judges the same inputs otherwise, the finding is named."""
    library, made = small_comparison()
    save(store, home, library, made)

    def newer(*args, **more):
        found = compare(*args, **more)
        first, *rest = found.findings
        versions = {**found.versions, "mutual-recognition": "9.0"}
        return replace(found, versions=versions, findings=(replace(first, verdict="meets"), *rest))

    monkeypatch.setattr(comparisons, "compare", newer)
    with store.reading() as session, pytest.raises(NotReproduced) as caught:
        comparisons.reproduce(session, home, made.id, default_matcher())
    assert f"the finding on {made.findings[0].criterion}" in caught.value.reasons
    assert any("mutual-recognition was" in reason for reason in caught.value.reasons)


def test_a_newer_release_that_judges_alike_gives_the_comparison_under_its_own_id(store, home, monkeypatch):
    library, made = small_comparison()
    save(store, home, library, made)

    def newer(*args, **more):
        found = compare(*args, **more)
        return replace(found, id="0" * 64, versions={**found.versions, "mutual-recognition": "9.0"})

    monkeypatch.setattr(comparisons, "compare", newer)
    with store.reading() as session:
        assert comparisons.reproduce(session, home, made.id, default_matcher()) == made


def test_nothing_drifts_while_nothing_changes(store, home, small):
    _, made = small_comparison(small)
    save(store, home, small, made, request={"baseline": "home", "foreign": "away"})
    with store.reading() as session:
        assert list(drifted(session, default_matcher())) == []


def test_an_upgrade_tells_which_verdicts_would_change_and_why(store, home, small, ship):
    _, made = small_comparison(small)
    save(store, home, small, made)
    ship(revised())
    outcome = upgrade_store(store.engine.url.render_as_string(hide_password=False), default_matcher())
    (drift,) = outcome.drifted
    assert (drift.id, drift.causes, drift.matters) == (made.id, ("foreign",), True)
    assert drift.findings == (ChangedFinding("1.1", "exceeds", "partly_meets"),)
    assert "1 of the stored comparisons" in "\n".join(outcome.lines())
    assert json.loads(json.dumps(outcome.as_dict()))["drifted"][0]["comparison"] == made.id
    assert outcome.tables == migrations.Migrated(migrations.newest(), migrations.newest(), ())


def test_an_edition_that_is_gone_is_said(store, home, small):
    _, made = small_comparison(small)
    save(store, home, small, made)
    editions = {key: one for key, one in small.editions.items() if key != AWAY}
    with store.reading() as session:
        (drift,) = drifted(session, default_matcher(), home, lambda *_: replace(small, editions=editions))
    assert (drift.now, drift.matters) == (None, True)
    assert AWAY in drift.obstacle


def test_a_newer_edition_of_the_program_that_was_asked_for_is_a_drift(store, home, small):
    """Asked for a program, today's answer is its present edition; asked for an edition, it is that one."""
    _, made = small_comparison(small)
    save(store, home, small, made, request={"baseline": "home", "foreign": "away"})
    old: Edition = small.editions[AWAY]
    new = old.model_copy(update={"key": "away-2026"})
    program = small.programs["away"].model_copy(update={"current_edition": "away-2026"})
    later = replace(
        small,
        editions={**small.editions, "away-2026": new},
        programs={**small.programs, "away": program},
        _memory={},
    )
    with store.reading() as session:
        (drift,) = drifted(session, default_matcher(), home, lambda *_: later)
    assert drift.matters
    assert "foreign" in drift.causes


def test_deleting_a_comparison_leaves_no_bytes_behind(store, home):
    library, made = small_comparison()
    save(store, home, library, made)
    with store.writing() as session:
        comparisons.delete(session, home, made.id)
        assert retention.collect(session, utc_now()) > 10
    with store.reading() as session, pytest.raises(NotFound):
        comparisons.get(session, home, made.id)


def test_lists_filter_and_page(store, home):
    library = small_library()
    for operators in ((), ("importer",), ("exporter",)):
        _, made = small_comparison(library, scope=Scope(operators))
        save(store, home, library, made)
    with store.reading() as session:
        first = comparisons.listing(session, home, limit=2)
        second = comparisons.listing(session, home, after=first.next, limit=2)
        assert [len(first.items), len(second.items), second.next] == [2, 1, ""]
        assert len({one.id for one in (*first.items, *second.items)}) == 3
        assert comparisons.listing(session, home, foreign="other").items == ()
        assert len(comparisons.listing(session, home, baseline=HOME, foreign=AWAY, as_of=AS_OF).items) == 3


@pytest.mark.parametrize("foreign", ["eu-aeo", "ca-pip", "nz-ses"])
def test_shipped_programs_are_made_again_equal(store, home, foreign):
    """The real data: C-TPAT with programs that use every kind of parameter, joint groups, questionnaires."""
    library = load_library()
    baseline, other = library.edition("ctpat"), library.edition(foreign)
    made = compare(library, baseline, other, shipped_policy(), default_matcher(), AS_OF)
    save(store, home, library, made)
    with store.reading() as session:
        assert comparisons.reproduce(session, home, made.id, default_matcher()) == made
