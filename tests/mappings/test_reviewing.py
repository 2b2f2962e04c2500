"""Reviews: who decided a map, on which texts, and what follows when a text changes."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Any

import pytest
from pydantic import ValidationError

from mappings.loading import MapSet
from mappings.model import Control, Joint, Map, NoControl
from mappings.reviewing import (
    Review,
    control_hash,
    latest,
    now_utc,
    obligation_hash,
    reviewed_maps,
    stale_reviews,
    text_hashes,
)
from tests.builders import criterion, edition, mapped, obligation

SEAL = Control(id="seal.used", name="Seals", category="seal", definition="Units are sealed.")
LOCK = Control(id="seal.lock", name="Locks", category="seal", definition="Units are locked.")
CONTROLS = {one.id: one for one in (SEAL, LOCK)}
EDITION = edition("home-2025", "home", [criterion("1", "seal", "units are sealed", "units are locked")])
HASHES = text_hashes(EDITION)


def review(obligation: str = "1.a", control: str = "seal.used", **more: Any) -> Review:
    """Return an approval on the present texts, unless told otherwise."""
    values = {
        "edition": "home-2025", "obligation": obligation, "control": control, "decision": "approved",
        "relationship": "equal-to" if control else None, "rationale": "the same", "by": "A. Analyst",
        "at": "2026-01-01T00:00:00Z", "source_hash": HASHES[obligation],
        "target_hash": control_hash(CONTROLS[control]) if control else "", **more,
    }  # fmt: skip
    return Review.model_validate(values)


def statuses(*reviews: Review, maps: dict[str, Any] | None = None, strict: bool = False) -> dict[str, Any]:
    """Return the status of every map of the edition after the reviews, by obligation and control."""
    given = MapSet("home-2025", {"1.a": mapped("seal.used")} if maps is None else maps)
    made = reviewed_maps(given, EDITION, CONTROLS, reviews, require_approval=strict)
    return {
        key: entry.no_control if isinstance(entry, NoControl) else {one.control: one.status for one in entry}
        for key, entry in made.maps.items()
    }


def test_without_reviews_the_maps_are_as_shipped():
    """A library map stays one."""
    assert statuses() == {"1.a": {"seal.used": "library"}}


def test_an_approval_approves():
    """The decision of this administration stands in the place of the shipped map."""
    assert statuses(review()) == {"1.a": {"seal.used": "approved"}}


def test_an_approval_may_set_another_relationship():
    """What was decided counts, not what was shipped."""
    maps = MapSet("home-2025", {"1.a": mapped("seal.used", "equal-to")})
    made = reviewed_maps(maps, EDITION, CONTROLS, [review(relationship="subset-of", rationale="only a part")])
    [one] = made.maps["1.a"]
    assert isinstance(one, Map)
    assert (str(one.relationship), one.rationale) == ("subset-of", "only a part")


def test_a_rejection_rejects():
    """A rejected map stays on record and does not count."""
    assert statuses(review(decision="rejected")) == {"1.a": {"seal.used": "rejected"}}


def test_a_review_may_add_a_map():
    """A proposal on an unmapped obligation is a map that does not count."""
    assert statuses(review("1.b", "seal.lock", decision="proposed")) == {
        "1.a": {"seal.used": "library"},
        "1.b": {"seal.lock": "proposed"},
    }


def test_the_last_decision_on_a_map_counts():
    """The record keeps all; the order of the record decides."""
    first, second = review(decision="rejected"), review()
    assert statuses(first, second) == {"1.a": {"seal.used": "approved"}}
    assert statuses(second, first) == {"1.a": {"seal.used": "rejected"}}
    assert latest([first, second]) == {("home-2025", "1.a", "seal.used"): second}


@pytest.mark.parametrize("changed", [{"source_hash": "0" * 16}, {"target_hash": "0" * 16}])
def test_an_approval_of_another_text_is_stale(changed):
    """When the obligation's or the control's text changes, the decision no longer counts."""
    assert statuses(review(**changed)) == {"1.a": {"seal.used": "stale"}}


def test_a_rejection_of_another_text_stays_a_rejection():
    """Only what would count can turn stale."""
    assert statuses(review(decision="rejected", source_hash="0" * 16)) == {"1.a": {"seal.used": "rejected"}}


def test_no_control_may_be_decided_too():
    """An approved decision that nothing fits, with every map rejected, is the reason for none."""
    nothing = review(control="", rationale="asks for nothing")
    assert statuses(review(decision="rejected"), nothing) == {"1.a": "asks for nothing"}
    assert statuses(nothing) == {"1.a": {"seal.used": "library"}}


def test_a_workspace_may_require_its_own_approval():
    """Then a shipped map is only proposed until somebody here has approved it."""
    assert statuses(strict=True) == {"1.a": {"seal.used": "proposed"}}
    assert statuses(review(), strict=True) == {"1.a": {"seal.used": "approved"}}


def test_a_required_approval_holds_for_joint_groups_too():
    """A shipped joint group is only proposed until the maps of all its members were approved here."""
    joint = Joint.model_validate(
        {"id": "j1", "members": ("1.a", "1.b"), "control": "seal.used", "relationship": "equal-to",
         "rationale": "together", "confidence": "high"}
    )  # fmt: skip
    entries = {"1.a": mapped("seal.used"), "1.b": mapped("seal.used", "subset-of")}
    maps = MapSet("home-2025", entries, (joint,))

    def status(*reviews: Review) -> str:
        made = reviewed_maps(maps, EDITION, CONTROLS, reviews, require_approval=True)
        return made.jointly[0].status

    assert reviewed_maps(maps, EDITION, CONTROLS, [review()]).jointly[0].status == "library"
    assert status() == "proposed"
    assert status(review()) == "proposed"
    assert status(review(), review("1.b", relationship="subset-of")) == "approved"


def test_a_review_of_an_obligation_that_is_gone_makes_no_map():
    """A new edition may have dropped it."""
    assert statuses(review().model_copy(update={"obligation": "9.z"})) == {"1.a": {"seal.used": "library"}}


def test_stale_decisions_are_listed():
    """Those on changed texts, on obligations that are gone, and on controls that are gone."""
    fine, changed = review(), review("1.b", "seal.lock", source_hash="0" * 16)
    gone = review().model_copy(update={"obligation": "9.z"})
    lost = review().model_copy(update={"control": "seal.gone"})
    editions = {"home-2025": EDITION}
    assert list(stale_reviews([fine, changed, gone, lost], editions, CONTROLS)) == [changed, gone, lost]


def test_a_hash_is_that_of_the_words():
    """Line breaks and indentation do not make a text another one; a word does."""
    one = criterion("1", "seal", obligation("a", "units are sealed"), statement="Units\n  are sealed.")
    same = criterion("1", "seal", obligation("a", "units  are sealed"), statement="Units are sealed.")
    other = criterion("1", "seal", obligation("a", "units are closed"), statement="Units are sealed.")
    hashes = [obligation_hash(c, c.obligations[0]) for c in (one, same, other)]
    assert hashes[0] == hashes[1] != hashes[2]
    assert control_hash(SEAL) != control_hash(LOCK)


def test_a_review_of_a_map_needs_its_relationship():
    """Approving a map means approving what relation it says."""
    with pytest.raises(ValidationError, match="needs its relationship"):
        review(relationship=None)


def test_a_review_says_who_and_why():
    """Neither may be empty."""
    for field in ("by", "rationale"):
        with pytest.raises(ValidationError, match=field):
            review(**{field: ""})


def test_the_moment_is_utc_to_the_second():
    """Written unquoted in YAML it is the same moment."""
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", now_utc())
    moment = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
    assert review(at=moment).at == "2026-01-02T03:04:05Z"
