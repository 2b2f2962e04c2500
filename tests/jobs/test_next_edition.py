"""A new edition of a known program keeps what is known of the same texts, and asks about the rest."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest

from criteria.editions import match_editions
from criteria.vocabulary import vocabulary
from jobs.importing import ImportRequest, apply_import, plan_import
from jobs.next_edition import kept_maps
from mappings.library import load_library
from mappings.loading import MapSet
from mappings.model import Joint, NoControl
from tests.builders import criterion, edition, mapped
from tests.jobs.sheets import criteria_sheet
from tests.jobs.test_importing import TODAY, imported, request

SHIPPED = "nz-ses-2024"


def as_sheet(change=lambda n, row: row) -> bytes:
    """Return the shipped edition of New Zealand as a spreadsheet, each row changed or left out."""
    names = {key: category.name for key, category in vocabulary().categories.items()}
    rows = [
        [one.ref, names[one.category], one.statement, one.strength, "", ""]
        for one in load_library().editions[SHIPPED].criteria
    ]
    return criteria_sheet([made for n, row in enumerate(rows) if (made := change(n, row))])


def planned(data: bytes, **more):
    made = ImportRequest(data, "nz.xlsx", "nz-ses", "2027", **more)
    return plan_import(load_library(), made, TODAY)


@pytest.fixture(scope="module")
def same():
    """The plan of an edition in which nothing has changed."""
    return planned(as_sheet())


def test_the_same_text_keeps_its_clauses_parameters_and_maps(same):
    """A spreadsheet of statements does not know the clauses that were encoded."""
    old = load_library().editions[SHIPPED]
    assert [one.obligations for one in same.edition.criteria] == [one.obligations for one in old.criteria]
    assert [one.applies_if for one in same.edition.criteria] == [one.applies_if for one in old.criteria]
    before = load_library().maps_of(SHIPPED).maps
    assert {key: entry for key, entry in same.maps.maps.items() if key in before} == before
    assert same.edition.conditions_absent == old.conditions_absent
    assert not [one for one in same.problems if one.severity == "error"]


def test_such_an_edition_is_compared_at_once(same, tmp_path):
    """It loads, with every reference in it valid."""
    apply_import(tmp_path / "w", same)
    found = load_library(tmp_path / "w").edition("nz-ses-2027")
    assert found.supersedes == SHIPPED


def test_changed_moved_and_vanished_criteria_are_told_at_their_cells():
    def change(n, row):
        if n == 1:
            return [*row[:2], f"{row[2].rstrip('.')}, which is reviewed every 6 months.", *row[3:]]
        if n == 2:
            return ["NEW-1", *row[1:]]
        return None if n == 3 else row

    plan = planned(as_sheet(change))
    told = {one.code: one for one in plan.problems}
    old = load_library().editions[SHIPPED].criteria
    assert told["text_changed"].cell == "Criteria!C5"
    assert (told["reference_changed"].value, told["vanished_criterion"].value) == ("NEW-1", old[3].ref)
    assert plan.as_dict(applied=False)["matches"]["unchanged"] == len(old) - 3
    assert {one.status for one in plan.maps.maps[f"{old[1].ref}.a"]} == {"stale"}
    assert {one.status for one in plan.maps.maps["NEW-1.a"]} == {"library"}


def test_no_map_of_a_changed_text_is_lost_when_it_has_fewer_clauses():
    """Those of the clauses that are gone go to the first, as stale ones."""
    old = edition(
        "zz-1", "nz-ses", [criterion("1", "seal", "seals are numbered", "seals are logged and kept")]
    )
    new = edition(
        "zz-2", "nz-ses", [criterion("1", "seal", "seals are numbered and logged and kept by staff")]
    )
    maps = MapSet("zz-1", {"1.a": mapped("seal.unique_number"), "1.b": mapped("seal.audit")}, (), ())
    library = load_library()
    library = replace(library, maps={**library.maps, "zz-1": maps}, _memory={})
    kept = kept_maps(library, new, old, match_editions(old.criteria, new.criteria))
    entry = kept.maps["1.a"]
    assert isinstance(entry, tuple)
    assert [(one.control, one.status) for one in entry] == [
        ("seal.unique_number", "stale"),
        ("seal.audit", "stale"),
    ]


def test_a_reason_for_no_control_holds_for_the_same_text_only_and_joint_maps_for_whole_groups():
    texts = ["seals are numbered by the maker", "guards patrol the whole yard at night"]
    old = edition("zz-1", "nz-ses", [criterion(str(n), "seal", text) for n, text in enumerate(texts, 1)])
    changed = [texts[0], "guards patrol the whole yard at night and at weekends"]
    new = edition("zz-2", "nz-ses", [criterion(str(n), "seal", text) for n, text in enumerate(changed, 1)])
    reason = NoControl(no_control="outside the catalogue")
    joint = [
        Joint.model_validate(
            {
                "id": name,
                "members": members,
                "control": "seal.audit",
                "relationship": "equal-to",
                "rationale": "together",
                "confidence": "high",
            }
        )
        for name, members in (("j1", ("1.a", "2.a")),)
    ]
    maps = MapSet("zz-1", {"1.a": reason, "2.a": reason}, tuple(joint), ())
    library = load_library()
    library = replace(library, maps={**library.maps, "zz-1": maps}, _memory={})
    kept = kept_maps(library, new, old, match_editions(old.criteria, new.criteria))
    assert (dict(kept.maps), kept.jointly) == ({"1.a": reason}, ())
    kept = kept_maps(library, old, old, match_editions(old.criteria, old.criteria))
    assert kept.jointly == tuple(joint)


def test_an_edition_follows_the_one_imported_last_and_never_a_later_one(tmp_path):
    """Keys do not tell the order of editions without dates; dates do."""
    workspace = tmp_path / "w"
    for label in ("zebra", "apple"):
        imported(workspace, label=label)
    plan = plan_import(load_library(workspace), request(label="mango"), TODAY, workspace)
    assert plan.previous == "fd-aeo-apple"
    assert load_library(workspace).edition("fd-aeo").key == "fd-aeo-apple"
    assert planned(as_sheet(), in_force=date(1990, 1, 1)).previous == ""


def test_a_file_in_which_nothing_can_be_read_does_not_tell_that_everything_has_vanished():
    plan = planned(b"%PDF-1.7 nothing here")
    assert [one.code for one in plan.problems] == ["pdf_file"]
