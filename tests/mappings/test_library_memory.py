"""What a Library remembers of days stays bounded: a server answers for new days every day."""

from __future__ import annotations

from datetime import date, timedelta

from mappings import library as library_module
from mappings.library import DAYS, load_library

DAY = date(2026, 1, 1)


def fresh() -> library_module.Library:
    """Return the shipped library with nothing remembered."""
    shipped = load_library()
    return library_module.Library(
        shipped.programs, shipped.editions, shipped.controls, shipped.maps, shipped.direct, shipped.digest
    )


def test_what_follows_from_a_day_is_kept_for_the_days_used_last():
    made: list[date] = []
    mine = fresh()

    def ask(day: date) -> date:
        def make() -> date:
            made.append(day)
            return day

        return mine.remember(("answer", day), make, day)

    for number in range(DAYS + 1):
        assert ask(DAY + timedelta(number)) == DAY + timedelta(number)
        ask(DAY + timedelta(1))  # in use again and again: not the one that makes room
    assert made == [DAY + timedelta(number) for number in range(DAYS + 1)]
    ask(DAY + timedelta(1))
    assert len(made) == DAYS + 1
    ask(DAY)
    assert made[-1] == DAY


def test_a_day_with_very_many_results_starts_anew(monkeypatch):
    monkeypatch.setattr(library_module, "OF_A_DAY", 10)
    mine = fresh()
    for number in range(100):
        mine.remember(("answer", number), object, DAY)
    assert len(mine._memory) <= 12


def test_what_holds_on_any_day_is_kept():
    mine = fresh()
    first = mine.remember("answer", object)
    for number in range(3 * DAYS):
        mine.remember(("of a day", number), object, DAY + timedelta(number))
    assert mine.remember("answer", object) is first
