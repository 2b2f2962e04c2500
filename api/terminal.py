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
    from pathlib import Path

    from criteria.arrangements import ArrangementRow, BetweenOthers
    from engine.diffing import Change, EditionDiff
    from engine.matrix import Matrix
    from jobs.importing import ImportPlan
    from jobs.reviewing import ReviewPlan
    from mappings.suggesting import Suggestions
    from workbooks.raw_criteria import SheetSummary

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
    for note in conclusion.notes:
        if note not in found.warnings:
            say(f"  {note}")
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


def import_result(plan: ImportPlan, *, applied: bool, workspace: Path) -> None:
    """Print what an import read, what became of each sheet, its problems, and what to do next."""
    result = plan.as_dict(applied=applied)
    if plan.sheets:
        rows = [
            [s.name, str(s.header_row or ""), str(s.rows), _other_rows(s), s.skipped] for s in plan.sheets
        ]
        table(["sheet", "header row", "criteria rows", "other rows", "skipped because"], rows, numeric={1, 2})
        for layout in plan.layouts:
            columns = ", ".join(f"{column.column} {column.field}" for column in layout.columns)
            say(f"Columns of {layout.sheet} ({layout.source}): {columns}")
        say("")
    if not plan.refused:
        say(f"{result['criteria']} criteria, {result['obligations']} obligations as {plan.edition.key}")
        _matches_and_maps(plan, result)
    if plan.problems:
        upload_problems(plan.problems)
        say("")
    where = "" if str(workspace) == "workspace" else f" --workspace {workspace}"
    if applied:
        key = plan.edition.key
        say("Written. Next:")
        for command in (f"suggest {key}", f"review {key} --export review.xlsx", f"compare {key}"):
            say(f"  mra {command}{where}")
    else:
        say("Nothing was written." + ("" if plan.refused else " Leave out --dry-run to import it."))


def _matches_and_maps(plan: ImportPlan, result: dict[str, Any]) -> None:
    if plan.previous:
        kinds = [f"{number} {kind}" for kind, number in result["matches"].items() if number]
        say(f"Against {plan.previous}: {', '.join(kinds)}")
    say("Maps: " + (", ".join(f"{n} {status}" for status, n in result["maps"].items() if n) or "none"))
    say("")


_ROWS = {
    "title": "title",
    "header": "header",
    "section": "heading",
    "continuation": "joined",
    "not_read": "not read",
}


def _other_rows(sheet: SheetSummary) -> str:
    """Return what the rows of a sheet are that hold no criterion of their own."""
    counts = [(sheet.ledger.get(kind, 0), word) for kind, word in _ROWS.items()]
    return ", ".join(f"{number} {word}" for number, word in counts if number)


SHOWN = 8  # places printed of each problem code; all are in --json and in the annotated copy


def upload_problems(found: Sequence[Problem]) -> None:
    """Print the problems of a spreadsheet by code, errors first: each place, then what to do, then counts."""
    from workbooks.problem_codes import problem_codes

    groups: dict[tuple[int, str], list[Problem]] = {}
    for one in found:
        groups.setdefault((_SEVERITIES.index(one.severity), one.code), []).append(one)
    for (severity, code), places in sorted(groups.items(), key=lambda group: group[0][0]):
        say(f"{_SEVERITIES[severity]} [{code}] {problem_codes()[code].title}")
        for one in places[:SHOWN]:
            place = one.cell or one.file
            say(f"    {place}: {one.message}" if place else f"    {one.message}")
        if len(places) > SHOWN:
            say(f"    … and {len(places) - SHOWN} more; --json and --annotate OUT.xlsx have them all")
        if places[0].hint:
            say(f"    To do: {places[0].hint}")
    _counts(found)


def _counts(found: Sequence[Problem]) -> None:
    counts = {name: sum(p.severity == name for p in found) for name in _SEVERITIES}
    say(", ".join(f"{number} {name}{'' if number == 1 else 's'}" for name, number in counts.items()))


def review_result(plan: ReviewPlan, *, applied: bool) -> None:
    """Print what a returned review workbook changes, and what cannot be applied."""
    rows = [
        [r.obligation, r.control or "no control", r.decision, str(r.relationship or ""), _start(r.rationale)]
        for r in plan.reviews
    ]
    if rows:
        table(["obligation", "control", "decision", "relationship", "rationale"], rows)
    if plan.problems:
        upload_problems(plan.problems)
    done = "Applied." if applied else "Nothing was written."
    say(f"{len(plan.reviews)} decisions, {plan.unchanged} rows unchanged. {done}")


def _start(text: str, most: int = 70) -> str:
    """Return a text that fits a line of a table."""
    line = " ".join(text.split())
    return line if len(line) <= most else line[: most - 1] + "…"


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


_SEVERITIES = ("error", "warning", "note")


def problems(found: Sequence[Problem]) -> None:
    """Print problems, errors first, and how many there are."""
    for problem in sorted(found, key=lambda p: (_SEVERITIES.index(p.severity), p.file, p.key)):
        say(f"{problem.severity}: [{problem.code}] {problem}")
    _counts(found)


__all__ = ["comparison", "explanation", "problems", "progress", "reason_words", "say", "table"]
