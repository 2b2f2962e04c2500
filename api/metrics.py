"""Counters and timings in the Prometheus text format, kept in memory."""

from __future__ import annotations

import threading
from bisect import bisect_left
from collections.abc import Iterable, Iterator, Mapping

MEDIA_TYPE = "text/plain; version=0.0.4; charset=utf-8"
BUCKETS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)  # seconds


class Metrics:
    """What the service counts. Routes are templates, so that the number of series stays small."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._requests: dict[tuple[str, str, int], int] = {}
        self._timings: dict[str, list[int]] = {}
        self._seconds: dict[str, float] = {}
        self.in_flight = 0

    def observe(self, method: str, route: str, status: int, seconds: float) -> None:
        """Count one answered request."""
        with self._lock:
            key = (method, route, status)
            self._requests[key] = self._requests.get(key, 0) + 1
            buckets = self._timings.setdefault(route, [0] * (len(BUCKETS) + 1))
            buckets[bisect_left(BUCKETS, seconds)] += 1
            self._seconds[route] = self._seconds.get(route, 0.0) + seconds

    def text(self, gauges: Mapping[str, tuple[str, float]]) -> str:
        """Return everything counted, with `gauges` of the moment: name to help text and value."""
        with self._lock:
            lines = [*self._request_lines(), *self._timing_lines()]
        told = {"mra_requests_in_flight": ("Requests being answered.", float(self.in_flight)), **gauges}
        for name, (about, value) in told.items():
            lines += [f"# HELP {name} {about}", f"# TYPE {name} gauge", f"{name} {value:g}"]
        return "\n".join(lines) + "\n"

    def _request_lines(self) -> Iterator[str]:
        yield "# HELP mra_requests_total Requests answered."
        yield "# TYPE mra_requests_total counter"
        for (method, route, status), number in sorted(self._requests.items()):
            labels = _labels([("method", method), ("route", route), ("status", str(status))])
            yield f"mra_requests_total{labels} {number}"

    def _timing_lines(self) -> Iterator[str]:
        name = "mra_request_seconds"
        yield f"# HELP {name} Time to the end of the answer."
        yield f"# TYPE {name} histogram"
        for route, buckets in sorted(self._timings.items()):
            total = 0
            for most, number in zip((*(f"{b:g}" for b in BUCKETS), "+Inf"), buckets, strict=True):
                total += number
                yield f"{name}_bucket{_labels([('route', route), ('le', most)])} {total}"
            yield f"{name}_sum{_labels([('route', route)])} {self._seconds[route]:.6f}"
            yield f"{name}_count{_labels([('route', route)])} {total}"


def _labels(pairs: Iterable[tuple[str, str]]) -> str:
    escaped = (
        (key, value.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")) for key, value in pairs
    )
    return "{" + ",".join(f'{key}="{value}"' for key, value in escaped) + "}"
