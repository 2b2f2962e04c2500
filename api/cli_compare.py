"""Commands that compare: `mra programs`, `compare`, `explain`, `matrix`, `diff`, `arrangements`."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Annotated

import typer

from api import terminal
from api.cli_options import (
    DEFAULT_WORKSPACE,
    AsOf,
    Baseline,
    Json,
    Marking,
    Operators,
    PolicyFolder,
    Workspace,
    emit,
    parse_date,
)
from criteria.problems import MraError


def mount(app: typer.Typer) -> None:
    """Add the commands to the command line."""
    for command in (programs, compare, explain, matrix, diff, arrangements):
        app.command()(command)


def programs(workspace: Workspace = DEFAULT_WORKSPACE, as_json: Json = False) -> None:
    """List the programs and editions in the library."""
    from dataclasses import asdict

    from jobs.comparing import program_rows
    from mappings.library import load_library

    rows = program_rows(load_library(workspace))
    if as_json:
        emit([asdict(row) for row in rows])
        return
    terminal.table(
        ["program", "name", "country", "editions", "criteria", "obligations", "read as text"],
        [
            [
                r.key,
                r.name,
                r.country,
                ", ".join(r.editions),
                str(r.criteria),
                str(r.obligations),
                f"{r.read} of {r.criteria}",
            ]
            for r in rows
        ],
        numeric={4, 5, 6},
    )


def compare(
    foreign: Annotated[
        str, typer.Argument(metavar="FOREIGN", help="Program or edition, such as eu-aeo or nz-ses-2024.")
    ],
    baseline: Baseline = "ctpat",
    operator: Operators = None,
    as_of: AsOf = "",
    out: Annotated[
        Path | None, typer.Option("--out", metavar="FILE.xlsx", help="Write the Excel gap report here.")
    ] = None,
    marking: Marking = "",
    audience: Annotated[
        str,
        typer.Option(
            "--audience", help="own, or partner: leaves out severity, recommendation and site checks."
        ),
    ] = "own",
    count_forced_labor: Annotated[
        bool, typer.Option("--count-forced-labor", help="Let forced labor (3.9) count in N.")
    ] = False,
    policy: PolicyFolder = None,
    workspace: Workspace = DEFAULT_WORKSPACE,
    as_json: Json = False,
) -> None:
    """Compare a foreign program with the baseline: verdicts, gaps, recommendation."""
    from engine.presenting import comparison_as_dict
    from jobs.comparing import Request, policy_from, run_comparison
    from mappings.library import load_library

    if audience not in ("own", "partner"):
        raise MraError(f'"{audience}" is not an audience. Use own or partner.')
    if out is not None:
        from workbooks.report import check_writable

        check_writable(out)
    library = load_library(workspace)
    request = Request(foreign, baseline, tuple(operator or ()), parse_date(as_of), count_forced_labor)
    rules = policy_from(policy)
    comparison = run_comparison(library, request, date.today(), rules)  # noqa: DTZ011 - the user's own day
    if out is not None:
        from workbooks.report import write_report

        with terminal.progress(f"Writing {out}") as step:
            write_report(
                comparison, library, out, marking=marking, audience=audience, policy=rules, progress=step
            )
    if as_json:
        emit(comparison_as_dict(comparison))
        return
    terminal.comparison(comparison, library)
    if out is not None:
        terminal.say(f"Report: {out}")


def explain(
    foreign: Annotated[str, typer.Argument(metavar="FOREIGN")],
    criterion: Annotated[
        str, typer.Argument(metavar="CRITERION", help="Reference of a baseline criterion, such as 6.2.")
    ],
    baseline: Baseline = "ctpat",
    as_of: AsOf = "",
    policy: PolicyFolder = None,
    workspace: Workspace = DEFAULT_WORKSPACE,
    as_json: Json = False,
) -> None:
    """Show how the verdict on one criterion follows, from the obligation to the policy row."""
    from jobs.comparing import Request, policy_from, run_comparison
    from jobs.explaining import explain_finding
    from mappings.library import load_library

    library = load_library(workspace)
    request = Request(foreign, baseline, (), parse_date(as_of))
    rules = policy_from(policy)
    comparison = run_comparison(library, request, date.today(), rules)  # noqa: DTZ011 - the user's own day
    explained = explain_finding(library, comparison, criterion, rules)
    if as_json:
        emit(explained)
        return
    terminal.explanation(explained)


def matrix(
    baseline: Annotated[
        str, typer.Option("--baseline", "-b", help="A program, an edition, or all.")
    ] = "ctpat",
    as_of: AsOf = "",
    out: Annotated[
        Path | None, typer.Option("--out", metavar="FILE.xlsx", help="Write the matrix to Excel.")
    ] = None,
    marking: Marking = "",
    policy: PolicyFolder = None,
    workspace: Workspace = DEFAULT_WORKSPACE,
    as_json: Json = False,
) -> None:
    """Compare every program with the baseline, or all with all, and count."""
    from engine.matrix import matrix as make
    from engine.policy import SHIPPED
    from jobs.comparing import matrix_names
    from mappings.library import load_library

    if out is not None:
        from workbooks.report import check_writable

        check_writable(out)
    library = load_library(workspace)
    baselines, foreigns = matrix_names(library, baseline)
    day = parse_date(as_of) or date.today()  # noqa: DTZ011 - the user's own day
    with terminal.progress("Comparing") as step:
        made = make(library, baselines, foreigns, day, policy or SHIPPED, progress=step)
    if out is not None:
        from workbooks.report.matrix_book import write_matrix

        write_matrix(made, library, out, marking=marking)
    if as_json:
        from dataclasses import asdict

        emit(asdict(made) | {"as_of": day.isoformat()})
        return
    terminal.matrix(made)
    if out is not None:
        terminal.say(f"Report: {out}")


def diff(
    old: Annotated[str, typer.Argument(metavar="OLD", help="The earlier edition, such as ctpat-2006.")],
    new: Annotated[str, typer.Argument(metavar="NEW", help="The later edition, such as ctpat-2020.")],
    as_of: AsOf = "",
    out: Annotated[
        Path | None, typer.Option("--out", metavar="FILE.xlsx", help="Write the changes to Excel.")
    ] = None,
    marking: Marking = "",
    policy: PolicyFolder = None,
    workspace: Workspace = DEFAULT_WORKSPACE,
    as_json: Json = False,
) -> None:
    """Show what changed between two editions: added, dropped, strengthened, loosened, reworded."""
    from engine.diffing import diff_editions
    from engine.matching import default_matcher
    from jobs.comparing import policy_from
    from mappings.library import load_library

    if out is not None:
        from workbooks.report import check_writable

        check_writable(out)
    library = load_library(workspace)
    day = parse_date(as_of) or date.today()  # noqa: DTZ011 - the user's own day
    before, after = library.edition(old), library.edition(new)
    found = diff_editions(library, before, after, policy_from(policy), default_matcher(), day)
    if out is not None:
        from workbooks.report.diff_book import write_diff

        write_diff(found, library, out, marking=marking)
    if as_json:
        from dataclasses import asdict

        emit({"counts": found.counts, **asdict(found)})
        return
    terminal.diff(found)
    if out is not None:
        terminal.say(f"Report: {out}")


def arrangements(as_of: AsOf = "", as_json: Json = False) -> None:
    """List mutual recognition arrangements as they stood on a day."""
    from dataclasses import asdict

    from criteria.arrangements import arrangements_on, between_others_on

    day = parse_date(as_of) or date.today()  # noqa: DTZ011 - the user's own day
    rows, others = arrangements_on(day), between_others_on(day)
    if as_json:
        between = [one.model_dump() for one in others]
        emit({"as_of": day.isoformat(), "arrangements": [asdict(r) for r in rows], "between_others": between})
        return
    terminal.arrangements(rows, others, day)
