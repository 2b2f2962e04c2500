"""Every text of both reports of the small library, held against what was looked at and found right.

After a change that is meant: `MRA_UPDATE_GOLDEN=1 pytest tests/workbooks/test_report_golden.py`, and
read the difference.
"""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from tests.workbooks.report_reading import opened, report_bytes, texts

GOLDEN = Path(__file__).parent.parent / "golden"


@pytest.mark.parametrize("audience", ["own", "partner"])
def test_every_cell_of_a_report_is_as_it_was_when_somebody_looked_at_it(audience):
    found = texts(opened(report_bytes(audience=audience, warnings=("The later text stands in.",))))
    path = GOLDEN / f"report_{audience}.json"
    if os.environ.get("MRA_UPDATE_GOLDEN"):
        path.write_text(json.dumps(found, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    expected = json.loads(path.read_text(encoding="utf-8"))
    assert list(found) == list(expected)
    for sheet, rows in expected.items():
        assert found[sheet] == rows, sheet
