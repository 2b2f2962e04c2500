"""The shelf of results: each is made once, and old ones make room."""

from __future__ import annotations

import threading

import pytest

from api.results import Results


def test_a_result_is_made_once_however_many_ask_at_the_same_time():
    shelf, made, gate = Results(), [], threading.Event()

    def make() -> str:
        gate.wait(5)
        made.append(1)
        return "done"

    threads = [threading.Thread(target=shelf.get, args=("key", make)) for _ in range(8)]
    for thread in threads:
        thread.start()
    gate.set()
    for thread in threads:
        thread.join()
    assert (made, shelf.find("key")) == ([1], "done")


def test_what_was_used_longest_ago_makes_room():
    shelf = Results(most=100)
    for key in "abc":
        shelf.put(key, key, 40)
        shelf.find("a")
    assert [shelf.find(key) for key in "abc"] == ["a", None, "c"]
    assert shelf.size == 80


def test_a_result_put_again_is_counted_once():
    shelf = Results(most=100)
    for size in (40, 60, 50):
        shelf.put("a", "x", size)
    assert (len(shelf), shelf.size) == (1, 50)


def test_a_failure_is_not_kept_and_leaves_nothing_behind():
    shelf = Results()
    with pytest.raises(ZeroDivisionError):
        shelf.get("a", lambda: 1 // 0)
    assert shelf.get("a", lambda: 2) == 2
