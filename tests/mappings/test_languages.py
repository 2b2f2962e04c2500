"""The language data behind the suggestions, and how texts are cut into words."""

from __future__ import annotations

import pytest

from mappings.languages import function_words, glossary, languages_of, strength_words, with_english
from mappings.wording import Text, in_context, normalised, stem, views, words


@pytest.mark.parametrize(
    ("text", "languages"),
    [
        ("The doors are locked at night", ("en",)),
        ("Las puertas deben estar cerradas por la noche", ("es",)),
        ("As portas devem ser trancadas pela empresa", ("pt",)),
        ("Les portes doivent être fermées chaque nuit", ("fr",)),
        ("扉は施錠する", ("ja",)),
        ("문을 잠근다", ("ko",)),
        ("门必须上锁", ("zh", "ja")),
        ("يجب إغلاق الأبواب", ("ar",)),
        ("17712", ()),
    ],
)
def test_script_and_function_words_tell_the_language(text, languages):
    assert languages_of(text) == languages


@pytest.mark.parametrize(
    "text",
    [
        "precintos de alta seguridad",
        "los lacres da carga",
        "les scellés du conteneur",
        "封印",
        "봉인",
        "封条",
        "أختام",
    ],
)
def test_a_foreign_term_brings_its_english_words(text):
    (glossed,) = with_english([text])
    assert glossed.startswith(text)
    assert "seal" in glossed.removeprefix(text)


def test_english_is_left_as_it_is():
    texts = ["Transport of cargo in the container", "Video"]
    assert with_english(texts) == texts


def test_a_term_without_function_words_is_read_in_the_language_of_the_rest():
    _, glossed = with_english(["Los precintos se guardan en la bodega", "capacitación"])
    assert glossed == "capacitación . training"


def test_every_entry_of_the_glossary_has_english_and_every_language():
    assert len(glossary()) > 60
    for entry in glossary():
        assert entry.english
        assert sorted(entry.patterns) == ["ar", "es", "fr", "ja", "ko", "pt", "zh"], entry.english


def test_no_term_of_the_glossary_matches_everything():
    for entry in glossary():
        for pattern in entry.patterns.values():
            assert not pattern.search("x")


def test_the_kinds_of_strength_are_read_denials_first():
    assert [kind for kind, _ in strength_words()] == ["not required", "must not", "should", "must", "may"]


def test_function_words_are_left_out_and_words_keep_their_order():
    assert "the" in function_words()["en"]
    assert words("The seals of each container must be checked") == ["seals", "container", "checked"]


def test_unspaced_scripts_are_cut_into_pairs():
    assert words("高保安封条") == ["高保", "保安", "安封", "封条"]


def test_forms_of_a_word_share_a_stem():
    assert stem("inspección") == stem("inspeccionar") == "inspec"


@pytest.mark.parametrize("other", ["  Gates are\nLOCKED ", "gates are locked.", "ｇａｔｅｓ are locked"])
def test_two_texts_are_the_same_whatever_their_case_width_and_spaces(other):
    assert normalised(other) == normalised("Gates are locked")


def test_a_text_of_several_sentences_is_also_seen_one_by_one():
    assert views("Visitor log. Visitors sign in.") == [
        "Visitor log. Visitors sign in.", "Visitor log.", "Visitors sign in."
    ]  # fmt: skip
    assert views("Visitors sign in") == ["Visitors sign in"]


def test_a_title_takes_the_heading_it_stands_under():
    assert in_context([Text("6.2", "Review", "Seals")]) == ["Review. Seals"]


def test_the_last_step_of_a_path_is_the_heading_and_its_number_is_left_out():
    assert in_context([Text("PR.AC-1", "Review", "PR Protect > PR.AC Access control")]) == [
        "Review. Access control"
    ]


def test_without_a_heading_the_parent_id_gives_it():
    texts = [Text("6", "Seal security"), Text("6.2", "Review"), Text("6.2.a", "Yearly")]
    assert in_context(texts) == ["Seal security", "Review. Seal security", "Yearly. Review"]


def test_a_whole_sentence_stands_for_itself():
    text = "The written seal procedures are reviewed by a manager at least once every year and kept."
    assert in_context([Text("6.2", text, "Seals")]) == [text]
