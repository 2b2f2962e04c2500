"""Importing a spreadsheet: nothing lost, nothing half-written, proposals that do not count."""

from __future__ import annotations

import multiprocessing
import os
import signal
from dataclasses import replace
from datetime import date

import pytest

from criteria.problems import MraError, UnknownName
from jobs.comparing import Request, run_comparison
from jobs.importing import ImportRequest, apply_import, plan_import
from mappings.library import load_library
from mappings.workspace import history, undo
from tests.jobs.sheets import ROWS, criteria_sheet
from workbooks.named_columns import NamedColumns

TODAY = date(2026, 11, 24)
NEW = {"name": "Freedonia AEO", "country": "Freedonia"}


def request(data: bytes = b"", label: str = "2025") -> ImportRequest:
    return ImportRequest(data or criteria_sheet(), "f.xlsx", "fd-aeo", label, new_program=NEW)


def imported(workspace, data: bytes = b"", label: str = "2025"):
    plan = plan_import(load_library(workspace), request(data, label), TODAY, workspace)
    apply_import(workspace, plan)
    return plan


def test_every_row_becomes_a_criterion_and_every_bullet_an_obligation(tmp_path):
    plan = imported(tmp_path / "w")
    edition = load_library(tmp_path / "w").edition("fd-aeo-2025")
    assert [criterion.ref for criterion in edition.criteria] == ["1.1", "2.1", "2.2", "3.1"]
    assert [len(criterion.obligations) for criterion in edition.criteria] == [1, 1, 2, 1]
    assert plan.as_dict(applied=True)["sheets"][1] | {"layout": None} == {
        "name": "Criteria", "header_row": 3, "layout": None, "rows": 4, "skipped": None,
    }  # fmt: skip


def test_words_become_strength_roles_category_and_parameters_marked_as_proposed(tmp_path):
    imported(tmp_path / "w")
    first, seal, _, visitors = load_library(tmp_path / "w").edition("fd-aeo-2025").criteria
    assert (first.category, first.strength, first.operators) == ("risk_assessment", "must", ("all",))
    assert first.obligations[0].parameters == {"interval": "1 year", "written": True}
    assert "interval: at least once a year" in first.obligations[0].proposed
    assert (seal.operators, visitors.operators) == (("exporter",), ("warehouse_operator",))
    assert seal.source.reference == "Criteria!C5"


def test_an_edition_in_which_nothing_fits_anything_still_loads(tmp_path):
    odd = [(str(n), "Other", f"Zxqv {n} blorp wibble {n}.", "Mandatory", "All", "") for n in range(1, 4)]
    plan = imported(tmp_path / "w", criteria_sheet(odd))
    assert not any(plan.maps.maps.values())
    library = load_library(tmp_path / "w")
    assert library.unmapped("fd-aeo-2025") == ("1.a", "2.a", "3.a")


def test_proposed_maps_never_count(tmp_path):
    imported(tmp_path / "w")
    library = load_library(tmp_path / "w")
    comparison = run_comparison(library, Request("fd-aeo"), TODAY)
    assert not {"meets", "exceeds", "partly_meets"} & set(comparison.summary.counts)
    assert "not_reviewed" in comparison.summary.counts


def test_a_dry_run_writes_nothing(tmp_path):
    plan_import(load_library(), request(), TODAY, tmp_path / "w")
    assert not (tmp_path / "w").exists()


def test_the_next_edition_keeps_maps_of_unchanged_texts_and_marks_changed_ones_stale(tmp_path):
    workspace = tmp_path / "w"
    imported(workspace)
    changed = [list(row) for row in ROWS]
    changed[1][2] = "Loaded containers shall be sealed with a high security seal meeting ISO 17712."
    changed[3][0] = "9.9"
    plan = imported(workspace, criteria_sheet([*changed[:2], changed[3]]), "2026")
    kinds = {match.kind for match in plan.matches}
    assert kinds == {"unchanged", "changed", "moved", "vanished"}
    assert {one.status for one in plan.maps.maps["2.1.a"]} == {"stale"}
    assert {one.status for one in plan.maps.maps["1.1.a"]} == {"proposed"}
    codes = {problem.code for problem in plan.problems}
    assert {"text_changed", "reference_changed", "vanished_criterion"} <= codes


def test_unknown_words_are_problems_at_their_cell_with_the_nearest_valid_ones(tmp_path):
    rows = [("1", "Nonsense", "Doors are locked.", "shall/should", "Martian", "")]
    plan = plan_import(load_library(), request(criteria_sheet(rows)), TODAY)
    found = {problem.code: problem for problem in plan.problems}
    assert found["unknown_strength"].cell == "Criteria!D4"
    assert found["unknown_operator_type"].cell == "Criteria!E4"
    assert "category_not_recognized" in found


def test_an_unknown_program_is_refused_with_the_nearest_names():
    with pytest.raises(UnknownName, match="eu-aeo"):
        plan_import(load_library(), replace(request(), program="eu-aeoo", new_program=None), TODAY)


def test_a_key_that_could_not_be_a_program_is_refused():
    with pytest.raises(MraError, match="not a key of a program"):
        plan_import(load_library(), replace(request(), program="../Bad Key"), TODAY)


def test_columns_named_for_an_import_are_kept_and_taken_back_with_it(tmp_path):
    """The next file with the same headers needs no question; undo leaves nothing behind."""
    workspace = tmp_path / "w"
    dutch = criteria_sheet([("X-1", "Bezoekers dragen een badge.")], ("Zorg", "Voorwaarde"))
    named = (NamedColumns("Criteria", {"A": "ref", "B": "requirement"}, 3),)
    first = replace(request(dutch, "1"), columns=named)
    apply_import(workspace, plan_import(load_library(workspace), first, TODAY, workspace))
    again = plan_import(load_library(workspace), request(dutch, "2"), TODAY, workspace)
    assert [(one.layout, one.rows) for one in again.sheets[1:]] == [("saved", 1)]
    undo(workspace)
    assert plan_import(load_library(workspace), request(dutch, "2"), TODAY, workspace).refused


def test_columns_that_cannot_be_used_are_not_replaced_by_a_guess():
    wrong = replace(request(), columns=(NamedColumns("Criterria", {"B": "requirement"}),))
    plan = plan_import(load_library(), wrong, TODAY)
    assert (plan.refused, [one.code for one in plan.problems]) == (True, ["sheet_not_found"])


def test_strength_words_of_an_import_stay_with_a_new_program(tmp_path):
    rows = [("1", "Seals", "Zegels.", "verplicht", "All", "")]
    said = replace(request(criteria_sheet(rows)), strength_words={"verplicht": "must"})
    apply_import(tmp_path / "w", plan_import(load_library(), said, TODAY))
    library = load_library(tmp_path / "w")
    assert library.edition("fd-aeo").criteria[0].strength == "must"
    assert library.programs["fd-aeo"].strength_words == {"verplicht": "must"}


def test_every_problem_tells_all_its_places():
    """Also those it has none of, so that no reader has to ask."""
    rows = [("1", "Seals", "Doors are locked.", "shall/should", "All", "")]
    told = plan_import(load_library(), request(criteria_sheet(rows)), TODAY).as_dict(applied=False)
    wanted = ["code", "severity", "sheet", "cell", "merged_range", "field", "value", "message", "hint"]
    assert [list(one)[:9] for one in told["problems"]] == [wanted] * len(told["problems"])


def test_a_label_that_is_taken_is_refused(tmp_path):
    imported(tmp_path / "w")
    with pytest.raises(MraError, match="exists already"):
        imported(tmp_path / "w")


def test_a_file_that_cannot_be_read_gives_problems_and_writes_nothing(tmp_path):
    plan = plan_import(load_library(), request(b"%PDF-1.7 nothing here"), TODAY, tmp_path / "w")
    assert plan.refused
    assert plan.problems
    with pytest.raises(MraError, match="nothing was written"):
        apply_import(tmp_path / "w", plan)


def test_an_import_can_be_undone(tmp_path):
    workspace = tmp_path / "w"
    imported(workspace)
    undo(workspace)
    assert "fd-aeo-2025" not in load_library(workspace).editions
    undo(workspace)
    assert "fd-aeo-2025" in load_library(workspace).editions


def _import_in_child(workspace, label):
    imported(workspace, label=label)


def test_two_imports_at_once_both_arrive(tmp_path):
    workspace = tmp_path / "w"
    imported(workspace, label="0")
    context = multiprocessing.get_context("spawn")
    children = [context.Process(target=_import_in_child, args=(workspace, str(n))) for n in (1, 2)]
    for child in children:
        child.start()
    for child in children:
        child.join(120)
    assert {f"fd-aeo-{n}" for n in (0, 1, 2)} <= set(load_library(workspace).editions)
    assert len(history(workspace)) == 3


def _killed_while_applying(workspace):
    import mappings.workspace as module

    def killed(folder):
        os.kill(os.getpid(), signal.SIGKILL)

    module._apply = killed
    imported(workspace, label="1")


def test_an_import_killed_half_way_is_finished_or_leaves_nothing(tmp_path):
    workspace = tmp_path / "w"
    imported(workspace, label="0")
    child = multiprocessing.get_context("spawn").Process(target=_killed_while_applying, args=(workspace,))
    child.start()
    child.join(120)
    assert child.exitcode == -signal.SIGKILL
    library = load_library(workspace)
    assert {"fd-aeo-0", "fd-aeo-1"} <= set(library.editions), (
        "what was fully prepared is finished by the next reader"
    )
    assert library.edition("fd-aeo-1").criteria
