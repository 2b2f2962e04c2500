"""The review list: maps that wait, each with its decision; and the jobs of the workspace."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Literal

from fastapi import Form, Request
from fastapi.responses import Response

from api.access import check_csrf, needs
from api.pages.frame import Viewer, go, page, pager, viewer_of
from api.pages.html import Child, Html, badge, field, hidden, link, select, table, tag, words
from api.pages.routing import router
from api.services import actor_of, services_of
from api.tables import page_of, row_cursor
from jobs.stored_reviews import RowWithRevision, Wanted, decide, rows_with_revisions
from mappings.library import Library
from store import jobs as stored_jobs

routes = router()

Field = Annotated[str, Form(max_length=4000)]
STATES = ("proposed", "stale", "unmapped", "library", "approved", "rejected", "no control")
PER_PAGE = 40


@routes.get("/w/{workspace}/reviews")
@needs("review.read")
def listing(
    request: Request, workspace: str, edition: str = "", state: str = "", after: str = ""
) -> Response:
    """List the maps of an edition; without one, the editions with what waits in each."""
    viewer, services = viewer_of(request), services_of(request)
    library = services.workshop.library(workspace)
    if not edition:
        return page("Reviews", _editions(viewer, library), viewer=viewer, here="/reviews")
    found = library.edition(edition)
    everything = rows_with_revisions(services.workshop, workspace, found.key)
    chosen = [one for one in everything if not state or one.row.status == state]
    query = {"edition": found.key, "state": state}
    shown, following = page_of(chosen, after, PER_PAGE, f"{library.digest} {query}")
    workbook = f"/api/v1/workspaces/{workspace}/editions/{found.key}/review.xlsx"
    return page(
        f"Review of {found.key}",
        tag("p", link("← all editions", viewer.at("reviews"))),
        tag(
            "form",
            hidden("edition", found.key),
            field("State", select("state", [("", "any"), *((one, one) for one in STATES)], state)),
            tag("button", "Show"),
            link("Review workbook (Excel)", workbook, class_="button"),
            method="get", class_="filters",
        ),
        _maps(viewer, shown, state),
        pager(viewer, viewer.at("reviews"), query, following, len(chosen)),
        viewer=viewer,
        here="/reviews",
    )  # fmt: skip


def _editions(viewer: Viewer, library: Library) -> Html:
    rows = []
    for key in sorted(library.editions):
        entries = library.maps_of(key).maps.values()
        maps = [one for entry in entries if isinstance(entry, tuple) for one in entry]
        counts = [
            sum(one.status == state for one in maps) for state in ("proposed", "stale", "approved", "library")
        ]
        numbers = [tag("td", number, class_="number") for number in (*counts, len(library.unmapped(key)))]
        rows.append([tag("th", link(key, viewer.at("reviews", edition=key)), scope="row"), *numbers])
    heads = ["Edition", *(tag("th", text, scope="col", class_="number")
             for text in ("Proposed", "Stale", "Approved", "Library", "Unmapped"))]  # fmt: skip
    return table("Editions with the state of their maps", heads, rows)


def _maps(viewer: Viewer, rows: object, state: str) -> Html:
    assert isinstance(rows, list | tuple)
    if not rows:
        return tag("p", "Nothing in this state.", class_="soft")
    heads = ["Obligation", "Control", "Map", "State"]
    if viewer.may("review.decide"):
        heads.append("Decision")
    return table("Maps", heads, [list(_map(viewer, one, state)) for one in rows])


def _map(viewer: Viewer, one: RowWithRevision, state: str) -> Iterator[Child]:
    row = one.row
    yield tag(
        "th",
        row.obligation,
        tag("br"),
        tag("small", f"{row.strength}: {row.text}", class_="soft"),
        scope="row",
    )
    yield tag("td", row.control, tag("br"), tag("small", row.control_name)) if row.control else "–"
    told = f"{words(row.relationship)}, {row.confidence}" if row.relationship else ""
    yield tag("td", told, tag("br"), tag("small", row.rationale))
    yield badge(row.status, "status")
    if viewer.may("review.decide"):
        yield _decision(viewer, one, state) if row.control else tag("td", "")


def _decision(viewer: Viewer, one: RowWithRevision, state: str) -> Html:
    row = one.row
    return tag(
        "td",
        viewer.form(
            viewer.at("reviews"),
            hidden("edition", row.edition),
            hidden("obligation", row.obligation),
            hidden("control", row.control),
            hidden("revision", str(one.revision)),
            hidden("state", state),
            tag(
                "input", type="text", name="rationale", required=True, maxlength=4000, placeholder="Why",
                aria_label=f"Why, for {row.obligation} and {row.control}",
            ),
            tag("button", "Approve", name="decision", value="approved"),
            tag("button", "Reject", name="decision", value="rejected"),
        ),
    )  # fmt: skip


@routes.post("/w/{workspace}/reviews")
@needs("review.decide", form=True)
def create(
    request: Request,
    workspace: str,
    edition: Field,
    obligation: Field,
    control: Field,
    rationale: Field,
    revision: Annotated[int, Form(ge=0)],
    decision: Annotated[Literal["approved", "rejected"], Form()],
    csrf: Field = "",
    state: Field = "",
) -> Response:
    """Record a decision, unless somebody else has decided meanwhile."""
    viewer = viewer_of(request)
    check_csrf(viewer.principal, request, csrf)
    wanted = Wanted(edition, obligation, control, decision, rationale=rationale)
    decide(services_of(request).workshop, actor_of(request), wanted, revision)
    return go(viewer.at("reviews", edition=edition, state=state))


@routes.get("/w/{workspace}/jobs")
@needs("job.read")
def jobs(request: Request, workspace: str, after: str = "") -> Response:
    """List the jobs of the workspace."""
    viewer = viewer_of(request)
    with services_of(request).store.reading() as session:
        found = stored_jobs.listing(session, workspace, after=row_cursor(after), limit=50)
    rows = [
        [
            tag("th", one.kind, tag("br"), tag("small", one.id[:12], class_="soft"), scope="row"),
            badge(one.state, "state"),
            f"{one.step} ({one.done} of {one.total})" if one.total else one.step,
            (one.error or {}).get("message", ""),
            tag("td", f"{one.created:%Y-%m-%d %H:%M} UTC", tag("br"), tag("small", one.who)),
        ]
        for one in found.items
    ]
    heads = ["Job", "State", "Step", "Error", "Started"]
    return page(
        "Jobs",
        table("Jobs", heads, rows) if rows else tag("p", "None yet.", class_="soft"),
        pager(viewer, viewer.at("jobs"), {}, found.next or None, found.total),
        viewer=viewer,
        here="/jobs",
    )
