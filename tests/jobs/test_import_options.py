"""What is typed about columns and strength words is understood, or told with an example."""

from __future__ import annotations

import pytest

from criteria.problems import MraError
from jobs.import_options import columns_from_options, strengths_from_options
from workbooks.named_columns import NamedColumns


def test_columns_are_gathered_by_sheet_with_the_header_row():
    found = columns_from_options(["A!B=requirement", "'A'!C=ref", "My sheet!D=notes"], 3, [])
    assert found == (
        NamedColumns("A", {"B": "requirement", "C": "ref"}, 3),
        NamedColumns("My sheet", {"D": "notes"}, 3),
    )


def test_the_sheet_may_be_left_out_and_a_header_row_may_stand_alone():
    assert columns_from_options(["B=ref"], 0, ["S"]) == (NamedColumns("S", {"B": "ref"}, 0),)
    assert columns_from_options([], 7, []) == (NamedColumns("", {}, 7),)
    assert columns_from_options([], 0, []) == ()


@pytest.mark.parametrize("text", ["B", "=ref", "S!=ref", "B="])
def test_a_text_that_names_no_column_is_told_with_an_example(text):
    with pytest.raises(MraError, match="such as Criteria!B=requirement"):
        columns_from_options([text], 0, [])


def test_strength_words_are_read_and_a_wrong_strength_is_told():
    assert strengths_from_options(["verplicht=must", "a=b=Should"]) == {"verplicht": "must", "a=b": "should"}
    with pytest.raises(MraError, match="Did you mean must"):
        strengths_from_options(["verplicht=mustt"])
