"""The figures on the page of findings are those of the shipped library.

After a change that is meant: `MRA_UPDATE_GOLDEN=1 pytest tests/test_findings_page.py`, then read the page:
what a specialist says beside the figures may have to change with them.
"""

from __future__ import annotations

import os
from datetime import date
from pathlib import Path

from engine.comparison import compare
from engine.editions import pick_edition
from engine.findings import Comparison, TrackConclusion
from engine.matching import DirectMatcher
from mappings.library import read_library
from tests.builders import shipped_policy

PAGE = Path(__file__).parent.parent / "docs" / "findings.md"
TODAY = date(2026, 11, 24)  # a day on which nothing is to come: the page says "today"
WORDS = {
    "aligned": "A", "aligned_with_reservations": "R", "insufficient_evidence": "E", "not_aligned": "N",
    "not_ready": "–",
}  # fmt: skip
MARKS = {"met": "+", "not_evidenced": "?", "not_met": "–"}


def track(found: TrackConclusion | None) -> str:
    """Return a track as the page tells it."""
    assert found is not None
    n = found.numbers
    figures = f"{n['similar']}/{n['addressed']}/{n['critical']}/{n['open']} of {n['musts']}"
    return f"{WORDS[found.recommendation]} {figures}"


def told(found: Comparison) -> str:
    """Return both tracks and the recommendation overall."""
    conclusion = found.conclusion
    overall = WORDS[conclusion.overall or ""]
    return f"{track(conclusion.criteria)}; {track(conclusion.validation)} → {overall}"


def test_the_figures_on_the_page_are_those_of_the_library():
    """Row by row: today, on signature, prerequisites."""
    library, _ = read_library()
    matcher = DirectMatcher()

    def compared(program: str, day: date) -> Comparison:
        baseline, foreign = (pick_edition(library, name, day)[0] for name in ("ctpat", program))
        return compare(library, baseline, foreign, shipped_policy(), matcher, day)

    lines = PAGE.read_text(encoding="utf-8").splitlines()
    made = []
    for line in lines:
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        if cells[0] in library.programs:
            now, then = (compared(cells[0], day) for day in (TODAY, date.fromisoformat(cells[1])))
            marks = " ".join(MARKS[one.verdict] for one in now.prerequisites)
            cells[2:5] = [told(now), told(then), marks]
            line = f"| {' | '.join(cells)} |"
        made.append(line)
    if os.environ.get("MRA_UPDATE_GOLDEN"):
        PAGE.write_text("\n".join(made) + "\n", encoding="utf-8")
        lines = made
    assert lines == made
