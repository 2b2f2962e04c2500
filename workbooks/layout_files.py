"""Layouts saved for a program, one readable YAML file for each name, in a folder the caller names."""

from __future__ import annotations

import os
import re
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import yaml
from pydantic import ValidationError

from criteria.problems import DataError
from workbooks.layouts import Layout
from workbooks.problem_codes import problem

_NAME = re.compile(r"^[\w][\w .-]{0,80}$")


def save_layouts(folder: Path, name: str, layouts: Sequence[Layout]) -> Path:
    """Save layouts under a program's name as YAML, replacing those with the same headers; return the file.

    The file is replaced in one step, so that a reader never sees half of it. Raises ValueError for a name
    that is no file name, `DataError` if the file that is there cannot be read.
    """
    path = _path(folder, name)
    text = layouts_text(folder, name, layouts)
    folder.mkdir(parents=True, exist_ok=True)
    handle, temporary = tempfile.mkstemp(dir=folder, prefix=".layout-", suffix=".tmp")
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        file.write(text)
    Path(temporary).replace(path)
    return path


def layouts_text(folder: Path, name: str, layouts: Sequence[Layout]) -> str:
    """Return what a program's file of layouts holds once these are saved in it; nothing is written.

    Layouts without headers are left out: they could not be recognized again. Raises as `save_layouts`.
    """
    kept = {layout.fingerprint: layout for layout in load_layouts(folder, name)}
    kept.update({layout.fingerprint: layout for layout in layouts if layout.headers})
    plain = {"layouts": [layout.model_dump(mode="json", exclude={"source"}) for layout in kept.values()]}
    text: str = yaml.safe_dump(plain, allow_unicode=True, sort_keys=False, width=110)
    return text


def load_layouts(folder: Path, name: str) -> tuple[Layout, ...]:
    """Return the layouts saved under a name, none if there is no such file.

    Raises `DataError` with the code `damaged_layout` if the file is not valid.
    """
    path = _path(folder, name)
    if not path.exists():
        return ()
    try:
        raw: Any = yaml.safe_load(path.read_text(encoding="utf-8")) or {}
        return tuple(Layout.model_validate({**entry, "source": "saved"}) for entry in raw["layouts"])
    except (yaml.YAMLError, ValidationError, KeyError, TypeError, UnicodeDecodeError) as error:
        detail = str(error).splitlines()[0]
        raise DataError([problem("damaged_layout", file=path.name, detail=detail)]) from error


def _path(folder: Path, name: str) -> Path:
    if not _NAME.match(name):
        raise ValueError(f'"{name}" is not a name for a layout: use letters, digits, ".", "-" and "_"')
    return folder / f"{name}.yaml"
