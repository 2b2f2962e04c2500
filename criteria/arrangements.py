"""Mutual recognition arrangements: partners, dates signed, negotiations, and sources in conflict."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from functools import cache
from pathlib import Path

from criteria.files import DataFile, parse_model, parse_yaml
from criteria.model import BASIS_RANK, Basis, Frozen, Names, Source
from criteria.problems import DataError

SHIPPED = Path(__file__).parent / "arrangements.yaml"
SIGNATURE = 3  # the number of the phase that ends in signature


class Signature(Frozen):
    """A date of signature as one or more sources give it: a year, a month, or a day."""

    date: str
    sources: Names
    basis: Basis
    note: str = ""


class Phase(Frozen):
    """One of the four phases to mutual recognition."""

    number: int
    name: str
    question: str = ""


class Arrangement(Frozen):
    """An arrangement of CBP with a foreign administration, or the way to one.

    `phase` is how far it is known to have come, from `phase_since` on; until then it is as far as
    signature, SIGNATURE.
    """

    partner: str
    administration: str
    program: str = ""
    program_name: str
    signed: tuple[Signature, ...]
    place: str = ""
    phase: int
    phase_since: str = ""
    phase_sources: Names = ()
    negotiation_since: str = ""
    no_program_before: str = ""
    before_signature: str = ""
    phase_before_signature: int = 0
    note: str = ""
    note_since: str = ""
    note_sources: Names = ()


class BetweenOthers(Frozen):
    """An arrangement between two third parties."""

    parties: Names
    programs: Names = ()
    signed: str
    sources: Names
    basis: Basis


class Arrangements(Frozen):
    """The register of arrangements, with its sources."""

    sources: Mapping[str, Source]
    legal_nature: str
    phases: tuple[Phase, ...]
    arrangements: tuple[Arrangement, ...]
    between_others: tuple[BetweenOthers, ...]


@dataclass(frozen=True, slots=True)
class ArrangementRow:
    """An arrangement as it stood on a date.

    `state` is signed, in_negotiation, no_program or none. `dates` holds every date that a source
    gives; `conflict` says that they are not just one date told with more or less precision.
    """

    partner: str
    administration: str
    program: str
    program_name: str
    state: str
    signed: str
    dates: tuple[str, ...]
    conflict: str
    place: str
    legal_nature: str
    phases_reached: int
    note: str
    basis: str
    sources: tuple[str, ...]


@cache
def register(path: Path = SHIPPED) -> Arrangements:
    """Return the register; raise DataError with every problem in its file."""
    data, problems = parse_yaml(path.read_text(encoding="utf-8"), path.name)
    if problems:
        raise DataError(problems)
    found, problems = parse_model(Arrangements, data, DataFile(path, path.name, data))
    if found is None:
        raise DataError(problems)
    return found


def arrangements_on(as_of: date, found: Arrangements | None = None) -> list[ArrangementRow]:
    """Return what stood on a date: signed arrangements first, by date, then negotiations."""
    known = found or register()
    rows = [row for row in (_row(one, as_of, known) for one in known.arrangements) if row.state != "none"]
    order = {"signed": 0, "in_negotiation": 1, "no_program": 2}
    return sorted(rows, key=lambda row: (order[row.state], row.signed, row.partner))


def between_others_on(as_of: date, found: Arrangements | None = None) -> list[BetweenOthers]:
    """Return the arrangements between third parties signed by a date."""
    return [one for one in (found or register()).between_others if _by(one.signed, as_of)]


def _by(text: str, as_of: date) -> bool:
    """Whether a year, month or day lies on or before a day; an open month counts from its first day."""
    return text <= as_of.isoformat()[: len(text)]


def _row(one: Arrangement, as_of: date, known: Arrangements) -> ArrangementRow:
    agreed = _latest_agreed(one)
    by_then = [s for s in one.signed if _by(s.date, as_of)]
    signed = bool(by_then) and _by(agreed, as_of)
    state = "signed" if signed else _before(one, as_of)
    shown = one.signed if signed else ()
    phases, note = _phases(one, as_of, state), _note(one, as_of, signed)
    return ArrangementRow(
        partner=one.partner,
        administration=one.administration,
        program=one.program,
        program_name=one.program_name,
        state=state,
        signed=agreed if signed else "",
        dates=tuple(s.date for s in shown),
        conflict=_conflict(one, known) if signed else "",
        place=one.place if signed else "",
        legal_nature=known.legal_nature.strip(),
        phases_reached=phases,
        note=note,
        basis=max((s.basis for s in shown), key=BASIS_RANK.__getitem__, default="text"),
        sources=tuple(dict.fromkeys(_sources(one, shown, note, phases))),
    )


def _phases(one: Arrangement, as_of: date, state: str) -> int:
    if state == "signed":
        return min(one.phase, SIGNATURE) if one.phase_since and not _by(one.phase_since, as_of) else one.phase
    return one.phase_before_signature if state == "in_negotiation" else 0


def _sources(one: Arrangement, shown: Iterable[Signature], note: str, phases: int) -> Iterator[str]:
    """Yield the sources of what a row says on its day; those of later events are not told earlier."""
    for signature in shown:
        yield from signature.sources
    yield from one.note_sources if note else ()
    yield from one.phase_sources if phases == one.phase else ()


def _note(one: Arrangement, as_of: date, signed: bool) -> str:
    if not signed:
        return one.before_signature
    return one.note if not one.note_since or _by(one.note_since, as_of) else ""


def _latest_agreed(one: Arrangement) -> str:
    """Return the date most sources agree on, told as exactly as any of them tells it."""
    months: dict[str, int] = {}
    for signature in one.signed:
        months[signature.date[:7]] = months.get(signature.date[:7], 0) + len(signature.sources)
    month = max(months, key=lambda m: (months[m], m))
    return max((s.date for s in one.signed if s.date[:7] == month), key=len)


def _conflict(one: Arrangement, known: Arrangements) -> str:
    if len({signature.date[:7] for signature in one.signed}) < 2:
        return ""
    said = (f"{s.date} ({'; '.join(known.sources[k].document for k in s.sources)})" for s in one.signed)
    return "Sources disagree: " + ", ".join(said)


def _before(one: Arrangement, as_of: date) -> str:
    if one.negotiation_since and _by(one.negotiation_since, as_of):
        return "in_negotiation"
    if one.no_program_before and not _by(one.no_program_before, as_of):
        return "no_program"
    return "none"
