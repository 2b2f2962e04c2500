"""Documentation under test: every code, command and generated page."""

from __future__ import annotations

import re
from pathlib import Path

from typer.main import get_command

from api.cli import app
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
