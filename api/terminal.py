"""What the command line prints: tables and progress on a terminal, plain text elsewhere."""

from __future__ import annotations

import sys
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from criteria.problems import Problem
from criteria.vocabulary import vocabulary
from engine.findings import VERDICTS, Comparison, Tally
from engine.wording import reason_words
from mappings.library import Library

if TYPE_CHECKING:
    from datetime import date

    from criteria.arrangements import ArrangementRow, BetweenOthers
    from engine.diffing import Change, EditionDiff
    from engine.matrix import Matrix
    from jobs.importing import ImportPlan
    from jobs.reviewing import ReviewPlan
    from mappings.suggesting import Suggestions

WORDS = {
    "aligned": "aligned in principle",
    "aligned_with_reservations": "aligned with reservations",
    "not_aligned": "not aligned",
    "insufficient_evidence": "insufficient evidence",
    "not_ready": "not ready",
}


def _interactive() -> bool:
    return sys.stdout.isatty()


def say(text: str) -> None:
    """Print a line."""
    sys.stdout.write(text + "\n")


def table(
    heads: Sequence[str], rows: Sequence[Sequence[str]], numeric: Collection[int] = (), title: str = ""
) -> None:
    """Print a table: drawn on a terminal, aligned plain text elsewhere."""
    if _interactive():
        from rich.console import Console
        from rich.table import Table

        drawn = Table(title=title or None, title_justify="left", header_style="bold")
        for n, head in enumerate(heads):
            drawn.add_column(head, justify="right" if n in numeric else "left")
        for row in rows:
            drawn.add_row(*row)
        Console().print(drawn)
        return
    if title:
        say(title)
    widths = [max(len(str(row[n])) for row in [heads, *rows]) for n in range(len(heads))]
    for row in [heads, *rows]:
        cells = [
            cell.rjust(w) if n in numeric else cell.ljust(w)
            for n, (cell, w) in enumerate(zip(row, widths, strict=True))
        ]
        say("  ".join(cells).rstrip())


@contextmanager
def progress(what: str) -> Iterator[Callable[[str, int, int], None]]:
    """Show progress of long work on a terminal; yields a function (step, done, total)."""
    if not sys.stderr.isatty():
        yield lambda step, done, total: None
        return
    from rich.console import Console
    from rich.progress import Progress

    with Progress(console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task(what, total=1)
        yield lambda step, done, total: bar.update(
            task, description=f"{what}: {step}", completed=done, total=total
        )


def comparison(found: Comparison, library: Library) -> None:
    """Print a comparison's recommendation, prerequisites and counts."""
    names = {
        key: library.programs[library.editions[key].program].name for key in (found.baseline, found.foreign)
    }
    sides = [f"{names[key]} ({key})" for key in (found.foreign, found.baseline)]
    say(f"{' against '.join(sides)}, as of {found.as_of}")
    for warning in found.warnings:
        say(f"Note: {warning}")
    say("")
    conclusion = found.conclusion
    say(f"Recommendation for phase 1: {_word(conclusion.overall)} (a recommendation, not a decision)")
    for name, track in (("criteria", conclusion.criteria), ("validation procedures", conclusion.validation)):
        if track:
            n = {key: f"{number} of {track.numbers['musts']}" for key, number in track.numbers.items()}
            say(f"  {name}: {_word(track.recommendation)}")
            counts = ", ".join(f"{key} {n[key]}" for key in ("similar", "addressed", "critical", "open"))
            say(f"    of the musts: {counts}")
    for one in found.prerequisites:
        say(f"  prerequisite, {one.name.lower()}: {one.verdict.replace('_', ' ')}")
    say("")
    shown = [v for v in VERDICTS if v in found.summary.counts]
    rows = [
        [vocabulary().categories[key].name, *_cells(tally, shown)] for key, tally in found.categories.items()
    ]
    rows.append(["All", *_cells(found.summary, shown)])
    heads = ["category", *(v.replace("_", " ") for v in shown), "provisional", "of"]
    table(heads, rows, numeric=set(range(1, len(heads))))


def _cells(tally: Tally, shown: Sequence[str]) -> list[str]:
    return [*(str(tally.counts.get(v, 0)) for v in shown), str(tally.provisional), str(tally.total)]


def _word(recommendation: str | None) -> str:
    return WORDS.get(recommendation or "", "open") if recommendation else "open: both tracks are needed"


def matrix(found: Matrix) -> None:
    """Print a matrix: per pair the similar of N musts, the recommendation, and what is uncertain."""
    rows = [
        [
            cell.baseline,
            cell.foreign,
            f"{cell.similar} of {cell.musts}",
            f"{cell.addressed} of {cell.musts}",
            str(cell.provisional),
            str(len(cell.proposals)),
            _word(cell.recommendation or None),
        ]
        for cell in found.cells
    ]
    heads = [
        "baseline",
        "foreign",
        "similar musts",
        "addressed",
        "provisional",
        "proposals",
        "criteria track",
    ]
    table(heads, rows, numeric={2, 3, 4, 5})


def diff(found: EditionDiff) -> None:
    """Print what changed between two editions."""
    rows = [[c.change, ", ".join(c.old), ", ".join(c.new[:4]), c.title, _why(c)] for c in found.changes]
    table(["change", found.old, found.new, "title", "by"], rows)
    say(", ".join(f"{number} {name.replace('_', ' ')}" for name, number in found.counts.items()))


def _why(change: Change) -> str:
    said = [f"stricter: {reason_words(r)}" for r in change.stricter] + [
        f"looser: {reason_words(r)}" for r in change.looser
    ]
    return "; ".join(dict.fromkeys(said))


def arrangements(rows: Sequence[ArrangementRow], others: Sequence[BetweenOthers], day: date) -> None:
    """Print the arrangements as they stood on a day, negotiations and third parties after them."""
    cells = [
        [
            r.partner,
            r.program_name,
            r.state.replace("_", " "),
            r.signed,
            str(r.phases_reached),
            r.basis,
            r.conflict or r.note,
        ]
        for r in rows
    ]
    heads = ["partner", "program", "state", "signed", "phases", "basis", "note"]
    table(heads, cells, numeric={4}, title=f"Arrangements of the United States as of {day}")
    for one in others:
        say(f"Between third parties: {' and '.join(one.parties)}, signed {one.signed} ({one.basis})")
    if rows:
        say(f"Legal nature: {rows[0].legal_nature}")


def import_result(plan: ImportPlan, *, applied: bool) -> None:
    """Print what an import read, what became of each sheet, its problems, and what to do next."""
    result = plan.as_dict(applied=applied)
    rows = [[s.name, str(s.header_row or ""), str(s.rows), s.skipped] for s in plan.sheets]
    table(["sheet", "header row", "criteria rows", "skipped because"], rows, numeric={1, 2})
    say("")
    say(f"{result['criteria']} criteria, {result['obligations']} obligations as {plan.edition.key}")
    if plan.previous:
        say(
            f"Against {plan.previous}: "
            + ", ".join(f"{n} {kind}" for kind, n in result["matches"].items() if n)
        )
    say("Maps: " + (", ".join(f"{n} {status}" for status, n in result["maps"].items() if n) or "none"))
    if plan.problems:
        say("")
        problems(plan.problems)
    say("")
    if applied:
        key = plan.edition.key
        say(f"Written. Next: mra suggest {key}, mra review {key} --export W.xlsx, mra compare {key}")
    else:
        say("Nothing was written." + ("" if plan.refused else " Leave out --dry-run to import it."))


def review_result(plan: ReviewPlan, *, applied: bool) -> None:
    """Print what a returned review workbook changes, and what cannot be applied."""
    rows = [
        [r.obligation, r.control or "no control", r.decision, str(r.relationship or ""), r.rationale]
        for r in plan.reviews
    ]
    if rows:
        table(["obligation", "control", "decision", "relationship", "rationale"], rows)
    if plan.problems:
        problems(plan.problems)
    done = "Applied." if applied else "Nothing was written."
    say(f"{len(plan.reviews)} decisions, {plan.unchanged} rows unchanged. {done}")


def suggestions(made: Sequence[Suggestions], library: Library, against: str) -> None:
    """Print ranked suggestions, or why there are none."""
    for one in made:
        say(f"{one.source}" + (f"  (nothing: {one.abstained})" if one.abstained else ""))
        for place, found in enumerate(one.ranked, start=1):
            name = found.target if against else f"{found.target}: {library.controls[found.target].name}"
            words = f"  [{', '.join(found.words)}]" if found.words else ""
            say(f"  {place}. {found.score:.2f}  {name}{words}")
            for caution in found.cautions:
                say(f"       caution: {caution.message}")
    if made:
        say(f"Method: {made[0].version}{'; ' + made[0].note if made[0].note else ''}")


def evaluation(found: dict[str, Any]) -> None:
    """Print the figures of an evaluation."""
    table(
        ["measure", "value"],
        [[key, f"{v:.3f}" if isinstance(v, float) else str(v)] for key, v in found.items()],
        {1},
    )


def explanation(explained: dict[str, Any]) -> None:
    """Print how one verdict follows, step by step."""
    for line in explained["lines"]:
        say(line)


def problems(found: Sequence[Problem]) -> None:
    """Print problems, errors first, and how many there are."""
    order = {"error": 0, "warning": 1, "note": 2}
    for problem in sorted(found, key=lambda p: (order[p.severity], p.file, p.key)):
        say(f"{problem.severity}: [{problem.code}] {problem}")
    counts = {name: sum(p.severity == name for p in found) for name in order}
    say(f"{counts['error']} errors, {counts['warning']} warnings, {counts['note']} notes")


__all__ = ["comparison", "explanation", "problems", "progress", "reason_words", "say", "table"]
