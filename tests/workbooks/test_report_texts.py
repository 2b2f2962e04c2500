"""Texts for cells: cut to what Excel holds, measured in lines, shortened to the highest row."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from workbooks.report.styles import VERDICT_FILL, luminance, readable_on, tint
from workbooks.report.texts import EXCEL_TEXT_LIMIT, cut, line_count, safe, shorten


def test_east_asian_text_counts_twice():
    assert line_count("封" * 40, 20) >= 2 * line_count("a" * 40, 20) - 1


def test_every_line_end_begins_a_line():
    assert line_count("a\nb\n\nc", 20) == 4


def test_a_word_longer_than_a_line_breaks_anywhere():
    assert line_count("x" * 200, 20) > 7


@given(st.text(max_size=300), st.floats(min_value=6, max_value=80))
def test_a_wider_column_never_takes_more_lines(text, width):
    assert line_count(text, width + 20) <= line_count(text, width)


@given(st.text(min_size=1, max_size=400), st.integers(min_value=3, max_value=8))
def test_a_shortened_text_fits_and_a_short_one_stays(text, most):
    found = shorten(text, 30, most, " …")
    assert line_count(found, 30) <= most
    if line_count(text, 30) <= most:
        assert found == text


@given(st.text(alphabet=st.characters(), max_size=60))
def test_a_safe_text_can_be_written_and_is_stable(text):
    found = safe(text)
    found.encode("utf-8")
    assert safe(found) == found


def test_a_cut_counts_utf_16_units():
    found = cut("🔒" * 20_000)
    assert len(found.encode("utf-16-le")) // 2 <= EXCEL_TEXT_LIMIT
    assert found.endswith("[cut: the full text has 20,000 characters]")


def test_every_verdict_is_readable_on_its_colour_and_on_every_tint():
    for fill in VERDICT_FILL.values():
        for depth in (0.25, 0.4375, 0.625, 0.8125, 1.0):
            ground = tint(fill, depth)
            light, dark = sorted((luminance(ground), luminance(readable_on(ground))), reverse=True)
            assert (light + 0.05) / (dark + 0.05) >= 4.5, (fill, depth)
