"""Structured logs: one line a request, with its id; never a secret, a query or a text of criteria."""

from __future__ import annotations

import json
import logging
import sys
from datetime import UTC, datetime
from typing import Any

from api.settings import Settings

access = logging.getLogger("mra.access")
service = logging.getLogger("mra.service")

# The only fields that a record may carry beyond its message: names, numbers and ids.
FIELDS = (
    "request_id", "method", "route", "status", "milliseconds", "bytes", "who", "workspace", "job", "kind",
    "code",
)  # fmt: skip


_encode = json.JSONEncoder(ensure_ascii=False).encode


def request(**told: str | float | None) -> None:
    """Log one answered request. The record is made here: looking up the caller takes longer than the line."""
    if access.isEnabledFor(logging.INFO):
        record = logging.LogRecord(access.name, logging.INFO, "", 0, "request", None, None)
        record.__dict__.update(told)
        access.handle(record)


class JsonLines(logging.Formatter):
    """Formats a record as one JSON object, with the known fields only."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the record as a line of JSON."""
        found: dict[str, Any] = {
            "at": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
        }
        found |= {name: value for name in FIELDS if (value := getattr(record, name, None)) is not None}
        if record.exc_info:
            found["error"] = _where(record)
        return _encode(found)


class TextLines(logging.Formatter):
    """Formats a record for people: time, level, message and the known fields."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the record as a line of text."""
        at = datetime.fromtimestamp(record.created, UTC).strftime("%H:%M:%S")
        more = " ".join(
            f"{name}={value}" for name in FIELDS if (value := getattr(record, name, None)) is not None
        )
        lines = [f"{at} {record.levelname.lower():7} {record.getMessage()} {more}".rstrip()]
        return "\n".join([*lines, *(_where(record) if record.exc_info else ())])


def _where(record: logging.LogRecord) -> list[str]:
    """Return an error as its type and the places it passed: messages may quote criteria, so none is kept."""
    assert record.exc_info is not None
    kind, _, trace = record.exc_info
    lines = [kind.__name__ if kind else ""]
    while trace is not None:
        code = trace.tb_frame.f_code
        lines.append(f"{code.co_filename}:{trace.tb_lineno} {code.co_name}")
        trace = trace.tb_next
    return lines


def configure(settings: Settings) -> None:
    """Send the service's logs to standard error in the chosen form."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(JsonLines() if settings.log_format == "json" else TextLines())
    root = logging.getLogger("mra")
    root.handlers[:] = [handler]
    root.setLevel(settings.log_level.upper())
    root.propagate = False
    # Nothing of this is shown, and each record would look it up.
    logging.logThreads = logging.logProcesses = logging.logMultiprocessing = False
