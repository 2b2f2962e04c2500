"""The kinds of long work, as plain functions: what a job of each kind does, whoever runs it.

A kind takes plain arguments and returns a plain result, so that a job can be recorded, repeated and
resumed by whatever engine runs it. Work that writes once tells its outcome in the transaction that writes
(`Actor.outcome`), so that a job is never half done. Work that writes more than once must find what is
there already: `comparisons` does.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime
from typing import Any

from criteria.problems import DataError, MraError, UnknownName
from jobs.comparing import Request
from jobs.importing import edition_key
from jobs.matrices import matrix_of
from jobs.stored_comparisons import make_comparison
from jobs.stored_imports import apply_plan, import_outcome, options_from, plan_upload
from jobs.stored_reports import keep_matrix, make_report, matrix_outcome, report_outcome
from jobs.stored_reviews import propose_waiting
from jobs.workshop import Actor, Progress, Workshop
from store import uploads

Arguments = Mapping[str, Any]
Work = Callable[[Workshop, Actor, Arguments, Progress], dict[str, Any]]


def _today() -> date:
    return datetime.now(UTC).date()


def _day(arguments: Arguments) -> date | None:
    text = arguments.get("as_of")
    return date.fromisoformat(text) if text else None


def _import(workshop: Workshop, actor: Actor, arguments: Arguments, progress: Progress) -> dict[str, Any]:
    upload = str(arguments["upload"])
    options = options_from(arguments["options"])
    with workshop.store.reading() as session:
        done = uploads.get(session, actor.workspace, upload).details.get("imported")
    wanted = edition_key(options.program, options.edition or _today().isoformat())
    if done == wanted and done in workshop.library(actor.workspace).editions:  # and not taken back since
        return {"edition": done, "upload": upload, "applied": True}
    plan = plan_upload(workshop, actor.workspace, upload, options, _today(), progress)
    if plan.refused:
        raise DataError(plan.problems)
    return import_outcome(upload, plan, apply_plan(workshop, actor, upload, plan))


def _suggestions(
    workshop: Workshop, actor: Actor, arguments: Arguments, progress: Progress
) -> dict[str, Any]:
    edition = str(arguments["edition"])
    return {"edition": edition, "proposals": propose_waiting(workshop, actor, edition, progress)}


def _matrix(workshop: Workshop, actor: Actor, arguments: Arguments, progress: Progress) -> dict[str, Any]:
    library = workshop.library(actor.workspace)
    day = _day(arguments) or _today()
    made = matrix_of(library, str(arguments.get("baseline", "ctpat")), workshop.policy(), day, progress)
    kept = keep_matrix(workshop, actor, made, library, str(arguments.get("marking", "")))
    return matrix_outcome(kept, made)


def _report(workshop: Workshop, actor: Actor, arguments: Arguments, progress: Progress) -> dict[str, Any]:
    kept = make_report(
        workshop, actor, str(arguments["comparison"]), str(arguments.get("audience", "own")),
        str(arguments.get("marking", "")), progress,
    )  # fmt: skip
    return report_outcome(kept)


def _comparisons(
    workshop: Workshop, actor: Actor, arguments: Arguments, progress: Progress
) -> dict[str, Any]:
    names = [str(name) for name in arguments["foreign"]]
    found = []
    for number, name in enumerate(names):
        progress(f"comparing {name}", number, len(names))
        request = Request(name, str(arguments.get("baseline", "ctpat")), (), _day(arguments))
        found.append(make_comparison(workshop, actor, request, _today()).stored.id)
    progress("done", len(names), len(names))
    return {"comparisons": found}


KINDS: Mapping[str, Work] = {
    "import": _import,
    "suggestions": _suggestions,
    "matrix": _matrix,
    "report": _report,
    "comparisons": _comparisons,
}


def work_of(kind: str) -> Work:
    """Return what a job of a kind does; raise UnknownName."""
    if kind not in KINDS:
        raise UnknownName("kind of job", kind, KINDS)
    return KINDS[kind]


def failure_of(error: BaseException) -> dict[str, Any]:
    """Return an error as a job's record keeps it; the text of an unexpected one is not shown."""
    if isinstance(error, DataError):
        return {
            "code": "data_problems",
            "message": f"{len(error.problems)} problems found.",
            "problems": [one.as_dict() for one in error.problems[:200]],
        }
    if isinstance(error, MraError):
        return {"code": type(error).__name__, "message": str(error)}
    return {"code": "internal", "message": "The job failed for a reason that the log tells."}
