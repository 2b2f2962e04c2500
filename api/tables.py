"""Lists as people and programs want them: one JSON envelope with cursors, or CSV for a spreadsheet.

CSV is UTF-8 with a byte order mark, every cell quoted, and no cell that a spreadsheet would run as a
formula.
"""

from __future__ import annotations

import base64
import binascii
import csv
import hashlib
import io
import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import fields, is_dataclass
from datetime import date, datetime
from typing import Annotated, Any, Generic, Literal, TypeVar

from fastapi import Query, Request
from fastapi.responses import Response
from pydantic import BaseModel, Field

from api.errors import Refusal

Row = TypeVar("Row")
JSON, CSV = "application/json", "text/csv"
DEFAULT_LIMIT, MOST = 100, 500

Limit = Annotated[int, Query(ge=1, le=MOST, description="How many items a page has at most.")]
After = Annotated[str, Query(max_length=200, description="The `next` of the page before.")]
Format = Annotated[
    Literal["json", "csv"] | None, Query(description="Overrides the Accept header.", examples=["csv"])
]


class Page(BaseModel, Generic[Row]):
    """A list in pages: send `next` as `after` to go on; null on the last page. `total` counts all of it."""

    items: list[Row]
    next: str | None = Field(examples=[None])
    total: int = Field(examples=[1])


def shallow(value: Any) -> dict[str, Any]:
    """Return the fields of a dataclass as they are; `asdict` would copy all that is in them."""
    return {field.name: getattr(value, field.name) for field in fields(value)}


def _plainer(value: Any) -> Any:
    """Return what JSON does not know one step plainer."""
    if is_dataclass(value) and not isinstance(value, type):
        return shallow(value)
    if isinstance(value, BaseModel):
        return value.model_dump(mode="json", by_alias=True)
    if isinstance(value, Mapping):
        return dict(value)
    if isinstance(value, set | frozenset):
        return list(value)
    if isinstance(value, datetime | date):
        return value.isoformat()
    raise TypeError(f"{type(value).__name__} is nothing that JSON could hold.")


_encode = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), default=_plainer).encode


def as_json(value: Any) -> bytes:
    """Return a value as JSON bytes: dataclasses as objects, dates in ISO form."""
    return _encode(value).encode(errors="replace")


def answer(value: Any, status: int = 200, headers: Mapping[str, str] | None = None) -> Response:
    """Return a value as a JSON response."""
    return Response(as_json(value), status, dict(headers or {}), JSON)


def etag_of(*parts: object) -> str:
    """Return a strong ETag of what an answer follows from."""
    return '"' + hashlib.sha256("\x1f".join(str(part) for part in parts).encode()).hexdigest()[:32] + '"'


def unchanged(request: Request, etag: str) -> Response | None:
    """Return a 304 where the caller holds the answer already."""
    return Response(None, 304, caching(etag)) if holds(request, etag) else None


def holds(request: Request, etag: str) -> bool:
    """Whether the caller says that it holds the answer with this ETag."""
    sent = request.headers.get("if-none-match")
    if sent is None or sent == etag:
        return sent is not None
    known = {part.strip().removeprefix("W/") for part in sent.split(",")}
    return etag in known or "*" in known


def caching(etag: str) -> dict[str, str]:
    """Return the headers of an answer that its caller may keep, and must ask about each time."""
    return {"etag": etag, "cache-control": "private, no-cache", "vary": "Accept, Authorization, Cookie"}


def wants_csv(request: Request) -> bool:
    """Whether a list is asked for as CSV; raise Refusal where neither CSV nor JSON is acceptable."""
    chosen = request.query_params.get("format")
    if chosen:
        return chosen == "csv"
    accept = [part.split(";")[0].strip().lower() for part in request.headers.get("accept", "*/*").split(",")]
    for kind in accept:
        if kind in ("*/*", "application/*", JSON, ""):
            return False
        if kind in (CSV, "text/*"):
            return True
    if "application/problem+json" in accept or "text/html" in accept:
        return False
    raise Refusal("not_acceptable")


def page_of(rows: Sequence[Any], after: str, limit: int, version: str) -> tuple[Sequence[Any], str | None]:
    """Return a page of a list in memory and the cursor of the next; the cursor holds only for `version`."""
    start = _offset(after, version) if after else 0
    shown = rows[start : start + limit]
    following = start + limit
    return shown, _cursor(following, version) if following < len(rows) else None


def row_cursor(after: str) -> str:
    """Return a cursor of a list in the store; raise Refusal for one that is none."""
    if after and not (after.isascii() and after.isdigit() and len(after) <= 18):
        raise Refusal("bad_cursor")
    return after


def _cursor(offset: int, version: str) -> str:
    mark = hashlib.sha256(version.encode()).hexdigest()[:8]
    return base64.urlsafe_b64encode(f"{offset}.{mark}".encode()).decode().rstrip("=")


def _offset(cursor: str, version: str) -> int:
    try:
        text = base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)).decode("ascii")
    except (binascii.Error, ValueError):
        text = ""
    number, _, mark = text.partition(".")
    if not (number.isascii() and number.isdigit() and len(number) < 10):
        raise Refusal("bad_cursor")
    if mark != hashlib.sha256(version.encode()).hexdigest()[:8]:
        raise Refusal("bad_cursor", "The list has changed since that page. Start again without `after`.")
    return int(number)


def listed(
    request: Request,
    items: Sequence[Any],
    following: str | None,
    total: int,
    columns: Sequence[str],
    *,
    name: str,
    etag: str = "",
    array: Callable[[Sequence[Any]], bytes] = as_json,
) -> Response:
    """Return one page of a list as JSON or CSV; `columns` are those of the CSV, Link names the next page.

    `array` writes the items as a JSON array.
    """
    headers = caching(etag) if etag else {"vary": "Accept, Authorization, Cookie"}
    if following:
        address = request.url.include_query_params(after=following)
        headers["link"] = f'<{address.path}?{address.query}>; rel="next"'
    headers["x-total-count"] = str(total)
    written = array(items)
    if wants_csv(request):
        rows = json.loads(written)
        headers["content-disposition"] = f'attachment; filename="{name}.csv"'
        return Response(to_csv(rows, columns), 200, headers, "text/csv; charset=utf-8")
    body = b'{"items":%b,"next":%b,"total":%d}' % (written, as_json(following), total)
    return Response(body, 200, headers, JSON)


def to_csv(rows: Iterable[Mapping[str, Any]], columns: Sequence[str]) -> bytes:
    """Return rows as CSV bytes with a header."""
    out = io.StringIO()
    writer = csv.writer(out, quoting=csv.QUOTE_ALL, lineterminator="\r\n")
    writer.writerow(columns)
    for row in rows:
        writer.writerow([_cell(_at(row, column)) for column in columns])
    return "\ufeff".encode() + out.getvalue().encode(errors="replace")


def _at(row: Any, column: str) -> Any:
    """Return a value by its dotted place: `summary.meets`."""
    for part in column.split("."):
        row = row.get(part) if isinstance(row, Mapping) else None
    return row


def _cell(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return str(value)
    if isinstance(value, list | tuple):
        return _safe("; ".join(_cell_part(one) for one in value))
    return _safe(_cell_part(value))


def _cell_part(value: Any) -> str:
    if isinstance(value, Mapping):
        return str(value.get("words") or value.get("text") or json.dumps(value, ensure_ascii=False))
    return str(value)


def _safe(text: str) -> str:
    """Return a text that no spreadsheet takes for a formula."""
    return (
        f"'{text}"
        if text.lstrip().startswith(("=", "+", "-", "@")) or text.startswith(("\t", "\r", "\n"))
        else text
    )
