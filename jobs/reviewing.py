"""Review of maps: export a workbook, and apply what a reviewer decided in it.

Nothing is applied unless all of it can be, or the caller asks for what can be. Each decision is
appended to the workspace's reviews with who, when, why and the hashes of both texts.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from criteria.files import parse_yaml
from criteria.model import Edition
from criteria.problems import MraError, Problem, nearest_hint
from jobs.importing import dump, upload_problem
from mappings.library import Library
from mappings.model import Control
from mappings.relationships import Relationship
from mappings.review_rows import ACCEPT, DECISIONS, NONE_FITS, REJECT, ReviewRow, review_rows
from mappings.reviewing import Decision, Review, control_hash, latest, now_utc
from mappings.workspace import commit, locked
from workbooks.problem_codes import problem
from workbooks.report.texts import safe
from workbooks.review_book import SHEET, ReturnedRow, read_review, write_review

RELATIONSHIPS = tuple(r.value for r in Relationship if r is not Relationship.NONE)
CONFIDENCES = ("high", "medium", "low")


@dataclass(frozen=True, slots=True)
class ReviewPlan:
    """What a returned workbook would change, and what in it cannot be applied."""

    reviews: tuple[Review, ...]
    problems: tuple[Problem, ...]
    unchanged: int

    @property
    def refused(self) -> bool:
        """Whether something cannot be applied."""
        return any(found.severity == "error" for found in self.problems)

    def as_dict(self, *, applied: bool) -> dict[str, Any]:
        """Return the plan as plain data."""
        return {
            "changes": [review.model_dump(mode="json") for review in self.reviews],
            "unchanged": self.unchanged,
            "problems": [upload_problem(found) for found in self.problems],
            "applied": applied,
        }


def export_review(library: Library, edition: Edition, target: Path, only: Sequence[str] = ()) -> int:
    """Write the maps of an edition as a review workbook; return the number of rows."""
    rows = list(review_rows(library, edition, only))
    write_review(rows, library.controls, edition, target)
    return len(rows)


def plan_review(library: Library, data: bytes, name: str, by: str, at: str = "") -> ReviewPlan:
    """Return what a returned workbook decides. Faults are problems at their cells, never exceptions."""
    if not by.strip():
        raise MraError("Say who decides: --by NAME.")
    returned, problems = read_review(data, name)
    moment = at or now_utc()
    current = _current(library, {row.edition for row in returned})
    sound: list[ReturnedRow] = []
    for row in returned:
        found = list(_faults(row, library, current))
        problems += found
        sound += [] if found else [row]
    clashes = list(_clashes(sound))
    problems += [found for _, found in clashes]
    decided = [row for row in sound if row.decision and row not in [row for row, _ in clashes]]
    reviews = [_decided(row, current, library.controls, by, moment) for row in decided]
    reviews += _rejected_with_them(decided, current, by, moment)
    last = latest(library.reviews)
    news = [one for one in reviews if not _is_known(one, last)]
    unchanged = sum(not row.decision for row in sound) + len(reviews) - len(news)
    return ReviewPlan(tuple(news), tuple(problems), unchanged)


def _is_known(review: Review, last: Mapping[tuple[str, str, str], Review]) -> bool:
    """Return whether the same was decided already, as where a workbook is applied for the second time."""
    known = last.get((review.edition, review.obligation, review.control))
    moment = {"at": review.at, "by": review.by}
    return known is not None and known.model_copy(update=moment) == review


def _clashes(rows: Sequence[ReturnedRow]) -> Iterable[tuple[ReturnedRow, Problem]]:
    """Yield rows that contradict one above: a map decided twice, or accepted where no control is to fit."""
    seen: dict[tuple[str, str, str], ReturnedRow] = {}
    none_fits = {(row.edition, row.obligation): row for row in rows if row.decision == NONE_FITS}
    for row in rows:
        if not row.decision:
            continue
        control = "" if row.decision == NONE_FITS else row.control
        first = seen.setdefault((row.edition, row.obligation, control), row)
        none = none_fits.get((row.edition, row.obligation))
        other = first if first is not row else none if none and row.decision == ACCEPT else None
        if other is not None:
            yield row, problem(
                "decided_twice", sheet=SHEET, cell=row.cells["decision"], field="decision",
                value=row.decision, other=other.cells["decision"], decided=other.decision,
            )  # fmt: skip


def _rejected_with_them(
    rows: Sequence[ReturnedRow],
    current: Mapping[tuple[str, str], Sequence[ReviewRow]],
    by: str,
    at: str,
) -> list[Review]:
    """Return the rejection of every other map of the obligations to which no control is to fit."""
    decided = {(row.edition, row.obligation, row.control) for row in rows if row.decision != NONE_FITS}
    return [
        Review(
            edition=one.edition,
            obligation=one.obligation,
            control=one.control,
            decision="rejected",
            relationship=Relationship(one.relationship),
            rationale=f"no control fits: {row.rationale}",
            confidence=one.confidence or "medium",
            by=by.strip(),
            at=at,
            method="review workbook",
            source_hash=one.source_hash,
            target_hash=one.target_hash,
        )
        for row in rows
        if row.decision == NONE_FITS
        for one in current[row.edition, row.obligation]
        if one.control
        and one.status != "rejected"
        and (one.edition, one.obligation, one.control) not in decided
    ]


def _current(library: Library, editions: Iterable[str]) -> dict[tuple[str, str], list[ReviewRow]]:
    """Return the rows as they stand now, by edition and obligation."""
    found: dict[tuple[str, str], list[ReviewRow]] = {}
    for key in editions:
        if key in library.editions:
            for row in review_rows(library, library.editions[key]):
                found.setdefault((key, row.obligation), []).append(row)
    return found


def _faults(
    row: ReturnedRow, library: Library, current: Mapping[tuple[str, str], Sequence[ReviewRow]]
) -> Iterable[Problem]:
    if row.edition not in library.editions:
        yield _fault("unknown_edition", row, "edition", row.edition, library.editions)
        return
    now = current.get((row.edition, row.obligation))
    if now is None:
        known = [obligation for edition, obligation in current if edition == row.edition]
        yield _fault("unknown_obligation", row, "obligation", row.obligation, known)
        return
    if row.control and row.control not in library.controls:
        yield _fault("unknown_control", row, "control", row.control, library.controls)
        return
    if not row.added and _texts_changed(row, now):
        yield _fault("text_changed_since", row, "obligation", row.obligation, ())
        return
    found = list(_decision_faults(row, now))
    yield from found
    if not found and not row.decision and row.edited:
        yield _fault("decision_missing", row, "decision", "", DECISIONS)


def _texts_changed(row: ReturnedRow, now: Sequence[ReviewRow]) -> bool:
    same = next((one for one in now if one.control == row.control), None)
    target = same.target_hash if same else ""
    return row.source_hash != now[0].source_hash or bool(same and row.control and row.target_hash != target)


def _decision_faults(row: ReturnedRow, now: Sequence[ReviewRow]) -> Iterable[Problem]:
    if row.decision and row.decision not in DECISIONS:
        yield _fault("unknown_decision", row, "decision", row.decision, DECISIONS)
    if row.control and row.relationship not in RELATIONSHIPS:
        yield _fault("unknown_relationship", row, "relationship", row.relationship, RELATIONSHIPS)
    if row.confidence and row.confidence not in CONFIDENCES:
        yield _fault("unknown_confidence", row, "confidence", row.confidence, CONFIDENCES)
    if row.decision in (ACCEPT, REJECT) and not row.control:
        yield _fault("control_missing", row, "control", "", ())
    # The reason why a control was proposed is none why no control fits.
    proposed = {_plain(one.rationale) for one in now if one.control} if row.decision == NONE_FITS else set()
    if row.decision in (ACCEPT, NONE_FITS) and (not row.rationale or _plain(row.rationale) in proposed):
        yield _fault("rationale_missing", row, "rationale", "", ())


def _plain(text: str) -> str:
    """Return a text as it comes back from a cell, whatever its spaces."""
    return " ".join(safe(text).split())


def _fault(code: str, row: ReturnedRow, field: str, value: str, known: Iterable[str]) -> Problem:
    listed = list(known)
    hint = nearest_hint(value, listed) if listed else ""
    return problem(
        code, sheet=SHEET, cell=row.cells.get(field, f"A{row.row}"), field=field, value=value, nearest=hint
    )


def _target_hash(row: ReturnedRow, controls: Mapping[str, Control]) -> str:
    """Return the mark of the control's text the reviewer saw; a changed or added control is read anew."""
    return control_hash(controls[row.control])


def _decided(
    row: ReturnedRow,
    current: Mapping[tuple[str, str], Sequence[ReviewRow]],
    controls: Mapping[str, Control],
    by: str,
    at: str,
) -> Review:
    now = current[row.edition, row.obligation]
    none_fits = row.decision == NONE_FITS
    decision: Decision = "rejected" if row.decision == REJECT else "approved"
    return Review(
        edition=row.edition,
        obligation=row.obligation,
        control="" if none_fits else row.control,
        decision=decision,
        relationship=None if none_fits else Relationship(row.relationship),
        rationale=row.rationale or "rejected",
        confidence=row.confidence or "medium",
        by=by.strip(),
        at=at,
        why=row.why,
        method="review workbook",
        source_hash=now[0].source_hash,
        target_hash="" if none_fits else _target_hash(row, controls),
    )


def apply_review(workspace: Path, plan: ReviewPlan, *, partly: bool = False) -> bool:
    """Append the decisions to the workspace; return whether anything was written.

    Raises MraError where something cannot be applied and `partly` was not asked for.
    """
    if plan.refused and not partly:
        raise MraError(
            "Nothing was applied: some rows cannot be. Correct them, or apply the rest with --partly."
        )
    if not plan.reviews:
        return False
    with locked(workspace):
        files = {}
        for edition in sorted({review.edition for review in plan.reviews}):
            path = f"reviews/{edition}.yaml"
            fresh = [review for review in plan.reviews if review.edition == edition]
            files[path] = _appended(workspace / path, fresh)
        commit(workspace, files, f"{len(plan.reviews)} decisions by {plan.reviews[0].by}")
    return True


def _appended(path: Path, reviews: Sequence[Review]) -> str:
    """Return a review file with decisions added at its end; what is there stays as it is."""
    before = path.read_text(encoding="utf-8") if path.is_file() else "reviews:\n"
    data, problems = parse_yaml(before, path.name)
    if problems:
        raise MraError(f"{path} cannot be read: {problems[0]}")
    if not (data or {}).get("reviews"):
        before = "reviews:\n"
    rows = [review.model_dump(mode="json", exclude_defaults=True) for review in reviews]
    return before.rstrip("\n") + "\n" + dump(rows)
