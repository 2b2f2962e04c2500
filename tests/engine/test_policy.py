"""Policy files: the shipped ones decide every case; a wrong one is refused with file, line, key and cure."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from criteria.problems import DataError, Problem
from engine.matching import DirectMatcher
from engine.policy import SHIPPED, TABLES, Policy, load_policy
from engine.policy.vectors import REACHABLE

MATCHER = DirectMatcher()
LAST_VERDICT_ROW = "- {when: {}, then: {verdict: no_counterpart}}\n"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A copy of the shipped policy to change."""
    copy = tmp_path / "mine"
    copy.mkdir()
    for name in TABLES:
        shutil.copy(SHIPPED / f"{name}.yaml", copy)
    return copy


def changed(folder: Path, table: str, old: str, new: str) -> Path:
    """Change one place in one file of the policy, which must be there exactly once."""
    path = folder / f"{table}.yaml"
    text = path.read_text(encoding="utf-8")
    assert text.count(old) == 1
    path.write_text(text.replace(old, new), encoding="utf-8")
    return path


def problems(folder: Path) -> list[Problem]:
    """Return why a policy is refused."""
    with pytest.raises(DataError) as refused:
        load_policy(MATCHER, folder)
    return list(refused.value.problems)


def line_of(path: Path, text: str) -> int:
    """Return the line of a file that holds a text."""
    return next(n for n, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1) if text in line)


@pytest.mark.parametrize("name", TABLES)
def test_the_shipped_policy_decides_every_case_and_uses_every_row(name):
    """Every vector that can arise has a row; no row is idle."""
    table = load_policy(MATCHER).tables[name]
    vectors = REACHABLE[name].vectors({})
    decided = table.decide(vectors, MATCHER)
    assert vectors
    assert all(vector in decided for vector in vectors)


def test_a_policy_of_ones_own_decides_otherwise(folder):
    """Analysts change a row, and the decision changes with it; the digest tells the policies apart."""
    changed(folder, "severity", "{when: {verdict: partly_meets, shortfall: form}, then: {severity: low}}",
            "{when: {verdict: partly_meets, shortfall: form}, then: {severity: medium}}")  # fmt: skip
    mine, shipped = load_policy(MATCHER, folder), load_policy(MATCHER)
    vector = ("partly_meets", "form", 1, "core")
    assert mine.tables["severity"].decide([vector], MATCHER)[vector] == {"severity": "medium"}
    assert shipped.tables["severity"].decide([vector], MATCHER)[vector] == {"severity": "low"}
    assert (mine.name, shipped.name) == ("mine", "default")
    assert mine.digest != shipped.digest


def test_the_first_row_that_fits_decides():
    """Rows are tried in order, also where several fit."""
    table = load_policy(MATCHER).tables["verdict"]
    everything_met_and_more = (0, 1, 1, 1, 1, 1, 1, 0, 0)
    assert table.decide([everything_met_and_more], MATCHER)[everything_met_and_more]["verdict"] == "exceeds"


def test_a_category_belongs_to_one_group():
    """Categories the policy does not name are standard."""
    policy = load_policy(MATCHER)
    assert isinstance(policy, Policy)
    assert [policy.group(c) for c in ("seal", "agricultural", "training")] == [
        "core",
        "supporting",
        "standard",
    ]
    assert policy.group("something else") == "standard"
    assert policy.core_minimum == 4


def test_a_gap_is_refused(folder):
    """A table without a row for a case that can arise names such a case."""
    path = changed(folder, "verdict", LAST_VERDICT_ROW, "")
    [problem] = problems(folder)
    assert problem.code == "policy-gap"
    assert (problem.file, problem.line, problem.key) == ("mine/verdict.yaml", line_of(path, "rows:"), "rows")
    assert "out_of_scope: 0, applicable: 1" in problem.message
    assert problem.hint == "Add a last row with when: {}."


def test_a_row_that_no_case_reaches_is_refused(folder):
    """A row below one that catches everything is dead."""
    path = changed(
        folder, "verdict", LAST_VERDICT_ROW, LAST_VERDICT_ROW + LAST_VERDICT_ROW.replace("{}", "{thin: 1}")
    )
    [problem] = problems(folder)
    assert problem.code == "policy-unreachable"
    assert (problem.line, problem.key) == (line_of(path, "when: {thin: 1}, then: {verdict: no_c"), "rows[10]")
    assert problem.hint == "Remove it, or move it up."


NUMBER = 'is not a number. Write a whole number, or one such as ">= 850".'
MISSPELT = [
    ("verdict", "{core_met: 1}", "{core_mett: 1}", '"core_mett" is not a known field. Did you mean core_met'),
    ("verdict", "verdict: not_evidenced}}", "verdikt: not_evidenced}}", "Did you mean verdict?"),
    ("verdict", "verdict: not_evidenced}}", "verdict: not_evident}}", "Did you mean not_evidenced"),
    ("severity", "{verdict: not_evidenced}", "{verdict: not_evident}", "Did you mean not_evidenced"),
    (
        "severity",
        "security_vision, agricultural]",
        "security_vision, agriculture]",
        "Did you mean agricultural?",
    ),
    ("recommendation", '"> 150"', '"15 %"', f'"15 %" {NUMBER}'),
    ("recommendation", '"> 150"', "0.15", f'"0.15" {NUMBER}'),
    ("recommendation", '"> 150"', '"> 150.5"', f'"> 150.5" {NUMBER}'),
    ("prerequisite", "categories: [physical_access]", "categories: [access]", "Did you mean physical_access"),
]


@pytest.mark.parametrize(("table", "old", "new", "said"), MISSPELT)
def test_a_misspelt_word_or_number_is_refused(folder, table, old, new, said):
    """The problem names file, line and key, and the nearest word that is valid."""
    path = changed(folder, table, old, new)
    found = problems(folder)
    assert len(found) == 1
    assert found[0].file == f"mine/{table}.yaml"
    assert found[0].key
    assert found[0].line is not None
    assert said in str(found[0])
    if "prerequisites" not in found[0].key:
        assert found[0].line == line_of(path, new)


def test_a_table_in_the_file_of_another_is_refused(folder):
    """verdict.yaml that holds the severity table, given twice that way, is told."""
    shutil.copy(folder / "severity.yaml", folder / "verdict.yaml")
    said = [str(problem) for problem in problems(folder)]
    assert 'mine/verdict.yaml:2:table: this file must hold the table "verdict". Write table: verdict.' in said
    assert any("the fields are not those the program computes" in text for text in said)


def test_fields_that_the_program_does_not_compute_are_refused(folder):
    """The fields of a table are fixed; their order is told."""
    changed(folder, "severity", "  must: the criterion holds a must\n", "")
    said = str(problems(folder)[0])
    assert (
        "the fields are not those the program computes. Write, in order: verdict, shortfall, must, group."
        in said
    )


def test_a_missing_file_is_told(folder):
    """A policy folder holds all five tables."""
    (folder / "outcome.yaml").unlink()
    [problem] = problems(folder)
    assert problem.code == "bad-policy"
    assert problem.file.endswith("mine/outcome.yaml")


def test_an_unknown_key_and_broken_yaml_are_both_told(folder):
    """Reading does not stop at the first fault."""
    changed(folder, "severity", "about:", "abuot: x\nabout:")
    changed(folder, "outcome", "rows:", "rows: [")
    said = sorted((problem.file, problem.code) for problem in problems(folder))
    assert said == [("mine/outcome.yaml", "bad-yaml"), ("mine/severity.yaml", "unknown-key")]
