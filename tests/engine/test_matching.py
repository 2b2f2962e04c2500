"""Matching in a process of its own: same answers as here, whatever happens to that process."""

from __future__ import annotations

import importlib.util
import json
import os
import random
import signal
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from pathlib import Path
from types import MappingProxyType
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import engine
from engine import matching_process
from engine.matching import (
    Batch,
    DirectMatcher,
    EngineError,
    FactError,
    MatcherError,
    ProcessMatcher,
    RuleError,
    default_matcher,
    ruleset_key,
)
from engine.rete_child import FACTS_KEPT
from tests.engine.oracle_rules import evaluate
from tests.engine.rule_strategies import fact_sets, rule_sets

PROJECT = Path(engine.__file__).parents[1]
RULES: tuple[dict[str, Any], ...] = (
    {"name": "r", "all": [["x", ">=", 1]]},
    {"name": "s", "all": [["k", "in", ["a", "b"]]]},
)
FACTS: tuple[dict[str, Any], ...] = (
    {"id": "f", "x": 1, "k": "a"},
    {"id": "g", "x": 0, "k": "b"},
    {"id": "h", "y": "unread"},
)
FIRED = [("r", "f"), ("s", "f"), ("s", "g")]


def a_batch(number=0):
    """A batch whose rules are like no other's, and what it must answer."""
    rules = ({"name": f"r{number}", "all": [["x", "==", number]]},)
    facts = ({"id": "hit", "x": number}, {"id": "miss", "x": number + 1})
    return Batch.of(rules, facts), [(f"r{number}", "hit")]


def big_batch():
    """More than a pipe holds, in either direction."""
    rules = [{"name": f"rule number {n}", "all": [["x", ">=", n - 50]]} for n in range(50)]
    facts: list[dict[str, Any]] = [
        {"id": f"fact number {n}", "x": 100, "note": "n" * 100} for n in range(3000)
    ]
    return Batch.of(rules, facts)


@pytest.fixture(scope="module")
def matcher():
    with ProcessMatcher() as shared:
        yield shared


@pytest.fixture(scope="module")
def direct():
    with DirectMatcher() as shared:
        yield shared


def send(number, pid):
    os.kill(pid, number)


def is_running(pid):
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


def wait_until_gone(pid):
    for _ in range(500):
        if not is_running(pid):
            return True
        time.sleep(0.01)
    return False


def run_python(script):
    """Run `script` in an interpreter of its own, any warning being an error."""
    return subprocess.run(
        [sys.executable, "-W", "error", "-c", script], cwd=PROJECT, capture_output=True, text=True, timeout=60
    )


# Answers


def test_each_batch_gets_its_own_sorted_answer(matcher, direct):
    batches = [Batch.of(RULES, FACTS), a_batch(1)[0], Batch.of(RULES, ()), Batch.of((), FACTS)]
    expected = [FIRED, a_batch(1)[1], [], []]
    assert list(matcher.match(batches)) == expected
    assert list(direct.match(batches)) == expected


def test_nothing_to_match_starts_no_process():
    with ProcessMatcher() as idle:
        assert list(idle.match([])) == []
        assert idle.child_pid is None


@settings(max_examples=200, deadline=None)
@given(st.lists(st.tuples(rule_sets(), fact_sets()), max_size=3))
def test_both_matchers_agree_with_a_plain_reading_of_the_rules(matcher, direct, batches):
    expected = [evaluate(rules, facts) for rules, facts in batches]
    given_batches = [Batch.of(rules, facts) for rules, facts in batches]
    assert list(matcher.match(given_batches)) == expected
    assert list(direct.match(given_batches)) == expected


def test_messages_larger_than_a_pipe_pass(matcher, direct):
    batch = big_batch()
    fired = list(matcher.match([batch]))
    assert len(fired[0]) == 150_000
    assert fired == list(direct.match([batch]))


def test_rules_and_facts_may_be_any_mapping(matcher, direct):
    batch = Batch.of([MappingProxyType(rule) for rule in RULES], [MappingProxyType(fact) for fact in FACTS])
    assert batch.key == ruleset_key(RULES)
    assert list(matcher.match([batch])) == list(direct.match([batch])) == [FIRED]


def test_keys_depend_on_the_rules_alone():
    assert Batch.of(RULES, FACTS).key == Batch.of(list(RULES), ()).key
    assert Batch.of(RULES, ()).key != Batch.of(RULES[:1], ()).key


# Rulesets are sent once


def test_rules_are_sent_once_and_again_when_they_fell_out(monkeypatch):
    sent = []
    real = matching_process.Child._short

    def watched(child, *request):
        result = real(child, *request)
        sent.append(result[1] is not None)
        return result

    monkeypatch.setattr(matching_process.Child, "_short", watched)
    with ProcessMatcher() as own:
        for number in [0, 0, *range(64), 0, 64, 1, 0]:
            batch, expected = a_batch(number)
            assert list(own.match([batch])) == [expected]
    assert sent == [True, False, False, *[True] * 63, False, True, True, False]


def test_more_rulesets_than_are_kept_pass_in_one_call(matcher, direct):
    numbers = random.Random(0).choices(range(150), k=400)
    batches, expected = zip(*map(a_batch, numbers), strict=True)
    assert list(matcher.match(batches)) == list(expected)
    assert list(matcher.match(batches)) == list(expected)
    assert list(direct.match(batches)) == list(expected)


# Mistakes of the caller


@pytest.mark.parametrize(
    ("rules", "facts", "error", "text"),
    [
        ([{"name": "r", "all": []}], [], RuleError, 'Rule "r" needs 1 to 252 tests'),
        (
            RULES,
            [{"id": "f", "x": "1"}],
            FactError,
            r"x is text \('1'\), but the rules compare it with a number",
        ),
        (RULES, [{"id": "f", "z": None}], FactError, "z is None; a fact holds"),
        (RULES, [{"id": "f", "z": float("nan")}], FactError, "z is nan; a fact holds"),
        (RULES, [{"id": "f"}, {"id": "f"}], FactError, "used twice: f"),
    ],
)
def test_mistakes_are_told_in_the_same_words_and_leave_the_process_alone(
    matcher, direct, rules, facts, error, text
):
    """Rulesets compiled before the mistake stay known on both sides."""
    fine, expected = a_batch(77)
    assert list(matcher.match([fine])) == [expected]
    child = matcher.child_pid
    wrong = Batch.of(rules, facts)
    for each in (matcher, direct):
        with pytest.raises(error, match=text):
            list(each.match([a_batch(78)[0], wrong, a_batch(79)[0]]))
        assert list(each.match([a_batch(79)[0], fine, a_batch(78)[0]])) == [
            a_batch(79)[1],
            expected,
            a_batch(78)[1],
        ]
    assert matcher.child_pid == child


def test_a_value_that_cannot_be_sent_is_a_mistake_in_the_fact(matcher):
    facts = (dict[str, Any](id="f", since=date(2020, 1, 1)),)
    told = r"datetime.date\(2020, 1, 1\) can be neither in a rule nor in a fact"
    with pytest.raises(FactError, match=told):
        Batch.of(RULES, facts)
    with pytest.raises(FactError, match=told):
        list(matcher.match([Batch(tuple(RULES), "rules of a date", facts)]))
    assert list(matcher.match([Batch.of(RULES, FACTS)])) == [FIRED]


# What can happen to the child


def test_a_killed_child_is_replaced_at_the_next_call():
    with ProcessMatcher() as own:
        assert list(own.match([Batch.of(RULES, FACTS)])) == [FIRED]
        first = own.child_pid
        send(signal.SIGKILL, first)
        wait_until_gone(first)
        assert list(own.match([Batch.of(RULES, FACTS)])) == [FIRED]
        assert own.child_pid != first


def test_a_child_killed_in_the_middle_of_a_call_is_replaced_and_asked_again():
    with ProcessMatcher() as own:
        expected = list(own.match([big_batch()]))
        first = own.child_pid
        send(signal.SIGSTOP, first)
        with ThreadPoolExecutor(1) as pool:
            waiting = pool.submit(lambda: list(own.match([big_batch()])))
            time.sleep(0.05)
            send(signal.SIGKILL, first)
            assert waiting.result() == expected
        assert own.child_pid != first


def test_a_child_that_does_not_answer_in_time_is_replaced_and_asked_again():
    with ProcessMatcher(timeout=1.0) as own:
        assert list(own.match([Batch.of(RULES, FACTS)])) == [FIRED]
        first = own.child_pid
        send(signal.SIGSTOP, first)
        assert next(iter(own.match([big_batch()])))
        assert own.child_pid != first
        assert not is_running(first)


def test_no_answer_in_time_from_two_children_is_an_error():
    with (
        ProcessMatcher(timeout=0.0) as own,
        pytest.raises(MatcherError, match=r"failed twice: no reply within 0 seconds.*; then no reply"),
    ):
        list(own.match([Batch.of(RULES, FACTS)]))


def test_a_child_that_dies_twice_is_an_error_with_its_last_words(monkeypatch):
    monkeypatch.setattr(matching_process, "BOOTSTRAP", "import os\nos.write(2, b'out of luck')\nos.abort()")
    with (
        ProcessMatcher() as own,
        pytest.raises(
            MatcherError, match=r"failed twice: it ended with signal 6; it wrote: out of luck; then"
        ),
    ):
        list(own.match([big_batch()]))
    monkeypatch.undo()
    with own:
        assert list(own.match([Batch.of(RULES, FACTS)])) == [FIRED]


def test_nonsense_on_the_engine_side_is_retried_and_then_an_error(monkeypatch):
    """A fault of the engine itself may have spoilt its memory, so a new process tries again."""
    monkeypatch.setattr(matching_process.Child, "_short", lambda _, key, rules, *facts: (key, None, *facts))
    with ProcessMatcher() as own, pytest.raises(MatcherError, match="failed twice: No rules were sent"):
        list(own.match([Batch.of(RULES, FACTS)]))
    with DirectMatcher() as direct:
        with pytest.raises(EngineError, match="No rules were sent"):
            direct._shelf.firings("unknown", None, "", ())
        with pytest.raises(EngineError, match="No facts were sent"):
            direct._shelf.firings("known", RULES, "unknown", None)


def test_facts_that_are_matched_again_are_sent_once_and_the_oldest_are_forgotten(monkeypatch):
    sent: list[Any] = []
    real = matching_process.Child._short

    def watched(child, *request):
        short = real(child, *request)
        sent.append(short[3])
        return short

    monkeypatch.setattr(matching_process.Child, "_short", watched)
    batches = [Batch.of(RULES, [{**FACTS[0], "id": f"f{number}"}]) for number in range(FACTS_KEPT + 1)]
    with ProcessMatcher() as own:
        first = list(own.match(batches))
        assert list(own.match(batches[1:])) == first[1:]
        assert sent[: len(batches)] == [batch.facts for batch in batches]
        assert set(sent[len(batches) :]) == {None}
        assert list(own.match(batches[:1])) == first[:1]
        assert sent[-1] == batches[0].facts
    assert len({str(one) for one in first}) == len(batches)


def test_a_child_that_dies_between_two_answers_is_replaced_and_asked_for_the_rest():
    with ProcessMatcher() as own:
        answers = own.match([a_batch(1)[0], big_batch(), a_batch(2)[0]])
        assert next(answers) == a_batch(1)[1]
        first = own.child_pid
        send(signal.SIGKILL, first)
        assert wait_until_gone(first)
        big, last = answers
        assert last == a_batch(2)[1]
        assert own.child_pid != first
        assert list(own.match([big_batch()])) == [big]


def test_a_question_asked_while_an_earlier_answer_is_read_is_answered_too():
    """Else a policy table asked for the first time in the middle of a comparison would wait for ever."""
    with ProcessMatcher() as own:
        for number, found in enumerate(own.match([a_batch(1)[0], a_batch(2)[0]]), 1):
            assert found == a_batch(number)[1]
            assert list(own.match([a_batch(3)[0]])) == [a_batch(3)[1]]
        assert list(own.match([a_batch(3)[0]])) == [a_batch(3)[1]]


def test_answers_that_nobody_reads_do_not_reach_the_next_caller():
    with ProcessMatcher() as own:
        for found in own.match([a_batch(1)[0], a_batch(2)[0], a_batch(3)[0]]):
            assert found == a_batch(1)[1]
            break
        assert list(own.match([a_batch(4)[0]])) == [a_batch(4)[1]]


def test_a_child_that_cannot_start_is_an_error(monkeypatch):
    monkeypatch.setattr(sys, "executable", str(PROJECT / "no such interpreter"))
    with ProcessMatcher() as own, pytest.raises(MatcherError, match="cannot be started"):
        list(own.match([Batch.of(RULES, FACTS)]))


def test_a_child_is_replaced_after_so_many_calls():
    with ProcessMatcher(calls_per_child=2) as own:
        children = []
        for _ in range(5):
            assert list(own.match([Batch.of(RULES, FACTS)])) == [FIRED]
            children.append(own.child_pid)
    assert children[0] == children[1] != children[2] == children[3] != children[4]
    assert all(wait_until_gone(child) for child in children)


def test_an_interrupt_while_waiting_does_not_give_the_next_caller_the_wrong_answer(monkeypatch):
    real = matching_process.Child._read

    def interrupted(_):
        raise KeyboardInterrupt

    with ProcessMatcher() as own:
        list(own.match([a_batch(1)[0]]))
        monkeypatch.setattr(matching_process.Child, "_read", interrupted)
        with pytest.raises(KeyboardInterrupt):
            list(own.match([a_batch(2)[0]]))
        monkeypatch.setattr(matching_process.Child, "_read", real)
        assert list(own.match([a_batch(3)[0]])) == [a_batch(3)[1]]


def test_threads_get_their_own_answers(matcher, direct):
    def work(number):
        batch, expected = a_batch(number % 90)
        return all(list(each.match([batch, batch])) == [expected, expected] for each in (matcher, direct))

    with ThreadPoolExecutor(8) as pool:
        assert all(pool.map(work, range(400)))


def test_close_ends_the_child_and_a_later_call_starts_another():
    own = ProcessMatcher()
    list(own.match([Batch.of(RULES, FACTS)]))
    first = own.child_pid
    own.close()
    own.close()
    assert not is_running(first)
    assert list(own.match([Batch.of(RULES, FACTS)])) == [FIRED]
    own.close()


def test_a_forgotten_matcher_ends_its_child():
    own = ProcessMatcher()
    list(own.match([Batch.of(RULES, FACTS)]))
    child = own.child_pid
    del own
    assert wait_until_gone(child)


def test_a_thousand_calls_do_not_grow_the_child():
    def resident(pid):
        return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * 4

    rules: list[dict[str, Any]] = [
        {"name": f"r{n}", "all": [["k", "==", f"k{n % 9}"], ["x", ">=", n]]} for n in range(100)
    ]
    batch = Batch.of(rules, [{"id": f"f{n}", "k": f"k{n % 9}", "x": 200} for n in range(30)])
    with ProcessMatcher() as own:
        for _ in range(100):
            list(own.match([batch]))
        child, before = own.child_pid, resident(own.child_pid)
        for number in range(1000):
            list(own.match([batch, a_batch(number)[0]]))
        assert own.child_pid == child
        assert resident(child) - before < 8000


# The life of processes


def test_the_child_loads_neither_site_nor_the_project():
    spec = importlib.util.find_spec("durable_rules_engine")
    assert spec is not None
    assert spec.origin is not None
    script = matching_process.BOOTSTRAP.replace(
        "\nserve()", "\nimport json\nprint(json.dumps(sorted(sys.modules)))"
    )
    command = [sys.executable, "-I", "-S", "-c", script, str(PROJECT / "engine"), spec.origin]
    loaded = json.loads(subprocess.run(command, capture_output=True, check=True).stdout)
    ours = {name for name in loaded if name.split(".")[0] in ("engine", "criteria", "mappings", "durable")}
    assert ours == {"engine", *(f"engine.{name}" for name in ("rules", "patterns", "rete", "rete_child"))}
    assert not {"site", "typing", "dataclasses", "pydantic"} & set(loaded)


def test_the_default_matcher_is_one_and_ends_with_the_interpreter():
    assert default_matcher() is default_matcher()
    done = run_python(
        "from engine.matching import Batch, default_matcher\n"
        "list(default_matcher().match([Batch.of([{'name': 'r', 'all': [['x', 'ex']]}], [])]))\n"
        "print(default_matcher().child_pid)\n"
    )
    assert done.stderr == ""
    assert wait_until_gone(int(done.stdout))


def test_the_child_ends_when_the_parent_is_killed():
    done = run_python(
        "import os, signal\n"
        "from engine.matching import Batch, default_matcher\n"
        "list(default_matcher().match([Batch.of([{'name': 'r', 'all': [['x', 'ex']]}], [])]))\n"
        "print(default_matcher().child_pid, flush=True)\n"
        "os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    assert done.returncode == -signal.SIGKILL
    assert wait_until_gone(int(done.stdout))


def test_a_forked_process_uses_a_child_of_its_own():
    done = run_python(
        "import os, sys\n"
        "from engine.matching import Batch, default_matcher\n"
        "batch = Batch.of([{'name': 'r', 'all': [['x', 'ex']]}], [{'id': 'f', 'x': 1}])\n"
        "def fired(): return list(default_matcher().match([batch])) == [[('r', 'f')]]\n"
        "assert fired()\n"
        "before = default_matcher().child_pid\n"
        "if os.fork() == 0:\n"
        "    assert default_matcher().child_pid is None\n"
        "    assert fired() and default_matcher().child_pid != before\n"
        "    sys.exit(0)\n"
        "assert os.wait()[1] == 0\n"
        "assert fired() and default_matcher().child_pid == before\n"
    )
    assert (done.returncode, done.stderr) == (0, "")


def test_an_interrupt_from_the_keyboard_does_not_end_the_child():
    with ProcessMatcher() as own:
        list(own.match([Batch.of(RULES, FACTS)]))
        child = own.child_pid
        send(signal.SIGINT, child)
        assert list(own.match([Batch.of(RULES, FACTS)])) == [FIRED]
        assert own.child_pid == child


def test_a_slow_caller_does_not_block_another_matcher():
    """Two matchers have two children."""
    with ProcessMatcher() as one, ProcessMatcher() as two:
        assert (
            list(one.match([Batch.of(RULES, FACTS)])) == list(two.match([Batch.of(RULES, FACTS)])) == [FIRED]
        )
        send(signal.SIGSTOP, one.child_pid)
        slow = threading.Thread(target=lambda: list(one.match([Batch.of(RULES, FACTS)])))
        slow.start()
        assert list(two.match([Batch.of(RULES, FACTS)])) == [FIRED]
        send(signal.SIGCONT, one.child_pid)
        slow.join()
