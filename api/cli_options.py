"""Options that several commands share, and what they mean."""

from __future__ import annotations

import json
import sys
from datetime import date
from pathlib import Path
from typing import Annotated, Any

import typer

from criteria.problems import MraError

Json = Annotated[bool, typer.Option("--json", help="Print JSON and nothing else.")]
Workspace = Annotated[
    Path,
    typer.Option(
        "--workspace", "-w", envvar="MRA_WORKSPACE", help="Folder of your own editions, maps and reviews."
    ),
]
AsOf = Annotated[
    str, typer.Option("--as-of", metavar="DATE", help="Compare as of this day (YYYY-MM-DD). Default: today.")
]
Baseline = Annotated[str, typer.Option("--baseline", "-b", help="Program or edition to compare with.")]
Operators = Annotated[
    list[str] | None,
    typer.Option("--operator", "-o", metavar="TYPE", help="Only this operator type; may be repeated."),
]
PolicyFolder = Annotated[
    Path | None, typer.Option("--policy", metavar="DIR", help="Folder with policy tables of your own.")
]
Marking = Annotated[
    str, typer.Option("--marking", help="Handling marking on every page. Default: by audience.")
]
DEFAULT_WORKSPACE = Path("workspace")


def parse_date(text: str) -> date | None:
    """Return a day given as YYYY-MM-DD, or None for an empty text."""
    if not text:
        return None
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise MraError(f'"{text}" is not a date. Write it as YYYY-MM-DD, for example 2010-01-31.') from None


def emit(data: Any) -> None:
    """Print plain data as JSON."""
    sys.stdout.write(json.dumps(data, ensure_ascii=False, indent=2) + "\n")
