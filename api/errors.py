"""Every failure as one shape: problem details (RFC 9457) with a stable code. The only home of HTTP status.

`problems.yaml` is the closed list of codes; docs/api.md describes each, which a test checks. A fault in
an analyst's data lists its `problems`, each with code, place and cure.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path
from typing import Any

import yaml
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import Response
from pydantic import BaseModel, Field
from starlette.exceptions import HTTPException

from criteria.problems import DataError, MraError, UnknownName
from engine.editions import NoEdition
from engine.matching import MatcherError
from jobs.running import JobNotCancellable
from mappings.workspace import WorkspaceError
from store import errors as store_errors

MEDIA_TYPE = "application/problem+json"


@dataclass(frozen=True, slots=True)
class Kind:
    """One code: its status, its title, and what it means for whoever gets it."""

    status: int
    title: str
    meaning: str


def _problems() -> Mapping[str, Kind]:
    found: Mapping[str, Mapping[str, Any]] = yaml.safe_load(_FILE.read_text(encoding="utf-8"))
    return {code: Kind(**values) for code, values in found.items()}


_FILE = Path(__file__).with_name("problems.yaml")
PROBLEMS = _problems()

RETRY_SECONDS = {"matching_failed": "2", "busy": "2", "key_in_use": "1"}

# From the most special to the most general: the first that fits an error decides its code.
_BY_TYPE: Sequence[tuple[type[MraError], str]] = (
    (store_errors.NotFound, "not_found"),
    (store_errors.AlreadyExists, "conflict"),
    (store_errors.VersionConflict, "version_conflict"),
    (store_errors.NotReproduced, "not_reproduced"),
    (store_errors.StoreBusy, "busy"),
    (store_errors.SchemaBehind, "busy"),
    (store_errors.KeyReused, "key_reused"),
    (store_errors.StillRunning, "key_in_use"),
    (store_errors.BadName, "refused"),
    (JobNotCancellable, "conflict"),
    (UnknownName, "unknown_name"),
    (MatcherError, "matching_failed"),
    (DataError, "data_problems"),
    (NoEdition, "refused"),
    (WorkspaceError, "refused"),
    (MraError, "refused"),
)
_BY_STATUS = {
    401: "not_signed_in",
    403: "not_allowed",
    404: "not_found",
    405: "method_not_allowed",
    406: "not_acceptable",
    409: "conflict",
    413: "too_large",
    415: "wrong_media_type",
    429: "too_many_requests",
}


class Refusal(MraError):
    """A request refused at the border, under one of the codes of `PROBLEMS`."""

    def __init__(self, code: str, detail: str = "", headers: Mapping[str, str] | None = None) -> None:
        self.code, self.headers = code, dict(headers or {})
        super().__init__(detail or PROBLEMS[code].meaning)


class FieldProblem(BaseModel):
    """One fault: a field of the request, or a place in an analyst's data, with its cure."""

    code: str
    message: str
    hint: str = ""
    severity: str = "error"
    file: str = ""
    key: str = ""
    line: int | None = None
    sheet: str = ""
    cell: str = ""
    merged_range: str = ""
    field: str = ""
    value: str = ""


class ProblemDetails(BaseModel):
    """What every failure looks like (RFC 9457). `code` is stable; `request_id` is in the log."""

    type: str = Field(examples=["/problems#not_found"])
    title: str = Field(examples=["Not found"])
    status: int = Field(examples=[404])
    detail: str = Field(examples=['There is no comparison "0c1d".'])
    instance: str = Field(examples=["/api/v1/workspaces/main/comparisons/0c1d"])
    code: str = Field(examples=["not_found"])
    request_id: str = Field(examples=["9f86d081884c7d65"])
    problems: list[FieldProblem] = []


def code_of(error: BaseException) -> str:
    """Return the problem code of an error; `internal` for one that nobody raised on purpose."""
    if isinstance(error, Refusal):
        return error.code
    return next((code for kind, code in _BY_TYPE if isinstance(error, kind)), "internal")


def problem_response(
    code: str,
    detail: str,
    *,
    path: str,
    request_id: str,
    problems: Sequence[Mapping[str, Any]] = (),
    headers: Mapping[str, str] | None = None,
) -> Response:
    """Return a failure as a response with problem details."""
    kind = PROBLEMS[code]
    body: dict[str, Any] = {
        "type": f"/problems#{code}",
        "title": kind.title,
        "status": kind.status,
        "detail": detail,
        "instance": path,
        "code": code,
        "request_id": request_id,
    }
    if problems:
        body["problems"] = list(problems)
    sent = {"cache-control": "no-store", **(headers or {})}
    if code in RETRY_SECONDS:
        sent.setdefault("retry-after", RETRY_SECONDS[code])
    if kind.status == HTTPStatus.UNAUTHORIZED:
        sent.setdefault("www-authenticate", 'Bearer realm="mra"')
    text = json.dumps(body, ensure_ascii=False)
    return Response(text.encode(errors="replace"), kind.status, sent, MEDIA_TYPE)


def response_to(error: BaseException, path: str, request_id: str) -> Response:
    """Return the response to an error; the text of an unexpected one is not shown."""
    code = code_of(error)
    detail = PROBLEMS[code].meaning if code == "internal" else str(error)
    problems: Sequence[Mapping[str, Any]] = ()
    if isinstance(error, DataError):
        problems = [one.as_dict() for one in error.problems]
        detail = f"{len(problems)} problem{'s' if len(problems) != 1 else ''} found; each says what to do."
    headers = error.headers if isinstance(error, Refusal) else {}
    return problem_response(
        code, detail, path=path, request_id=request_id, problems=problems, headers=headers
    )


def install(app: FastAPI) -> None:
    """Make every failure of an application answer with problem details."""
    app.add_exception_handler(MraError, _on_own)
    app.add_exception_handler(RequestValidationError, _on_invalid)
    app.add_exception_handler(HTTPException, _on_http)


async def _on_own(request: Request, error: Exception) -> Response:
    return response_to(error, request.url.path, request_id_of(request))


async def _on_invalid(request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)
    found = [_field_problem(one) for one in error.errors()]
    return problem_response(
        "invalid",
        "; ".join(f"{one['field']}: {one['message']}" for one in found[:3]),
        path=request.url.path,
        request_id=request_id_of(request),
        problems=found,
    )


def _field_problem(error: Mapping[str, Any]) -> dict[str, Any]:
    place = [str(part) for part in error.get("loc", ())]
    return {"code": str(error["type"]), "field": ".".join(place), "message": str(error["msg"]), "hint": ""}


async def _on_http(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    code = _BY_STATUS.get(error.status_code, "internal" if error.status_code >= 500 else "bad_request")
    phrase = HTTPStatus(error.status_code).phrase
    detail = PROBLEMS[code].meaning if error.detail == phrase else str(error.detail)
    return problem_response(
        code,
        detail,
        path=request.url.path,
        request_id=request_id_of(request),
        headers={name.lower(): value for name, value in (error.headers or {}).items()},
    )


def request_id_of(request: Request) -> str:
    """Return the id under which a request stands in the log."""
    return str(request.scope.get("state", {}).get("request_id", ""))
