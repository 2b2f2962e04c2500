"""The guards in their order over a sniffed file; returns what they learned for the readers."""

from __future__ import annotations

import posixpath
from dataclasses import dataclass, field
from zipfile import ZipInfo

from workbooks.biff12_scan import BinarySheetScan, sheet_parts, styles
from workbooks.details import SheetDetails
from workbooks.guards import LIMITS, Limits, ZipWalk
from workbooks.model import Note, Refused, note
from workbooks.ods_scan import OdsScan
from workbooks.xml_scan import XmlScan


@dataclass(slots=True)
class Scanned:
    """What the guards learned: notes, and by sheet name details and formulas without result."""

    notes: list[Note] = field(default_factory=list)
    details: dict[str, SheetDetails] = field(default_factory=dict)
    no_value: dict[str, list[str]] = field(default_factory=dict)
    strict: bool = False


def scan(data: bytes, file_format: str, limits: Limits = LIMITS) -> Scanned:
    """Check a file against all limits, or raise `Refused`; formats that are no zip pass as they are."""
    if file_format not in ("xlsx", "xlsm", "xlsb", "ods"):
        return Scanned()
    walk, xml, found = ZipWalk(data, limits), XmlScan(limits), Scanned()
    binary: dict[str, bytes] = {}
    try:
        for member in sorted(walk.members, key=_sheet_list_first):
            _scan_member(walk, xml, member, found, file_format, binary)
        if file_format == "xlsb":
            found.details = _scan_binary(binary, xml, limits)
            if any("/comments" in name.lower() for name in walk.names):
                found.notes.append(note("comments_unread", format="xlsb"))
    except Refused as refusal:
        raise _placed(refusal, xml) from refusal
    _collect_notes(found, xml, walk.names)
    return found


def _sheet_list_first(member: ZipInfo) -> bool:
    """Sort the list of sheets before the sheets, so that a refusal can name its sheet."""
    return "workbook" not in member.filename.lower()


def _scan_member(
    walk: ZipWalk, xml: XmlScan, member: ZipInfo, found: Scanned, file_format: str, binary: dict[str, bytes]
) -> None:
    name = member.filename
    if _is_xml(name):
        _scan_xml(walk, xml, member, found, file_format)
    elif file_format == "xlsb" and name.lower().endswith(".bin") and "printersettings" not in name.lower():
        binary[name] = b"".join(walk.chunks(member))
    else:
        for _ in walk.chunks(member):
            pass


def _placed(refusal: Refused, xml: XmlScan) -> Refused:
    """Return the refusal with the sheet and cell in place of the name of a part, where they are known."""
    values = dict(refusal.note.values)
    sheet = refusal.note.sheet or xml.facts.sheet_of(values.get("part", ""))
    address = values.get("address", "") if sheet else ""
    return Refused(refusal.note.code, sheet, address, **values)


def _is_xml(name: str) -> bool:
    return name.lower().endswith((".xml", ".rels", ".vml", ".rdf", ".xhtml"))


def _scan_xml(walk: ZipWalk, xml: XmlScan, member: ZipInfo, found: Scanned, file_format: str) -> None:
    name = member.filename
    part = OdsScan(name, xml) if file_format == "ods" and name == "content.xml" else xml.part(name)
    manifest = file_format == "ods" and name == "META-INF/manifest.xml"
    for chunk in walk.chunks(member):
        if manifest and b"encryption-data" in chunk:
            raise Refused("password_protected")
        part.feed(chunk)
    part.feed(b"", final=True)
    if isinstance(part, OdsScan):
        found.details = part.sheets


def _scan_binary(binary: dict[str, bytes], xml: XmlScan, limits: Limits) -> dict[str, SheetDetails]:
    """Scan each binary sheet; return what was found by sheet name."""
    book = next((name for name in binary if name.lower().endswith("workbook.bin")), "")
    names = sheet_parts(binary.get(book, b""))
    if len(names) > limits.sheets:
        raise Refused("too_many_sheets", found=len(names), limit=limits.sheets)
    folder = posixpath.dirname(book)
    xml.facts.sheet_ids.update({name: rel for rel, name in names})
    looks = styles(binary.get(f"{folder}/styles.bin", b""))
    sheets = BinarySheetScan(xml.tally, looks, limits)
    found = {
        part: sheets.sheet(data, part) for part, data in binary.items() if "/worksheets/" in part.lower()
    }
    parts = {name: xml.facts.targets.get(rel, "") for rel, name in names}
    return {name: found[part] for name, part in parts.items() if part in found}


def _collect_notes(found: Scanned, xml: XmlScan, names: list[str]) -> None:
    found.no_value = xml.facts.by_sheet(xml.facts.no_value)
    found.details = found.details or xml.facts.by_sheet(xml.facts.details)
    found.strict = xml.facts.strict
    if found.strict:
        found.notes.append(note("strict_format"))
    if any("/externallinks/" in name.lower() for name in names):
        found.notes.append(note("external_links_ignored"))
    if xml.facts.text_boxes:
        found.notes.append(note("text_box_ignored", text="; ".join(xml.facts.text_boxes)[:300]))
