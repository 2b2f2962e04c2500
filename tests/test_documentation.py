"""Documentation under test: every code, command and generated page."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import openpyxl
import pytest
from typer.main import get_command

from api.cli import app, main
from engine.wording import reason_texts
from jobs.library_page import library_page
from mappings.library import load_library

ROOT = Path(__file__).parent.parent
_CODE = re.compile(r'(?:Problem|_warning|_error)\(\s*"([a-z_-]+)"')
_NAMED = re.compile(r'\b(?:unknown|_unknown_each)\(\s*"([a-z ]+)"')
_TWICE = re.compile(r'_twice\(\s*"([a-z -]+)"')


def _codes() -> set[str]:
    found: set[str] = set()
    for folder in ("criteria", "mappings", "engine"):
        for path in (ROOT / folder).rglob("*.py"):
            text = path.read_text(encoding="utf-8")
            found |= set(_CODE.findall(text))
            found |= {f"unknown-{name.replace(' ', '-')}" for name in _NAMED.findall(text)}
            found |= {name if "-" in name else f"duplicate-{name}" for name in _TWICE.findall(text)}
    return found - {"unknown-strength"}  # told at its cell, as unknown_strength


def test_every_problem_code_of_data_files_has_its_heading():
    page = (ROOT / "docs" / "data-problems.md").read_text(encoding="utf-8")
    headings = set(re.findall(r"^### `([a-z_-]+)`", page, re.MULTILINE))
    assert _codes() - headings == set()


def test_the_library_page_is_current():
    """After a change of data: mra library --out docs/library.md"""
    assert (ROOT / "docs" / "library.md").read_text(encoding="utf-8") == library_page(load_library())


def test_the_readme_names_every_command():
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    commands = getattr(get_command(app), "commands", {})
    assert commands
    assert [name for name in sorted(commands) if f"mra {name}" not in readme] == []


def test_every_reason_says_what_it_means():
    assert all(entry.get("means") for entry in reason_texts().values())


def test_links_between_the_pages_lead_somewhere():
    broken = []
    for page in [ROOT / "README.md", *(ROOT / "docs").rglob("*.md")]:
        for target in re.findall(r"\]\((?!https?:|#|mailto:)([^)#]+)", page.read_text(encoding="utf-8")):
            if not (page.parent / target).exists():
                broken.append(f"{page.relative_to(ROOT)}: {target}")
    assert broken == []


_FENCE = re.compile(r"^```(\w+) ?(\S*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_CORRECTION = re.compile(r"write\s+`([^`]+)` for `([^`]+)`")
_ACCEPTED = re.compile(r"accept\s+`([^`]+)` for `([^`]+)`")


def _accept(path: Path, control: str, obligation: str) -> None:
    """Decide one row of a review workbook as a person does in Excel."""
    book = openpyxl.load_workbook(path, rich_text=True)
    rows = list(book["Review"].iter_rows())
    head = next(row for row in rows if row[0].value == "Obligation")
    at = {str(cell.value): place for place, cell in enumerate(head)}
    row = next(r for r in rows if (r[0].value, r[at["Control"]].value) == (obligation, control))
    row[at["Decision"]].value = "accept"
    book.save(path)


def _edit(text: str) -> None:
    """Do what a page says in its sentences: correct the sheet, accept a map."""
    sheet = Path("criteria.csv")
    for new, old in _CORRECTION.findall(text):
        given = sheet.read_text(encoding="utf-8")
        assert given.count(old) == 1
        sheet.write_text(given.replace(old, new), encoding="utf-8")
    for control, obligation in _ACCEPTED.findall(text):
        _accept(Path("review.xlsx"), control, obligation)


def _told(line: str, capsys) -> str:
    """Run a command of a page; a comment says if it is refused. Return what it prints."""
    program, *arguments = shlex.split(line, comments=True)
    assert program == "mra"
    with pytest.raises(SystemExit) as left:
        main(arguments)
    said = capsys.readouterr()
    assert (left.value.code or 0) == int(line.endswith("# refused")), said
    return str(said.out)


def test_the_page_on_importing_can_be_followed_to_its_end(tmp_path, monkeypatch, capsys):
    """Its files are written, its commands run, what it quotes of their answers is there, in its order."""
    monkeypatch.chdir(tmp_path)
    page = (ROOT / "docs" / "import.md").read_text(encoding="utf-8")
    said, end = "", 0
    ran: list[str] = []
    for block in _FENCE.finditer(page):
        kind, name, content = block.groups()
        _edit(page[end : block.start()])
        end = block.end()
        if kind == "csv":
            (tmp_path / name).write_text(content, encoding="utf-8")
        elif kind == "sh":
            lines = content.replace("\\\n", "").splitlines()
            said = "".join(_told(line, capsys) for line in lines)
            ran += lines
        else:
            assert [line for line in content.splitlines() if line not in said] == []
    assert len(ran) == page.count("\nmra ")
    assert {path.name for path in tmp_path.iterdir()} == {
        "criteria.csv", "criteria-2026.csv", "form.xlsx", "marked.xlsx", "review.xlsx", "gap.xlsx",
        "review-2026.xlsx", "workspace",
    }  # fmt: skip
    assert "fd-aeo-2025" in load_library(tmp_path / "workspace").editions
    assert "fd-aeo-2026" not in load_library(tmp_path / "workspace").editions
