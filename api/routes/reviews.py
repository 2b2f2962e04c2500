"""Suggestions and reviews: what might fit, who decided what, and the review workbook out and in."""

from __future__ import annotations

import re
from dataclasses import asdict
from typing import Annotated, Any, Literal

from fastapi import Header, Query, Request, UploadFile
from fastapi.responses import Response

from api import schemas
from api.access import needs
from api.errors import Refusal
from api.routes.library import revision_tag, tag_of
from api.routes.shared import Text, Workspace, csv_too, file_answer, router
from api.routes.uploads import file_name
from api.services import actor_of, services_of
from api.streaming import file_response
from api.tables import After, Format, Limit, Page, answer, listed, page_of, row_cursor, unchanged
from jobs.proposing import obligation_texts, suggestions_for, waiting
from jobs.stored_reports import XLSX
from jobs.stored_reviews import Wanted, apply_workbook, decide, plan_workbook, review_workbook
from store import reviews as stored

routes = router("reviews")

COLUMNS = (
    "edition", "obligation", "control", "decision", "relationship", "rationale", "confidence", "by", "at",
    "why", "method", "withdrawn",
)  # fmt: skip
SUGGESTION_COLUMNS = ("obligation", "rank", "target", "score", "method", "words", "cautions")
MOST_AT_ONCE = 100
_TAG = re.compile(r'"r(\d{1,9})"')


@routes.get("/editions/{edition}/suggestions", response_model=Page[schemas.Suggestion], responses=csv_too())
@needs("suggestion.read")
def suggestions(
    request: Request,
    workspace: Workspace,
    edition: str,
    obligation: Annotated[list[str] | None, Query(max_length=MOST_AT_ONCE)] = None,
    against: Text = "",
    top: Annotated[int, Query(ge=1, le=20)] = 5,
    method: Literal["auto", "lexical", "encoder", "fused"] = "auto",
    limit: Limit = 100,
    after: After = "",
    format: Format = None,  # noqa: A002
) -> Response:
    """Suggest controls (or obligations of `against`) for the obligations named, else for those waiting."""
    library = services_of(request).workshop.library(workspace)
    found = library.edition(edition)
    etag = tag_of(request, library)
    if same := unchanged(request, etag):
        return same
    names = list(obligation or ()) or waiting(library, found)[:MOST_AT_ONCE]
    made = suggestions_for(library, found, names, against, top, method)
    rows = [
        {"obligation": one.source, "rank": rank, **asdict(ranked)}
        for one in made
        for rank, ranked in enumerate(one.ranked, start=1)
    ]
    shown, following = page_of(rows, after, limit, etag)
    return listed(request, shown, following, len(rows), SUGGESTION_COLUMNS, name="suggestions", etag=etag)


@routes.get("/editions/{edition}/waiting", response_model=Page[dict[str, Any]], responses=csv_too())
@needs("suggestion.read")
def waiting_obligations(
    request: Request,
    workspace: Workspace,
    edition: str,
    limit: Limit = 100,
    after: After = "",
    format: Format = None,  # noqa: A002
) -> Response:
    """List the obligations of an edition that have no counting map and no reason."""
    library = services_of(request).workshop.library(workspace)
    found = library.edition(edition)
    etag = tag_of(request, library)
    if same := unchanged(request, etag):
        return same
    names = set(waiting(library, found))
    rows = [{"obligation": one.id, "text": one.text} for one in obligation_texts(found) if one.id in names]
    shown, following = page_of(rows, after, limit, etag)
    return listed(request, shown, following, len(rows), ("obligation", "text"), name="waiting", etag=etag)


@routes.get("/reviews", response_model=Page[schemas.Review], responses=csv_too())
@needs("review.read")
def listing(
    request: Request,
    workspace: Workspace,
    edition: Text = "",
    obligation: Text = "",
    control: Annotated[str | None, Query(max_length=200)] = None,
    decision: Text = "",
    by: Text = "",
    limit: Limit = 100,
    after: After = "",
    format: Format = None,  # noqa: A002
) -> Response:
    """List the decisions on maps, the newest first; those an undo took back carry its number."""
    with services_of(request).store.reading() as session:
        page = stored.listing(
            session, workspace, edition=edition, obligation=obligation, control=control, decision=decision,
            by=by, after=row_cursor(after), limit=limit,
        )  # fmt: skip
    rows = [
        {**one.review.model_dump(mode="json"), "change": one.change, "withdrawn": one.withdrawn}
        for one in page.items
    ]
    return listed(request, rows, page.next or None, page.total, COLUMNS, name="reviews")


@routes.post("/reviews", status_code=201, response_model=schemas.Decided)
@needs("review.decide")
def create(
    request: Request,
    workspace: Workspace,
    body: schemas.DecisionRequest,
    if_match: Annotated[
        str | None, Header(description="The `etag` of the map's row.", examples=['"r0"'])
    ] = None,
) -> Response:
    """Decide one map. The `etag` of its row goes into If-Match: nobody decides on what has changed."""
    if if_match is None:
        raise Refusal("precondition_required", "Send the map's `etag` in If-Match.")
    tag = _TAG.fullmatch(if_match.strip())
    if tag is None:
        raise Refusal("version_conflict", "If-Match is no ETag of a map. Read the map again.")
    wanted = Wanted(**body.model_dump())
    review, revision = decide(services_of(request).workshop, actor_of(request), wanted, int(tag[1]))
    etag = revision_tag(revision)
    return answer({**review.model_dump(mode="json"), "etag": etag}, 201, {"etag": etag})


@routes.get(
    "/editions/{edition}/review.xlsx",
    response_class=Response,
    responses=file_answer(XLSX, "The review workbook."),
)
@needs("review.read")
def workbook(
    request: Request, workspace: Workspace, edition: str, only: Annotated[list[str] | None, Query()] = None
) -> Response:
    """Download the maps of an edition as a review workbook; `only` limits it to map states."""
    workshop = services_of(request).workshop
    name, data = review_workbook(workshop, workspace, edition, tuple(only or ()))
    return file_response(data, name, XLSX)


@routes.post("/reviews/workbook", response_model=schemas.ReviewResult)
@needs("review.decide")
def return_workbook(
    request: Request, workspace: Workspace, file: UploadFile, dry_run: bool = False, partly: bool = False
) -> Response:
    """Take over the decisions of a returned review workbook: all of them, or with `partly` those that fit.

    Where rows cannot be applied and `partly` is not set, nothing is, and `applied` is false.
    """
    workshop, actor = services_of(request).workshop, actor_of(request)
    plan = plan_workbook(workshop, actor, file.file.read(), file_name(file.filename))
    applied = False
    if not dry_run and (partly or not plan.refused):
        applied = apply_workbook(workshop, actor, plan, partly=partly)
    return answer(plan.as_dict(applied=applied))
