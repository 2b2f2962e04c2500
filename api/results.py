"""Answers that never change, kept in memory: the bytes of comparisons, and what was computed for them."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable
from typing import Any, TypeVar, cast

Made = TypeVar("Made")


class Results:
    """A shelf of the results used last; `keep` of them, and each is made once at a time.

    Keys name everything a result follows from, so nothing on the shelf is ever out of date.
    """

    def __init__(self, keep: int = 128) -> None:
        self._keep = keep
        self._made: OrderedDict[Hashable, Any] = OrderedDict()
        self._making: dict[Hashable, threading.Lock] = {}
        self._lock = threading.Lock()

    def __len__(self) -> int:
        return len(self._made)

    def find(self, key: Hashable) -> Any | None:
        """Return what is kept under a key, or None."""
        with self._lock:
            if key in self._made:
                self._made.move_to_end(key)
            return self._made.get(key)

    def put(self, key: Hashable, value: Made) -> Made:
        """Keep a result and return it."""
        with self._lock:
            self._made[key] = value
            self._making.pop(key, None)
            while len(self._made) > self._keep:
                self._made.popitem(last=False)
        return value

    def get(self, key: Hashable, make: Callable[[], Made]) -> Made:
        """Return what is kept under a key, or make it; others who ask for the same wait for it."""
        found = self.find(key)
        if found is not None:
            return cast(Made, found)
        with self._lock:
            turn = self._making.setdefault(key, threading.Lock())
        with turn:
            found = self.find(key)
            return cast(Made, found) if found is not None else self.put(key, make())
