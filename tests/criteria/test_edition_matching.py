"""Which criterion of a new edition is which of the old one: first by reference, then by text."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from criteria.editions import Match, match_editions, plain_text, same_text
from criteria.model import Criterion
from tests.builders import criterion

SEALS = "High-security seals are affixed to every container bound for the border."
GATES = "Gates through which vehicles enter are manned and monitored at all times."
STAFF = "Applicants for employment are screened before they are hired."


def rows(**texts: str) -> list[Criterion]:
    """Return criteria by reference; an underscore in a name stands for a dot."""
    return [criterion(ref[1:].replace("_", "."), "seal", statement=text) for ref, text in texts.items()]


def matches(old: list[Criterion], new: list[Criterion]) -> set[tuple[str, str, str]]:
    """Return kind and references of every match."""
    return {(one.kind, one.old, one.new) for one in match_editions(old, new)}


def test_the_same_reference_with_the_same_text_is_unchanged():
    """Case, spacing and punctuation are no change."""
    assert match_editions(rows(r1=SEALS), rows(r1=SEALS.upper().replace(" ", "  "))) == [
        Match("unchanged", "1", "1", 100)
    ]


def test_the_same_reference_with_a_like_text_is_changed():
    """With how like it is, of 100."""
    [found] = match_editions(rows(r1=SEALS), rows(r1=SEALS.replace("every container", "each trailer")))
    assert (found.kind, found.old, found.new) == ("changed", "1", "1")
    assert 55 <= found.likeness < 100


def test_only_equal_texts_are_wholly_alike():
    """The same words in another order may say something else."""
    [found] = match_editions(rows(r1="guards check drivers"), rows(r1="drivers check guards"))
    assert (found.kind, found.likeness) == ("changed", 99)


def test_a_text_under_another_reference_has_moved():
    """References are given anew in many editions."""
    assert matches(rows(r1=SEALS, r2=GATES), rows(r2=SEALS, r3=GATES)) == {
        ("moved", "1", "2"),
        ("moved", "2", "3"),
    }


def test_a_reference_given_to_another_subject_is_not_changed():
    """The old text vanished, the new one is added."""
    assert matches(rows(r1=SEALS), rows(r1=STAFF)) == {("vanished", "1", ""), ("added", "", "1")}


def test_what_is_only_on_one_side_vanished_or_was_added():
    """Nothing is forced together."""
    assert matches(rows(r1=SEALS), []) == {("vanished", "1", "")}
    assert matches([], rows(r1=SEALS)) == {("added", "", "1")}
    assert matches([], []) == set()


def test_the_likest_pair_is_matched_first_and_each_only_once():
    """Two old texts do not become one new text."""
    near = SEALS.replace("container", "trailer")
    found = matches(rows(r1=near, r2=SEALS), rows(r9=SEALS))
    assert found == {("moved", "2", "9"), ("vanished", "1", "")}


def test_texts_are_the_same_whatever_their_case_and_signs():
    """Full-width letters are letters."""
    assert plain_text("Ｓｅａｌｓ — “are”  used!") == "seals are used"
    assert same_text("Seals are used.", "SEALS, are used")
    assert not same_text("Seals are used.", "Seals are not used.")


TEXTS = st.lists(st.sampled_from([SEALS, GATES, STAFF, SEALS + " " + GATES]), max_size=5)


@given(TEXTS, TEXTS)
def test_every_criterion_of_both_editions_is_told_exactly_once(old, new):
    """None is lost and none is told twice."""
    before = [criterion(str(n), "seal", statement=text) for n, text in enumerate(old)]
    after = [criterion(str(n + 2), "seal", statement=text) for n, text in enumerate(new)]
    found = match_editions(before, after)
    assert sorted(one.old for one in found if one.old) == sorted(one.ref for one in before)
    assert sorted(one.new for one in found if one.new) == sorted(one.ref for one in after)
