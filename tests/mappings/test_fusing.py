"""Joining likenesses: scales, popular targets, scores that follow the ranking."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mappings.aligning import WordAlignment
from mappings.fusing import falling, fused, standing_out
from mappings.lexical import LetterIndex


def test_a_target_near_to_everything_is_held_back():
    likeness = np.tile([0.50, 0.2, 0.2], (60, 1))
    likeness[0, 1] = 0.49
    assert likeness[0].argmax() == 0
    assert standing_out(likeness)[0].argmax() == 1


def test_a_row_in_which_nothing_is_alike_stays_at_zero():
    assert not standing_out(np.zeros((3, 4))).any()


def test_nothing_to_join_is_no_error():
    assert fused([np.zeros((0, 4)), np.zeros((0, 4))]).shape == (0, 4)


@given(st.lists(st.floats(0, 1), max_size=30))
def test_falling_values_never_rise_and_keep_their_mean(values):
    smooth = falling(values)
    assert len(smooth) == len(values)
    assert all(a >= b - 1e-9 for a, b in itertools.pairwise(smooth))
    assert sum(smooth) == pytest.approx(sum(values))


def test_the_same_text_is_wholly_alike_by_letters_and_words():
    text = "Seals are checked"
    assert LetterIndex([text, "fence"]).likeness([text])[0] == pytest.approx([1, 0], abs=0.05)
    assert WordAlignment([text], [[text], ["fence"]], None).likeness()[0] == pytest.approx([1, 0])


@given(st.lists(st.text(max_size=30), max_size=5), st.lists(st.text(max_size=30), max_size=5))
def test_any_texts_give_likenesses_between_0_and_1(sources, targets):
    letters = LetterIndex(targets).likeness(sources)
    by_words = WordAlignment(sources, [[t] for t in targets], None).likeness()
    for likeness in (letters, by_words):
        assert likeness.shape == (len(sources), len(targets))
        assert ((likeness >= 0) & (likeness <= 1 + 1e-9)).all()
