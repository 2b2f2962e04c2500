"""A review workbook that comes back as it was sent changes nothing, whatever the texts and maps are."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from jobs.reviewing import export_review, plan_review
from mappings.library import load_library
from mappings.loading import MapSet
from mappings.model import Map, NoControl
from mappings.relationships import Relationship
from tests.builders import criterion, edition

KEY = "nz-ses-generated"
CONTROLS = sorted(load_library().controls)[:6]
# What breaks spreadsheets: formula signs, quotes, line ends, spaces at the ends, other scripts, zero width.
TEXTS = st.text(
    st.one_of(
        st.sampled_from("=+-@'\"\n\r\t x1é封ابㅎ\u200b\u202e\x07😀"),
        st.characters(exclude_categories=["Cs"], max_codepoint=0x2FFFF),
    ),
    min_size=1,
    max_size=40,
).filter(lambda text: bool(text.strip()))
RELATIONSHIPS = st.sampled_from([one for one in Relationship if one is not Relationship.NONE])
MAPS = st.builds(
    Map,
    control=st.sampled_from(CONTROLS),
    relationship=RELATIONSHIPS,
    rationale=TEXTS,
    confidence=st.sampled_from(["high", "medium", "low"]),
    status=st.sampled_from(["library", "approved", "proposed", "stale", "rejected"]),
)
ENTRIES = st.one_of(
    st.builds(NoControl, no_control=TEXTS),
    st.lists(MAPS, max_size=3, unique_by=lambda one: one.control).map(tuple),
)


@st.composite
def libraries(draw: st.DrawFn):
    """Return the shipped library with one generated edition and its maps."""
    clauses = draw(st.lists(st.lists(TEXTS, min_size=1, max_size=3), min_size=1, max_size=3))
    made = [criterion(f"{n}.1", "seal", *texts, original=draw(TEXTS)) for n, texts in enumerate(clauses, 1)]
    ids = [f"{one.ref}.{clause.id}" for one in made for clause in one.obligations]
    maps = {key: draw(ENTRIES) for key in ids}
    base = load_library()
    new = edition(KEY, "nz-ses", made, in_force={"from": date(2027, 1, 1)})
    held = MapSet(KEY, maps, (), ("generated",))
    return replace(base, editions={**base.editions, KEY: new}, maps={**base.maps, KEY: held}, _memory={})


@settings(max_examples=20, suppress_health_check=list(HealthCheck))
@given(library=libraries())
def test_export_and_apply_without_edits_changes_nothing(tmp_path_factory, library):
    """No decision, no problem, and every row is counted as unchanged."""
    target = tmp_path_factory.mktemp("review") / "r.xlsx"
    count = export_review(library, library.editions[KEY], target)
    plan = plan_review(library, target.read_bytes(), "r.xlsx", "Ann", "2026-11-24T08:00:00Z")
    assert (plan.reviews, plan.problems, plan.unchanged) == ((), (), count)
