"""Measure the suggestion method on a crosswalk file, or on the library itself."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Any

from criteria.problems import MraError
from jobs.proposing import control_texts, obligation_texts
from mappings.evaluating import crosswalk_from_json, evaluate
from mappings.library import Library
from mappings.suggesting import suggest


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


def evaluate_library(library: Library, method: str = "auto", top: int = 5) -> dict[str, Any]:
    """Return, for each edition, how many mapped obligations find one of their controls in the top `top`.

    Each edition's own maps are hidden meanwhile: neither they nor decisions on the same texts are used.
    """
    found: dict[str, Any] = {}
    for key, edition in sorted(library.editions.items()):
        maps = library.maps_of(key).maps
        wanted = {k: {one.control for one in e} for k, e in maps.items() if isinstance(e, tuple) and e}
        texts = [text for text in obligation_texts(edition) if text.id in wanted]
        if texts:
            made = suggest(texts, control_texts(library), top=top, method=method)
            hits = sum(bool(wanted[one.source] & {s.target for s in one.ranked}) for one in made)
            found[key] = hits / len(texts)
    return found
