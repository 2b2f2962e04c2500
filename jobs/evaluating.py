"""Measure the suggestion method on a crosswalk file."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Any

from criteria.problems import MraError
from mappings.evaluating import crosswalk_from_json, evaluate


def evaluate_file(path: Path, method: str = "auto") -> dict[str, Any]:
    """Return MRR, hit@k, recall@k and abstention of a method on a crosswalk.

    Raises MraError for a file that cannot be read or a method that does not exist, DataError with
    every problem of a broken crosswalk.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise MraError(f"{path} cannot be read: {error}.") from error
    try:
        return asdict(evaluate(crosswalk_from_json(text, path.name), method=method))
    except ValueError as error:
        raise MraError(str(error)) from error
