"""A first look at the XML of a workbook: limits, and what the readers do not tell.

Every part is streamed through expat as it is inflated; nothing is kept but counts and the few facts the
readers miss: formulas saved without a result, text boxes, external links. A part with a document type
declaration is refused before any entity could be used.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TypeVar
from xml.parsers import expat

from workbooks.details import SheetDetails
from workbooks.guards import LIMITS, Limits
from workbooks.model import Refused, column_letter, range_bounds

_DIGITS = "0123456789"
_TRUE = ("1", "true")
Found = TypeVar("Found")
_FACT_LIMIT = 5_000
_WORKBOOK = re.compile(r"(^|/)workbook[\w-]*\.xml$")
_RELATIONSHIPS = re.compile(r"/_rels/workbook[\w-]*\.(xml|bin)\.rels$")
Attributes = dict[str, str]


@dataclass(slots=True)
class Tally:
    """What has been counted over all parts of one workbook."""

    cells: int = 0
    merged_cells: int = 0
    text: int = 0


@dataclass(slots=True)
class XmlFacts:
    """What the scan learned: by part name; `by_sheet` turns that into sheet names."""

    sheet_ids: dict[str, str] = field(default_factory=dict)
    targets: dict[str, str] = field(default_factory=dict)
    no_value: dict[str, list[str]] = field(default_factory=dict)
    details: dict[str, SheetDetails] = field(default_factory=dict)
    text_boxes: list[str] = field(default_factory=list)
    strict: bool = False

    def sheet_of(self, part: str) -> str:
        """Return the name of the sheet that a part holds, "" if it holds none."""
        return next((name for name, rel in self.sheet_ids.items() if self.targets.get(rel) == part), "")

    def by_sheet(self, found: dict[str, Found]) -> dict[str, Found]:
        """Return what was found in each part, by the name of the sheet that the part holds."""
        parts = {name: self.targets.get(rel, "") for name, rel in self.sheet_ids.items()}
        return {name: found[part] for name, part in parts.items() if part in found}


class XmlScan:
    """Scans the XML parts of one workbook, one after the other."""

    def __init__(self, limits: Limits = LIMITS) -> None:
        self.limits, self.tally, self.facts = limits, Tally(), XmlFacts()

    def part(self, name: str) -> PartScan:
        """Return the scanner for one part, to be fed with its bytes."""
        folded = name.lower()
        if "/worksheets/" in folded and folded.endswith(".xml"):
            return SheetScan(name, self)
        if _WORKBOOK.search(folded):
            return WorkbookScan(name, self)
        if _RELATIONSHIPS.search(folded):
            return RelationshipScan(name, self)
        if "/drawings/" in folded and folded.endswith(".xml"):
            return DrawingScan(name, self)
        return PartScan(name, self)


class PartScan:
    """One XML part: no document type, limited depth and text. Subclasses look at its elements."""

    lenient = False

    def __init__(self, name: str, scan: XmlScan) -> None:
        self.name, self.scan, self.limits, self.tally = name, scan, scan.limits, scan.tally
        self.depth = 0
        # Office's own comment shapes (.vml) are often not well-formed, and no reader here opens them.
        self.lenient = name.lower().endswith(".vml")
        self.parser = expat.ParserCreate()
        self.parser.buffer_text = True
        self.parser.StartElementHandler = self._start
        self.parser.EndElementHandler = self._end
        self.parser.CharacterDataHandler = self._text
        self.parser.EntityDeclHandler = self._entity
        self.parser.EndDoctypeDeclHandler = self._doctype
        self.parser.SetParamEntityParsing(expat.XML_PARAM_ENTITY_PARSING_NEVER)

    def feed(self, chunk: bytes, final: bool = False) -> None:
        """Take the next bytes of the part; `final` after the last."""
        try:
            self.parser.Parse(chunk, final)
        except expat.ExpatError as error:
            if not self.lenient:
                raise Refused("damaged_part", part=self.name, detail=error) from error

    def element(self, name: str, attributes: Attributes) -> None:
        """Look at the start of an element."""

    def closed(self, name: str) -> None:
        """Look at the end of an element."""

    def _start(self, name: str, attributes: Attributes) -> None:
        self.depth += 1
        if self.depth > self.limits.xml_depth:
            raise Refused("xml_too_deep", part=self.name, limit=self.limits.xml_depth)
        self.element(name.rpartition(":")[2], attributes)

    def _end(self, name: str) -> None:
        self.depth -= 1
        self.closed(name.rpartition(":")[2])

    def _text(self, text: str) -> None:
        self.tally.text += len(text)
        if self.tally.text > self.limits.text_characters:
            raise Refused("too_much_text", limit=f"{self.limits.text_characters:,}")

    def _entity(self, name: str, parameter: bool, value: str | None, base: str | None, system: str | None,
                public: str | None, notation: str | None) -> None:  # fmt: skip
        raise Refused("external_entity" if system or public else "entity_declared", part=self.name)

    def _doctype(self) -> None:
        raise Refused("doctype_declared", part=self.name)


class SheetScan(PartScan):
    """A worksheet of an Office Open XML workbook.

    A sheet has two elements or more for each cell, so this class sets its own handlers and does as
    little as it can in each.
    """

    def __init__(self, name: str, scan: XmlScan) -> None:
        super().__init__(name, scan)
        self.columns = frozenset(column_letter(n) for n in range(1, self.limits.columns + 1))
        self.rows_seen = self.row = 0
        self.far_row = False
        self.cell = ""
        self.is_error = False
        self.details = scan.facts.details.setdefault(name, SheetDetails())
        self.formula = self.value = self.in_formula = self.text_result = False
        self.parser.StartElementHandler = self._sheet_start
        self.parser.EndElementHandler = self._sheet_end
        self._handlers: dict[str, Callable[[Attributes], None]] = {
            "c": self._cell, "row": self._row, "mergeCell": self._merge, "f": self._formula,
            "v": self._value, "col": self._column, "sheetView": self._view,
        }  # fmt: skip

    def _sheet_start(self, name: str, attributes: Attributes) -> None:
        self.depth += 1
        handler = self._handlers.get(name)
        if handler is not None:
            handler(attributes)
        elif self.depth > self.limits.xml_depth:
            raise Refused("xml_too_deep", part=self.name, limit=self.limits.xml_depth)
        elif ":" in name:
            handler = self._handlers.get(name.rpartition(":")[2])
            if handler is not None:
                handler(attributes)

    def _sheet_end(self, name: str) -> None:
        self.depth -= 1
        if not self.formula:
            return
        if name == "f" or name.endswith(":f"):
            self.in_formula = False
        elif not self.value and (name == "c" or name.endswith(":c")):
            found = self.scan.facts.no_value.setdefault(self.name, [])
            if len(found) < _FACT_LIMIT:
                found.append(self.cell)

    def _row(self, attributes: Attributes) -> None:
        self.rows_seen += 1
        if self.rows_seen > self.limits.rows:
            raise Refused("too_many_rows", limit=f"{self.limits.rows:,}", part=self.name)
        number = attributes.get("r", "")
        self.row = int(number) if number.isdecimal() and len(number) < 9 else self.row + 1
        self.far_row = self.row > self.limits.rows
        if attributes.get("hidden") in _TRUE:
            self.details.hidden_rows.add(self.row)

    def _column(self, attributes: Attributes) -> None:
        first, last = attributes.get("min", ""), attributes.get("max", "")
        if attributes.get("hidden") in _TRUE and first.isdecimal() and last.isdecimal():
            end = min(int(last[:9]), self.limits.columns)
            self.details.hidden_columns.update(range(int(first[:9]), end + 1))

    def _view(self, attributes: Attributes) -> None:
        self.details.right_to_left = attributes.get("rightToLeft") in _TRUE

    def _cell(self, attributes: Attributes) -> None:
        self.tally.cells += 1
        if self.tally.cells > self.limits.cells:
            raise Refused("too_many_cells", limit=f"{self.limits.cells:,}", part=self.name)
        self.cell = address = attributes.get("r", "")
        self.formula = self.value = False
        kind = attributes.get("t")
        self.text_result, self.is_error = kind == "str", kind == "e"
        if address and (self.far_row or address.rstrip(_DIGITS).upper() not in self.columns):
            self._refuse_far(address)
        elif self.far_row:
            self._refuse_far(f"row {self.row}")

    def _refuse_far(self, address: str) -> None:
        last = f"{column_letter(self.limits.columns)}{self.limits.rows}"
        raise Refused("cell_far_outside", part=self.name, address=address, last=last)

    def _formula(self, attributes: Attributes) -> None:
        self.formula = self.in_formula = True

    def _value(self, attributes: Attributes) -> None:
        # An empty text is a result too; an empty <v/> of any other kind is none.
        self.value = self.text_result

    def _text(self, text: str) -> None:
        super()._text(text)
        if self.formula and not self.in_formula:
            self.value = True
        if self.is_error and not self.in_formula and text.startswith("#"):
            bounds = range_bounds(self.cell)
            if bounds:
                self.details.errors[bounds[:2]] = text.strip()

    def _merge(self, attributes: Attributes) -> None:
        bounds = range_bounds(attributes.get("ref", ""))
        if bounds:
            top, left, bottom, right = bounds
            self.tally.merged_cells += (abs(bottom - top) + 1) * (abs(right - left) + 1)
            self.details.merged_ranges.append(attributes["ref"])
        if self.tally.merged_cells > self.limits.merged_cells:
            limit = f"{self.limits.merged_cells:,}"
            raise Refused(
                "merged_range_too_large", part=self.name, range=attributes.get("ref", ""), limit=limit
            )


class WorkbookScan(PartScan):
    """The list of sheets."""

    def element(self, name: str, attributes: Attributes) -> None:
        """Note each sheet's name and relationship id, and whether the file is of the strict kind."""
        if name == "sheet":
            rel = next((v for k, v in attributes.items() if k.rpartition(":")[2] == "id" and ":" in k), "")
            self.scan.facts.sheet_ids[attributes.get("name", "")] = rel
            if len(self.scan.facts.sheet_ids) > self.limits.sheets:
                raise Refused("too_many_sheets", found=f"over {self.limits.sheets}", limit=self.limits.sheets)
        elif name == "workbook":
            self.scan.facts.strict = any("purl.oclc.org" in value for value in attributes.values())


class RelationshipScan(PartScan):
    """Which part holds which sheet."""

    def element(self, name: str, attributes: Attributes) -> None:
        """Note the part behind each relationship id, as a path from the root of the zip."""
        if name == "Relationship":
            base = posixpath.dirname(posixpath.dirname(self.name))
            target = attributes.get("Target", "")
            path = target.lstrip("/") if target.startswith("/") else posixpath.normpath(f"{base}/{target}")
            self.scan.facts.targets[attributes.get("Id", "")] = path.lstrip("/")


class DrawingScan(PartScan):
    """Text boxes and shapes: their words are read by nobody, so the analyst is told."""

    def __init__(self, name: str, scan: XmlScan) -> None:
        super().__init__(name, scan)
        self.inside = False

    def element(self, name: str, attributes: Attributes) -> None:
        """Note that a text run begins."""
        self.inside = name == "t"

    def closed(self, name: str) -> None:
        """Note that a text run ends."""
        self.inside = False

    def _text(self, text: str) -> None:
        super()._text(text)
        if self.inside and text.strip() and len(self.scan.facts.text_boxes) < 20:
            self.scan.facts.text_boxes.append(text.strip()[:80])
