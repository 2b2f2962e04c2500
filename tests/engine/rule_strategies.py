"""Hypothesis strategies for rules and facts of every shape that the engine is given."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

# Texts that trip a careless adapter: quotes, escapes, digits, other scripts, engine keywords, the empty one.
TEXTS = [
    "eq",
    "sup",
    "",
    "365",
    "true",
    "null",
    'a"b',
    "a\\",
    "{",
    "]}",
    "ñ",
    "関税",
    "\U0001f6a2",
    "$or",
    "id",
]
NUMBERS = [0, 1, 2, 3, -1, 7, 30, 365, -365, 10**12]
TEXT_PROPERTIES = ["control", "rel", "cond", "id_2", "$s"]
NUMBER_PROPERTIES = ["strength", "interval", "retention", "m", "ñ"]
PRESENCE_ONLY = ["written", "standard"]


def _tests() -> st.SearchStrategy[list[Any]]:
    texts, numbers = st.sampled_from(TEXTS), st.sampled_from(NUMBERS)
    text_name, number_name = st.sampled_from(TEXT_PROPERTIES), st.sampled_from(NUMBER_PROPERTIES)
    any_name = st.sampled_from([*TEXT_PROPERTIES, *NUMBER_PROPERTIES, *PRESENCE_ONLY])
    comparison = st.sampled_from(["==", "!=", "<=", ">=", "<", ">"])
    return st.one_of(
        st.tuples(text_name, st.sampled_from(["==", "!="]), texts),
        st.tuples(text_name, st.just("in"), st.lists(texts, min_size=1, max_size=4, unique=True)),
        st.tuples(number_name, comparison, numbers),
        st.tuples(number_name, st.just("in"), st.lists(numbers, min_size=1, max_size=4, unique=True)),
        st.tuples(any_name, st.just("ex")),
    ).map(list)


def rule_sets(largest: int = 25) -> st.SearchStrategy[list[dict[str, Any]]]:
    """Rules with distinct names, in any order; some share all their tests, some contradict themselves."""
    bodies = st.fixed_dictionaries(
        {"all": st.lists(_tests(), min_size=1, max_size=4)}, optional={"pri": st.integers(0, 3)}
    )
    return st.lists(bodies, max_size=largest).flatmap(
        lambda rules: st.permutations(range(len(rules))).map(
            lambda order: [{"name": f"r{n}", **rule} for n, rule in zip(order, rules, strict=True)]
        )
    )


def fact_sets(largest: int = 20) -> st.SearchStrategy[list[dict[str, Any]]]:
    """Facts with distinct ids, properties that rules test and one that none does."""
    texts, numbers = st.sampled_from([*TEXTS, "elsewhere"]), st.sampled_from([*NUMBERS, 4])
    values: dict[str, st.SearchStrategy[Any]] = {}
    values |= dict.fromkeys(TEXT_PROPERTIES, texts) | dict.fromkeys(NUMBER_PROPERTIES, numbers)
    values |= dict.fromkeys([*PRESENCE_ONLY, "untested"], st.one_of(texts, numbers))
    bodies = st.fixed_dictionaries({}, optional=values)

    def facts(ids: list[str]) -> st.SearchStrategy[list[dict[str, Any]]]:
        return st.lists(bodies, min_size=len(ids), max_size=len(ids)).map(
            lambda found: [{"id": identity, **body} for identity, body in zip(ids, found, strict=True)]
        )

    return st.lists(st.text(min_size=1, max_size=6), max_size=largest, unique=True).flatmap(facts)
