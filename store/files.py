"""The files of a workspace, changed in numbered steps that can be undone."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from mappings.reviewing import Review
from store import content, reviews, workspaces
from store.errors import BadName, NotFound, StoreError
from store.models import ChangeFileRow, ChangeRow, WorkspaceFileRow
from store.paging import Page, page
from store.paths import check_path, clashes, is_review
from store.types import utc_now
from store.yaml_safety import yaml_fault


@dataclass(frozen=True, slots=True)
class FileEntry:
    """A file of a workspace: its hash, its size in bytes, and how often it was changed."""

    path: str
    sha256: str
    size: int
    version: int


@dataclass(frozen=True, slots=True)
class Change:
    """One step of a workspace's history. `number` is also the workspace's version after it.

    `undoes` is the number of the change that it takes back, None where it takes back none.
    """

    number: int
    what: str
    who: str
    at: datetime
    files: tuple[str, ...]
    undoes: int | None = None


def entries(session: Session, workspace: str) -> tuple[FileEntry, ...]:
    """Return the files of a workspace by path, review files included (their version counts decisions)."""
    query = select(WorkspaceFileRow).where(WorkspaceFileRow.workspace == workspace)
    found = [FileEntry(row.path, row.sha256, row.size, row.version) for row in session.scalars(query)]
    for path, decided in reviews.in_files(session, workspace).items():
        data = reviews.as_text(decided).encode()
        found.append(FileEntry(path, content.address(data), len(data), len(decided)))
    return tuple(sorted(found, key=lambda entry: entry.path))


def read(session: Session, workspace: str, path: str) -> str:
    """Return the text of a file; raise NotFound."""
    if is_review(path):
        decided = reviews.in_files(session, workspace).get(path)
        if decided:
            return reviews.as_text(decided)
    row = session.get(WorkspaceFileRow, (workspace, path), populate_existing=True)
    if row is None:
        raise NotFound("file", path)
    return content.get(session, row.sha256).decode()


def read_all(session: Session, workspace: str) -> dict[str, str]:
    """Return every file of a workspace as text by path: what the folder of it holds."""
    query = select(WorkspaceFileRow.path, WorkspaceFileRow.sha256)
    named: dict[str, str] = dict(session.execute(query.where(WorkspaceFileRow.workspace == workspace)).all())
    bodies = content.get_all(session, named.values())
    found = {path: bodies[sha].decode() for path, sha in named.items()}
    for path, decided in reviews.in_files(session, workspace).items():
        found[path] = reviews.as_text(decided)
    return dict(sorted(found.items()))


def commit(
    session: Session,
    workspace: str,
    files: Mapping[str, str | None],
    what: str,
    who: str,
    *,
    expected: int | None = None,
    withdraw: bool = False,
    at: datetime | None = None,
) -> Change:
    """Write (or, where the text is None, remove) files in one step; return the change.

    A review file is read, and what is new in it is added to the record. Raises NotFound, BadName for
    a path, VersionConflict where the workspace is no longer at version `expected`, DataError for a
    review file that cannot be read, ReviewsAreAppendOnly where one leaves out recorded decisions
    (with `withdraw` these are marked as taken back).
    """
    for path, text in files.items():
        fault = yaml_fault(text) if check_path(path) and text else ""
        if fault:
            raise BadName(f"{path} is not taken: {fault}.")
    decided = {path: _decided(path, text) for path, text in files.items() if is_review(path)}
    return _step(session, workspace, files, what, who, decided, expected, withdraw=withdraw, at=at)


def _decided(path: str, text: str | None) -> tuple[Review, ...]:
    return () if text is None else reviews.from_text(text, path)


def decide(
    session: Session,
    workspace: str,
    decisions: Sequence[Review],
    who: str,
    what: str = "",
    *,
    expected: int | None = None,
    revisions: Mapping[reviews.MapKey, int] | None = None,
    at: datetime | None = None,
) -> Change:
    """Add decisions to the record, each in the file of its edition; return the change.

    `revisions` are those the reviewer saw of each map (`reviews.revision`): VersionConflict is raised
    where somebody decided one of them meanwhile, and nothing is recorded.
    """
    if not decisions:
        raise BadName("There is no decision to record.")
    by_path: dict[str, list[Review]] = {}
    for review in decisions:
        by_path.setdefault(check_path(reviews.path_for(review.edition)), []).append(review)
    number = workspaces.advance(session, workspace, expected, at)
    reviews.check_revisions(session, workspace, revisions or {})
    for path, added in sorted(by_path.items()):
        reviews.add(session, workspace, number, path, added)
    what = what or f"{len(decisions)} decisions by {who}"
    return _record(session, workspace, number, what, who, dict.fromkeys(by_path, (None, None)), None, at)


def _step(
    session: Session,
    workspace: str,
    files: Mapping[str, str | None],
    what: str,
    who: str,
    decided: Mapping[str, Sequence[Review]],
    expected: int | None,
    *,
    withdraw: bool,
    at: datetime | None,
) -> Change:
    number = workspaces.advance(session, workspace, expected, at)
    plain = {path: text for path, text in files.items() if path not in decided}
    touched = _write(session, workspace, plain, at)
    for path, wanted in sorted(decided.items()):
        reviews.set_file(session, workspace, number, path, wanted, withdraw=withdraw)
        touched[path] = (None, None)
    _refuse_clashes(session, workspace, plain)
    return _record(session, workspace, number, what, who, touched, None, at)


Touched = dict[str, tuple[str | None, str | None]]


def _write(session: Session, workspace: str, files: Mapping[str, str | None], at: datetime | None) -> Touched:
    texts = {path: text.encode() for path, text in files.items() if text is not None}
    addresses = dict(zip(texts, content.put_all(session, texts.values(), at), strict=True))
    touched: Touched = {}
    for path in sorted(files):
        row = session.get(WorkspaceFileRow, (workspace, path), populate_existing=True)
        before, after = row.sha256 if row else None, addresses.get(path)
        touched[path] = (before, after)
        if row is None and after is not None:
            size = len(texts[path])
            session.add(WorkspaceFileRow(workspace=workspace, path=path, sha256=after, size=size, version=1))
        elif row is not None and after is None:
            session.delete(row)
        elif row is not None and after is not None:
            row.sha256, row.size, row.version = after, len(texts[path]), row.version + 1
    session.flush()
    return touched


def _refuse_clashes(session: Session, workspace: str, written: Collection[str]) -> None:
    if not written:
        return
    query = select(WorkspaceFileRow.path).where(WorkspaceFileRow.workspace == workspace)
    alike = clashes(session.scalars(query))
    if alike:
        raise BadName(f"{alike[0]} differs from another file only in upper and lower case.")


def _record(
    session: Session,
    workspace: str,
    number: int,
    what: str,
    who: str,
    touched: Touched,
    undoes: int | None,
    at: datetime | None,
) -> Change:
    moment = at or utc_now()
    row = ChangeRow(workspace=workspace, number=number, what=what, who=who[:200], at=moment, undoes=undoes)
    session.add(row)
    session.flush()
    for path, (before, after) in touched.items():
        session.add(ChangeFileRow(change=row.seq, path=path, before=before, after=after))
    session.flush()
    return Change(number, what, who, moment, tuple(sorted(touched)), undoes)


def history(session: Session, workspace: str, after: str = "", limit: int = 50) -> Page[Change]:
    """Return the changes of a workspace, the newest first."""
    query = select(ChangeRow).where(ChangeRow.workspace == workspace)
    return page(session, query, ChangeRow.seq, lambda row: _change(session, row), after, limit)


def _change(session: Session, row: ChangeRow) -> Change:
    paths = session.scalars(
        select(ChangeFileRow.path).where(ChangeFileRow.change == row.seq).order_by(ChangeFileRow.path)
    )
    return Change(row.number, row.what, row.who, row.at, tuple(paths), row.undoes)


def undo(
    session: Session, workspace: str, who: str, *, expected: int | None = None, at: datetime | None = None
) -> Change:
    """Take back the last change (undoing an undo does it again); return the change that does so."""
    number = workspaces.advance(session, workspace, expected, at)
    query = select(ChangeRow).where(ChangeRow.workspace == workspace).order_by(ChangeRow.number.desc())
    last = session.scalar(query.limit(1))
    if last is None:
        raise StoreError(f"There is nothing to undo in {workspace}.")
    rows = session.scalars(select(ChangeFileRow).where(ChangeFileRow.change == last.seq)).all()
    plain = {row.path: row.before for row in rows if not is_review(row.path)}
    touched: Touched = {row.path: (None, None) for row in rows if is_review(row.path)}
    bodies = content.get_all(session, [sha for sha in plain.values() if sha])
    texts = {path: bodies[sha].decode() if sha else None for path, sha in plain.items()}
    touched |= _write(session, workspace, texts, at)
    reviews.take_back(session, workspace, last.number, number)
    what = f"undo {last.number}: {last.what}"
    return _record(session, workspace, number, what, who, touched, last.number, at)
