"""The last few results are kept; the one not used for longest makes room."""

from __future__ import annotations

from jobs.recent import Recent


def test_the_result_not_used_for_longest_makes_room():
    made: list[str] = []
    recent: Recent[str] = Recent(2)

    def ask(key: str) -> str:
        def make() -> str:
            made.append(key)
            return key.upper()

        return recent.get(key, make)

    assert [ask(key) for key in ("a", "b", "a", "c", "a")] == ["A", "B", "A", "C", "A"]
    assert made == ["a", "b", "c"]
    assert len(recent) == 2
    ask("b")
    assert made[-1] == "b"
