"""Uploads in a store, read, planned and imported into a workspace."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from datetime import date
from pathlib import Path
from typing import Any

from criteria.problems import MraError, Problem
from jobs.importing import ImportPlan, ImportRequest, plan_files, plan_import
from jobs.workshop import Actor, Progress, Workshop
from store import files, libraries, uploads
from workbooks.annotating import annotate
from workbooks.extracting import extract
from workbooks.layout_files import save_layouts
from workbooks.layouts import Layout, propose
from workbooks.reading import Workbook, read

SAMPLE = 5  # rows shown of each sheet beside the proposed layout


@dataclass(frozen=True, slots=True)
class Options:
    """How an upload is to be imported; the names are those of `mra import`."""

    program: str
    edition: str = ""
    sheets: tuple[str, ...] = ()
    layouts: tuple[Layout, ...] = ()
    layout_name: str = ""
    encoding: str = ""
    in_force: date | None = None
    complete: bool = False
    new_program: Mapping[str, str] | None = None


@dataclass(frozen=True, slots=True)
class Look:
    """What an uploaded file seems to hold: its sheets with a layout for each, and the problems."""

    format: str
    sheets: tuple[Mapping[str, Any], ...]
    skipped: Mapping[str, str]
    problems: tuple[Problem, ...]


def look_at(data: bytes, name: str, saved: Sequence[Layout] = ()) -> Look:
    """Return what a file seems to hold; nothing in it makes this raise."""
    workbook = read(data, name)
    proposal = propose(workbook, saved=saved)
    problems = (*workbook.problems, *proposal.problems)
    sheets = tuple(_sheet(workbook, layout) for layout in proposal.layouts)
    if proposal.layouts:
        problems = tuple(dict.fromkeys((*problems, *extract(workbook, proposal).problems)))
    return Look(workbook.format, sheets, proposal.skipped, problems)


def _sheet(workbook: Workbook, layout: Layout) -> Mapping[str, Any]:
    sheet = workbook.sheet(layout.sheet)
    rows = sheet.rows if sheet else ()
    below = [row for row in rows if row.number >= layout.first_row][:SAMPLE]
    sample = [{cell.address.rstrip("0123456789"): cell.text[:200] for cell in row.cells} for row in below]
    return {"sheet": layout.sheet, "layout": layout.model_dump(mode="json"), "sample": sample}


def plan_upload(
    workshop: Workshop,
    workspace: str,
    upload: str,
    options: Options,
    today: date,
    progress: Progress | None = None,
) -> ImportPlan:
    """Return what importing an upload would do; nothing is written. See `jobs.importing.plan_import`."""
    with workshop.store.reading() as session:
        found = uploads.get(session, workspace, upload)
        data = uploads.data_of(session, workspace, upload)
        held = files.read_all(session, workspace)
        library = libraries.library_of(session, workspace)
    request = ImportRequest(data=data, name=found.name, **_as_given(options))
    with _layouts_of(held) as folder:
        return plan_import(library, request, today, folder, progress)


def _as_given(options: Options) -> dict[str, Any]:
    return {name: getattr(options, name) for name in Options.__slots__}


@contextmanager
def _layouts_of(held: Mapping[str, str]) -> Iterator[Path]:
    """Lay the layouts of a workspace out as a folder, as the reader of layouts wants them."""
    with tempfile.TemporaryDirectory(prefix="mra-") as place:
        folder = Path(place)
        libraries.lay_out({path: text for path, text in held.items() if path.startswith("layouts/")}, folder)
        yield folder


def apply_plan(workshop: Workshop, actor: Actor, upload: str, plan: ImportPlan) -> int:
    """Write a plan to the workspace in one step; return the workspace's new version.

    Raises MraError where there is nothing to write, or the edition was written meanwhile.
    """
    if plan.refused:
        raise MraError("Nothing could be read from the file; nothing was written.")
    written = plan_files(plan)
    head = next(path for path in written if path.endswith("/edition.yaml"))

    def write(session: Any) -> int:
        held = files.read_all(session, actor.workspace)
        if head in held:
            raise MraError(f"The edition {plan.edition.key} was written meanwhile. Give another label.")
        what = f"import {plan.edition.key} from {plan.source_document}"
        everything = {**written, **_layout_file(held, plan)}
        change = files.commit(session, actor.workspace, everything, what, actor.who)
        found = uploads.get(session, actor.workspace, upload)
        note = {"imported": plan.edition.key, "version": change.number}
        uploads.annotate(session, actor.workspace, upload, {**found.details, **note})
        actor.record(
            session, "upload.imported", "upload", upload,
            edition=plan.edition.key, criteria=len(plan.edition.criteria),
        )  # fmt: skip
        actor.outcome(session, import_outcome(upload, plan, change.number))
        return change.number

    return workshop.store.run(write)


def import_outcome(upload: str, plan: ImportPlan, version: int) -> dict[str, Any]:
    """Return what a job that imported an upload tells; `version` is that of the workspace after it."""
    told = plan.as_dict(applied=True)
    counts = {name: told[name] for name in ("edition", "criteria", "obligations", "maps", "matches")}
    return {**counts, "upload": upload, "version": version, "applied": True}


def _layout_file(held: Mapping[str, str], plan: ImportPlan) -> dict[str, str]:
    if not plan.layouts:
        return {}
    with _layouts_of(held) as folder:
        path = save_layouts(folder / "layouts", plan.program.key, plan.layouts)
        return {f"layouts/{path.name}": path.read_text(encoding="utf-8")}


def annotated_copy(workshop: Workshop, workspace: str, upload: str) -> tuple[str, bytes]:
    """Return the name and bytes of a copy of an upload with every problem marked at its cell."""
    with workshop.store.reading() as session:
        found = uploads.get(session, workspace, upload)
        data = uploads.data_of(session, workspace, upload)
    workbook = read(data, found.name)
    proposal = propose(workbook)
    problems = (*workbook.problems, *proposal.problems)
    if proposal.layouts:
        problems = (*problems, *extract(workbook, proposal).problems)
    stem = found.name.rsplit(".", 1)[0]
    return f"{stem}-problems.xlsx", annotate(workbook, tuple(dict.fromkeys(problems)))


def options_as_plain(options: Options) -> dict[str, Any]:
    """Return options as plain data, for a job's record."""
    plain = asdict(replace(options, layouts=()))
    plain["layouts"] = [layout.model_dump(mode="json") for layout in options.layouts]
    plain["in_force"] = options.in_force.isoformat() if options.in_force else None
    return plain


def options_from(plain: Mapping[str, Any]) -> Options:
    """Return the options that `options_as_plain` wrote."""
    layouts = tuple(Layout.model_validate(one) for one in plain.get("layouts", ()))
    in_force = date.fromisoformat(plain["in_force"]) if plain.get("in_force") else None
    rest = {k: v for k, v in plain.items() if k not in ("layouts", "in_force", "sheets")}
    return Options(**rest, layouts=layouts, in_force=in_force, sheets=tuple(plain.get("sheets", ())))
