"""Every program against a baseline: the counts side by side, as JSON, CSV or a workbook."""

from __future__ import annotations

from collections.abc import Callable

from fastapi import Request
from fastapi.responses import Response

from api import schemas
from api.access import needs
from api.dates import day_or
from api.routes.library import tag_of
from api.routes.shared import AsOf, Text, Workspace, csv_too, file_answer, router
from api.schemas import Marking
from api.services import Services, services_of, today
from api.streaming import file_response
from api.tables import After, Format, Limit, Page, listed, page_of, unchanged
from engine.findings import VERDICTS
from engine.matrix import Matrix
from jobs.matrices import matrix_of
from jobs.stored_reports import XLSX, matrix_bytes
from mappings.library import Library

routes = router("matrix")

COLUMNS = (
    "baseline", "foreign", "musts", "similar", "addressed", "total", "provisional",
    *(f"counts.{verdict}" for verdict in VERDICTS), "recommendation", "validation", "overall",
)  # fmt: skip


def prepared(
    request: Request, services: Services, workspace: str, baseline: str, as_of: str
) -> tuple[Library, str, Callable[[], Matrix]]:
    """Return the library, the ETag of a matrix, and what makes it."""
    library, policy = services.workshop.library(workspace), services.workshop.policy()
    day = day_or(as_of, today())
    etag = tag_of(request, library, day, policy.digest)
    return library, etag, lambda: matrix_of(library, baseline, policy, day)


@routes.get("/matrix", response_model=Page[schemas.MatrixCell], responses=csv_too())
@needs("matrix.read")
def matrix(
    request: Request,
    workspace: Workspace,
    baseline: Text = "ctpat",
    as_of: AsOf = "",
    limit: Limit = 500,
    after: After = "",
    format: Format = None,  # noqa: A002
) -> Response:
    """List the cells of the matrix. `baseline=all` compares all with all, which is better done as a job."""
    _, etag, make = prepared(request, services_of(request), workspace, baseline, as_of)
    if same := unchanged(request, etag):
        return same
    cells = make().cells
    shown, following = page_of(cells, after, limit, etag)
    return listed(request, shown, following, len(cells), COLUMNS, name="matrix", etag=etag)


@routes.get("/matrix.xlsx", response_class=Response, responses=file_answer(XLSX, "The workbook."))
@needs("report.read")
def matrix_workbook(
    request: Request, workspace: Workspace, baseline: Text = "ctpat", as_of: AsOf = "", marking: Marking = ""
) -> Response:
    """Download the matrix as a workbook."""
    library, etag, make = prepared(request, services_of(request), workspace, baseline, as_of)
    if same := unchanged(request, etag):
        return same
    made = make()
    name = f"matrix_{made.as_of:%Y-%m-%d}.xlsx"
    return file_response(matrix_bytes(made, library, marking), name, XLSX, etag)
