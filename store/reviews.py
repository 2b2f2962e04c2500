"""Reviews: the append-only record of who decided which map, when and why.

The record is the truth; the files `reviews/*.yaml` of a workspace are how it is read and written as
a folder (docs/decisions/0040). A decision is never changed or removed. An undo marks it as withdrawn.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import yaml
from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from criteria.files import DataFile, parse_model, parse_yaml
from criteria.problems import DataError
from mappings.library import Reviews
from mappings.reviewing import Review, latest
from store.errors import ReviewsAreAppendOnly, VersionConflict
from store.models import ReviewRow
from store.paging import Page, page
from store.paths import REVIEWS

MapKey = tuple[str, str, str]  # edition, obligation, control ("" where none fits)


@dataclass(frozen=True, slots=True)
class Recorded:
    """A decision in the record: its place, the change it came with, and whether it still stands.

    `withdrawn` is the number of the change that took it back, None while it stands.
    """

    seq: int
    change: int
    path: str
    review: Review
    withdrawn: int | None


def listing(
    session: Session,
    workspace: str,
    *,
    edition: str = "",
    obligation: str = "",
    control: str | None = None,
    decision: str = "",
    by: str = "",
    after: str = "",
    limit: int = 50,
) -> Page[Recorded]:
    """Return decisions newest first, those that were withdrawn too."""
    query = select(ReviewRow).where(ReviewRow.workspace == workspace)
    filters = (
        (ReviewRow.edition, edition),
        (ReviewRow.obligation, obligation),
        (ReviewRow.decision, decision),
        (ReviewRow.by, by),
    )
    for column, wanted in filters:
        if wanted:
            query = query.where(column == wanted)
    if control is not None:
        query = query.where(ReviewRow.control == control)
    return page(session, query, ReviewRow.seq, _recorded, after, limit)


def standing(session: Session, workspace: str, edition: str = "") -> tuple[Review, ...]:
    """Return the last decision on each map that stands, in the order of the record."""
    rows = (row for path in in_files(session, workspace).values() for row in path)
    return tuple(review for review in latest(rows).values() if not edition or review.edition == edition)


def revision(session: Session, workspace: str, edition: str, obligation: str, control: str) -> int:
    """Return how many decisions on a map were ever recorded: the version that If-Match compares."""
    return revisions(session, workspace, [(edition, obligation, control)])[edition, obligation, control]


def revisions(session: Session, workspace: str, maps: Collection[MapKey]) -> Mapping[MapKey, int]:
    """Return the revision of each of these maps; 0 where nobody has decided yet."""
    found = dict.fromkeys(maps, 0)
    for edition in sorted({key[0] for key in maps}):
        # A withdrawal changes what stands as a decision does, so it counts too.
        query = (
            select(ReviewRow.obligation, ReviewRow.control, func.count() + func.count(ReviewRow.withdrawn))
            .where(ReviewRow.workspace == workspace, ReviewRow.edition == edition)
            .group_by(ReviewRow.obligation, ReviewRow.control)
        )
        for obligation, control, count in session.execute(query):
            if (edition, obligation, control) in found:
                found[edition, obligation, control] = count
    return found


def check_revisions(session: Session, workspace: str, expected: Mapping[MapKey, int]) -> None:
    """Raise VersionConflict where a map was decided since its revision was read."""
    actual = revisions(session, workspace, tuple(expected))
    for key, seen in expected.items():
        if actual[key] != seen:
            raise VersionConflict("map", " / ".join(part or "no control" for part in key), seen, actual[key])


def in_files(session: Session, workspace: str) -> dict[str, list[Review]]:
    """Return the decisions that stand, by the review file they belong to, in order."""
    found: dict[str, list[Review]] = {}
    for row in _standing_rows(session, workspace):
        found.setdefault(row.path, []).append(Review.model_validate(row.body))
    return found


def _standing_rows(session: Session, workspace: str, path: str = "") -> Iterable[ReviewRow]:
    query = select(ReviewRow).where(ReviewRow.workspace == workspace, ReviewRow.withdrawn.is_(None))
    if path:
        query = query.where(ReviewRow.path == path)
    return session.scalars(query.order_by(ReviewRow.path, ReviewRow.seq))


def path_for(edition: str) -> str:
    """Return the file in which decisions on an edition's maps stand."""
    return f"{REVIEWS}/{edition}.yaml"


def as_text(reviews: Sequence[Review]) -> str:
    """Return decisions as the text of a review file, just as the folder workspace writes it."""
    rows = [review.model_dump(mode="json", exclude_defaults=True) for review in reviews]
    listed: str = yaml.dump(rows, Dumper=yaml.CSafeDumper, allow_unicode=True, sort_keys=False, width=110)
    return "reviews:\n" + (listed if rows else "")


def from_text(text: str, path: str) -> tuple[Review, ...]:
    """Return the decisions of a review file; raise DataError with every problem in it."""
    data, problems = parse_yaml(text, path)
    if problems:
        raise DataError(problems)
    if isinstance(data, dict) and data.get("reviews", ()) is None:
        data = {**data, "reviews": []}
    parsed, problems = parse_model(Reviews, data or {}, DataFile(Path(path), path, data))
    if parsed is None:
        raise DataError(problems)
    return parsed.reviews


def add(session: Session, workspace: str, change: int, path: str, reviews: Iterable[Review]) -> int:
    """Append decisions under a change; return how many. The caller has advanced the workspace."""
    rows = [_row(workspace, change, path, review) for review in reviews]
    for row in rows:
        session.add(row)
        session.flush()  # one by one: the order of `seq` is the order of the record
    return len(rows)


def _row(workspace: str, change: int, path: str, review: Review) -> ReviewRow:
    return ReviewRow(
        workspace=workspace,
        change=change,
        path=path,
        edition=review.edition,
        obligation=review.obligation,
        control=review.control,
        decision=review.decision,
        by=review.by,
        at=review.at,
        body=review.model_dump(mode="json"),
        withdrawn=None,
    )


def set_file(
    session: Session, workspace: str, change: int, path: str, reviews: Sequence[Review], *, withdraw: bool
) -> int:
    """Make a review file read as given: append what is new; return how many decisions changed.

    Raises ReviewsAreAppendOnly where recorded decisions are left out or changed, unless they may be
    withdrawn.
    """
    rows = list(_standing_rows(session, workspace, path))
    same = 0
    for row, review in zip(rows, reviews, strict=False):
        if Review.model_validate(row.body) != review:
            break
        same += 1
    dropped = [row.seq for row in rows[same:]]
    if dropped and not withdraw:
        raise ReviewsAreAppendOnly(
            f"{path} leaves out or changes {len(dropped)} recorded decisions. Add new decisions at its end."
        )
    for seq in dropped:
        session.execute(update(ReviewRow).where(ReviewRow.seq == seq).values(withdrawn=change))
    return len(dropped) + add(session, workspace, change, path, reviews[same:])


def take_back(session: Session, workspace: str, undone: int, change: int) -> int:
    """Withdraw what a change added, and record anew what it withdrew; return how many decisions."""
    added = update(ReviewRow).where(
        ReviewRow.workspace == workspace, ReviewRow.change == undone, ReviewRow.withdrawn.is_(None)
    )
    before = select(ReviewRow).where(ReviewRow.workspace == workspace, ReviewRow.withdrawn == undone)
    lost = list(session.scalars(before.order_by(ReviewRow.seq)))
    count: int = session.execute(added.values(withdrawn=change)).rowcount  # type: ignore[attr-defined]
    for row in lost:
        add(session, workspace, change, row.path, [Review.model_validate(row.body)])
    return count + len(lost)


def _recorded(row: ReviewRow) -> Recorded:
    return Recorded(row.seq, row.change, row.path, Review.model_validate(row.body), row.withdrawn)
