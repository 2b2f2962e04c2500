"""Comparisons: what was asked, what came out, and the inputs from which it can be made again.

The same inputs give the same id, and saving it twice keeps the first. A comparison is never changed.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from datetime import date, datetime
from typing import Any

from sqlalchemy import delete as sql_delete
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from engine.comparison import compare
from engine.findings import Comparison
from engine.matching import Matcher
from engine.policy import Policy
from engine.presenting import comparison_as_dict
from mappings.library import Library
from store import content, inputs
from store.errors import NotFound, NotReproduced
from store.models import ComparisonRow, InputRow
from store.paging import Page, page
from store.types import utc_now


@dataclass(frozen=True, slots=True)
class Stored:
    """A comparison in one line. `summary` counts verdicts; `request` is what was asked, as plain data.

    `etag` is the hash of the JSON that `shown` returns. `identity` names the hashes that the id follows
    from, each by its part: baseline, foreign, policy, vocabulary, program.
    """

    id: str
    workspace: str
    baseline: str
    foreign: str
    as_of: date
    overall: str | None
    summary: Mapping[str, int]
    request: Mapping[str, Any]
    identity: Mapping[str, str]
    etag: str
    who: str
    at: datetime


def save(
    session: Session,
    workspace: str,
    comparison: Comparison,
    library: Library,
    policy: Policy,
    who: str,
    *,
    request: Mapping[str, Any] | None = None,
    texts: inputs.PolicyTexts | None = None,
    at: datetime | None = None,
) -> Stored:
    """Keep a comparison with its resolved inputs; one with this id that is here already is returned.

    `library` and `policy` are those it was made with; `texts` are the policy's (default: the shipped
    ones). In `request` the names `baseline` and `foreign` are what was asked for (a program or an
    edition; default: the editions). Raises StoreError where the texts are not the policy's.
    """
    known = _row(session, workspace, comparison.id)
    if known is not None:
        return _value(known)
    texts = inputs.policy_texts() if texts is None else texts
    parts = inputs.resolved(library, comparison, policy, texts)
    bodies = [inputs.comparison_bytes(comparison), _shown(comparison), *parts.values()]
    result, shown, *addresses = content.put_all(session, bodies, at)
    row = _new_row(workspace, comparison, identity(library, comparison, policy), request or {}, who, at)
    row.result, row.shown = result, shown
    try:
        with session.begin_nested():
            session.add(row)
            session.flush()
            for name, sha in zip(parts, addresses, strict=True):
                session.add(InputRow(comparison=row.seq, name=name, sha256=sha))
    except IntegrityError:  # somebody saved the same one meanwhile
        known = _row(session, workspace, comparison.id)
        if known is None:
            raise
        return _value(known)
    return _value(row)


def _new_row(
    workspace: str,
    comparison: Comparison,
    parts: Mapping[str, str],
    request: Mapping[str, Any],
    who: str,
    at: datetime | None,
) -> ComparisonRow:
    summary = comparison.summary
    return ComparisonRow(
        workspace=workspace,
        id=comparison.id,
        baseline=comparison.baseline,
        foreign=comparison.foreign,
        as_of=comparison.as_of,
        overall=comparison.conclusion.overall,
        summary={**summary.counts, "provisional": summary.provisional, "total": summary.total},
        request={"baseline": comparison.baseline, "foreign": comparison.foreign, **request},
        identity=dict(parts),
        who=who[:200],
        at=at or utc_now(),
    )


def _shown(comparison: Comparison) -> bytes:
    plain = comparison_as_dict(comparison)
    return json.dumps(plain, ensure_ascii=False, separators=(",", ":")).encode()


def identity(library: Library, comparison: Comparison, policy: Policy) -> dict[str, str]:
    """Return the hashes that a comparison's id follows from, besides its scope and date."""
    return {
        "baseline": library.content_hash(comparison.baseline),
        "foreign": library.content_hash(comparison.foreign),
        "policy": policy.digest,
        "vocabulary": content.address(inputs.vocabulary_bytes()),
        "program": comparison.versions["mutual-recognition"],
    }


def get(session: Session, workspace: str, key: str) -> Stored:
    """Return a comparison of a workspace in one line; raise NotFound."""
    return _value(_found(session, workspace, key))


def load(session: Session, workspace: str, key: str) -> Comparison:
    """Return a comparison as it was saved; raise NotFound."""
    return inputs.comparison_from(content.get(session, _found(session, workspace, key).result))


def shown(session: Session, workspace: str, key: str) -> bytes:
    """Return a comparison as the JSON that people and dashboards get; raise NotFound."""
    return content.get(session, _found(session, workspace, key).shown)


def listing(
    session: Session,
    workspace: str,
    *,
    baseline: str = "",
    foreign: str = "",
    overall: str = "",
    as_of: date | None = None,
    after: str = "",
    limit: int = 50,
) -> Page[Stored]:
    """Return the comparisons of a workspace, the newest first; `baseline` and `foreign` are editions."""
    query = select(ComparisonRow).where(ComparisonRow.workspace == workspace)
    filters = (
        (ComparisonRow.baseline, baseline),
        (ComparisonRow.foreign, foreign),
        (ComparisonRow.overall, overall),
    )
    for column, wanted in filters:
        if wanted:
            query = query.where(column == wanted)
    if as_of is not None:
        query = query.where(ComparisonRow.as_of == as_of)
    return page(session, query, ComparisonRow.seq, _value, after, limit)


def delete(session: Session, workspace: str, key: str) -> None:
    """Remove a comparison; raise NotFound."""
    row = _found(session, workspace, key)
    session.execute(sql_delete(ComparisonRow).where(ComparisonRow.seq == row.seq))
    session.expunge(row)


def inputs_of(session: Session, workspace: str, key: str) -> dict[str, bytes]:
    """Return the resolved inputs of a comparison by name; raise NotFound."""
    row = _found(session, workspace, key)
    query = select(InputRow.name, InputRow.sha256).where(InputRow.comparison == row.seq)
    named: dict[str, str] = dict(session.execute(query.order_by(InputRow.name)).all())
    bodies = content.get_all(session, named.values())
    return {name: bodies[sha] for name, sha in named.items()}


def reproduce(session: Session, workspace: str, key: str, matcher: Matcher) -> Comparison:
    """Make a stored comparison again, from its own inputs alone; what comes back equals what was saved.

    Raises NotReproduced, with the reasons, where this program judges the same inputs otherwise (a
    newer release may), and NotFound.
    """
    saved, found = load(session, workspace, key), inputs_of(session, workspace, key)
    library = inputs.library_from(found, saved.versions["library"])
    made = compare(
        library,
        library.editions[saved.baseline],
        library.editions[saved.foreign],
        inputs.policy_from(found, matcher),
        matcher,
        saved.as_of,
        inputs.scope_from(found),
    )
    # Warnings about the names that were asked for came before those of the comparison itself.
    asked = saved.warnings[: len(saved.warnings) - len(made.warnings)]
    made = replace(made, warnings=(*asked, *made.warnings))
    reasons = differences(saved, made)
    if reasons:
        raise NotReproduced(key, (*reasons, *_causes(saved, made, found)))
    # A newer release gives the same judgements another id; this is the comparison under its own.
    return replace(made, id=saved.id, versions=saved.versions)


def differences(saved: Comparison, made: Comparison) -> tuple[str, ...]:
    """Return in words what two comparisons judge differently; ids and versions do not count."""
    before = {finding.criterion: finding for finding in saved.findings}
    after = {finding.criterion: finding for finding in made.findings}
    changed = [ref for ref in {**before, **after} if before.get(ref) != after.get(ref)]
    found = [f"the finding on {ref}" for ref in changed]
    for field in fields(Comparison):
        said = field.name not in ("id", "versions", "findings")
        if said and getattr(saved, field.name) != getattr(made, field.name):
            found.append(f"the {field.name}")
    if not found and saved.findings != made.findings:
        found.append("the order of the findings")
    return tuple(found)


def _causes(saved: Comparison, made: Comparison, found: Mapping[str, bytes]) -> list[str]:
    causes = [
        f"{name} was {saved.versions.get(name, 'unknown')} and is {version}"
        for name, version in made.versions.items()
        if saved.versions.get(name) != version
    ]
    if found["vocabulary"] != inputs.vocabulary_bytes():
        causes.append("the vocabulary has changed")
    return causes


def _row(session: Session, workspace: str, key: str) -> ComparisonRow | None:
    query = select(ComparisonRow).where(ComparisonRow.workspace == workspace, ComparisonRow.id == key)
    return session.scalar(query)


def _found(session: Session, workspace: str, key: str) -> ComparisonRow:
    row = _row(session, workspace, key)
    if row is None:
        raise NotFound("comparison", key)
    return row


def _value(row: ComparisonRow) -> Stored:
    return Stored(
        row.id, row.workspace, row.baseline, row.foreign, row.as_of, row.overall, row.summary, row.request,
        row.identity, row.shown, row.who, row.at,
    )  # fmt: skip
