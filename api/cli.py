"""The command line: `mra`. Tables on a terminal, plain text elsewhere, `--json` everywhere.

Errors go to standard error with exit code 2. Heavy modules are imported only by the commands that
need them, so that `mra compare` never loads the web framework, the database or the job engine.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from datetime import date
from importlib.metadata import version
from pathlib import Path
from typing import Annotated, Any

import typer

from api import cli_service, terminal
from criteria.problems import DataError, MraError

app = typer.Typer(
    name="mra",
    help="Compare a foreign trusted-trader program with C-TPAT, for mutual recognition.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)

cli_service.mount(app)

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
STOPPED = 130  # the exit code of a command ended by Ctrl-C
MARKING = ""


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


@app.command()
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


@app.command()
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
    marking: Marking = MARKING,
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


@app.command()
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


@app.command()
def matrix(
    baseline: Annotated[
        str, typer.Option("--baseline", "-b", help="A program, an edition, or all.")
    ] = "ctpat",
    as_of: AsOf = "",
    out: Annotated[
        Path | None, typer.Option("--out", metavar="FILE.xlsx", help="Write the matrix to Excel.")
    ] = None,
    marking: Marking = MARKING,
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


@app.command()
def diff(
    old: Annotated[str, typer.Argument(metavar="OLD", help="The earlier edition, such as ctpat-2006.")],
    new: Annotated[str, typer.Argument(metavar="NEW", help="The later edition, such as ctpat-2020.")],
    as_of: AsOf = "",
    out: Annotated[
        Path | None, typer.Option("--out", metavar="FILE.xlsx", help="Write the changes to Excel.")
    ] = None,
    marking: Marking = MARKING,
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


@app.command()
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


@app.command()
def lint(
    path: Annotated[
        Path | None, typer.Argument(metavar="[PATH]", help="Workspace folder to check over the library.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Check the data: errors (exit code 1) and warnings (exit code 0)."""
    from jobs.linting import lint_library

    if path is not None and not path.is_dir():
        raise MraError(
            f"{path} is not a folder. Name a workspace folder, or nothing for the shipped library."
        )
    problems = lint_library(path)
    if as_json:
        emit([problem.as_dict() for problem in problems])
    else:
        terminal.problems(problems)
    if any(problem.severity == "error" for problem in problems):
        raise typer.Exit(1)


@app.command("import")
def import_command(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="xlsx, xlsm, xls, xlsb, ods, csv or tsv.")],
    program: Annotated[str, typer.Option("--program", metavar="KEY", help="The program it belongs to.")],
    edition: Annotated[
        str, typer.Option("--edition", metavar="LABEL", help="Label of the edition. Default: today.")
    ] = "",
    sheet: Annotated[
        list[str] | None, typer.Option("--sheet", metavar="NAME", help="Only this sheet; repeatable.")
    ] = None,
    layout: Annotated[
        str, typer.Option("--layout", metavar="NAME", help="Use the layout saved under this name.")
    ] = "",
    column: Annotated[
        list[str] | None,
        typer.Option(
            "--column",
            metavar="[SHEET!]COLUMN=FIELD",
            help="Say what a column holds, none to leave it out; repeatable.",
        ),
    ] = None,
    header: Annotated[
        int, typer.Option("--header", metavar="ROW", min=0, help="Row of the header, if it is not found.")
    ] = 0,
    strength: Annotated[
        list[str] | None,
        typer.Option(
            "--strength", metavar="WORD=STRENGTH", help="Say what a strength word means; repeatable."
        ),
    ] = None,
    encoding: Annotated[
        str, typer.Option("--encoding", help="Encoding of a text file, instead of the guess.")
    ] = "",
    in_force: Annotated[
        str, typer.Option("--in-force", metavar="DATE", help="First day the edition applies.")
    ] = "",
    complete: Annotated[
        bool, typer.Option("--complete", help="The file holds all the program asks.")
    ] = False,
    name: Annotated[str, typer.Option("--name", help="Name of a new program.")] = "",
    country: Annotated[str, typer.Option("--country", help="Country of a new program.")] = "",
    administration: Annotated[
        str, typer.Option("--administration", help="Administration of a new program.")
    ] = "",
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Show what would be imported; write nothing.")
    ] = False,
    annotate: Annotated[
        Path | None,
        typer.Option("--annotate", metavar="OUT.xlsx", help="Write a copy with every problem marked."),
    ] = None,
    workspace: Workspace = DEFAULT_WORKSPACE,
    as_json: Json = False,
) -> None:
    """Import a spreadsheet of criteria into the workspace, with proposed maps.

    Exit code 1 where the file is refused; the problems say why and what to do.
    """
    from jobs.import_options import columns_from_options, strengths_from_options
    from jobs.importing import RESULT, ImportRequest, apply_import, plan_import
    from mappings.library import load_library

    if annotate is not None:
        from workbooks.report import check_writable

        check_writable(annotate)
    try:
        data = file.read_bytes()
    except OSError as error:
        raise MraError(
            f"{file} cannot be read: {error.strerror}. Check the name and the permissions."
        ) from error
    new = {"name": name, "country": country, "administration": administration} if name and country else None
    request = ImportRequest(
        data, file.name, program, edition, tuple(sheet or ()),
        layout_name=layout, encoding=encoding, in_force=parse_date(in_force), complete=complete,
        new_program=new, columns=columns_from_options(column or (), header, sheet or ()),
        strength_words=strengths_from_options(strength or ()),
    )  # fmt: skip
    today = date.today()  # noqa: DTZ011 - the user's own day
    with terminal.progress(f"Importing {file.name}") as step:
        plan = plan_import(load_library(workspace), request, today, workspace, step)
        if annotate is not None:
            from workbooks.annotating import annotate as annotated

            annotate.write_bytes(annotated(plan.workbook, plan.problems))
        applied = not (dry_run or plan.refused)
        if applied:
            apply_import(workspace, plan)
    if as_json:
        told = plan.as_dict(applied=applied)
        emit({name: told[name] for name in RESULT})
    else:
        terminal.import_result(plan, applied=applied, workspace=workspace)
    if plan.refused:
        raise typer.Exit(1)


@app.command()
def suggest(
    edition: Annotated[
        str, typer.Argument(metavar="[EDITION]", help="Edition or program to suggest maps for.")
    ] = "",
    obligation: Annotated[
        list[str] | None, typer.Option("--obligation", help="Only this one; repeatable.")
    ] = None,
    against: Annotated[
        str, typer.Option("--against", metavar="EDITION", help="Suggest its obligations, not controls.")
    ] = "",
    top: Annotated[int, typer.Option("--top", min=1, max=50, help="How many for each obligation.")] = 5,
    method: Annotated[str, typer.Option("--method", help="auto, lexical, encoder or fused.")] = "auto",
    every: Annotated[
        bool, typer.Option("--all", help="Also for obligations that are mapped already.")
    ] = False,
    evaluate: Annotated[
        Path | None,
        typer.Option("--evaluate", metavar="CROSSWALK.json", help="Measure the method on a crosswalk."),
    ] = None,
    evaluate_library: Annotated[
        bool, typer.Option("--evaluate-library", help="Hide each edition's maps in turn; report recall@5.")
    ] = False,
    workspace: Workspace = DEFAULT_WORKSPACE,
    as_json: Json = False,
) -> None:
    """Suggest controls for unmapped obligations: ranked, with the words that matched."""
    from dataclasses import asdict

    from jobs.proposing import obligation_texts, suggestions_for, waiting
    from mappings.library import load_library

    if evaluate is not None:
        from jobs.evaluating import evaluate_file

        found = evaluate_file(evaluate, method)
        emit(found) if as_json else terminal.evaluation(found)
        return
    if evaluate_library:
        from jobs.evaluating import evaluate_library as recall

        with terminal.progress("Evaluating"):
            figures = recall(load_library(workspace), method)
        emit(figures) if as_json else terminal.evaluation(figures)
        return
    if not edition:
        raise MraError("Name an edition or program, or give --evaluate CROSSWALK.json.")
    library = load_library(workspace)
    chosen = library.edition(edition)
    names = list(obligation or ()) or (
        [t.id for t in obligation_texts(chosen)] if every else waiting(library, chosen)
    )
    made = suggestions_for(library, chosen, names, against, top, method)
    if as_json:
        emit([asdict(one) for one in made])
    else:
        terminal.suggestions(made, library, against)


@app.command()
def template(
    program: Annotated[str, typer.Option("--program", metavar="KEY", help="The program the form is for.")],
    out: Annotated[Path, typer.Option("--out", metavar="FILE.xlsx", help="Write the form here.")],
    workspace: Workspace = DEFAULT_WORKSPACE,
) -> None:
    """Write an empty form for criteria that imports with no question asked."""
    from criteria.problems import UnknownName
    from mappings.library import load_library
    from workbooks.report import check_writable
    from workbooks.template_book import write_template

    check_writable(out)
    library = load_library(workspace)
    if program not in library.programs:
        raise UnknownName("program", program, library.programs)
    write_template(library.programs[program], out)
    terminal.say(f"Form: {out}. Fill it in, then: mra import {out} --program {program}")


@app.command()
def review(
    edition: Annotated[str, typer.Argument(metavar="[EDITION]", help="Edition or program to export.")] = "",
    export: Annotated[
        Path | None, typer.Option("--export", metavar="W.xlsx", help="Write its maps for review.")
    ] = None,
    only: Annotated[
        list[str] | None,
        typer.Option("--only", metavar="STATE", help="Only maps of this state, such as proposed."),
    ] = None,
    apply: Annotated[
        Path | None, typer.Option("--apply", metavar="W.xlsx", help="Take over its decisions.")
    ] = None,
    by: Annotated[str, typer.Option("--by", envvar="USER", help="Who decided.")] = "",
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Show what would change; write nothing.")
    ] = False,
    partly: Annotated[
        bool, typer.Option("--partly", help="Apply what can be, even if some rows cannot.")
    ] = False,
    workspace: Workspace = DEFAULT_WORKSPACE,
    as_json: Json = False,
) -> None:
    """Export maps to a review workbook, or apply the decisions in one.

    Exit code 1 where rows cannot be applied; nothing is applied then unless you say --partly.
    """
    from jobs.reviewing import apply_review, export_review, plan_review
    from mappings.library import load_library
    from workbooks.report import check_writable

    if export is not None:
        check_writable(export)
    library = load_library(workspace)
    if export is not None and edition:
        count = export_review(library, library.edition(edition), export, tuple(only or ()))
        emit({"rows": count, "file": str(export)}) if as_json else terminal.say(
            f"{count} rows written to {export}"
        )
        return
    if apply is None:
        raise MraError("Say mra review EDITION --export W.xlsx, or mra review --apply W.xlsx.")
    try:
        data = apply.read_bytes()
    except OSError as error:
        raise MraError(f"{apply} cannot be read: {error.strerror}.") from error
    plan = plan_review(library, data, apply.name, by)
    applied = False
    if not dry_run and (partly or not plan.refused):
        applied = apply_review(workspace, plan, partly=partly)
    if as_json:
        emit(plan.as_dict(applied=applied))
    else:
        terminal.review_result(plan, applied=applied)
    if plan.refused:
        raise typer.Exit(1)


@app.command()
def undo(workspace: Workspace = DEFAULT_WORKSPACE, as_json: Json = False) -> None:
    """Take back the last change to the workspace (an import, an applied review, an undo)."""
    from dataclasses import asdict

    from mappings.workspace import undo as take_back

    done = take_back(workspace)
    emit(asdict(done)) if as_json else terminal.say(f"Done: {done.what}")


@app.command()
def history(workspace: Workspace = DEFAULT_WORKSPACE, as_json: Json = False) -> None:
    """List the changes made to the workspace, the oldest first."""
    from dataclasses import asdict

    from mappings.workspace import history as changes

    rows = changes(workspace)
    if as_json:
        emit([asdict(row) for row in rows])
    else:
        terminal.table(
            ["number", "what", "files"], [[str(r.number), r.what, str(len(r.files))] for r in rows], {0, 2}
        )


@app.command("library")
def library_command(
    out: Annotated[Path | None, typer.Option("--out", metavar="FILE.md", help="Write the page here.")] = None,
    workspace: Workspace = DEFAULT_WORKSPACE,
) -> None:
    """Print the page that describes the library: programs, editions, sources, basis, completeness."""
    from jobs.library_page import library_page
    from mappings.library import load_library

    page = library_page(load_library(workspace))
    if out is None:
        sys.stdout.write(page)
        return
    try:
        out.write_text(page, encoding="utf-8")
    except OSError as error:
        raise MraError(f"{out} cannot be written: {error.strerror}. Choose another file.") from error


def _version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"mra {version('mutual-recognition')}")
        raise typer.Exit


@app.callback()
def _root(
    show_version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version and leave.")
    ] = False,
) -> None:
    """Compare a foreign trusted-trader program with C-TPAT, for mutual recognition."""


def _fail(error: Exception) -> int:
    lines = [str(problem) for problem in error.problems] if isinstance(error, DataError) else [str(error)]
    for line in lines:
        sys.stderr.write(f"mra: {line}\n")
    return 2


def main(arguments: list[str] | None = None) -> None:
    """Run the command line and leave with its exit code."""
    run: Callable[..., Any] = typer.main.get_command(app)
    try:
        code = run(args=arguments, standalone_mode=True)
    except MraError as error:
        code = _fail(error)
    except SystemExit as left:
        if left.code == STOPPED:
            sys.stderr.write("mra: stopped. A change is made as a whole or not at all.\n")
        raise
    except (BrokenPipeError, KeyboardInterrupt):
        code = STOPPED
    sys.exit(code)


if __name__ == "__main__":
    main()
