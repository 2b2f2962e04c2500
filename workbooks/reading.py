"""Read an uploaded spreadsheet, whatever it is, into one `Workbook` value.

The file is parsed in a child process (`workbooks.reading_child`) with its own memory and time limits, so
that the caller survives whatever the file does to a reader. A file that cannot be read comes back as a
`Workbook` without sheets whose `refusal` tells why.
"""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from criteria.problems import Problem
from workbooks.garbage import collector_paused
from workbooks.guards import LIMITS, Limits, check_size
from workbooks.model import Refused, Sheet, note, sheet_from_plain
from workbooks.problem_codes import problem
from workbooks.sniffing import sniff

_CHILD = Path(__file__).with_name("reading_child.py")
_ANSWER_LIMIT = 400_000_000


@dataclass(frozen=True, slots=True)
class Workbook:
    """What a file holds. `problems` are notes on the file as a whole; `format` is "" when it was refused."""

    name: str
    format: str = ""
    sheets: tuple[Sheet, ...] = ()
    problems: tuple[Problem, ...] = ()

    @property
    def refusal(self) -> Problem | None:
        """Return why the file was not read, None if it was."""
        return next((p for p in self.problems if p.severity == "error"), None) if not self.format else None

    def sheet(self, name: str) -> Sheet | None:
        """Return a sheet by its name."""
        return next((sheet for sheet in self.sheets if sheet.name == name), None)


def read(
    data: bytes, name: str, *, encoding: str = "", delimiter: str = "", limits: Limits = LIMITS
) -> Workbook:
    """Return what a file holds; `name` is the name it was uploaded under, used in messages only.

    `encoding` and `delimiter` replace what would be guessed for a text file. Raises nothing for a bad
    file: see `Workbook.refusal`.
    """
    try:
        check_size(len(data), limits)
        sniff(data, name)  # most refusals need no child process
    except Refused as refusal:
        return _refused(name, asdict(refusal.note))
    request = {"name": name, "encoding": encoding, "delimiter": delimiter, "limits": asdict(limits)}
    answer = _ask_child(json.dumps(request).encode() + b"\n", data, limits)
    if "refused" in answer:
        return _refused(name, answer["refused"])
    return _workbook(name, answer)


@collector_paused()
def _workbook(name: str, answer: dict[str, Any]) -> Workbook:
    return Workbook(
        name=name,
        format=answer["format"],
        sheets=tuple(sheet_from_plain(sheet) for sheet in answer["sheets"]),
        problems=tuple(_problem(name, found) for found in answer["notes"]),
    )


def _refused(name: str, found: dict[str, Any]) -> Workbook:
    return Workbook(name, problems=(_problem(name, found),))


def _problem(name: str, found: dict[str, Any]) -> Problem:
    values = dict(found["values"])
    return problem(found["code"], file=name, sheet=found["sheet"], cell=found["cell"], **values)


def _ask_child(request: bytes, data: bytes, limits: Limits) -> dict[str, Any]:
    """Run the child on one file and return its answer, or the refusal that its end stands for."""
    command = [sys.executable, "-I", str(_CHILD)]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
    ) as child:
        try:
            output, _ = child.communicate(request + data, timeout=limits.wall_seconds)
        except subprocess.TimeoutExpired:
            child.kill()
            return _refusal("too_slow", seconds=limits.wall_seconds)
        except BaseException:
            child.kill()
            raise
    return _answer(child.returncode, output, limits)


@collector_paused()
def _answer(returncode: int, output: bytes, limits: Limits) -> dict[str, Any]:
    if returncode == -getattr(signal, "SIGXCPU", 24):
        return _refusal("too_slow", seconds=limits.cpu_seconds)
    if returncode == -getattr(signal, "SIGKILL", 9):
        return _refusal("too_much_memory")
    try:
        answer = json.loads(output) if len(output) <= _ANSWER_LIMIT else None
    except ValueError:
        answer = None
    if returncode != 0 or not isinstance(answer, dict):
        return _refusal("reader_failed")
    return answer


def _refusal(code: str, seconds: int = 0) -> dict[str, Any]:
    return {"refused": asdict(note(code, seconds=seconds))}
