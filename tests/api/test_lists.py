"""Lists: findings narrowed and written, and values as JSON."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import UTC, date, datetime
from types import MappingProxyType

import pytest
from pydantic import BaseModel

from api.findings import Filters, compact_array, full_array, rows_of
from api.tables import as_json


def finding(criterion: str, **more) -> dict:
    """Return a finding as it stands in a stored comparison."""
    return {
        "criterion": criterion, "title": "Seals", "text": "Seals are HIGH security.", "question": "Which?",
        "category": "seal_security", "strength": "must", "verdict": "meets", "shortfall": None,
        "severity": "none", "provisional": False, "operators": ["importer"], "obligations": [{"id": "a"}],
        "evidence": [{"provision": "x/1"}, {"provision": "x/2"}, {"provision": "x/1"}], "source": {},
        **more,
    }  # fmt: skip


ROWS = rows_of(
    [
        finding("1.1"),
        finding("1.2", verdict="partly_meets", shortfall="form", provisional=True, title="Straße"),
        finding("1.3", verdict="partly_meets", shortfall="substance", operators=["exporter"]),
    ]
)


@pytest.mark.parametrize(
    ("filters", "fitting"),
    [
        (Filters(), "1.1 1.2 1.3"),
        (Filters(verdict="meets"), "1.1"),
        (Filters(verdict="meets,partly_meets", shortfall="form"), "1.2"),
        (Filters(shortfall=",substance"), "1.1 1.3"),
        (Filters(operator="exporter"), "1.3"),
        (Filters(provisional=True), "1.2"),
        (Filters(provisional=False), "1.1 1.3"),
        (Filters(q="high SECURITY"), "1.1 1.2 1.3"),
        (Filters(q="STRASSE"), "1.2"),
        (Filters(q="1.3"), "1.3"),
        (Filters(q="no such word"), ""),
    ],
)
def test_a_list_is_narrowed_to_what_fits_every_filter(filters, fitting):
    assert [row.finding["criterion"] for row in filters.among(ROWS)] == fitting.split()


def test_a_compact_finding_has_its_counterparts_once_and_nothing_long():
    [first, *_] = json.loads(compact_array(ROWS))
    assert first["counterparts"] == ["x/1", "x/2"]
    assert not {"obligations", "evidence", "text", "source"} & set(first)


def test_rows_written_beforehand_read_like_rows_written_now():
    assert compact_array(ROWS) == as_json([row.compact for row in ROWS])
    assert json.loads(full_array(ROWS)) == [row.finding for row in ROWS]
    assert compact_array([]) == full_array([]) == b"[]"


def test_json_holds_dataclasses_models_days_and_sets():
    @dataclass(frozen=True, slots=True)
    class Inner:
        day: date
        names: tuple[str, ...]

    class Model(BaseModel):
        at: datetime

    value = {
        "inner": Inner(date(2026, 1, 2), ("é", "\ud800")),
        "model": Model(at=datetime(2026, 1, 2, tzinfo=UTC)),
        "mapping": MappingProxyType({"a": frozenset({1})}),
    }
    assert json.loads(as_json(value)) == {
        "inner": {"day": "2026-01-02", "names": ["é", "?"]},
        "model": {"at": "2026-01-02T00:00:00Z"},
        "mapping": {"a": [1]},
    }
    with pytest.raises(TypeError, match="object is nothing that JSON could hold"):
        as_json(object())
