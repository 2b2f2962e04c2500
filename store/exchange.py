"""A workspace as a folder or a zip, out and in, without loss.

What comes in is taken as hostile: names that lead elsewhere, links, bombs and oversized files are
refused before anything is written, and the whole must load as a library.
"""

from __future__ import annotations

import stat
import struct
import unicodedata
import zipfile
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from io import BytesIO
from pathlib import Path

from sqlalchemy.orm import Session

from criteria.problems import Problem
from mappings.workspace import HISTORY, LOCK, PENDING, WorkspaceError, reading
from store import files, libraries, workspaces
from store.errors import BadArchive
from store.files import Change
from store.paths import FOLDERS, SETTINGS, clashes, path_fault
from store.yaml_safety import yaml_fault

MOST_FILES = 2_000
LARGEST_FILE = 8 * 2**20  # bytes; the largest shipped file has 0.2 MiB
LARGEST_WHOLE = 64 * 2**20  # bytes, unpacked
_OWN = (HISTORY, PENDING, LOCK)  # what a workspace folder holds for itself
# What zipfile raises for broken bytes, for methods it lacks, and for a password it was not given.
_BROKEN = (zipfile.BadZipFile, EOFError, OSError, ValueError, RuntimeError, struct.error, zlib.error)
_FIRST_DAY = (1980, 1, 1, 0, 0, 0)  # a zip tells no times, so that equal workspaces are equal bytes


@dataclass(slots=True)
class Parcel:
    """Files on their way in: texts by path, what was left out (notes), and what was refused (errors)."""

    texts: dict[str, str] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)
    size: int = 0

    def refuse(self, code: str, message: str, name: str) -> None:
        """Note why nothing of the parcel may be taken in."""
        self.problems.append(Problem(code, message, file=_shown(name)))

    def leave_out(self, name: str, why: str) -> None:
        """Note a file that is no part of a workspace."""
        message = f"left out: {why}."
        self.problems.append(Problem("not-a-workspace-file", message, severity="note", file=_shown(name)))

    @property
    def errors(self) -> list[Problem]:
        """What was refused."""
        return [problem for problem in self.problems if problem.severity == "error"]


@dataclass(frozen=True, slots=True)
class Imported:
    """What an import did: the change, and notes on what was left out."""

    change: Change
    notes: tuple[Problem, ...]


def _shown(name: str) -> str:
    return "".join(sign if sign.isprintable() else "?" for sign in name)[:200]


def as_zip(session: Session, workspace: str) -> bytes:
    """Return a workspace as a zip; equal workspaces give equal bytes. Raises NotFound."""
    workspaces.get(session, workspace)
    out = BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for path, text in files.read_all(session, workspace).items():
            entry = zipfile.ZipInfo(path, _FIRST_DAY)
            entry.compress_type, entry.create_system, entry.external_attr = (
                zipfile.ZIP_DEFLATED,
                3,
                0o644 << 16,
            )
            archive.writestr(entry, text.encode())
    return out.getvalue()


def as_folder(session: Session, workspace: str, folder: Path) -> None:
    """Write a workspace into a folder that does not exist or is empty; raise WorkspaceError otherwise."""
    workspaces.get(session, workspace)
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise WorkspaceError(f"{folder} is not an empty folder. Name another one.")
    libraries.lay_out(files.read_all(session, workspace), folder)


def import_zip(
    session: Session,
    workspace: str,
    data: bytes,
    who: str,
    *,
    replace: bool = False,
    expected: int | None = None,
    at: datetime | None = None,
) -> Imported:
    """Take a zip into a workspace in one change.

    Its files lie over those that are there; with `replace` the workspace holds just them afterwards
    (decisions that the zip does not hold are marked as taken back, never lost). Raises BadArchive for a
    hostile or broken zip and for data that does not load, ReviewsAreAppendOnly, VersionConflict.
    """
    return _import(session, workspace, read_zip(data), who, "zip", replace, expected, at)


def import_folder(
    session: Session,
    workspace: str,
    folder: Path,
    who: str,
    *,
    replace: bool = False,
    expected: int | None = None,
    at: datetime | None = None,
) -> Imported:
    """Take a folder into a workspace in one change; see `import_zip`."""
    return _import(session, workspace, read_folder(folder), who, "folder", replace, expected, at)


def _import(
    session: Session,
    workspace: str,
    parcel: Parcel,
    who: str,
    kind: str,
    replace: bool,
    expected: int | None,
    at: datetime | None,
) -> Imported:
    if parcel.errors:
        raise BadArchive(parcel.errors)
    present = files.read_all(session, workspace)
    wanted: dict[str, str | None] = {**parcel.texts}
    if replace:
        wanted |= dict.fromkeys(set(present) - set(parcel.texts))
    after = {path: text for path, text in {**present, **wanted}.items() if text is not None}
    _, problems = libraries.build(after)
    broken = [problem for problem in problems if problem.severity == "error"]
    if broken:
        raise BadArchive(broken)
    what = f"import of a {kind} with {len(parcel.texts)} files"
    change = files.commit(session, workspace, wanted, what, who, expected=expected, withdraw=replace, at=at)
    return Imported(change, tuple(parcel.problems))


def read_zip(data: bytes) -> Parcel:
    """Return the files of a zip, with every reason to refuse it. Nothing is written anywhere."""
    parcel = Parcel()
    try:
        with zipfile.ZipFile(BytesIO(data)) as archive:
            _read_archive(archive, parcel)
    except _BROKEN as error:
        parcel.refuse("bad-zip", f"this is not a zip that can be read: {error}.", "")
    _refuse_alike(parcel)
    return parcel


def _read_archive(archive: zipfile.ZipFile, parcel: Parcel) -> None:
    entries = [entry for entry in archive.infolist() if not entry.is_dir()]
    if len(entries) > MOST_FILES:
        parcel.refuse("too-many-files", f"more than {MOST_FILES} files.", "")
        return
    top = _common_top([entry.filename for entry in entries])
    seen: set[str] = set()
    for entry in entries:
        fault = _entry_fault(entry)
        path = unicodedata.normalize("NFC", entry.filename.removeprefix(top))
        if path in seen:
            fault = "it is there twice"
        seen.add(path)
        if fault:
            parcel.refuse("hostile-file", f"refused: {fault}.", entry.filename)
        elif _wanted(path, parcel):
            with archive.open(entry) as stream:
                _take(path, stream.read(LARGEST_FILE + 1), parcel)
        if parcel.size > LARGEST_WHOLE:
            parcel.refuse("too-large", f"more than {LARGEST_WHOLE // 2**20} MiB unpacked.", "")
            return


def _common_top(names: list[str]) -> str:
    """Return the folder that all files lie in, where somebody packed the folder itself."""
    tops = {name.split("/")[0] for name in names}
    top = next(iter(tops)) if len(tops) == 1 else ""
    inside = all("/" in name for name in names)
    return f"{top}/" if top and inside and top not in (*FOLDERS, "..", ".") else ""


def _entry_fault(entry: zipfile.ZipInfo) -> str:
    name, mode = entry.filename, entry.external_attr >> 16
    if entry.orig_filename != name and "\0" in entry.orig_filename:
        return "its name holds a zero byte"
    if name.startswith("/") or "\\" in name or ":" in name or {"..", "."} & set(name.split("/")):
        return "its name leads out of the workspace"
    if mode and not stat.S_ISREG(mode) and stat.S_IFMT(mode):
        return "it is a link or a device"
    if entry.flag_bits & 0x1:
        return "it is encrypted"
    if entry.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        return "it is packed in an unusual way"
    if entry.file_size > LARGEST_FILE:
        return f"it is larger than {LARGEST_FILE // 2**20} MiB"
    return ""


def read_folder(folder: Path) -> Parcel:
    """Return the files of a workspace folder, with every reason to refuse it. Links are not followed."""
    if not folder.is_dir():
        raise WorkspaceError(f"There is no folder {folder}.")
    parcel = Parcel()
    with reading(folder):
        for path in _walk(folder):
            name = path.relative_to(folder).as_posix()
            if path.is_symlink():
                parcel.leave_out(name, "it is a link")
            elif path.is_file() and name.split("/")[0] not in _OWN:
                _read_file(path, unicodedata.normalize("NFC", name), parcel)
            if len(parcel.texts) > MOST_FILES or parcel.size > LARGEST_WHOLE:
                parcel.refuse("too-large", "this folder holds more than a workspace does.", "")
                break
    _refuse_alike(parcel)
    return parcel


def _walk(folder: Path) -> Iterator[Path]:
    for path in sorted(folder.iterdir()):
        yield path
        if path.is_dir() and not path.is_symlink() and path.name not in _OWN:
            yield from _walk(path)


def _read_file(path: Path, name: str, parcel: Parcel) -> None:
    if _wanted(name, parcel):
        with path.open("rb") as stream:
            _take(name, stream.read(LARGEST_FILE + 1), parcel)


def _wanted(path: str, parcel: Parcel) -> bool:
    first = path.split("/")[0]
    if first in _OWN:
        return False
    fault = path_fault(path)
    if not fault:
        return True
    # A file in one of our folders would be missed; anything else was never part of a workspace.
    hidden = path.rsplit("/", 1)[-1].startswith(".")
    if (first in FOLDERS or first == SETTINGS) and path.endswith(".yaml") and not hidden:
        parcel.refuse("bad-path", f"{fault}.", path)
    else:
        parcel.leave_out(path, fault)
    return False


def _take(path: str, data: bytes, parcel: Parcel) -> None:
    parcel.size += len(data)
    if len(data) > LARGEST_FILE:
        parcel.refuse("too-large", f"larger than {LARGEST_FILE // 2**20} MiB.", path)
        return
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as error:
        parcel.refuse("not-utf8", f"not UTF-8 text at byte {error.start}.", path)
        return
    if "\0" in text:
        parcel.refuse("not-utf8", "it holds a zero byte.", path)
        return
    fault = yaml_fault(text)
    if fault:
        parcel.refuse("hostile-file", f"refused: {fault}.", path)
    else:
        parcel.texts[path] = text


def _refuse_alike(parcel: Parcel) -> None:
    for path in clashes(parcel.texts):
        parcel.refuse("bad-path", "differs from another only in upper and lower case.", path)


def preview(parcel: Parcel, present: Mapping[str, str]) -> dict[str, str]:
    """Return what an import would do to each path: added, changed, unchanged, or kept (not in it)."""
    found = {path: "kept" for path in present if path not in parcel.texts}
    for path, text in parcel.texts.items():
        same = "unchanged" if present.get(path) == text else "changed"
        found[path] = same if path in present else "added"
    return dict(sorted(found.items()))
