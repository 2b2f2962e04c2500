"""The adapter to durable_rules: same answers as a plain reading, and every known trap refused or survived."""

from __future__ import annotations

import gc
import random
import resource
from enum import IntEnum, StrEnum
from pathlib import Path

import pytest
from hypothesis import given, settings

from engine.rete import EngineError, Fact, FactError, RuleError, RuleSet
from tests.engine.oracle_rules import evaluate
from tests.engine.rule_strategies import fact_sets, rule_sets


def run(rules, facts):
    with RuleSet(rules) as ruleset, ruleset.session() as session:
        session.add(facts)
        return session.run()


def rule(name, *tests):
    return {"name": name, "all": [list(test) for test in tests]}


def resident_kilobytes():
    return int(Path("/proc/self/statm").read_text().split()[1]) * resource.getpagesize() // 1024


# Answers


@settings(max_examples=1500, deadline=None)
@given(rule_sets(), fact_sets())
def test_the_engine_agrees_with_a_plain_reading_of_the_rules(rules, facts):
    assert run(rules, facts) == evaluate(rules, facts)


@settings(max_examples=150, deadline=None)
@given(rule_sets(), fact_sets())
def test_neither_the_order_of_rules_nor_of_facts_changes_the_answer(rules, facts):
    """The engine fires last in, first out; the adapter sorts."""
    expected = run(rules, facts)
    shuffler = random.Random(0)
    for _ in range(3):
        shuffler.shuffle(rules)
        shuffler.shuffle(facts)
        assert run(rules, facts) == expected


@settings(max_examples=150, deadline=None)
@given(rule_sets(), fact_sets())
def test_facts_added_in_several_runs_fire_as_if_added_at_once(rules, facts):
    with RuleSet(rules) as ruleset, ruleset.session() as session:
        fired = []
        for start in range(0, len(facts), 3):
            session.add(facts[start : start + 3])
            fired += session.run()
        assert sorted(fired) == evaluate(rules, facts)
        assert session.run() == []


@pytest.mark.parametrize("seed", range(5))
def test_a_ruleset_of_real_size_agrees_with_a_plain_reading(seed):
    """150 obligations on 20 controls against 300 provisions."""
    shuffler = random.Random(seed)
    rules = []
    for n in range(150):
        control = ["control", "==", f"control {n % 20}"]
        limit, strength = shuffler.choice([1, 30, 365]), shuffler.randint(1, 3)
        rules += [
            rule(f"{n}:addressed", control),
            rule(f"{n}:covers", control, ["rel", "in", ["eq", "sup"]]),
            rule(f"{n}:binding", control, ["strength", ">=", strength]),
            rule(f"{n}:stated", control, ["interval", "ex"]),
            rule(f"{n}:ok", control, ["interval", "<=", limit]),
        ]
    facts = [
        {
            "id": f"p{n}",
            "control": f"control {shuffler.randrange(25)}",
            "rel": shuffler.choice(["eq", "sub", "sup", "int"]),
            "strength": shuffler.randint(0, 3),
            **({"interval": shuffler.choice([1, 7, 365, 400])} if n % 2 else {}),
        }
        for n in range(300)
    ]
    assert run(rules, facts) == evaluate(rules, facts)


def test_a_test_on_an_absent_property_never_holds_not_even_unequal():
    assert run([rule("r", ["rel", "!=", "eq"])], [{"id": "a"}, {"id": "b", "rel": "sub"}]) == [("r", "b")]


def test_facts_that_match_nothing_are_no_error():
    """The engine returns code 1 for them."""
    assert run([rule("r", ["x", "==", 1])], [{"id": "a", "x": 2}, {"id": "b"}]) == []


def test_no_rules_and_no_facts_are_fine():
    assert run([], [{"id": "a"}]) == []
    assert run([rule("r", ["x", "ex"])], []) == []


def test_enums_count_as_their_plain_values():
    class Relation(StrEnum):
        EQUAL = "eq"

    class Strength(IntEnum):
        MUST = 3

    rules = [rule("r", ["rel", "==", Relation.EQUAL], ["strength", ">=", Strength.MUST])]
    assert run(rules, [{"id": "a", "rel": Relation.EQUAL, "strength": Strength.MUST}]) == [("r", "a")]
    assert run(rules, [{"id": "a", "rel": "eq", "strength": 3}]) == [("r", "a")]


def test_priorities_do_not_change_what_fires():
    rules = [rule("low", ["x", "ex"]) | {"pri": 9}, rule("high", ["x", "ex"]) | {"pri": 1}]
    assert run(rules, [{"id": "a", "x": 1}]) == [("high", "a"), ("low", "a")]


# Traps in facts


def test_an_empty_batch_is_not_given_to_the_engine():
    """assert_facts([]) crashes it."""
    with RuleSet([rule("r", ["x", "ex"])]) as ruleset, ruleset.session() as session:
        session.add([])
        assert session.run() == []


def test_a_session_without_any_firing_can_be_closed():
    """delete_state crashes on a state in which no rule ever fired."""
    with RuleSet([rule("r", ["x", "ex"])]) as ruleset:
        for _ in range(50):
            ruleset.session().close()


@pytest.mark.parametrize(
    "value", [1e-07, float("inf"), float("nan"), 365.0, None, True, False, [1], {"a": 1}, b"x"]
)
@pytest.mark.parametrize("name", ["x", "untested"])
def test_values_that_cut_a_batch_or_compare_wrongly_are_refused(value, name):
    """1e-07 and infinity end a batch silently; 365.0 is not 365; None is an error in comparisons."""
    with pytest.raises(FactError, match=f'Fact "a": {name} is .*whole numbers and strings'):
        run([rule("r", ["x", ">=", 1])], [{"id": "a", name: value}])


@pytest.mark.parametrize("value", ["x" * 201, 2**53 + 1, -(2**60)])
def test_long_strings_and_huge_numbers_are_refused(value):
    with pytest.raises(FactError, match="strings of up to 200 characters only"):
        run([rule("r", ["x", "ex"])], [{"id": "a", "x": value}])


def test_text_and_number_are_never_compared():
    """The engine says "365" >= 30 without a word."""
    with pytest.raises(
        FactError, match=r"interval is text \('365'\), but the rules compare it with a number"
    ):
        run([rule("r", ["interval", ">=", 30])], [{"id": "a", "interval": "365"}])
    with pytest.raises(FactError, match=r"rel is a number \(1\), but the rules compare it with text"):
        run([rule("r", ["rel", "==", "1"])], [{"id": "a", "rel": 1}])


def test_a_property_tested_only_for_presence_may_hold_either_kind():
    facts = [{"id": "a", "x": "1"}, {"id": "b", "x": 1}, {"id": "c"}]
    assert run([rule("r", ["x", "ex"])], facts) == [("r", "a"), ("r", "b")]


def test_252_properties_are_read_and_253_are_refused():
    """With more, the engine drops the rest of the batch without a word."""
    names = [f"p{n}" for n in range(251)]
    rules = [rule("r", *([name, "ex"] for name in names)), rule("z", ["z", "ex"])]
    full = {"id": "a", **dict.fromkeys(names, 1)}
    assert run(rules, [full, {"id": "b", "z": 1}]) == [("r", "a"), ("z", "b")]
    with pytest.raises(FactError, match="has 253 properties; at most 252"):
        run(rules, [full | {"one more": 1}])


def test_ids_literals_and_names_with_equal_hashes_stay_apart():
    """The engine knows ids and property names by a 32-bit hash; these two words have the same."""
    facts = [
        {"id": "costarring", "x": "liquid", "liquid": 1},
        {"id": "liquid", "x": "costarring", "costarring": 1},
    ]
    rules = [
        rule("text", ["x", "==", "liquid"]),
        rule("name", ["costarring", "ex"]),
        rule("other name", ["liquid", "ex"]),
    ]
    assert run(rules, facts) == [("name", "liquid"), ("other name", "costarring"), ("text", "costarring")]


def test_the_numbers_given_to_the_engine_as_ids_have_different_hashes():
    def fnv(text):
        value = 0x811C9DC5
        for byte in text.encode():
            value = (value ^ byte) * 16777619 % 2**32
        return value

    assert fnv("costarring") == fnv("liquid")
    assert len({fnv(str(n)) for n in range(100_000)} | {fnv(f"sid-{n}") for n in range(1, 1001)}) == 101_000


def test_fact_ids_are_texts_used_once_and_sid_is_reserved():
    rules = [rule("r", ["x", "ex"])]
    for wrong in ({"x": 1}, {"id": ""}, {"id": 7}, {"id": "a" * 201}):
        with pytest.raises(FactError, match="A fact needs an id of 1 to 200 characters"):
            run(rules, [wrong])
    with pytest.raises(FactError, match="sid is reserved"):
        run(rules, [{"id": "a", "sid": "1"}])
    with pytest.raises(FactError, match="used twice: a"):
        run(rules, [{"id": "a", "x": 1}, {"id": "b"}, {"id": "a", "x": 1}])


def test_a_refused_batch_adds_nothing():
    with RuleSet([rule("r", ["x", "ex"])]) as ruleset, ruleset.session() as session:
        session.add([{"id": "a", "x": 1}])
        with pytest.raises(FactError):
            session.add([{"id": "b", "x": 1}, {"id": "a", "x": 1}])
        session.add([{"id": "b", "x": 1}])
        assert session.run() == [("r", "a"), ("r", "b")]


def test_a_batch_that_the_engine_reads_only_in_part_is_an_error():
    """The engine returns 0 for it; the mark at the end of each batch tells."""
    with RuleSet([rule("r", ["x", "ex"])]) as ruleset, ruleset.session() as session:
        cut = session._text(',"a":1e-07')
        session._positions.append(0)
        with pytest.raises(EngineError, match="read only some of 1 facts"):
            session._assert([cut, session._mark()])


def test_an_error_of_the_engine_in_the_middle_of_a_batch_leaves_the_session_closable():
    """The engine's stack holds 64 tests; a ruleset that passed unchecked would end like this."""
    rules = [rule(f"r{n}", [f"p{n}", "ex"]) for n in range(60)]
    with RuleSet(rules) as ruleset, ruleset.session() as session:
        session.add([{"id": "a", **{f"p{n}": 1 for n in range(60)}}])
        assert len(session.run()) == 60
        number = len(session._positions)
        session._positions.append(0)
        twice = f'{{"id":{number},"sid":1,{",".join(chr(34) + "a" + chr(34) + ":1" for _ in range(80))}}}'
        with pytest.raises(EngineError, match="failed on 1 facts"):
            session._assert([twice, session._mark()])


# Traps in rules


@pytest.mark.parametrize(
    ("tests", "text"),
    [
        ([], "needs 1 to 252 tests"),
        ([["x", "nex"]], "needs an operator of"),
        ([["x", "not", 1]], "needs an operator of"),
        ([["x", "ex", 1]], "needs an operator of"),
        ([["x", "=="]], "needs an operator of"),
        ([["x"]], "is not a test like"),
        (["x == 1"], "is not a test like"),
        ([["id", "==", "a"]], "'id' cannot be tested"),
        ([["sid", "ex"]], "'sid' cannot be tested"),
        ([["", "ex"]], "'' cannot be tested"),
        ([["x", "==", True]], "compared with True"),
        ([["x", "==", None]], "compared with None"),
        ([["x", ">=", 1.5]], "compared with 1.5"),
        ([["x", "==", "x" * 201]], "a literal is a whole number or a string"),
        ([["x", "==", ["y", "ex"]]], "compared with"),
        ([["x", ">=", "3"]], "compares whole numbers, not '3'"),
        ([["x", "in", []]], "needs a list of literals"),
        ([["x", "in", "eq"]], "needs a list of literals"),
        ([["x", "in", ["eq", "eq"]]], "names one twice"),
        ([["x", "in", ["eq", 1]]], "mixes kinds"),
        ([["x", "==", "1"], ["x", "==", 1]], "a property holds one kind only"),
    ],
)
def test_a_rule_that_the_engine_would_misread_is_refused(tests, text):
    """Joins, absence and overlapping branches cannot even be written."""
    with pytest.raises(RuleError, match=text):
        RuleSet([{"name": "r", "all": tests}])


@pytest.mark.parametrize(
    "wrong", [{"all": [["x", "ex"]]}, {"name": "", "all": [["x", "ex"]]}, {"name": 7, "all": [["x", "ex"]]}]
)
def test_a_rule_needs_a_name(wrong):
    with pytest.raises(RuleError, match="Rule 1 needs a name"):
        RuleSet([wrong])


def test_unknown_keys_and_wrong_priorities_are_refused():
    with pytest.raises(RuleError, match=r"unknown keys \['count'\]"):
        RuleSet([rule("r", ["x", "ex"]) | {"count": 2}])
    for priority in (-1, 65536, "1", True):
        with pytest.raises(RuleError, match="pri must be a whole number"):
            RuleSet([rule("r", ["x", "ex"]) | {"pri": priority}])


def test_two_rules_of_one_name_are_refused():
    with pytest.raises(RuleError, match="used more than once: r"):
        RuleSet([rule("r", ["x", "ex"]), rule("r", ["y", "ex"])])


def test_a_property_is_text_or_a_number_in_all_rules():
    with pytest.raises(RuleError, match='Rule "b": x is compared with 1, elsewhere with text'):
        RuleSet([rule("a", ["x", "==", "1"]), rule("b", ["x", ">=", 1])])


def test_a_set_of_literals_fires_once_per_fact():
    """Overlapping branches of `$or` fire twice; the adapter's are always disjoint."""
    rules = [
        rule("a", ["rel", "in", ["eq", "sup"]], ["x", "in", [1, 2]]),
        rule("b", ["rel", "in", ["sup", "sub", "eq"]], ["rel", "in", ["eq", "int"]]),
    ]
    assert run(rules, [{"id": "f", "rel": "eq", "x": 1}]) == [("a", "f"), ("b", "f")]


def test_a_rule_of_many_sets_is_checked_and_run_in_reasonable_time():
    """Every set can be met in five ways: looked at one by one, these are 200 million ways."""
    names = [f"p{n:02}" for n in range(12)]
    rules = [rule("r", *([name, "in", ["a", "b", "c", "d", "e"]] for name in names))]
    facts = [{"id": "all", **dict.fromkeys(names, "c")}, {"id": "but one", **dict.fromkeys(names[1:], "c")}]
    assert run(rules, facts) == [("r", "all")]


def test_a_rule_of_252_tests_works_and_of_253_is_refused():
    tests = [[f"p{n}", "ex"] for n in range(253)]
    assert run([rule("r", *tests[:252])], [{"id": "a"}]) == []
    with pytest.raises(RuleError, match='Rule "r" needs 1 to 252 tests'):
        RuleSet([rule("r", *tests)])


def test_any_number_of_rules_with_the_same_tests_work():
    """Exactly 256 crash the engine; here they share one engine rule."""
    for count in (255, 256, 257, 1000):
        rules = [rule(f"r{n:04}", ["x", "==", "y"], ["z", ">", 0]) for n in range(count)]
        assert run(rules, [{"id": "a", "x": "y", "z": 1}]) == [(f"r{n:04}", "a") for n in range(count)]


def test_more_than_255_priorities_on_the_same_tests_are_refused():
    def rules(count):
        return [rule(f"r{n:03}", ["x", "ex"]) | {"pri": n} for n in range(count)]

    assert len(run(rules(255), [{"id": "a", "x": 1}])) == 255
    with pytest.raises(RuleError, match="256 priorities for the same tests after x ex; at most 255"):
        RuleSet(rules(256))


@pytest.mark.parametrize("before", [(), (["a", "==", "b"],)])
def test_510_literals_on_one_property_work_and_511_are_refused(before):
    """With 512, `_init` included, the engine searches a full table for ever and holds the interpreter."""
    rules = [rule(f"r{n:03}", *before, ["control", "==", f"k{n}"]) for n in range(511)]
    facts = [{"id": f"p{n:03}", "a": "b", "control": f"k{n}"} for n in range(520)]
    assert run(rules[:510], facts) == [(f"r{n:03}", f"p{n:03}") for n in range(510)]
    with pytest.raises(RuleError, match=r"511 different tests (as the first test|after a == b); at most 510"):
        RuleSet(rules)


def test_127_sets_that_share_a_literal_work_and_128_are_refused():
    """They follow each other in a list of 128 entries that needs an end mark."""
    sets = [["eq", f"other {n}"] for n in range(128)]
    with pytest.raises(RuleError, match="128 `in` tests after rel == eq share a literal; at most 127"):
        RuleSet([rule(f"r{n}", ["rel", "in", literals]) for n, literals in enumerate(sets)])
    rules = [rule(f"r{n:02}", ["rel", "in", literals]) for n, literals in enumerate(sets[:60])]
    facts = [{"id": "a", "rel": "eq"}, {"id": "b", "rel": "other 7"}]
    assert run(rules, facts) == evaluate(rules, facts)


@pytest.mark.parametrize("kind", ["presence", "thresholds", "sets", "nested"])
def test_60_tests_that_one_fact_can_satisfy_work_and_more_are_refused(kind):
    """The engine keeps what is left to do for a fact on a stack of 64; a full one ends the batch."""
    control = ["control", "==", "k"]

    def rules(count):
        if kind == "presence":
            return [rule(f"r{n:02}", control, [f"p{n}", "ex"]) for n in range(count)]
        if kind == "thresholds":
            return [rule(f"r{n:02}", control, ["p0", ">=", n - 100]) for n in range(count)]
        if kind == "sets":
            return [rule(f"r{n:02}", control, ["rel", "in", ["eq", f"k{n}"]]) for n in range(count)]
        wide = [rule(f"r{n:02}", control, [f"p{n}", "ex"]) for n in range(count - 20)]
        return wide + [rule(f"s{n:02}", control, ["z", "ex"], [f"q{n}", "ex"]) for n in range(20)]

    fact = {"id": "a", "control": "k", "rel": "eq", "z": 1}
    fact |= {f"{letter}{n}": 1 for letter in "pq" for n in range(60)}
    assert run(rules(60), [fact]) == evaluate(rules(60), [fact])
    with pytest.raises(RuleError, match=r"One fact can satisfy 61 different tests .*Split the rules"):
        RuleSet(rules(61))


def test_4095_different_rules_work_and_more_are_refused():
    rules = [rule(f"r{n:04}", ["a", "==", n % 64], ["b", "==", n // 64]) for n in range(4096)]
    facts = [{"id": f"p{n:02}", "a": n, "b": 63 - n} for n in range(64)]
    assert run(rules[:4095], facts) == evaluate(rules[:4095], facts)
    with pytest.raises(RuleError, match="4096 different rules; a ruleset holds at most 4095"):
        RuleSet(rules)


# Life of sessions and rulesets


def test_a_thousand_sessions_may_be_open_and_one_more_is_refused():
    """The engine fails, after writing past its table, at 1,024."""
    with RuleSet([rule("r", ["x", "ex"])]) as ruleset:
        sessions = [ruleset.session() for _ in range(1000)]
        with pytest.raises(EngineError, match="1000 sessions are open"):
            ruleset.session()
        sessions[3].close()
        for n, session in enumerate([*sessions[:3], ruleset.session(), *sessions[4:]]):
            session.add([{"id": f"p{n}", "x": 1}])
            assert session.run() == [("r", f"p{n}")]


def test_sessions_do_not_see_each_other():
    with RuleSet([rule("r", ["x", "ex"])]) as ruleset, ruleset.session() as one, ruleset.session() as two:
        one.add([{"id": "a", "x": 1}])
        two.add([{"id": "a", "x": 1}, {"id": "b", "x": 1}])
        assert (two.run(), one.run()) == ([("r", "a"), ("r", "b")], [("r", "a")])


def test_closing_twice_is_harmless_and_using_what_is_closed_is_an_error():
    ruleset = RuleSet([rule("r", ["x", "ex"])])
    session, left_open = ruleset.session(), ruleset.session()
    session.close()
    session.close()
    with pytest.raises(EngineError, match="session is closed"):
        session.run()
    ruleset.close()
    ruleset.close()
    with pytest.raises(EngineError, match="session is closed"):
        left_open.run()
    with pytest.raises(EngineError, match="ruleset is closed"):
        ruleset.session()


def test_a_thousand_sessions_do_not_grow_memory():
    """Unless each state is deleted, 1,000 of these leave more than 1 GB behind."""
    rules = [rule(f"r{n}", ["control", "==", f"k{n % 20}"], ["strength", ">=", n]) for n in range(100)]
    facts: list[Fact] = [{"id": f"p{n}", "control": f"k{n % 20}", "strength": 200} for n in range(20)]
    with RuleSet(rules) as ruleset:

        def use(times):
            for _ in range(times):
                with ruleset.session() as session:
                    session.add(facts)
                    assert len(session.run()) == 100
            gc.collect()

        use(100)
        before = resident_kilobytes()
        use(1000)
        assert resident_kilobytes() - before < 4000


def test_compiling_and_closing_rulesets_does_not_grow_memory():
    """Unless each ruleset is deleted, 200 of these leave some 40 MB behind."""
    rules = [rule(f"r{n}", ["control", "==", f"k{n % 20}"], ["strength", ">=", n]) for n in range(100)]

    def use(times):
        for _ in range(times):
            with RuleSet(rules) as ruleset, ruleset.session():
                pass
        gc.collect()

    use(20)
    before = resident_kilobytes()
    use(200)
    assert resident_kilobytes() - before < 4000
