"""Check a library: broken references and contradictions are errors, doubtful data is a warning."""

from __future__ import annotations

from pathlib import Path

from criteria.problems import Problem
from mappings.library import read_library
from mappings.quality import quality_problems


def lint_library(workspace: Path | None = None) -> list[Problem]:
    """Return every problem of the shipped library, with a workspace over it where one is named."""
    library, problems = read_library(workspace)
    return [*problems, *quality_problems(library)]
