"""Uploads: a spreadsheet as it came, what it seems to hold, what importing it would do, and the import."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from fastapi import Request, UploadFile
from fastapi.responses import Response

from api import schemas
from api.access import needs
from api.errors import Refusal
from api.routes.shared import API, UNCHANGED, Text, Workspace, csv_too, file_answer, router
from api.services import Services, actor_of, services_of, today
from api.streaming import file_response
from api.tables import (
    After,
    Format,
    Limit,
    Page,
    answer,
    caching,
    etag_of,
    listed,
    page_of,
    row_cursor,
    unchanged,
    wants_csv,
)
from criteria.problems import DataError
from jobs.stored_imports import Look, Options, annotated_copy, apply_plan, look_at, plan_upload
from jobs.stored_reports import XLSX
from store import uploads as stored

routes = router("uploads")

COLUMNS = ("id", "name", "media_type", "size", "sha256", "who", "at", "details.imported")
PROBLEM_COLUMNS = ("severity", "code", "sheet", "cell", "field", "value", "message", "hint")


def plain_upload(one: stored.Upload) -> dict[str, Any]:
    """Return an upload as the API shows it."""
    plain = asdict(one)
    del plain["workspace"]
    return plain


def file_name(name: str | None) -> str:
    """Return the name of an uploaded file without signs that no list can show."""
    shown = "".join(sign for sign in name or "" if sign.isprintable() and not "\ud800" <= sign <= "\udfff")
    return shown.strip() or "upload"


def take_upload(services: Services, workspace: str, who: str, file: UploadFile) -> stored.Upload:
    """Keep an uploaded file; raise Refusal where it is over the limit."""
    data = file.file.read()
    if len(data) > services.settings.upload_limit_mb << 20:
        raise Refusal("too_large", f"The file is larger than {services.settings.upload_limit_mb} MB.")
    media = file.content_type or "application/octet-stream"
    media = media if media.isascii() and media.isprintable() else "application/octet-stream"
    return services.store.run(
        lambda session: stored.add(session, workspace, file_name(file.filename), data, who, media_type=media)
    )


def look(services: Services, workspace: str, upload: str) -> tuple[stored.Upload, Look]:
    """Return an upload and what it seems to hold, from memory where it was read before."""
    with services.store.reading() as session:
        found = stored.get(session, workspace, upload)

    def made() -> Look:
        with services.store.reading() as session:
            data = stored.data_of(session, workspace, upload)
        return look_at(data, found.name)

    return found, services.results.get(("look", found.sha256, found.name), made)


def _looked(found: stored.Upload, seen: Look) -> dict[str, Any]:
    return {
        **plain_upload(found),
        "format": seen.format,
        "sheets": list(seen.sheets),
        "skipped": dict(seen.skipped),
        "problems": [one.as_dict() for one in seen.problems],
    }


@routes.post("/uploads", status_code=201, response_model=schemas.UploadLook)
@needs("upload.create")
def create(request: Request, workspace: Workspace, file: UploadFile) -> Response:
    """Upload a spreadsheet (xlsx, xlsm, xls, xlsb, ods, csv, tsv). Faults in it are problems, not errors."""
    services, actor = services_of(request), actor_of(request)
    kept = take_upload(services, workspace, actor.who, file)
    services.store.run(
        lambda session: actor.record(session, "upload.created", "upload", kept.id, size=kept.size)
    )
    found, seen = look(services, workspace, kept.id)
    headers = {"location": f"{API}/workspaces/{workspace}/uploads/{kept.id}"}
    return answer(_looked(found, seen), 201, headers)


@routes.get("/uploads", response_model=Page[schemas.Upload], responses=csv_too())
@needs("upload.read")
def listing(
    request: Request,
    workspace: Workspace,
    limit: Limit = 50,
    after: After = "",
    format: Format = None,  # noqa: A002
) -> Response:
    """List the uploads of the workspace, the newest first."""
    with services_of(request).store.reading() as session:
        page = stored.listing(session, workspace, row_cursor(after), limit)
    rows = [plain_upload(one) for one in page.items]
    return listed(request, rows, page.next or None, page.total, COLUMNS, name="uploads")


@routes.get("/uploads/{upload}", response_model=schemas.UploadLook, responses=UNCHANGED)
@needs("upload.read")
def show(request: Request, workspace: Workspace, upload: str) -> Response:
    """Show an upload: the layout proposed for each sheet with sample rows, and every problem."""
    found, seen = look(services_of(request), workspace, upload)
    etag = etag_of(found.id, found.version)
    if same := unchanged(request, etag):
        return same
    return answer(_looked(found, seen), headers=caching(etag))


@routes.get(
    "/uploads/{upload}/problems", response_model=Page[dict[str, Any]], responses=csv_too("The problems.")
)
@needs("upload.read")
def problems(
    request: Request,
    workspace: Workspace,
    upload: str,
    severity: Text = "",
    limit: Limit = 200,
    after: After = "",
    format: Format = None,  # noqa: A002
) -> Response:
    """List the problems of an upload, each with its cell and its cure."""
    found, seen = look(services_of(request), workspace, upload)
    etag = etag_of(found.id, "problems", request.url.query, wants_csv(request))
    if same := unchanged(request, etag):
        return same
    rows = [one.as_dict() for one in seen.problems if not severity or one.severity == severity]
    shown, following = page_of(rows, after, limit, found.id)
    return listed(request, shown, following, len(rows), PROBLEM_COLUMNS, name="problems", etag=etag)


@routes.get(
    "/uploads/{upload}/file",
    response_class=Response,
    responses=file_answer("application/octet-stream", "The file as it came."),
)
@needs("upload.read")
def file(request: Request, workspace: Workspace, upload: str) -> Response:
    """Download the file as it came."""
    with services_of(request).store.reading() as session:
        found = stored.get(session, workspace, upload)
        if same := unchanged(request, f'"{found.sha256}"'):
            return same
        data = stored.data_of(session, workspace, upload)
    # Never under the type that the sender claimed: a browser must not open it as a page.
    return file_response(data, found.name, "application/octet-stream", f'"{found.sha256}"')


@routes.get(
    "/uploads/{upload}/annotated.xlsx",
    response_class=Response,
    responses=file_answer(XLSX, "A copy with every problem marked at its cell."),
)
@needs("upload.read")
def annotated(request: Request, workspace: Workspace, upload: str) -> Response:
    """Download a copy of the upload with every problem marked at its cell."""
    name, data = annotated_copy(services_of(request).workshop, workspace, upload)
    return file_response(data, name, XLSX)


def options_of(body: schemas.ImportOptions) -> Options:
    """Return a request's options as the use case takes them."""
    new = body.new_program.model_dump() if body.new_program else None
    return Options(
        body.program, body.edition, tuple(body.sheets), tuple(body.layouts), body.layout_name, body.encoding,
        body.in_force, body.complete, new,
    )  # fmt: skip


@routes.post("/uploads/{upload}/plan", response_model=schemas.ImportResult)
@needs("upload.create")
def plan(request: Request, workspace: Workspace, upload: str, body: schemas.ImportOptions) -> Response:
    """Say what importing the upload would do; nothing is written."""
    made = plan_upload(services_of(request).workshop, workspace, upload, options_of(body), today())
    return answer(made.as_dict(applied=False))


@routes.post("/uploads/{upload}/import", status_code=201, response_model=schemas.ImportResult)
@needs("import.apply")
def apply(request: Request, workspace: Workspace, upload: str, body: schemas.ImportOptions) -> Response:
    """Import the upload as an edition with proposed maps, in one step that can be undone."""
    workshop, actor = services_of(request).workshop, actor_of(request)
    made = plan_upload(workshop, workspace, upload, options_of(body), today())
    if made.refused:
        raise DataError(made.problems)
    apply_plan(workshop, actor, upload, made)
    place = f"{API}/workspaces/{workspace}/editions/{made.edition.key}"
    return answer(made.as_dict(applied=True), 201, {"location": place})


@routes.delete("/uploads/{upload}", status_code=204, response_class=Response)
@needs("upload.create")
def remove(request: Request, workspace: Workspace, upload: str) -> Response:
    """Remove an upload. What was imported from it stays."""
    actor = actor_of(request)

    def write(session: Any) -> None:
        stored.delete(session, workspace, upload)
        actor.record(session, "upload.deleted", "upload", upload)

    services_of(request).store.run(write)
    return Response(status_code=204)
