"""Comparisons: made, listed, read, explained, set side by side, and imagined."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from fastapi import Request
from fastapi.responses import Response
from starlette.concurrency import run_in_threadpool

from api import schemas
from api.access import needs
from api.audiences import for_partner
from api.dates import day_or
from api.findings import COLUMNS, Filters, Row, compact_array, full_array, rows_of
from api.routes.shared import API, UNCHANGED, AsOf, Text, Workspace, csv_too, file_answer, router
from api.services import Services, actor_of, services_of, today
from api.streaming import file_response
from api.tables import (
    After,
    Format,
    Limit,
    Page,
    answer,
    as_json,
    caching,
    etag_of,
    listed,
    page_of,
    row_cursor,
    unchanged,
    wants_csv,
)
from jobs.comparing import Request as Asked
from jobs.stored_comparisons import (
    Kept,
    asked,
    compared,
    explain,
    finding_changes,
    keep,
    load_case,
    make_comparison,
)
from jobs.stored_reports import XLSX, report_bytes, report_name
from jobs.what_if import imagine
from store import comparisons as stored

routes = router("comparisons")

ROW_COLUMNS = (
    "id", "baseline", "foreign", "as_of", "overall", "summary.total", "summary.exceeds", "summary.meets",
    "summary.partly_meets", "summary.no_counterpart", "summary.not_evidenced", "summary.not_reviewed",
    "summary.provisional", "who", "at",
)  # fmt: skip
REVERSE_COLUMNS = ("provision", "title", "text", "category", "strength", "class", "note", "basis")
CHANGED_COLUMNS = (
    "criterion", "title", "category", "strength", "change", "verdict_before", "verdict_after",
    "shortfall_before", "shortfall_after", "severity_before", "severity_after", "reasons_gone", "reasons_new",
)  # fmt: skip


OBJECTS = 9  # bytes that JSON takes as bytes, as objects and as rows, for each byte of it


def _as_asked(body: schemas.ComparisonRequest) -> Asked:
    return Asked(body.foreign, body.baseline, tuple(body.operators), body.as_of, body.count_forced_labor)


def row_of(one: stored.Stored) -> dict[str, Any]:
    """Return a stored comparison in one line."""
    plain = asdict(one)
    del plain["identity"], plain["etag"], plain["workspace"]
    return plain


@routes.post(
    "/comparisons",
    status_code=201,
    response_model=schemas.ComparisonRow,
    responses={200: {"model": schemas.ComparisonRow, "description": "It was there already."}},
)
@needs("comparison.create")
def create(request: Request, workspace: Workspace, body: schemas.ComparisonRequest) -> Response:
    """Compare a foreign program with a baseline, and keep the result with everything it follows from."""
    kept = make_comparison(services_of(request).workshop, actor_of(request), _as_asked(body), today())
    return _created(request, workspace, kept)


def _created(request: Request, workspace: str, kept: Kept) -> Response:
    place = f"{API}/workspaces/{workspace}/comparisons/{kept.stored.id}"
    headers = {"location": place, "etag": f'"{kept.stored.etag}"'}
    return answer(row_of(kept.stored), 201 if kept.fresh else 200, headers)


@routes.get("/comparisons", response_model=Page[schemas.ComparisonRow], responses=csv_too())
@needs("comparison.read")
def listing(
    request: Request,
    workspace: Workspace,
    baseline: Text = "",
    foreign: Text = "",
    overall: Text = "",
    as_of: AsOf = "",
    limit: Limit = 50,
    after: After = "",
    format: Format = None,  # noqa: A002
) -> Response:
    """List the comparisons of the workspace, the newest first; `baseline` and `foreign` are editions."""
    day = day_or(as_of, today()) if as_of else None
    with services_of(request).store.reading() as session:
        page = stored.listing(
            session, workspace, baseline=baseline, foreign=foreign, overall=overall, as_of=day,
            after=row_cursor(after), limit=limit,
        )  # fmt: skip
    rows = [row_of(one) for one in page.items]
    return listed(request, rows, page.next or None, page.total, ROW_COLUMNS, name="comparisons")


@dataclass(frozen=True, slots=True)
class Ready:
    """A stored comparison as it is read often: its bytes, its ETag, plain data, its findings as rows."""

    body: bytes
    etag: str
    plain: dict[str, Any]
    rows: Sequence[Row]


async def _ready(services: Services, workspace: str, key: str, audience: str = "own") -> Ready:
    """Return a stored comparison, from memory where it is there: it never changes."""
    found: Ready | None = services.results.find(("comparison", workspace, key, audience))
    if found is not None:
        return found
    return await run_in_threadpool(read_ready, services, workspace, key, audience)


def read_ready(services: Services, workspace: str, key: str, audience: str) -> Ready:
    """Return a stored comparison as it is read often; raise NotFound."""

    def made() -> Ready:
        with services.store.reading() as session:
            row = stored.get(session, workspace, key)
            body = stored.shown(session, workspace, key)
        plain = json.loads(body)
        if audience == "partner":
            plain = for_partner(plain)
            return Ready(as_json(plain), etag_of(row.etag, "partner"), plain, rows_of(plain["findings"]))
        return Ready(body, f'"{row.etag}"', plain, rows_of(plain["findings"]))

    return services.results.get(
        ("comparison", workspace, key, audience), made, lambda one: len(one.body) * OBJECTS
    )


@routes.get("/comparisons/{comparison}", response_model=schemas.Comparison, responses=UNCHANGED)
@needs("comparison.read", immutable=True)
async def show(
    request: Request, workspace: Workspace, comparison: str, audience: schemas.Audience = "own"
) -> Response:
    """Show a whole comparison. For the partner: without severity, recommendation, site checks, own notes."""
    ready = await _ready(services_of(request), workspace, comparison, audience)
    if same := unchanged(request, ready.etag):
        return same
    return Response(ready.body, 200, caching(ready.etag), "application/json")


@routes.get("/comparisons/{comparison}/findings", response_model=Page[schemas.Finding], responses=csv_too())
@needs("comparison.read", immutable=True)
async def findings(
    request: Request,
    workspace: Workspace,
    comparison: str,
    verdict: Text = "",
    shortfall: Text = "",
    severity: Text = "",
    category: Text = "",
    strength: Text = "",
    operator: Text = "",
    q: Text = "",
    provisional: bool | None = None,
    detail: schemas.Detail = "compact",
    audience: schemas.Audience = "own",
    limit: Limit = 50,
    after: After = "",
    format: Format = None,  # noqa: A002
) -> Response:
    """List the findings, in the order of the baseline. Filters take one value or several with commas."""
    ready = await _ready(services_of(request), workspace, comparison, audience)
    csv = wants_csv(request)
    etag = etag_of(ready.etag, request.url.query, csv)
    if same := unchanged(request, etag):
        return same
    filters = Filters(verdict, shortfall, severity, category, strength, operator, q, provisional)
    rows = filters.among(ready.rows)
    shown, following = page_of(rows, after, limit, ready.etag)
    array = full_array if detail == "full" else compact_array
    return listed(request, shown, following, len(rows), COLUMNS, name="findings", etag=etag, array=array)


@routes.get(
    "/comparisons/{comparison}/findings/{criterion:path}",
    response_model=schemas.Explanation,
    responses=UNCHANGED,
)
@needs("comparison.read", immutable=True)
def explanation(request: Request, workspace: Workspace, comparison: str, criterion: str) -> Response:
    """Explain the verdict on one criterion, from the obligation to the row of the policy."""
    services = services_of(request)
    case = services.results.get(
        ("case", workspace, comparison), lambda: load_case(services.workshop, workspace, comparison)
    )
    found = explain(case, criterion)
    etag = etag_of(comparison, criterion)
    if same := unchanged(request, etag):
        return same
    return answer(found, headers=caching(etag))


@routes.get("/comparisons/{comparison}/reverse", response_model=Page[schemas.ReverseRow], responses=csv_too())
@needs("comparison.read", immutable=True)
async def reverse(
    request: Request,
    workspace: Workspace,
    comparison: str,
    category: Text = "",
    limit: Limit = 100,
    after: After = "",
    format: Format = None,  # noqa: A002
) -> Response:
    """List what the foreign program asks that the baseline has nothing for."""
    ready = await _ready(services_of(request), workspace, comparison)
    etag = etag_of(ready.etag, "reverse", request.url.query, wants_csv(request))
    if same := unchanged(request, etag):
        return same
    rows = [row for row in ready.plain["reverse"] if not category or row["category"] == category]
    shown, following = page_of(rows, after, limit, ready.etag)
    return listed(request, shown, following, len(rows), REVERSE_COLUMNS, name="reverse", etag=etag)


@routes.get(
    "/comparisons/{comparison}/changes", response_model=Page[schemas.FindingChange], responses=csv_too()
)
@needs("comparison.read", immutable=True)
def changes(
    request: Request,
    workspace: Workspace,
    comparison: str,
    since: Text,
    change: Text = "",
    limit: Limit = 100,
    after: After = "",
    format: Format = None,  # noqa: A002
) -> Response:
    """Compare two comparisons: what became of each criterion since the one named in `since`."""
    services = services_of(request)
    with services.store.reading() as session:
        before = stored.load(session, workspace, since)
        now = stored.load(session, workspace, comparison)
    etag = etag_of(before.id, now.id, request.url.query, wants_csv(request))
    if same := unchanged(request, etag):
        return same
    wanted = set(change.split(",")) if change else None
    rows = [
        one
        for one in finding_changes(before, now)
        if (one.change in wanted if wanted else one.change != "same")
    ]
    shown, following = page_of(rows, after, limit, before.id + now.id)
    return listed(request, shown, following, len(rows), CHANGED_COLUMNS, name="changes", etag=etag)


@routes.get(
    "/comparisons/{comparison}/report.xlsx",
    response_class=Response,
    responses=file_answer(XLSX, "The gap report."),
)
@needs("report.read")
def report(
    request: Request,
    workspace: Workspace,
    comparison: str,
    audience: schemas.Audience = "own",
    marking: schemas.Marking = "",
) -> Response:
    """Download the gap report, written on the spot; `POST reports` keeps one."""
    services = services_of(request)
    with services.store.reading() as session:
        stored.get(session, workspace, comparison)
    etag = etag_of(comparison, audience, marking)
    if same := unchanged(request, etag):
        return same
    case = load_case(services.workshop, workspace, comparison)
    data = report_bytes(case, audience, marking)
    return file_response(data, report_name(case, audience), XLSX, etag)


@routes.post("/what-if", response_model=schemas.WhatIfResult)
@needs("whatif.run")
def what_if(request: Request, workspace: Workspace, body: schemas.WhatIfRequest) -> Response:
    """Compare in an imagined world, answered at once and kept only if asked."""
    workshop = services_of(request).workshop
    library, policy, wanted = workshop.library(workspace), workshop.policy(), _as_asked(body)
    day = today()
    before = compared(library, policy, wanted, day)
    world = imagine(library, policy, wanted, body.edits, day, before)
    kept = None
    if body.keep:
        told = {**asked(wanted), "what_if": body.edits.model_dump(mode="json")}
        kept = keep(
            workshop, actor_of(request), world.after, world.library, world.policy, told, world.texts
        ).stored.id
    return answer(
        {
            "before": _in_short(before),
            "after": _in_short(world.after),
            "changes": [one for one in finding_changes(before, world.after) if one.change != "same"],
            "kept": kept,
        }
    )


def _in_short(made: Any) -> dict[str, Any]:
    counts = made.summary
    conclusion = made.conclusion
    return {
        "id": made.id,
        "baseline": made.baseline,
        "foreign": made.foreign,
        "as_of": made.as_of,
        "summary": {**counts.counts, "provisional": counts.provisional, "total": counts.total},
        "conclusion": {
            "criteria": conclusion.criteria.recommendation if conclusion.criteria else None,
            "validation": conclusion.validation.recommendation if conclusion.validation else None,
            "overall": conclusion.overall,
        },
    }
