"""How good the suggestions are on a crosswalk that somebody else has made.

A crosswalk is JSON: `{source: [{id, text}], target: [{id, text}], links: [{source_id, target_id}]}`; an
entry may carry its heading as `section`. Other keys are allowed and ignored. A source without a link
is part of the comparison, not of the figures.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from statistics import fmean
from typing import Any

from criteria.problems import DataError, Problem, nearest_hint
from mappings.matching import chosen_method, version_of
from mappings.suggesting import Ranking, Text, rank

_PARTS = ("source", "target", "links")
_SHOWN_PROBLEMS = 50


@dataclass(frozen=True, slots=True)
class Crosswalk:
    """Two lists of texts and, for each linked source id, the target ids it is linked to."""

    sources: tuple[Text, ...]
    targets: tuple[Text, ...]
    links: Mapping[str, frozenset[str]]


@dataclass(frozen=True, slots=True)
class Evaluation:
    """The figures of one method on one crosswalk; all are shares of 1, over the `n` linked sources.

    `mrr` is the mean of 1 / place of the first linked target; `hit_k` the share of sources with a linked
    target among the first k; `recall_k` the mean share of a source's linked targets among the first k.
    Those rank every target, abstained or not. `abstention` is the share of sources for which nothing was
    suggested, and `abstention_right` the share of those that had no linked target among the first five
    (null where there was no abstention).
    """

    method: str
    version: str
    n: int
    targets: int
    mrr: float
    hit_1: float
    hit_5: float
    hit_20: float
    recall_5: float
    recall_10: float
    abstention: float
    abstention_right: float | None


def crosswalk_from_json(text: str, file: str = "") -> Crosswalk:
    """Return the crosswalk in a JSON text; raises DataError with every problem found."""
    try:
        data = json.loads(text)
    except json.JSONDecodeError as fault:
        message = f"This is not valid JSON: {fault.msg} at column {fault.colno}."
        problem = Problem("crosswalk_not_json", message, "Repair the file.", file=file, line=fault.lineno)
        raise DataError([problem]) from None
    return read_crosswalk(data, file)


def read_crosswalk(data: Any, file: str = "") -> Crosswalk:
    """Return the crosswalk in decoded JSON; raises DataError with every problem found."""
    problems = list(_part_problems(data, file))
    if problems:
        raise DataError(problems)
    sources, source_problems = _texts(data["source"], "source", file)
    targets, target_problems = _texts(data["target"], "target", file)
    links, link_problems = _links(data["links"], {t.id for t in sources}, {t.id for t in targets}, file)
    problems = [*source_problems, *target_problems, *link_problems]
    if not problems and not links:
        hint = "Evaluation needs at least one link."
        problems.append(Problem("crosswalk_empty", "There are no links.", hint, file=file, key="links"))
    if problems:
        raise DataError(problems[:_SHOWN_PROBLEMS])
    return Crosswalk(sources, targets, links)


def evaluate(crosswalk: Crosswalk | Mapping[str, Any], *, method: str = "auto") -> Evaluation:
    """Return how well a method finds the links of a crosswalk (as read, or as decoded JSON).

    Raises DataError for a broken crosswalk and ValueError for an unknown method.
    """
    walk = crosswalk if isinstance(crosswalk, Crosswalk) else read_crosswalk(crosswalk)
    chosen = chosen_method(method)
    rankings = [r for r in rank(walk.sources, walk.targets, chosen) if r.source in walk.links]
    places = {r.source: _places(r, walk.links[r.source]) for r in rankings}
    silent = [r.source for r in rankings if r.abstained]
    return Evaluation(
        method=chosen,
        version=version_of(chosen),
        n=len(places),
        targets=len(walk.targets),
        mrr=_share(1 / p[0] for p in places.values()),
        hit_1=_share(p[0] <= 1 for p in places.values()),
        hit_5=_share(p[0] <= 5 for p in places.values()),
        hit_20=_share(p[0] <= 20 for p in places.values()),
        recall_5=_share(_within(p, 5) for p in places.values()),
        recall_10=_share(_within(p, 10) for p in places.values()),
        abstention=round(len(silent) / len(places), 4),
        abstention_right=_share(places[s][0] > 5 for s in silent) if silent else None,
    )


def _places(ranking: Ranking, linked: frozenset[str]) -> list[int]:
    """Return the places of the linked targets, counted from 1, in ascending order."""
    return [place for place, target in enumerate(ranking.targets, start=1) if target in linked]


def _within(places: Sequence[int], limit: int) -> float:
    return sum(p <= limit for p in places) / len(places)


def _share(values: Iterable[float]) -> float:
    return round(fmean(values), 4)


def _part_problems(data: Any, file: str) -> Iterable[Problem]:
    if not isinstance(data, dict):
        yield Problem(
            "crosswalk_shape",
            "A crosswalk is a JSON object.",
            f"Give it the keys {', '.join(_PARTS)}.",
            file=file,
        )
        return
    for part in _PARTS:
        if part not in data:
            hint = f"A crosswalk has the keys {', '.join(_PARTS)}."
            yield Problem(
                "crosswalk_part_missing", f'The key "{part}" is missing.', hint, file=file, key=part
            )
        elif not isinstance(data[part], list):
            hint = "Write the entries between [ and ]."
            yield Problem("crosswalk_shape", f'"{part}" is not a list.', hint, file=file, key=part)
        elif not data[part] and part != "links":
            hint = "Evaluation needs texts on both sides."
            yield Problem("crosswalk_empty", f'"{part}" has no entries.', hint, file=file, key=part)


def _texts(entries: Sequence[Any], part: str, file: str) -> tuple[tuple[Text, ...], list[Problem]]:
    texts: list[Text] = []
    problems: list[Problem] = []
    seen: set[str] = set()
    for number, entry in enumerate(entries):
        key = f"{part}[{number}]"
        wrong = _field_problem(entry, ("id", "text"), key, file)
        if wrong:
            problems.append(wrong)
        elif entry["id"] in seen:
            message = f'The id "{entry["id"]}" is used twice in "{part}".'
            problems.append(
                Problem(
                    "crosswalk_duplicate_id", message, "Ids are unique on a side.", file=file, key=f"{key}.id"
                )
            )
        else:
            seen.add(entry["id"])
            heading = entry.get("section")
            texts.append(Text(entry["id"], entry["text"], heading if isinstance(heading, str) else ""))
    return tuple(texts), problems


def _field_problem(entry: Any, fields: Sequence[str], key: str, file: str) -> Problem | None:
    """Return what is wrong with the fields of an entry, all of which are texts that are not empty."""
    hint = f"An entry is an object with the texts {' and '.join(fields)}."
    if not isinstance(entry, dict):
        return Problem("crosswalk_entry", "This entry is not an object.", hint, file=file, key=key)
    for field in fields:
        value = entry.get(field)
        if not isinstance(value, str) or not value.strip():
            fault = "is missing" if field not in entry else "is not a text" if value != "" else "is empty"
            return Problem("crosswalk_entry", f'"{field}" {fault}.', hint, file=file, key=f"{key}.{field}")
    return None


def _links(
    entries: Sequence[Any], sources: set[str], targets: set[str], file: str
) -> tuple[dict[str, frozenset[str]], list[Problem]]:
    links: dict[str, set[str]] = {}
    problems: list[Problem] = []
    for number, entry in enumerate(entries):
        key = f"links[{number}]"
        wrong = _field_problem(entry, ("source_id", "target_id"), key, file)
        if len(problems) > _SHOWN_PROBLEMS:
            break  # as many as are shown; looking for near ids takes time
        found = [wrong] if wrong else list(_unknown_ids(entry, sources, targets, key, file))
        problems.extend(found)
        if not found:
            links.setdefault(entry["source_id"], set()).add(entry["target_id"])
    return {source: frozenset(ids) for source, ids in links.items()}, problems


def _unknown_ids(
    entry: Mapping[str, str], sources: set[str], targets: set[str], key: str, file: str
) -> Iterable[Problem]:
    for side, known in (("source", sources), ("target", targets)):
        value = entry[f"{side}_id"]
        if value not in known:
            yield Problem(
                "crosswalk_unknown_id",
                f'The {side} "{value}" of this link does not exist.',
                nearest_hint(value, known),
                file=file,
                key=f"{key}.{side}_id",
                value=value,
            )
