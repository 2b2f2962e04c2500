"""What is compared: programs, editions, criteria, controls, maps, arrangements."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from fastapi import Request
from fastapi.responses import Response

from api import schemas
from api.access import needs
from api.dates import day_or
from api.routes.shared import UNCHANGED, AsOf, Text, Workspace, csv_too, router
from api.services import services_of, today
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
    shallow,
    unchanged,
)
from criteria.arrangements import arrangements_on, between_others_on
from criteria.model import Criterion, Edition
from criteria.problems import UnknownName
from engine.diffing import diff_editions
from engine.matching import default_matcher
from jobs.comparing import program_rows
from jobs.stored_reviews import rows_with_revisions
from mappings.library import Library
from mappings.model import Control

routes = router("library")

PROGRAM_COLUMNS = (
    "key", "name", "country", "administration", "current", "editions", "criteria", "obligations", "read",
)  # fmt: skip
EDITION_COLUMNS = (
    "key", "program", "title", "label", "in_force_from", "in_force_until", "criteria", "obligations",
    "unmapped", "supersedes",
)  # fmt: skip
CRITERION_COLUMNS = (
    "ref", "category", "title", "statement", "strength", "instrument", "basis", "operators", "source.id",
    "source.reference",
)  # fmt: skip
CONTROL_COLUMNS = ("id", "name", "category", "definition", "dimensions", "wco_safe", "replaced_by", "mapped")
MAP_COLUMNS = (
    "edition", "obligation", "strength", "text", "control", "control_name", "relationship", "confidence",
    "rationale", "status",
)  # fmt: skip
ARRANGEMENT_COLUMNS = (
    "partner", "program", "program_name", "state", "signed", "conflict", "place", "basis", "note", "sources",
)  # fmt: skip
CHANGE_COLUMNS = ("change", "old", "new", "category", "title", "old_text", "new_text", "dropped", "note")


def _library(request: Request, workspace: str) -> Library:
    return services_of(request).workshop.library(workspace)


def tag_of(request: Request, library: Library, *more: object) -> str:
    """Return the ETag of an answer that follows from a library and the address it was asked at."""
    accept = "csv" if "text/csv" in request.headers.get("accept", "") else "json"
    return etag_of(library.digest, request.url.path, request.url.query, accept, *more)


@routes.get("/programs", response_model=Page[schemas.Program], responses=csv_too())
@needs("library.read")
def programs(
    request: Request,
    workspace: Workspace,
    limit: Limit = 100,
    after: After = "",
    format: Format = None,  # noqa: A002
) -> Response:
    """List the programs of the library, by key."""
    library = _library(request, workspace)
    etag = tag_of(request, library)
    if same := unchanged(request, etag):
        return same
    rows = program_rows(library)
    shown, following = page_of(rows, after, limit, library.digest)
    return listed(request, shown, following, len(rows), PROGRAM_COLUMNS, name="programs", etag=etag)


@routes.get("/programs/{program}", response_model=dict[str, Any], responses=UNCHANGED)
@needs("library.read")
def program(request: Request, workspace: Workspace, program: str) -> Response:
    """Show a program with everything known of it, each fact with its sources."""
    library = _library(request, workspace)
    if program not in library.programs:
        raise UnknownName("program", program, library.programs)
    etag = tag_of(request, library)
    if same := unchanged(request, etag):
        return same
    editions = sorted(e.key for e in library.editions.values() if e.program == program)
    found = library.programs[program].model_dump(mode="json", by_alias=True)
    return answer({**found, "editions": editions}, headers=caching(etag))


def edition_row(library: Library, edition: Edition) -> dict[str, Any]:
    """Return an edition in one line."""
    return {
        "key": edition.key,
        "program": edition.program,
        "title": edition.title,
        "label": edition.label,
        "in_force_from": edition.in_force.since,
        "in_force_until": edition.in_force.until,
        "criteria": len(edition.criteria),
        "obligations": sum(len(one.obligations) for one in edition.criteria),
        "unmapped": len(library.unmapped(edition.key)),
        "supersedes": edition.supersedes,
        "read": edition.read,
    }


@routes.get("/editions", response_model=Page[schemas.Edition], responses=csv_too())
@needs("library.read")
def editions(
    request: Request,
    workspace: Workspace,
    program: Text = "",
    limit: Limit = 100,
    after: After = "",
    format: Format = None,  # noqa: A002
) -> Response:
    """List the editions of all programs or of one, by key."""
    library = _library(request, workspace)
    etag = tag_of(request, library)
    if same := unchanged(request, etag):
        return same
    rows = [
        edition_row(library, one)
        for key, one in sorted(library.editions.items())
        if not program or one.program == program
    ]
    shown, following = page_of(rows, after, limit, library.digest)
    return listed(request, shown, following, len(rows), EDITION_COLUMNS, name="editions", etag=etag)


@routes.get("/editions/{edition}", response_model=schemas.Edition, responses=UNCHANGED)
@needs("library.read")
def edition(request: Request, workspace: Workspace, edition: str) -> Response:
    """Show an edition without its criteria: its head, and what it holds. A program's key works as well."""
    library = _library(request, workspace)
    found = library.edition(edition)
    etag = tag_of(request, library)
    if same := unchanged(request, etag):
        return same
    head = found.model_dump(mode="json", by_alias=True, exclude={"criteria"})
    return answer({**head, **edition_row(library, found)}, headers=caching(etag))


@routes.get("/editions/{edition}/criteria", response_model=Page[schemas.Criterion], responses=csv_too())
@needs("library.read")
def criteria(
    request: Request,
    workspace: Workspace,
    edition: str,
    category: Text = "",
    strength: Text = "",
    basis: Text = "",
    q: Text = "",
    limit: Limit = 100,
    after: After = "",
    format: Format = None,  # noqa: A002
) -> Response:
    """List the criteria of an edition in its own order; `q` looks in reference, title and statement."""
    library = _library(request, workspace)
    found = library.edition(edition)
    etag = tag_of(request, library)
    if same := unchanged(request, etag):
        return same
    wanted = {"category": category, "strength": strength, "basis": basis}
    rows = [one for one in found.criteria if _fits(one, wanted, q.casefold())]
    shown, following = page_of(rows, after, limit, library.digest + str(request.url.path))
    name = f"{found.key}-criteria"
    return listed(request, shown, following, len(rows), CRITERION_COLUMNS, name=name, etag=etag)


def _fits(one: Criterion, wanted: dict[str, str], q: str) -> bool:
    if any(value and getattr(one, field) != value for field, value in wanted.items()):
        return False
    return not q or q in f"{one.ref} {one.title} {one.statement}".casefold()


@routes.get("/editions/{edition}/criteria/{ref:path}", response_model=dict[str, Any], responses=UNCHANGED)
@needs("library.read")
def criterion(request: Request, workspace: Workspace, edition: str, ref: str) -> Response:
    """Show a criterion with the maps of each of its obligations."""
    library = _library(request, workspace)
    found = library.edition(edition)
    one = next((c for c in found.criteria if c.ref == ref), None)
    if one is None:
        raise UnknownName(f"criterion of {found.key}", ref, (c.ref for c in found.criteria))
    etag = tag_of(request, library)
    if same := unchanged(request, etag):
        return same
    maps = library.maps_of(found.key).maps
    told = {f"{one.ref}.{o.id}": maps.get(f"{one.ref}.{o.id}", ()) for o in one.obligations}
    plain = one.model_dump(mode="json", by_alias=True)
    return answer({**plain, "edition": found.key, "maps": told}, headers=caching(etag))


@routes.get("/controls", response_model=Page[schemas.Control], responses=csv_too())
@needs("library.read")
def controls(
    request: Request,
    workspace: Workspace,
    category: Text = "",
    q: Text = "",
    limit: Limit = 100,
    after: After = "",
    format: Format = None,  # noqa: A002
) -> Response:
    """List the shared catalogue of controls, by id."""
    library = _library(request, workspace)
    etag = tag_of(request, library)
    if same := unchanged(request, etag):
        return same
    fitting = [
        one
        for _, one in sorted(library.controls.items())
        if (not category or one.category == category) and q.casefold() in _words(one)
    ]
    shown, following = page_of(fitting, after, limit, library.digest)
    counts = _mapped(library)
    rows = [{**one.model_dump(mode="json"), "mapped": counts.get(one.id, 0)} for one in shown]
    return listed(request, rows, following, len(fitting), CONTROL_COLUMNS, name="controls", etag=etag)


def _words(one: Control) -> str:
    return f"{one.id} {one.name} {one.definition}".casefold()


def _mapped(library: Library) -> dict[str, int]:
    def made() -> dict[str, int]:
        counts: dict[str, int] = {}
        for _, _, control in _every_map(library):
            counts[control] = counts.get(control, 0) + 1
        return counts

    return library.remember("api: mapped", made)


def _every_map(library: Library) -> Iterator[tuple[str, str, str]]:
    for edition, maps in sorted(library.maps.items()):
        for obligation, entry in maps.maps.items():
            if isinstance(entry, tuple):
                for one in entry:
                    yield edition, obligation, one.control


@routes.get("/controls/{control}", response_model=dict[str, Any], responses=UNCHANGED)
@needs("library.read")
def control(request: Request, workspace: Workspace, control: str) -> Response:
    """Show a control with every obligation, of any edition, that answers it."""
    library = _library(request, workspace)
    if control not in library.controls:
        raise UnknownName("control", control, library.controls)
    etag = tag_of(request, library)
    if same := unchanged(request, etag):
        return same
    answered = [
        {"edition": edition, "obligation": obligation}
        for edition, obligation, key in _every_map(library)
        if key == control
    ]
    found = library.controls[control].model_dump(mode="json")
    return answer({**found, "mapped": len(answered), "answered_by": answered}, headers=caching(etag))


@routes.get("/editions/{edition}/maps", response_model=Page[schemas.MapRow], responses=csv_too())
@needs("library.read")
def maps(
    request: Request,
    workspace: Workspace,
    edition: str,
    status: Text = "",
    control: Text = "",
    obligation: Text = "",
    limit: Limit = 100,
    after: After = "",
    format: Format = None,  # noqa: A002
) -> Response:
    """List the maps of an edition as a reviewer sees them; each row's `etag` guards a decision on it."""
    services = services_of(request)
    library = services.workshop.library(workspace)
    found = library.edition(edition)
    etag = tag_of(request, library)
    if same := unchanged(request, etag):
        return same
    wanted = {"status": status, "control": control, "obligation": obligation}
    fitting = [
        one
        for one in rows_with_revisions(services.workshop, workspace, found.key)
        if all(not value or getattr(one.row, field) == value for field, value in wanted.items())
    ]
    shown, following = page_of(fitting, after, limit, library.digest + request.url.path)
    rows = [{**shallow(one.row), "etag": revision_tag(one.revision)} for one in shown]
    return listed(request, rows, following, len(fitting), MAP_COLUMNS, name=f"{found.key}-maps", etag=etag)


def revision_tag(revision: int) -> str:
    """Return how often a map was decided as an ETag."""
    return f'"r{revision}"'


@routes.get("/editions/{edition}/changes", response_model=Page[dict[str, Any]], responses=csv_too())
@needs("comparison.read")
def changes(
    request: Request,
    workspace: Workspace,
    edition: str,
    since: Text,
    as_of: AsOf = "",
    change: Text = "",
    limit: Limit = 100,
    after: After = "",
    format: Format = None,  # noqa: A002
) -> Response:
    """List what became of the criteria of an earlier edition (`since`) in this one."""
    services = services_of(request)
    library = services.workshop.library(workspace)
    old, new = library.edition(since), library.edition(edition)
    day, policy = day_or(as_of, today()), services.workshop.policy()
    etag = tag_of(request, library, day, policy.digest)
    if same := unchanged(request, etag):
        return same
    found = library.remember(
        ("api: diff", old.key, new.key, day, policy.digest),
        lambda: diff_editions(library, old, new, policy, default_matcher(), day),
        day,
    )
    rows = [one for one in found.changes if not change or one.change == change]
    shown, following = page_of(rows, after, limit, etag)
    return listed(request, shown, following, len(rows), CHANGE_COLUMNS, name="changes", etag=etag)


@routes.get("/arrangements", response_model=Page[schemas.Arrangement], responses=csv_too())
@needs("library.read")
def arrangements(
    request: Request,
    workspace: Workspace,
    as_of: AsOf = "",
    others: bool = False,
    limit: Limit = 100,
    after: After = "",
    format: Format = None,  # noqa: A002
) -> Response:
    """List mutual recognition arrangements as they stood on a day; `others`: those between third parties."""
    day = day_or(as_of, today())
    library = _library(request, workspace)
    etag = tag_of(request, library, day)
    if same := unchanged(request, etag):
        return same
    rows: list[Any] = list(between_others_on(day)) if others else list(arrangements_on(day))
    columns = ("parties", "signed", "note", "basis", "sources") if others else ARRANGEMENT_COLUMNS
    shown, following = page_of(rows, after, limit, f"{day} {others}")
    return listed(request, shown, following, len(rows), columns, name="arrangements", etag=etag)
