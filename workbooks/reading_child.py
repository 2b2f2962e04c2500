"""The child process that parses an upload: limits on itself first, then guards, then the reader.

Run by `workbooks.reading` as a script. Standard input: one line of JSON (the request), then the file.
Standard output: one JSON object (the sheets and notes, or a refusal). It opens no file for writing.
"""

from __future__ import annotations

import gc
import json
import sys
from collections.abc import Callable
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path
from typing import Any

if __name__ == "__main__":
    # Isolated mode leaves out the script's own place; the package may not be installed (a checkout).
    sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
    # openpyxl imports numpy where it is there, for types that no upload holds; that costs 0.1 s and memory.
    sys.modules["numpy"] = None  # type: ignore[assignment]  # this is how an import is forbidden

from workbooks.guards import Limits, check_size
from workbooks.model import Note, Refused, Sheet, note, sheet_as_plain
from workbooks.scanning import Scanned, scan
from workbooks.sniffing import sniff


def limit_self(limits: Limits) -> None:
    """Set this process's own limits: memory, processor time, no writing to files, no core file."""
    try:
        import resource
    except ImportError:  # not on this platform: the time limit of the caller still holds
        return
    # The signal that comes at the first figure of the time tells the caller why; the second figure kills.
    for name, soft, hard in (
        ("RLIMIT_AS", limits.memory_bytes, limits.memory_bytes),
        ("RLIMIT_CPU", limits.cpu_seconds, limits.cpu_seconds + 2),
        ("RLIMIT_FSIZE", 0, 0),
        ("RLIMIT_CORE", 0, 0),
    ):
        # Refused where a stricter limit holds already, and on systems that do not know this one.
        with suppress(ValueError, OSError):
            resource.setrlimit(getattr(resource, name), (soft, hard))


def parse(data: bytes, request: dict[str, Any], limits: Limits) -> dict[str, Any]:
    """Return the answer for one file as plain data."""
    try:
        check_size(len(data), limits)
        sniffed = sniff(data, request["name"])
        scanned = scan(data, sniffed.format, limits)
        sheets, notes = _sheets(data, sniffed.format, request, limits, scanned)
    except Refused as refusal:
        return {"refused": _plain(refusal.note)}
    except MemoryError:
        return {"refused": _plain(Refused("too_much_memory").note)}
    notes = [*sniffed.notes, *scanned.notes, *notes]
    return {
        "format": sniffed.format,
        "sheets": [sheet_as_plain(sheet) for sheet in sheets],
        "notes": [_plain(found) for found in notes],
    }


def _sheets(
    data: bytes, file_format: str, request: dict[str, Any], limits: Limits, scanned: Scanned
) -> tuple[list[Sheet], list[Note]]:
    """Read with the reader of the format; each is imported only when it is needed."""
    if file_format == "csv":
        from workbooks.reading_text import read_text

        return read_text(data, request["name"], request["encoding"], request["delimiter"], limits)
    if file_format == "xls":
        from workbooks.reading_xls import read_xls

        return _tried(lambda: read_xls(data, limits)), []
    if file_format in ("xlsx", "xlsm") and not scanned.strict:
        return _read_xlsx(data, scanned)
    from workbooks.reading_calamine import read_calamine

    return _tried(lambda: read_calamine(data, scanned)), []


def _read_xlsx(data: bytes, scanned: Scanned) -> tuple[list[Sheet], list[Note]]:
    """Read with openpyxl; where it fails on something beside the point, such as a colour, with calamine."""
    from workbooks.reading_xlsx import read_xlsx

    try:
        return _tried(lambda: read_xlsx(data, scanned)), []
    except Refused as refusal:
        from workbooks.reading_calamine import read_calamine

        detail = dict(refusal.note.values)["detail"]
        try:
            return _tried(lambda: read_calamine(data, scanned)), [note("read_simply", detail=detail)]
        except Refused:
            raise refusal from None


def _tried(reader: Callable[[], list[Sheet]]) -> list[Sheet]:
    """Run a reader; whatever it raises on a damaged file, a Rust panic included, is a refusal."""
    try:
        return reader()
    except (Refused, MemoryError):
        raise
    except BaseException as error:
        raise Refused("damaged_file", detail=f"{type(error).__name__}: {str(error)[:200]}") from error


def _plain(found: Note) -> dict[str, Any]:
    plain = asdict(found)
    plain["values"] = dict(found.values)
    return plain


def main() -> None:
    """Answer one request."""
    request = json.loads(sys.stdin.buffer.readline())
    limits = Limits(**request["limits"])
    limit_self(limits)
    # The process ends with its one answer: looking for garbage cycles costs a fifth of the time.
    gc.disable()
    data = sys.stdin.buffer.read()
    try:
        answer = json.dumps(parse(data, request, limits), check_circular=False)
    except MemoryError:
        answer = '{"refused": {"code": "too_much_memory", "sheet": "", "cell": "", "values": {}}}'
    sys.stdout.write(answer)
    sys.stdout.flush()


if __name__ == "__main__":
    main()
