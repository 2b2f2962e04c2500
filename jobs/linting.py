"""Check a library: broken references are errors, doubtful data is a warning."""

from __future__ import annotations

from pathlib import Path

from criteria.problems import Problem
from mappings.library import read_library


def lint_library(workspace: Path | None = None) -> list[Problem]:
    """Return every problem of the shipped library, with a workspace over it where one is named."""
    _, problems = read_library(workspace)
    return problems
