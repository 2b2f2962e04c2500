"""Commands for the data: `mra lint`, `import`, `suggest`, `template`, `review`, `undo`, `history`, …"""

from __future__ import annotations

import sys
from datetime import date
from pathlib import Path
from typing import Annotated

import typer

from api import terminal
from api.cli_options import DEFAULT_WORKSPACE, Json, Workspace, emit, parse_date
from criteria.problems import MraError


def mount(app: typer.Typer) -> None:
    """Add the commands to the command line."""
    app.command()(lint)
    app.command("import")(import_command)
    for command in (suggest, template, review, undo, history):
        app.command()(command)
    app.command("library")(library_command)


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


def undo(workspace: Workspace = DEFAULT_WORKSPACE, as_json: Json = False) -> None:
    """Take back the last change to the workspace (an import, an applied review, an undo)."""
    from dataclasses import asdict

    from mappings.workspace import undo as take_back

    done = take_back(workspace)
    emit(asdict(done)) if as_json else terminal.say(f"Done: {done.what}")


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
