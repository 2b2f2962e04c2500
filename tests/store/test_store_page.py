"""docs/store.md names what there is."""

from __future__ import annotations

import re
from importlib import import_module
from pathlib import Path

from store.models import Base

PAGE = (Path(__file__).parents[2] / "docs" / "store.md").read_text(encoding="utf-8")
ROWS = re.findall(r"^\| `(\w+)` \|.*\| `(\w+)` \|$", PAGE, re.MULTILINE)


def test_every_table_has_its_row_and_no_other():
    assert sorted(table for table, _ in ROWS) == sorted(Base.metadata.tables)


def test_every_module_that_the_page_names_is_there():
    for _, module in ROWS:
        import_module(f"store.{module}")


def test_every_name_with_a_dot_is_one_of_a_module():
    for module, name in re.findall(r"`([a-z]+)\.([A-Za-z_]+)`", PAGE):
        assert hasattr(import_module(f"store.{module}"), name), f"{module}.{name}"
