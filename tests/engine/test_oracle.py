"""The engine says what a plain reading of VERDICTS says, on generated editions, maps and facts."""

from __future__ import annotations

import random
from collections.abc import Iterable, Sequence
from typing import Any

import yaml
from hypothesis import given, note, settings

from criteria.model import Edition
from engine.findings import Comparison
from engine.matching import Batch, DirectMatcher, Firing, ProcessMatcher
from engine.presenting import comparison_as_dict
from mappings.loading import MapSet
from tests.builders import library_of
from tests.engine import oracle_rules, oracle_verdicts
from tests.engine.world_strategies import specs
from tests.worlds import World, world

MATCHER = DirectMatcher()
PROCESS = ProcessMatcher()


class OracleMatcher:
    """Answers as the plain evaluator of the same rules does."""

    def match(self, batches: Sequence[Batch]) -> list[list[Firing]]:
        """See `engine.matching.Matcher`."""
        return [oracle_rules.evaluate(batch.rules, batch.facts) for batch in batches]


def judged(made: World, *, turned: bool = False) -> dict[str, Any]:
    """Return the judgements of the engine, in the oracle's words."""
    return {
        one.criterion: oracle_verdicts.Verdict(
            one.verdict,
            one.shortfall,
            one.provisional,
            {o.id: o.outcome for o in one.obligations},
            dict(one.operators),
            {o.id: dict(o.operators) for o in one.obligations},
        )
        for one in made.compare(MATCHER, turned=turned).findings
    }


def told(comparison: Comparison) -> list[Any]:
    """Return every judgement of a comparison, whatever the order of its parts."""
    return sorted(
        (
            one.criterion, one.verdict, one.shortfall or "", one.provisional, one.severity, one.strength,
            one.basis,
            sorted(one.operators.items()), sorted(str(reason) for reason in one.reasons),
            sorted((o.id, o.outcome, o.path, sorted(o.operators.items())) for o in one.obligations),
            sorted((e.obligation, e.control) for e in one.evidence),
        )
        for one in comparison.findings
    )  # fmt: skip


@settings(max_examples=3000)
@given(specs())
def test_the_engine_agrees_with_the_oracle(spec):
    """Verdict, shortfall, provisional flag and every outcome agree, overall and for each operator type."""
    note(yaml.safe_dump(spec, sort_keys=False))
    made = world(spec)
    library, home, away, day = made.library, made.baseline, made.foreign, made.as_of
    assert judged(made) == oracle_verdicts.verdicts(library, home, away, day)
    assert judged(made, turned=True) == oracle_verdicts.verdicts(library, away, home, day)


@settings(max_examples=200)
@given(specs())
def test_every_matcher_gives_the_same_comparison(spec):
    """A child process, this process and a plain evaluator of the same rules give one and the same."""
    made = world(spec)
    direct = made.compare(MATCHER)
    assert made.compare(PROCESS) == direct
    assert world(spec).compare(OracleMatcher()) == direct


@settings(max_examples=150)
@given(specs())
def test_the_same_inputs_give_the_same_comparison(spec):
    """A library made anew from the same data gives the same id and the same JSON."""
    first, second = world(spec).compare(MATCHER), world(spec).compare(MATCHER)
    assert first.id == second.id
    assert comparison_as_dict(first) == comparison_as_dict(second)


@settings(max_examples=300)
@given(specs())
def test_the_order_of_criteria_and_maps_does_not_matter(spec):
    """Criteria, maps, joint groups and direct maps in another order give the same judgements."""
    made = world(spec)
    again = _shuffled(made, random.Random(len(repr(spec))))
    assert told(again.compare(MATCHER)) == told(made.compare(MATCHER))


def _shuffled(made: World, chance: random.Random) -> World:
    library = made.library
    editions = [_mixed_edition(edition, chance) for edition in _mixed(library.editions.values(), chance)]
    maps = {edition.key: _mixed_maps(library.maps_of(edition.key), chance) for edition in editions}
    joint = {key: tuple(_mixed(library.maps_of(key).jointly, chance)) for key in maps}
    direct = {pair: tuple(_mixed(found, chance)) for pair, found in _mixed(library.direct.items(), chance)}
    programs = _mixed(library.programs.values(), chance)
    return World(library_of(programs, editions, maps, jointly=joint, direct=direct), made.as_of, made.scope)


def _mixed(values: Iterable[Any], chance: random.Random) -> list[Any]:
    listed = list(values)
    chance.shuffle(listed)
    return listed


def _mixed_edition(edition: Edition, chance: random.Random) -> Edition:
    return edition.model_copy(update={"criteria": tuple(_mixed(edition.criteria, chance))})


def _mixed_maps(maps: MapSet, chance: random.Random) -> dict[str, Any]:
    return {
        key: tuple(_mixed(entry, chance)) if isinstance(entry, tuple) else entry
        for key, entry in _mixed(maps.maps.items(), chance)
    }
