"""Words are found fast, and no faster way of looking misses any."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from criteria.normalising import is_strength_word, letters_of_strength, means_everybody
from criteria.stated_parameters import _candidates, _patterns, parameters_in
from criteria.words import finder_of, fold, word_data, word_finders
from tests.criteria.test_normalising import TEXTS

WORDS = sorted(
    {
        str(word)
        for table in ("strengths", "units", "numbers")
        for row in word_data()[table].values()
        for word in row
    }
)
for row in word_data()["patterns"]:
    for words in (row.get("phrases", ()), *(amount["words"] for amount in row.get("amounts", ()))):
        WORDS += [str(word) for word in words]
PIECES = st.one_of(
    st.sampled_from(WORDS), st.integers(1, 99).map(str), st.sampled_from([" ", ". ", "、", "("])
)


@given(st.lists(PIECES, max_size=12).map(" ".join))
def test_a_text_without_the_words_a_pattern_needs_does_not_match_it(text):
    """So that leaving the pattern out changes nothing."""
    folded = fold(text)
    for dimension, _, finder in _patterns():
        alone = [match.group() for match in finder.pattern.finditer(folded)]
        assert [match.group() for match in finder.finditer(folded)] == alone, dimension
    for _, finder in word_finders("strengths"):
        assert bool(finder.search(folded)) == bool(finder.pattern.search(folded))


@given(st.lists(PIECES, max_size=12).map(" ".join))
def test_the_patterns_left_out_for_a_text_do_not_match_it(text):
    """Whatever its words begin with."""
    folded = fold(text)
    tried = _candidates(folded)
    assert not [one for one in _patterns() if one not in tried and one[2].search(folded)]


@pytest.mark.parametrize("text", [text for text, _ in TEXTS])
def test_line_breaks_within_a_text_do_not_hide_a_parameter(text):
    """Cells are full of them."""
    plain = [(one.field, one.value) for one in parameters_in(text)]
    assert [(one.field, one.value) for one in parameters_in(text.replace(" ", "\n"))] == plain


@pytest.mark.parametrize(
    ("text", "field", "value"),
    [
        ("conservar la documentación durante cinco (5) años", "retention", "5 years"),
        ("records are kept for 5 (five) years", "retention", "5 years"),
        ("reported within thirty (30) days", "deadline", "30 days"),
        ("As imagens devem ser mantidas por no mínimo 90 dias.", "retention", "90 days"),
    ],
)
def test_numbers_as_contracts_write_them_are_read(text, field, value):
    """In words and in figures."""
    assert (field, value) in [(one.field, one.value) for one in parameters_in(text)]


def test_the_longest_word_is_tried_first():
    """Else "year" would hide "years"."""
    match = finder_of(["year", "years"]).search("two years")
    assert match is not None
    assert match.group() == "years"


def test_letters_mean_a_strength_only_beside_an_m():
    """R alone may be required or recommended."""
    assert letters_of_strength(["M", "R", "O", "M"]) == {"M": "must", "R": "should", "O": "may"}
    assert letters_of_strength(["R", "O"]) == {}


def test_the_words_of_the_scale_itself_are_strength_words():
    """A template offers them."""
    assert all(is_strength_word(word) for word in ("must", "should", "may", "info"))


@pytest.mark.parametrize("text", ["All", "Todos los operadores", "全て", "전체", "جميع المشغلين"])
def test_everybody_is_said_in_many_ways(text):
    """Each means all roles."""
    assert means_everybody(text)
