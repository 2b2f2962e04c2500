"""Lists in pages: newest first, continued after a cursor that stays valid while rows are added."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from sqlalchemy import Select, func, select
from sqlalchemy.orm import InstrumentedAttribute, Session

from store.errors import BadName

Item = TypeVar("Item")
Row = TypeVar("Row")

MOST = 500


@dataclass(frozen=True, slots=True)
class Page(Generic[Item]):
    """Some items of a list; `next` is the cursor of the page after, empty on the last one.

    `total` counts the whole list, whatever page this is.
    """

    items: tuple[Item, ...]
    next: str = ""
    total: int = 0


def page(
    session: Session,
    query: Select[Row],
    seq: InstrumentedAttribute[int],
    made: Callable[[Row], Item],
    after: str = "",
    limit: int = 50,
) -> Page[Item]:
    """Return the rows of a query after a cursor, newest first; raise BadName for a cursor that is none."""
    limit = max(1, min(limit, MOST))
    total = session.scalar(select(func.count()).select_from(query.subquery())) or 0
    if after:
        query = query.where(seq < _cursor(after))
    rows = list(session.scalars(query.order_by(seq.desc()).limit(limit + 1)))
    shown: list[Any] = rows[:limit]
    following = str(getattr(shown[-1], seq.key)) if len(rows) > limit else ""
    return Page(tuple(made(row) for row in shown), following, total)


def _cursor(text: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) <= 18):
        raise BadName(f'"{text[:40]}" is not a cursor. Use the one that the page before gave.')
    return int(text)
