"""What every module of routes uses: the router, the failures to document, common parameters."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Path, Query

from api.errors import MEDIA_TYPE, PROBLEMS, ProblemDetails
from api.routing import GuardedRoute

API = "/api/v1"
IN_WORKSPACE = API + "/workspaces/{workspace}"

Workspace = Annotated[str, Path(description="Key of the workspace.", max_length=64, examples=["main"])]
AsOf = Annotated[str, Query(description="A day, YYYY-MM-DD. Default: today (UTC).", max_length=10)]
Text = Annotated[str, Query(max_length=200)]


def _failures() -> dict[int | str, dict[str, Any]]:
    by_status: dict[int, list[str]] = {}
    for code, kind in PROBLEMS.items():
        by_status.setdefault(kind.status, []).append(code)
    return {
        status: {
            "model": ProblemDetails,
            "description": "; ".join(f"`{code}`: {PROBLEMS[code].title.lower()}" for code in codes),
            "content": {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/ProblemDetails"}}},
        }
        for status, codes in by_status.items()
    }


FAILURES = _failures()


def router(tag: str, prefix: str = IN_WORKSPACE) -> APIRouter:
    """Return a router whose routes check access and document every failure."""
    return APIRouter(prefix=prefix, tags=[tag], route_class=GuardedRoute, responses=FAILURES)


def csv_too(description: str = "One page of the list.") -> dict[int | str, dict[str, Any]]:
    """Return the documentation of a list that is also given as CSV, and may be unchanged."""
    return {
        200: {"description": description, "content": {"text/csv": {"schema": {"type": "string"}}}},
        304: {"description": "Unchanged since the ETag in If-None-Match."},
    }


def file_answer(media_type: str, description: str) -> dict[int | str, dict[str, Any]]:
    """Return the documentation of an answer that is a file."""
    return {
        200: {
            "description": description,
            "content": {media_type: {"schema": {"type": "string", "format": "binary"}}},
        },
        304: {"description": "Unchanged since the ETag in If-None-Match."},
    }


UNCHANGED: dict[int | str, dict[str, Any]] = {
    304: {"description": "Unchanged since the ETag in If-None-Match."}
}
