"""Programs of a workspace, the matrix as a heat map, comparisons made, and the form to make one."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated

from fastapi import Form, Request
from fastapi.responses import Response

from api.access import check_csrf, needs
from api.dates import day_or
from api.pages.frame import Viewer, go, page, pager, viewer_of
from api.pages.html import Child, Html, badge, field, link, select, table, tag, words
from api.pages.routing import router
from api.services import actor_of, services_of, today
from api.tables import row_cursor
from engine.matrix import Cell, Matrix
from jobs.comparing import ProgramRow, program_rows
from jobs.comparing import Request as Asked
from jobs.matrices import matrix_of
from jobs.stored_comparisons import make_comparison
from mappings.library import Library
from store import comparisons

routes = router()

HEAT_COUNTS = ("exceeds", "meets", "partly_meets", "no_counterpart", "not_evidenced")

Field = Annotated[str, Form(max_length=200)]


@routes.get("/w/{workspace}")
@needs("library.read")
def programs(request: Request, workspace: str) -> Response:
    """List the programs, each with the way to compare it."""
    viewer = viewer_of(request)
    library = services_of(request).workshop.library(workspace)
    rows = program_rows(library)
    heads = ["Program", "Administration", "Current edition", _number("Criteria"), _number("Obligations"),
             _number("Read as text"), ""]  # fmt: skip
    return page(
        "Programs",
        tag("p", "Every program in the library of this workspace, with its current edition.", class_="lead"),
        table("Programs", heads, [list(_program(viewer, row)) for row in rows]),
        viewer=viewer,
    )


def _number(text: str) -> Html:
    return tag("th", text, scope="col", class_="number")


def _program(viewer: Viewer, row: ProgramRow) -> Iterator[Child]:
    yield tag(
        "th", row.name, tag("br"), tag("small", f"{row.key}, {row.country}", class_="soft"), scope="row"
    )
    yield row.administration
    yield row.current
    for value in (str(row.criteria), str(row.obligations), f"{row.read} of {row.criteria}"):
        yield tag("td", value, class_="number")
    if row.key == "ctpat" or not row.current or not viewer.may("comparison.create"):
        yield tag("td", "baseline" if row.key == "ctpat" else "", class_="soft")
        return
    yield tag(
        "td",
        viewer.form(
            viewer.at("comparisons"),
            tag("input", type="hidden", name="foreign", value=row.key),
            tag("button", "Compare", aria_label=f"Compare {row.key} with C-TPAT"),
        ),
    )


@routes.get("/w/{workspace}/matrix")
@needs("matrix.read")
def matrix(request: Request, workspace: str, baseline: str = "ctpat", as_of: str = "") -> Response:
    """Show the matrix as a heat map: the share of similar must criteria."""
    viewer, services = viewer_of(request), services_of(request)
    library = services.workshop.library(workspace)
    made = matrix_of(library, baseline, services.workshop.policy(), day_or(as_of, today()))
    names = [(row.key, row.key) for row in program_rows(library) if row.editions]
    choose = tag(
        "form",
        field("Baseline", select("baseline", names, baseline)),
        field("As of", tag("input", type="date", name="as_of", value=made.as_of.isoformat())),
        tag("button", "Show"),
        class_="filters", method="get",
    )  # fmt: skip
    workbook = f"/api/v1/workspaces/{workspace}/matrix.xlsx?baseline={baseline}&as_of={made.as_of}"
    return page(
        "Matrix",
        tag(
            "p",
            "Similar of N: exceeds, meets or partly met in form only, of the applicable must criteria. "
            "Provisional ones rest on text that was not verified.",
            class_="lead",
        ),
        choose,
        tag("p", link("Excel workbook", workbook, class_="button"), class_="actions")
        if viewer.may("report.read")
        else None,
        *(_heat(viewer, made, library, key) for key in made.baselines),
        viewer=viewer,
        here="/matrix",
    )


def _heat(viewer: Viewer, made: Matrix, library: Library, baseline: str) -> Html:
    cells = [cell for cell in made.cells if cell.baseline == baseline]
    cells.sort(key=lambda cell: (-_share(cell), cell.foreign))
    counted = (_number(words(verdict)) for verdict in HEAT_COUNTS)
    heads = ["Program", "Similar of N", "Addressed of N", *counted, "Recommendation"]
    rows = [list(_heat_row(viewer, cell, library, made.as_of.isoformat())) for cell in cells]
    return table(f"Programs against {baseline}", heads, rows, class_="heat")


def _share(cell: Cell) -> float:
    return cell.similar / cell.musts if cell.musts else 0.0


def _heat_row(viewer: Viewer, cell: Cell, library: Library, as_of: str) -> Iterator[Child]:
    program = library.programs[library.editions[cell.foreign].program]
    name = f"{program.short_name or program.name} ({program.country})"
    place = tag("small", cell.foreign, class_="soft")
    yield tag("th", name, tag("br"), place, scope="row")
    for count in (cell.similar, cell.addressed):
        share = count / cell.musts if cell.musts else 0.0
        told = f"{share:.0%}" + (f", {cell.provisional} provisional" if cell.provisional else "")
        yield tag("td", f"{count} of {cell.musts}", tag("small", told), class_=f"cell heat-{int(share * 10)}")
    for verdict in HEAT_COUNTS:
        yield tag("td", cell.counts.get(verdict, 0), class_="number")
    yield badge(cell.overall, "overall")


@routes.get("/w/{workspace}/comparisons")
@needs("comparison.read")
def listing(request: Request, workspace: str, after: str = "") -> Response:
    """List the comparisons made, with the form to make one."""
    viewer, services = viewer_of(request), services_of(request)
    with services.store.reading() as session:
        found = comparisons.listing(session, workspace, after=row_cursor(after), limit=50)
    heads = ["Comparison", "As of", "Exceeds or meets", "Partly", "No counterpart", "Recommendation", "Made"]
    rows = [list(_row(viewer, one)) for one in found.items]
    return page(
        "Comparisons",
        _new(viewer, services.workshop.library(workspace)) if viewer.may("comparison.create") else None,
        table("Comparisons", heads, rows) if rows else tag("p", "None yet.", class_="soft"),
        pager(viewer, viewer.at("comparisons"), {}, found.next or None, found.total),
        viewer=viewer,
        here="/comparisons",
    )


def _row(viewer: Viewer, one: comparisons.Stored) -> Iterator[Child]:
    counts, total = one.summary, one.summary.get("total", 0)
    imagined = " (what-if)" if "what_if" in one.request else ""
    yield tag(
        "th", link(f"{one.baseline} × {one.foreign}{imagined}", viewer.at("comparisons", one.id)), scope="row"
    )
    yield one.as_of.isoformat()
    for number in (counts.get("exceeds", 0) + counts.get("meets", 0), counts.get("partly_meets", 0),
                   counts.get("no_counterpart", 0)):  # fmt: skip
        yield f"{number} of {total}"
    yield badge(one.overall, "overall")
    yield tag("td", f"{one.at:%Y-%m-%d %H:%M} UTC", tag("br"), tag("small", one.who))


def _new(viewer: Viewer, library: Library) -> Html:
    names = [
        (row.key, f"{row.name} ({row.key})")
        for row in program_rows(library)
        if row.editions and row.key != "ctpat"
    ]
    bases = [(key, key) for key in sorted(library.editions) if library.editions[key].program == "ctpat"]
    return viewer.form(
        viewer.at("comparisons"),
        field("Foreign program", select("foreign", names)),
        field("Baseline", select("baseline", [("ctpat", "ctpat (current)"), *bases])),
        field("As of", tag("input", type="date", name="as_of")),
        tag("button", "Compare", class_="main"),
        class_="panel",
    )


@routes.post("/w/{workspace}/comparisons")
@needs("comparison.create", form=True)
def create(
    request: Request,
    workspace: str,
    foreign: Field,
    csrf: Field = "",
    baseline: Field = "ctpat",
    as_of: Field = "",
) -> Response:
    """Compare, and show the result."""
    viewer = viewer_of(request)
    check_csrf(viewer.principal, request, csrf)
    day = day_or(as_of, today()) if as_of else None
    asked = Asked(foreign, baseline or "ctpat", (), day)
    kept = make_comparison(services_of(request).workshop, actor_of(request), asked, today())
    return go(viewer.at("comparisons", kept.stored.id))
