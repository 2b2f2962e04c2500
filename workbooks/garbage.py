"""Python's search for garbage cycles, paused while a big sheet is taken apart.

What is made of a sheet stays, so each search walks over tens of thousands of new cells, and over the library,
and finds nothing: a fifth of the time of a large import.
"""

from __future__ import annotations

import gc
import threading
from collections.abc import Iterator
from contextlib import contextmanager

_lock = threading.Lock()
_state = {"pauses": 0, "resume": False}


@contextmanager
def collector_paused() -> Iterator[None]:
    """Pause the collector of this process; it goes on when the last of several pauses has ended.

    For work of a second or two that only builds: other threads' cycles wait as long. Also a decorator.
    """
    with _lock:
        if not _state["pauses"]:
            _state["resume"] = gc.isenabled()
            gc.disable()
        _state["pauses"] += 1
    try:
        yield
    finally:
        with _lock:
            _state["pauses"] -= 1
            if not _state["pauses"] and _state["resume"]:
                gc.enable()
