"""Judgements in words: reasons, what is common, missing and extra, questions and site checks."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from importlib.resources import files
from typing import Any

from criteria.files import parse_yaml
from criteria.model import Criterion
from criteria.vocabulary import vocabulary
from engine.assessing import PathResult
from engine.clauses import Clause
from engine.facts import Provision
from engine.findings import ObligationFinding, Reason
from mappings.relationships import Relationship

GAPS = ("partly_meets", "no_counterpart", "not_evidenced", "not_reviewed")


@cache
def reason_texts() -> Mapping[str, Mapping[str, str]]:
    """Return every reason code that is not a dimension's, with what it means and what to ask."""
    text = files("engine").joinpath("reasons.yaml").read_text(encoding="utf-8")
    data: Any = parse_yaml(text, "engine/reasons.yaml")[0]
    found: Mapping[str, Mapping[str, str]] = data["reasons"]
    return found


def reason_words(reason: Reason) -> str:
    """Return a reason as a phrase: "retention of records: 1 year here, not stated there"."""
    known = reason_texts().get(reason.code)
    dimension = vocabulary().dimensions.get(reason.dimension)
    if dimension is not None and reason.code != "not_comparable":
        if dimension.kind == "flag":
            sides = "asked for here, not there" if reason.kind == "shortfall" else "asked for there, not here"
            return f"{dimension.name.lower()}: {sides}"
        return f"{dimension.name.lower()}: {reason.baseline} here, {reason.foreign} there"
    words = (known or {}).get("means", reason.code.replace("_", " "))
    filled = (
        words.format(baseline=reason.baseline, foreign=reason.foreign).replace(": )", ")").removesuffix(": ")
    )
    return f"{dimension.name.lower()}: {filled}" if dimension else filled


def reason_question(reason: Reason) -> str:
    """Return what to ask because of a reason, or an empty text."""
    ask = reason_texts().get(reason.code, {}).get("ask", "")
    if not ask and reason.dimension and reason.kind == "shortfall":
        dimension = vocabulary().dimensions[reason.dimension]
        asked = "" if dimension.kind == "flag" else f" (here: {reason.baseline.removeprefix('missing: ')})"
        return f"Does any rule set this: {dimension.name.lower()}{asked}?"
    return ask.format(baseline=reason.baseline, foreign=reason.foreign)


def obligation_parts(
    clause: Clause, best: PathResult | None, outcome: str
) -> tuple[tuple[str, ...], tuple[str, ...], tuple[str, ...]]:
    """Return the common, the missing and the extra part of an obligation in words."""
    if outcome in ("out_of_scope", "not_applicable"):
        return (), (), ()
    if best is None or outcome in ("pending", "unknown", "absent"):
        return (), (clause.text,), ()
    shortfalls = [reason for reason in best.reasons if reason.kind == "shortfall"]
    overlap = next(
        (reason for reason in shortfalls if reason.code in ("narrower_scope", "overlapping_scope")), None
    )
    if overlap is None:
        common: tuple[str, ...] = (clause.text,)
        missing = tuple(f"{clause.text} — {reason_words(reason)}" for reason in shortfalls)
    else:
        common = tuple(dict.fromkeys(provision.text for _, provision, _ in best.answered))
        rest = "; ".join(reason_words(r) for r in shortfalls if r is not overlap)
        missing = (f"the rest of: {clause.text}" + (f" — {rest}" if rest else ""),)
    return common, missing, tuple(_extras(best))


def _extras(best: PathResult) -> Iterator[str]:
    for reason in best.reasons:
        if reason.kind == "surplus":
            yield reason_words(reason)
    for question, provision, _ in best.answered:
        asked = {check.dimension.key for check in question.checks if not check.value.vague}
        for key, value in provision.claims.items():
            if key not in asked and not value.vague and value.figure != 0:
                name = vocabulary().dimensions[key].name.lower()
                yield f"{name}: {value.words}" if vocabulary().dimensions[key].kind != "flag" else name
        if provision.relationship is Relationship.SUPERSET:
            yield f"more than that: {provision.map.rationale}"


def question_for(criterion: Criterion, verdict: str, obligations: Iterable[ObligationFinding]) -> str:
    """Return what to ask the other side about a gap; empty where there is none."""
    if verdict not in GAPS:
        return ""
    gaps = [
        one for one in obligations if one.outcome in ("form_only", "partial", "pending", "unknown", "absent")
    ]
    missing = [one for one in gaps if one.outcome in ("absent", "unknown")]
    lines = []
    if missing:
        asked = "; ".join(one.text for one in missing)
        known = (
            "Which provision asks for this"
            if any(one.outcome == "absent" for one in missing)
            else "We have not read what your program asks on this; please share it"
        )
        lines.append(f"{known}: {asked}?" if known.startswith("Which") else f"{known}: {asked}.")
    for one in gaps:
        if one in missing:
            continue
        asks = tuple(
            dict.fromkeys(q for q in (reason_question(r) for r in one.reasons if r.kind == "shortfall") if q)
        )
        if asks:
            lines.append(f"On “{one.text}”: {' '.join(asks)}")
    return "\n".join(lines)


def site_check_for(criterion: Criterion, verdict: str, obligations: Iterable[ObligationFinding]) -> str:
    """Return what to look at on the joint validation visit because of a gap; empty where there is none."""
    if verdict not in GAPS:
        return ""
    gaps = [
        one.text
        for one in obligations
        if one.outcome in ("form_only", "partial", "pending", "unknown", "absent")
    ]
    seen = f"See whether it is done in practice: {'; '.join(gaps)}." if gaps else ""
    return f"{seen} {('Look for: ' + criterion.look_for) if criterion.look_for else ''}".strip()


def parameters_in_words(provision: Provision) -> dict[str, str]:
    """Return a provision's parameters as name → words."""
    return {key: value.words for key, value in provision.values.items()}
