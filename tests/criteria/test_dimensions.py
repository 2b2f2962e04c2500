"""Written parameters become comparable values; what does not fit says what fits."""

from __future__ import annotations

import pytest

from criteria.dimensions import Value, ValueProblem, parameter_problems, parse_value, values_of
from criteria.vocabulary import vocabulary
from tests.builders import obligation

KNOWN = vocabulary().dimensions


@pytest.mark.parametrize(
    ("dimension", "raw", "figure"),
    [
        ("interval", "12 months", 365), ("interval", "1 year", 365), ("interval", "365 days", 365),
        ("interval", "4 quarters", 365), ("interval", "2 weeks", 14), ("interval", "0.5 years", 182),
        ("retention", "14 days", 14), ("retention", "3 business days", 3), ("deadline", "24 hours", 24),
        ("deadline", "1 day", 24), ("deadline", "90 minutes", 2), ("inspection_points", 7, 7),
        ("inspection_points", "7 points", 7), ("pass_mark", 70, 70), ("seal_standard", "any_seal", 0),
        ("seal_standard", "iso17712_high_security", 4), ("written", True, 1), ("written", False, 0),
    ],
)  # fmt: skip
def test_a_written_value_becomes_a_figure_in_its_unit(dimension, raw, figure):
    """Days, hours, points, or the rank counted from the weakest."""
    assert parse_value(KNOWN[dimension], raw).figure == figure


@pytest.mark.parametrize(
    ("dimension", "raw", "says"),
    [
        ("interval", 12, "Write a time with its unit"),
        ("interval", "yearly", "Write a number of days, or vague"),
        ("interval", "12 fortnights", "Write a time with its unit"),
        ("interval", True, "Write a number of days"),
        ("inspection_points", "7 doors", "Write a number of points"),
        ("seal_standard", "iso17712_high", "Did you mean"),
        ("written", "yes", "Write true or false"),
        ("elements", [], "Write a list of items"),
        ("elements", ["wheight"], "Did you mean weight"),
        ("elements", 3, "Write a list of items"),
        ("retention", {"value": "1 year", "since": "arrival"}, "the event it is counted from"),
        ("retention", {"from": "arrival"}, "the event it is counted from"),
        ("elements", "other", "is not an item"),
        ("interval", "-3 days", "Write a number of days"),
    ],
)
def test_a_value_that_does_not_fit_says_what_fits(dimension, raw, says):
    """The text of the error is the cure."""
    with pytest.raises(ValueProblem, match=says):
        parse_value(KNOWN[dimension], raw)


def test_vague_other_and_anchored_values():
    """Spoken of without a figure, another standard, and a duration counted from an event."""
    assert parse_value(KNOWN["interval"], "vague").vague
    assert parse_value(KNOWN["elements"], "vague").vague
    assert parse_value(KNOWN["seal_standard"], "other") == Value("another standard", other=True)
    anchored = parse_value(KNOWN["retention"], {"value": "14 days", "from": "arrival"})
    assert (anchored.figure, anchored.anchor, anchored.words) == (14, "arrival", "14 days")


def test_one_item_may_be_written_without_a_list():
    """A set of one."""
    assert parse_value(KNOWN["report_to"], "customs").items == frozenset({"customs"})


def test_the_values_of_an_obligation_come_in_one_order():
    """That of the dimensions' keys, whatever the order in the file."""
    one = obligation("a", "x", parameters={"written": True, "interval": "1 year"})
    assert list(values_of(one)) == ["interval", "written"]


def test_every_fault_of_a_set_of_parameters_is_told():
    """Reading does not stop at the first."""
    found = parameter_problems({"intervall": "1 year", "written": "yes", "retention": "1 year"})
    assert [(one.code, one.key) for one in found] == [
        ("unknown-dimension", "intervall"), ("bad-parameter", "written"),
    ]  # fmt: skip


@pytest.mark.parametrize("dimension", KNOWN.values(), ids=lambda one: one.key)
def test_every_dimension_is_complete(dimension):
    """It has a name, what its kind needs, and a reason for each way to differ."""
    assert dimension.name
    assert bool(dimension.values) == (dimension.kind == "rank")
    assert bool(dimension.items) == (dimension.kind == "set")
    assert bool(dimension.unit) == (dimension.kind == "figure")
    assert all((dimension.looser_reason, dimension.stricter_reason, dimension.not_stated_reason))
    assert len(set(dimension.items)) == len(dimension.items)
