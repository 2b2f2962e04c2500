"""Uploads: the form, the list, what was found in a file, and the import."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import Form, Request, UploadFile
from fastapi.responses import Response

from api.access import check_csrf, needs
from api.dates import day_or
from api.pages.frame import Viewer, go, note, page, pager, viewer_of
from api.pages.html import Html, badge, field, link, table, tag
from api.pages.routing import router
from api.routes.uploads import look, take_upload
from api.services import actor_of, services_of, today
from api.tables import row_cursor
from criteria.problems import DataError, Problem
from jobs.stored_imports import Look, Options, apply_plan, plan_upload
from store import uploads as stored

routes = router()

Field = Annotated[str, Form(max_length=200)]
SHOWN = 300  # problems on the page; the CSV has all


@routes.get("/w/{workspace}/uploads")
@needs("upload.read")
def listing(request: Request, workspace: str, after: str = "") -> Response:
    """List the uploads, with the form for another."""
    viewer = viewer_of(request)
    with services_of(request).store.reading() as session:
        found = stored.listing(session, workspace, row_cursor(after), 50)
    rows = [
        [
            tag("th", link(one.name, viewer.at("uploads", one.id)), scope="row"),
            tag("td", f"{one.size / 1024:,.0f} kB", class_="number"),
            one.who,
            f"{one.at:%Y-%m-%d %H:%M} UTC",
            one.details.get("imported") or tag("span", "not imported", class_="none"),
        ]
        for one in found.items
    ]
    size = tag("th", "Size", scope="col", class_="number")
    return page(
        "Uploads",
        _form(viewer) if viewer.may("upload.create") else None,
        table("Uploads", ["File", size, "From", "When", "Imported as"], rows)
        if rows
        else tag("p", "None yet.", class_="soft"),
        pager(viewer, viewer.at("uploads"), {}, found.next or None, found.total),
        viewer=viewer,
        here="/uploads",
    )


def _form(viewer: Viewer) -> Html:
    kinds = ".xlsx,.xlsm,.xls,.xlsb,.ods,.csv,.tsv"
    return viewer.form(
        viewer.at("uploads"),
        field(
            "Spreadsheet with criteria",
            tag("input", type="file", name="file", accept=kinds, required=True),
            "As you got it: xlsx, xlsm, xls, xlsb, ods, csv or tsv. Nothing is imported yet.",
        ),
        tag("button", "Upload", class_="main"),
        class_="panel",
        enctype="multipart/form-data",
    )


@routes.post("/w/{workspace}/uploads")
@needs("upload.create", form=True)
def create(request: Request, workspace: str, file: UploadFile, csrf: Field = "") -> Response:
    """Take a file, and show what is in it."""
    viewer, services, actor = viewer_of(request), services_of(request), actor_of(request)
    check_csrf(viewer.principal, request, csrf)
    kept = take_upload(services, workspace, actor.who, file)
    services.store.run(
        lambda session: actor.record(session, "upload.created", "upload", kept.id, size=kept.size)
    )
    return go(viewer.at("uploads", kept.id))


@routes.get("/w/{workspace}/uploads/{upload}")
@needs("upload.read")
def show(request: Request, workspace: str, upload: str) -> Response:
    """Show what a file holds, its problems, and the form to import it."""
    viewer = viewer_of(request)
    found, seen = look(services_of(request), workspace, upload)
    imported = found.details.get("imported")
    if imported and imported not in services_of(request).workshop.library(workspace).editions:
        imported = None  # the import was taken back
    return page(found.name, *_parts(viewer, found, seen, imported), viewer=viewer, here="/uploads")


def _parts(viewer: Viewer, found: stored.Upload, seen: Look, done: str | None) -> list[Any]:
    errors = sum(one.severity == "error" for one in seen.problems)
    base = f"/api/v1/workspaces/{viewer.workspace}/uploads/{found.id}"
    return [
        tag("p", f"{found.size:,} bytes from {found.who}, {found.at:%Y-%m-%d %H:%M} UTC.", class_="lead"),
        note(f"Imported as {done}.", "good") if done else None,
        tag(
            "p",
            link("Copy with every problem marked", f"{base}/annotated.xlsx", class_="button"),
            link("Problems as CSV", f"{base}/problems?format=csv&limit=500", class_="button"),
            link("The file as it came", f"{base}/file", class_="button"),
            class_="actions",
        ),
        _import_form(viewer, found.id) if seen.sheets and not done and viewer.may("import.apply") else None,
        tag("h2", f"Problems: {len(seen.problems)}, {errors} of them errors"),
        _problems(seen.problems),
        tag("h2", "What was recognized") if seen.sheets else None,
        *(_sheet(one) for one in seen.sheets),
        tag("ul", *(tag("li", f"{name}: {why}") for name, why in seen.skipped.items()))
        if seen.skipped
        else None,
    ]


def _problems(problems: tuple[Problem, ...]) -> Html:
    if not problems:
        return note("None.", "good")
    rows = [
        [
            badge(one.severity, "level"),
            tag("td", one.cell or one.sheet or "file", class_="ref"),
            one.message,
            one.hint,
        ]
        for one in problems[:SHOWN]
    ]
    return table("Problems", ["Severity", "Cell", "What is wrong", "What to do"], rows)


def _sheet(one: Any) -> Html:
    layout = one["layout"]
    columns = [(c["column"], c["field"], c["header"]) for c in layout["columns"]]
    heads = [
        tag("th", f"{letter}: {name}", tag("br"), tag("small", header), scope="col")
        for letter, name, header in columns
    ]
    rows = [[row.get(letter, "") for letter, _, _ in columns] for row in one["sample"]]
    return tag("section", tag("h3", f"Sheet {one['sheet']}"), table(f"Sample of {one['sheet']}", heads, rows))


def _text(name: str, *, required: bool = False, pattern: str | None = None) -> Html:
    return tag("input", type="text", name=name, maxlength=100, required=required, pattern=pattern)


def _import_form(viewer: Viewer, upload: str) -> Html:
    key = _text("program", required=True, pattern="[a-z][a-z0-9-]*")
    return viewer.form(
        viewer.at("uploads", upload, "import"),
        field("Program key", key, "Such as nz-ses."),
        field("Edition label", _text("edition"), "Default: today."),
        field("In force from", tag("input", type="date", name="in_force")),
        field("Name, if the program is new", _text("name")),
        field("Country, if new", _text("country")),
        tag(
            "label",
            tag("input", type="checkbox", name="complete", value="yes"),
            "The file holds all that the program asks",
            class_="check",
        ),
        tag("button", "Import", class_="main"),
        class_="panel",
    )


@routes.post("/w/{workspace}/uploads/{upload}/import")
@needs("import.apply", form=True)
def apply(
    request: Request,
    workspace: str,
    upload: str,
    program: Field,
    csrf: Field = "",
    edition: Field = "",
    in_force: Field = "",
    name: Field = "",
    country: Field = "",
    complete: Field = "",
) -> Response:
    """Import the file, and show what waits for review."""
    viewer, workshop = viewer_of(request), services_of(request).workshop
    check_csrf(viewer.principal, request, csrf)
    new = {"name": name, "country": country} if name and country else None
    day = day_or(in_force, today()) if in_force else None
    options = Options(
        program.strip(), edition.strip(), in_force=day, complete=bool(complete), new_program=new
    )
    made = plan_upload(workshop, workspace, upload, options, today())
    if made.refused:
        raise DataError(made.problems)
    apply_plan(workshop, actor_of(request), upload, made)
    if viewer.may("review.read"):
        return go(viewer.at("reviews", edition=made.edition.key))
    return go(viewer.at("uploads", upload))
