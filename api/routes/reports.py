"""Report files that were kept: made, listed, downloaded."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from fastapi import Request
from fastapi.responses import Response

from api import schemas
from api.access import needs
from api.routes.shared import API, UNCHANGED, Text, Workspace, csv_too, file_answer, router
from api.services import actor_of, services_of
from api.streaming import file_response
from api.tables import After, Format, Limit, Page, answer, caching, etag_of, listed, row_cursor, unchanged
from jobs.stored_reports import XLSX, make_report
from store import reports as stored

routes = router("reports")

COLUMNS = (
    "id",
    "kind",
    "subject",
    "name",
    "size",
    "sha256",
    "details.audience",
    "details.marking",
    "who",
    "at",
)


def plain_report(one: stored.Report) -> dict[str, Any]:
    """Return a report as the API shows it."""
    plain = asdict(one)
    del plain["workspace"]
    return plain


@routes.post("/comparisons/{comparison}/reports", status_code=201, response_model=schemas.Report)
@needs("report.create")
def create(request: Request, workspace: Workspace, comparison: str, body: schemas.ReportRequest) -> Response:
    """Write the gap report of a comparison and keep it as it was handed out."""
    made = make_report(
        services_of(request).workshop, actor_of(request), comparison, body.audience, body.marking
    )
    place = f"{API}/workspaces/{workspace}/reports/{made.id}"
    return answer(plain_report(made), 201, {"location": place})


@routes.get("/reports", response_model=Page[schemas.Report], responses=csv_too())
@needs("report.read")
def listing(
    request: Request,
    workspace: Workspace,
    kind: Text = "",
    subject: Text = "",
    limit: Limit = 50,
    after: After = "",
    format: Format = None,  # noqa: A002
) -> Response:
    """List the reports of the workspace, the newest first; `subject` is a comparison."""
    with services_of(request).store.reading() as session:
        page = stored.listing(
            session, workspace, kind=kind, subject=subject, after=row_cursor(after), limit=limit
        )
    rows = [plain_report(one) for one in page.items]
    return listed(request, rows, page.next or None, page.total, COLUMNS, name="reports")


@routes.get("/reports/{report}", response_model=schemas.Report, responses=UNCHANGED)
@needs("report.read")
def show(request: Request, workspace: Workspace, report: str) -> Response:
    """Show what is known of a report."""
    with services_of(request).store.reading() as session:
        found = stored.get(session, workspace, report)
    etag = etag_of(found.id)
    if same := unchanged(request, etag):
        return same
    return answer(plain_report(found), headers=caching(etag))


@routes.get(
    "/reports/{report}/file", response_class=Response, responses=file_answer(XLSX, "The report file.")
)
@needs("report.read")
def file(request: Request, workspace: Workspace, report: str) -> Response:
    """Download a report."""
    with services_of(request).store.reading() as session:
        found = stored.get(session, workspace, report)
        if same := unchanged(request, f'"{found.sha256}"'):
            return same
        data = stored.data_of(session, workspace, report)
    return file_response(data, found.name, found.media_type, f'"{found.sha256}"')
