"""Cautions: what a rule sees in two texts that likeness does not."""

from __future__ import annotations

import pytest

from mappings.cautions import cautions, stance, tenor


def codes(source, target):
    return [c.code for c in cautions(tenor(source), tenor(target))]


@pytest.mark.parametrize(
    ("text", "strength"),
    [
        ("Gates must be locked.", "must"),
        ("Gates must not be left open.", "must not"),
        ("Gates need not be locked.", "not required"),
        ("Gates should be locked.", "should"),
        ("Gates may be locked.", "may"),
        ("Gates are locked.", ""),
        ("Gates must be locked and keys must not be copied.", ""),
        ("Las puertas deberán cerrarse.", "must"),
        ("Las puertas no deben quedar abiertas.", "must not"),
        ("As portas devem ser trancadas.", "must"),
        ("Les portes ne doivent pas rester ouvertes.", "must not"),
        ("扉は施錠しなければならない。", "must"),
        ("扉を開けたままにしてはならない。", "must not"),
        ("출입문은 잠가야 한다; 의무 사항이다.", "must"),
        ("不得擅自开启。", "must not"),
        ("يجب إغلاق الأبواب", "must"),
    ],
)
def test_the_strength_of_a_text_is_read_from_its_words(text, strength):
    assert tenor(text).strength == strength


@pytest.mark.parametrize(
    ("text", "kind", "values"),
    [
        ("kept for 30 days", "period", {"30 days"}),
        ("reviewed every 12 months", "period", {"1 year"}),
        ("reviewed annually", "period", {"1 year"}),
        ("se revisa una vez al año", "period", {"1 year"}),
        ("en un plazo de 24 horas", "period", {"1 day"}),
        ("within 36 hours", "period", {"36 hours"}),
        ("6か月ごとに", "period", {"6 months"}),
        ("30일 이상 보관", "period", {"30 days"}),
        ("a seven-point inspection", "number", {"7"}),
        ("seals to ISO 17712:2013", "standard", {"17712:2013"}),
        ("at least 5 % of cargo", "share", {"5 %"}),
    ],
)
def test_quantities_are_read_in_one_unit(text, kind, values):
    assert tenor(text).quantities[kind] == values


def test_a_pronoun_is_not_a_figure():
    assert tenor("One of the managers is responsible.").quantities == {}


def test_a_ban_against_a_duty_is_told():
    assert codes("Doors must be locked", "Doors must not be locked") == ["opposite_duty"]
    assert codes("Doors need not be locked", "Doors should be locked") == ["opposite_duty"]


def test_a_duty_against_advice_is_told():
    assert codes("Doors must be locked", "Doors should be locked") == ["strength_differs"]


def test_other_figures_of_one_kind_are_told_with_both():
    (caution,) = cautions(tenor("kept for 30 days"), tenor("kept for two months"))
    assert caution.code == "numbers_differ"
    assert caution.message == "The period differs: source 30 days, target 2 months."


@pytest.mark.parametrize(
    ("source", "target"),
    [
        ("kept for 12 months", "kept for one year"),
        ("kept for 30 days", "kept as long as needed"),
        ("Doors must be locked", "Doors are locked"),
        ("inspected at 7 points", "kept for 30 days"),
    ],
)
def test_nothing_is_told_where_nothing_disagrees(source, target):
    assert codes(source, target) == []


@pytest.mark.parametrize(
    ("text", "side"),
    [("must", 1), ("should", 1), ("must not", -1), ("not required", -1), ("may", 0), ("", 0)],
)
def test_a_text_asks_denies_or_does_neither(text, side):
    assert stance(tenor(text)) == side
