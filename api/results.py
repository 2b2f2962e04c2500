"""Answers that never change, kept in memory: the bytes of comparisons, and what was computed for them."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable
from typing import Any, TypeVar, cast

Made = TypeVar("Made")

MOST = 192 << 20  # bytes, as estimated by whoever puts something here
UNKNOWN = 4 << 20  # bytes taken for a value of unknown size


class Results:
    """A shelf of the results used last, up to a size; each is made once at a time.

    Keys name everything a result follows from, so nothing on the shelf is ever out of date.
    """

    def __init__(self, most: int = MOST) -> None:
        self._most = most
        self._made: OrderedDict[Hashable, tuple[Any, int]] = OrderedDict()
        self._making: dict[Hashable, threading.Lock] = {}
        self._lock = threading.Lock()
        self.size = 0  # bytes, estimated

    def __len__(self) -> int:
        return len(self._made)

    def find(self, key: Hashable) -> Any | None:
        """Return what is kept under a key, or None."""
        with self._lock:
            found = self._made.get(key)
            if found is None:
                return None
            self._made.move_to_end(key)
            return found[0]

    def put(self, key: Hashable, value: Made, size: int = UNKNOWN) -> Made:
        """Keep a result and return it; what was used longest ago makes room."""
        with self._lock:
            before = self._made.pop(key, None)
            self.size += size - (before[1] if before else 0)
            self._made[key] = (value, size)
            self._making.pop(key, None)
            while self.size > self._most and len(self._made) > 1:
                self.size -= self._made.popitem(last=False)[1][1]
        return value

    def get(self, key: Hashable, make: Callable[[], Made], size: Callable[[Made], int] | None = None) -> Made:
        """Return what is kept under a key, or make it; others who ask for the same wait for it."""
        found = self.find(key)
        if found is not None:
            return cast(Made, found)
        with self._lock:
            turn = self._making.setdefault(key, threading.Lock())
        try:
            with turn:
                found = self.find(key)
                if found is not None:
                    return cast(Made, found)
                made = make()
                return self.put(key, made, size(made) if size else UNKNOWN)
        finally:
            with self._lock:
                self._making.pop(key, None)
