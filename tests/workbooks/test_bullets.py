"""Texts are split at their bullets, whatever the sign, and only where they are a list."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workbooks.bullets import split_bullets

LISTS = {
    "signs": (
        "Members must:\n• lock the gate\n• check seals",
        "Members must:",
        ("lock the gate", "check seals"),
    ),
    "wrapped line": ("• lock\n  the gate\n• check", "", ("lock the gate", "check")),
    "dashes": ("Lead:\n- one\n– two", "Lead:", ("one", "two")),
    "letters": ("a) one\nb) two\nc) three", "", ("one", "two", "three")),
    "brackets": ("Lead\n(1) one\n(2) two", "Lead", ("one", "two")),
    "roman": ("i. one\nii. two\niii. three\niv. four", "", ("one", "two", "three", "four")),
    "in one line": (
        "The plan covers: • risks • training • review",
        "The plan covers:",
        ("risks", "training", "review"),
    ),
    "circled": ("次の事項：\n①検査する\n②記録する", "次の事項：", ("検査する", "記録する")),
    "chinese": ("（一）检查\n（二）记录", "", ("检查", "记录")),
    "korean": ("가. 검사\n나. 기록", "", ("검사", "기록")),
    "arabic": ("أ- الفحص\nب- التسجيل", "", ("الفحص", "التسجيل")),
    "middle dot": ("・検査\n・記録", "", ("検査", "記録")),
    "one unmistakable": ("Access:\n• is controlled", "Access:", ("is controlled",)),
    "nested": ("1) gates\n- locked\n2) doors", "", ("gates - locked", "doors")),
    "paragraph after": ("• a\n• b\n\nAll of it yearly.", "", ("a", "b", "All of it yearly.")),
}


@pytest.mark.parametrize("name", LISTS)
def test_a_list_is_split_into_its_clauses(name):
    text, lead, bullets = LISTS[name]
    found = split_bullets(text)
    assert (found.lead, found.bullets) == (lead, bullets)


@pytest.mark.parametrize(
    "text",
    ["One sentence.", "1. the only one", "6.1 first\n6.2 second", "ten - twelve\n- a dash that continues",
     "10. x\n11. y", "A. Smith signs\nthe form", "", "Two\nlines"],
)  # fmt: skip
def test_a_text_that_is_no_list_stays_whole(text):
    assert split_bullets(text).bullets == ()
    assert split_bullets(text).lead == text.strip()


@given(
    st.lists(st.text(st.characters(categories=["L", "N"]), min_size=2, max_size=20), min_size=2, max_size=8)
)
def test_no_word_of_a_list_is_lost(clauses):
    found = split_bullets("Lead:\n" + "\n".join(f"• {clause}" for clause in clauses))
    assert found.bullets == tuple(clauses)


@given(st.text(max_size=300))
def test_any_text_can_be_split_and_keeps_its_letters(text):
    found = split_bullets(text)
    kept = "".join((found.lead, *found.bullets))
    lost = len([c for c in text if c.isalpha()]) - len([c for c in kept if c.isalpha()])
    # A mark such as "a)" may go; nothing else does.
    assert lost <= 5 * (len(found.bullets) + 1)
