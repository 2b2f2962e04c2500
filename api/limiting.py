"""How often one caller may come: a full bucket a minute, refilled steadily."""

from __future__ import annotations

import math
import time
from collections import OrderedDict
from collections.abc import Hashable

KNOWN = 10_000  # callers remembered; the one longest away is forgotten first


class RateLimit:
    """Counts callers in memory. Used from the event loop only, so it needs no lock."""

    def __init__(self, per_minute: int) -> None:
        self._most = float(per_minute)
        self._left: OrderedDict[Hashable, tuple[float, float]] = OrderedDict()

    def wait(self, caller: Hashable, cost: float = 1.0) -> int:
        """Take one turn; return 0, or how many seconds the caller has to wait for the next."""
        if not self._most:
            return 0
        now = time.monotonic()
        left, seen = self._left.pop(caller, (self._most, now))
        left = min(self._most, left + (now - seen) * self._most / 60.0)
        allowed = left >= 1.0
        self._left[caller] = (left - cost if allowed else left, now)
        if len(self._left) > KNOWN:
            self._left.popitem(last=False)
        return 0 if allowed else max(1, math.ceil((1.0 - left) * 60.0 / self._most))
