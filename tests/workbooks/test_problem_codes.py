"""Every problem code has its texts and its place on the page for analysts, and none is unused."""

from __future__ import annotations

import re
import string
from pathlib import Path

import pytest

import workbooks
from workbooks.problem_codes import as_markdown, problem, problem_codes

FOLDER = Path(workbooks.__file__).parent
PAGE = FOLDER.parent / "docs" / "problem-codes.md"
PACKAGES = ("criteria", "mappings", "jobs", "workbooks")
SOURCES = [
    path.read_text(encoding="utf-8")
    for package in PACKAGES
    for path in sorted((FOLDER.parent / package).rglob("*.py"))
]
OURS = [path.read_text(encoding="utf-8") for path in sorted(FOLDER.glob("*.py"))]


@pytest.mark.parametrize("code", problem_codes())
def test_a_code_has_its_paragraph_with_meaning_and_cure(code):
    page = PAGE.read_text(encoding="utf-8")
    entry = problem_codes()[code]
    assert f"### {code}\n" in page
    assert entry.meaning.strip()
    assert entry.cure.strip()
    assert entry.meaning.strip() in page
    assert not [name for _, name, _, _ in string.Formatter().parse(entry.cure) if name]


def test_the_page_is_written_from_the_file():
    assert PAGE.read_text(encoding="utf-8") == as_markdown()


def test_every_code_that_a_module_names_is_known_and_every_known_code_is_named():
    named: set[str] = set()
    for text in OURS:
        named |= set(re.findall(r'(?:Refused|note|problem|_refusal|_report)\(\s*"([a-z_0-9]+)"', text))
    literals = {word for text in SOURCES for word in re.findall(r'"([a-z][a-z_0-9]+)"', text)}
    assert named <= set(problem_codes())
    assert set(problem_codes()) <= literals


def test_a_problem_has_its_full_place_and_a_short_value_in_its_message():
    found = problem("struck_out", sheet="Criteria", cell="C7", field="requirement", value="word " * 100)
    assert (found.cell, found.sheet, found.severity) == ("Criteria!C7", "Criteria", "warning")
    assert len(found.message) < 120
    assert found.value == "word " * 100
    assert str(found).startswith("Criteria!C7: ")
