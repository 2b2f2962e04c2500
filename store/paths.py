"""Which file names a workspace may hold: the layout of a workspace folder, and nothing else."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable

from store.errors import BadName

SETTINGS = "workspace.yaml"
REVIEWS = "reviews"
FOLDERS = ("programs", "controls", "maps", "direct", REVIEWS, "layouts")
DEEPEST, LONGEST = 8, 200

_PART = re.compile(r"[\w(\[][\w .,+()\[\]'&@=-]*")
# Names that Windows keeps for devices; a workspace must be a folder there too.
_DEVICES = frozenset({"con", "prn", "aux", "nul", *(f"{d}{n}" for d in ("com", "lpt") for n in range(10))})


def check_path(path: str) -> str:
    """Return the path where a workspace may hold such a file; raise BadName otherwise."""
    fault = path_fault(path)
    if fault:
        raise BadName(f'"{path[:LONGEST]}" is not a file of a workspace: {fault}.')
    return path


def path_fault(path: str) -> str:
    """Return what is wrong with a path, or an empty text."""
    if path == SETTINGS:
        return ""
    parts = path.split("/")
    if len(path) > LONGEST or len(parts) > DEEPEST:
        return f"it is longer than {LONGEST} characters or deeper than {DEEPEST} folders"
    if parts[0] not in FOLDERS or len(parts) < 2:
        return f"files lie in {', '.join(FOLDERS)}, or are {SETTINGS}"
    if unicodedata.normalize("NFC", path) != path:
        return "its letters are not in composed form (NFC)"
    if not path.endswith(".yaml"):
        return "its name does not end in .yaml"
    if not all(_is_part(part) for part in parts):
        return "a part of it has signs that not every system takes in a name"
    return ""


def _is_part(part: str) -> bool:
    return (
        _PART.fullmatch(part) is not None
        and not part.endswith((" ", "."))
        and part.split(".")[0].casefold() not in _DEVICES
    )


def is_review(path: str) -> bool:
    """Whether a path is that of a review file."""
    return path.startswith(REVIEWS + "/")


def clashes(paths: Iterable[str]) -> list[str]:
    """Return the paths that a system which ignores case could not tell from another one."""
    seen: dict[str, str] = {}
    return [path for path in sorted(set(paths)) if seen.setdefault(path.casefold(), path) != path]
