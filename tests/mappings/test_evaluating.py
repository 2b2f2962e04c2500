"""Evaluation on a crosswalk: the figures, and what is said about a broken file."""

from __future__ import annotations

import json

import pytest

from criteria.problems import DataError
from mappings.evaluating import crosswalk_from_json, evaluate, read_crosswalk
from tests.mappings.suggestion_texts import CONTROLS, UNRELATED

TARGETS = [{"id": c.id, "text": c.text} for c in CONTROLS]
SOURCES = [
    {"id": "1", "text": "Containers must be sealed with high-security seals when loading is finished."},
    {"id": "2", "text": "Visitors must be registered and show photo identification."},
    {"id": "3", "text": "Employees are trained in security."},
]


def crosswalk(links, sources=SOURCES):
    return {
        "source": sources,
        "target": TARGETS,
        "links": [{"source_id": s, "target_id": t} for s, t in links],
    }


@pytest.mark.parametrize("method", ["lexical", "encoder", "fused"])
def test_right_links_give_full_marks(method):
    figures = evaluate(crosswalk([("1", "seal"), ("2", "visitors"), ("3", "training")]), method=method)
    assert (figures.n, figures.targets, figures.method) == (3, 22, method)
    assert (figures.mrr, figures.hit_1, figures.hit_5, figures.hit_20) == (1, 1, 1, 1)
    assert (figures.recall_5, figures.recall_10, figures.abstention) == (1, 1, 0)
    assert figures.abstention_right is None


def test_only_linked_sources_count():
    assert evaluate(crosswalk([("1", "seal")])).n == 1


def test_recall_counts_each_link_and_hit_the_first():
    figures = evaluate(crosswalk([("1", "seal"), ("1", "password"), ("1", "seal")]))
    assert (figures.hit_1, figures.recall_5) == (1, 0.5)


def test_abstention_and_whether_it_was_right_are_told():
    sources = [*SOURCES, {"id": "4", "text": UNRELATED[0]}]
    links = [("1", "seal"), ("2", "visitors"), ("3", "training"), ("4", "policy")]
    figures = evaluate(crosswalk(links, sources))
    assert figures.abstention == 0.25
    assert figures.abstention_right == 1


def test_the_order_of_the_file_changes_nothing():
    links = [("1", "seal"), ("2", "visitors"), ("3", "keys")]
    straight = crosswalk(links)
    turned = {key: list(reversed(value)) for key, value in straight.items()}
    assert evaluate(straight) == evaluate(turned)


def test_the_heading_of_an_entry_is_read():
    walk = read_crosswalk({**crosswalk([("1", "seal")]), "source": [{**SOURCES[0], "section": "Seals"}]})
    assert walk.sources[0].heading == "Seals"


def broken(change):
    data = json.loads(json.dumps(crosswalk([("1", "seal")])))
    change(data)
    return data


@pytest.mark.parametrize(
    ("change", "code", "key", "says"),
    [
        (lambda d: d.pop("links"), "crosswalk_part_missing", "links", '"links" is missing'),
        (lambda d: d.update(source={}), "crosswalk_shape", "source", "not a list"),
        (lambda d: d.update(target=[]), "crosswalk_empty", "target", "no entries"),
        (lambda d: d.update(links=[]), "crosswalk_empty", "links", "no links"),
        (lambda d: d["source"].append("x"), "crosswalk_entry", "source[3]", "not an object"),
        (lambda d: d["source"][1].pop("text"), "crosswalk_entry", "source[1].text", "is missing"),
        (lambda d: d["source"][1].update(text=7), "crosswalk_entry", "source[1].text", "not a text"),
        (lambda d: d["source"][1].update(id=""), "crosswalk_entry", "source[1].id", "is empty"),
        (lambda d: d["target"].append(d["target"][0]), "crosswalk_duplicate_id", "target[22].id", "twice"),
        (
            lambda d: d["links"][0].update(target_id="seals"),
            "crosswalk_unknown_id",
            "links[0].target_id",
            "Did you mean seal",
        ),
        (lambda d: d["links"][0].pop("source_id"), "crosswalk_entry", "links[0].source_id", "is missing"),
    ],
)
def test_a_broken_crosswalk_is_told_with_code_place_and_cure(change, code, key, says):
    with pytest.raises(DataError) as caught:
        evaluate(broken(change))
    first = caught.value.problems[0]
    assert (first.code, first.key) == (code, key)
    assert says in str(first)
    assert first.hint


def test_all_problems_are_told_at_once():
    def change(data):
        data["source"][0].pop("text")
        data["target"][2].pop("id")
        data["links"].append({"source_id": "2", "target_id": "gone"})

    with pytest.raises(DataError) as caught:
        evaluate(broken(change))
    assert len(caught.value.problems) == 4


@pytest.mark.parametrize("text", ["{", "[]", "null", ""])
def test_a_file_that_is_no_crosswalk_is_refused_by_name(text):
    with pytest.raises(DataError, match=r"walk\.json"):
        crosswalk_from_json(text, "walk.json")


def test_a_crosswalk_is_read_from_its_text():
    assert crosswalk_from_json(json.dumps(crosswalk([("1", "seal")]))).links == {"1": frozenset({"seal"})}
