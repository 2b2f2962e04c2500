"""The service under load: `mra serve` in its own process, load from this one, a bare route beside it.

Targets (two cores): a cached comparison is read at 50 % or more of the bare route's rate, a 304 at 70 %; a
page of findings has p95 of at most 60 ms at 50 connections, `POST comparisons` (C-TPAT × EU) one of at
most 200 ms at 4 clients; 20,000 requests leave memory flat. The times in the table are those of one request
alone. Shares are medians of rounds in turn, because other work comes and goes; `processor` is the same
share by processor time of the servers, which other work hardly touches.
"""

from __future__ import annotations

import http.client
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import count, repeat
from statistics import median

import pytest

from benchmarks.load import Load, load
from tests.api.serving_process import Server, served, started

SECONDS = 4.0
ROUNDS = 9
PLACE = "/api/v1/workspaces/alpha"


@dataclass(frozen=True)
class Pair:
    """Both servers, a token of the real one, and the comparison that is read."""

    real: Server
    bare: Server
    token: str
    comparison: str
    etag: str


@pytest.fixture(scope="module")
def pair(tmp_path_factory) -> Iterator[Pair]:
    folder = tmp_path_factory.mktemp("service")
    with ExitStack() as stack:
        real, tokens = stack.enter_context(served(folder))
        sent = {"authorization": f"Bearer {tokens['admin@alpha']}", "content-type": "application/json"}
        client = http.client.HTTPConnection("127.0.0.1", real.port)
        client.request("POST", f"{PLACE}/comparisons", '{"foreign": "eu-aeo"}', sent)
        answer = client.getresponse()
        place = answer.headers["location"]
        answer.read()
        client.request("GET", place, headers=sent)
        whole = client.getresponse()
        (folder / "body.json").write_bytes(whole.read())
        client.close()
        module = ("benchmarks.bare_route", str(folder / "body.json"))
        bare = stack.enter_context(started(folder, *module, ready=" ."))
        yield Pair(real, bare, tokens["admin@alpha"], place, whole.headers["etag"])


def request(pair: Pair, method: str, path: str, body: str = "", **headers: str) -> bytes:
    """Return a request as it goes over the wire."""
    sent = {"host": "127.0.0.1", "authorization": f"Bearer {pair.token}", **headers}
    if body:
        sent |= {"content-type": "application/json", "content-length": str(len(body))}
    lines = [f"{method} {path} HTTP/1.1", *(f"{name}: {value}" for name, value in sent.items()), "", ""]
    return ("\r\n".join(lines) + body).encode()


def measured(server: Server, data: bytes) -> tuple[float, float]:
    """Return the rate of one request sent again and again, and the processor seconds that each takes."""
    before = server.processor_seconds()
    made = load(server.port, repeat(data), 8, 0.8)
    return made.rate, (server.processor_seconds() - before) / len(made.taken)


def beside(benchmark, pair: Pair, bare: bytes, real: bytes) -> None:
    """Note the real rate as a share of the bare one."""
    load(pair.real.port, repeat(real), 1, 0.3)  # warm
    rounds = [(measured(pair.bare, bare), measured(pair.real, real)) for _ in range(ROUNDS)]
    benchmark.extra_info["share"] = f"{median(ours[0] / theirs[0] for theirs, ours in rounds):.0%}"
    benchmark.extra_info["processor"] = f"{median(theirs[1] / ours[1] for theirs, ours in rounds):.0%}"
    benchmark.extra_info["per_second"] = round(median(ours[0] for _, ours in rounds))
    benchmark.extra_info["bare_per_second"] = round(median(theirs[0] for theirs, _ in rounds))
    alone(benchmark, pair, repeat(real))


def waited(benchmark, pair: Pair, requests: Iterator[bytes], connections: int) -> None:
    """Note how long requests take at some connections."""
    load(pair.real.port, requests, connections, 0.5)  # warm
    made: Load = load(pair.real.port, requests, connections, SECONDS)
    for part in (0.5, 0.95, 0.99):
        benchmark.extra_info[f"p{part * 100:.0f}"] = f"{made.percentile(part):.0f} ms"
    benchmark.extra_info["per_second"] = round(made.rate)
    alone(benchmark, pair, requests)


def alone(benchmark, pair: Pair, requests: Iterator[bytes]) -> None:
    """Time single requests on one connection."""
    benchmark.pedantic(
        lambda: load(pair.real.port, requests, 1, 0.0), rounds=30, warmup_rounds=3, iterations=1
    )


def test_a_cached_comparison_beside_a_bare_route(benchmark, pair):
    beside(benchmark, pair, request(pair, "GET", "/body"), request(pair, "GET", pair.comparison))


def test_an_unchanged_comparison_beside_a_bare_route(benchmark, pair):
    real = request(pair, "GET", pair.comparison, **{"if-none-match": pair.etag})
    beside(benchmark, pair, request(pair, "GET", "/unchanged"), real)


def test_a_page_of_findings_at_fifty_connections(benchmark, pair):
    waited(benchmark, pair, repeat(request(pair, "GET", f"{pair.comparison}/findings")), 50)


def test_pages_of_findings_that_nobody_asked_for_before_at_fifty_connections(benchmark, pair):
    pages = (request(pair, "GET", f"{pair.comparison}/findings?q=e&after=&nr={n}") for n in count())
    waited(benchmark, pair, pages, 50)


def test_a_comparison_that_is_there_already_at_four_clients(benchmark, pair):
    data = request(pair, "POST", f"{PLACE}/comparisons", '{"foreign": "eu-aeo"}')
    waited(benchmark, pair, repeat(data), 4)


def test_a_comparison_made_anew_and_kept_at_four_clients(benchmark, pair):
    days = (date(2017, 1, 1) + timedelta(n) for n in count())
    bodies = (f'{{"foreign": "eu-aeo-2016", "as_of": "{day}"}}' for day in days)
    waited(benchmark, pair, (request(pair, "POST", f"{PLACE}/comparisons", body) for body in bodies), 4)


def test_twenty_thousand_requests_leave_memory_flat(benchmark, pair):
    """Target: within 15 MB after warm-up."""
    paths = [f"{pair.comparison}/findings?limit=10&q={n}" for n in range(50)]
    paths += [f"{PLACE}{path}" for path in ("/programs", "/editions/ctpat-2020/criteria?limit=20", "/matrix")]
    requests = (request(pair, "GET", paths[n % len(paths)]) for n in count())

    def go(number: int) -> None:
        sent = 0
        while sent < number:
            sent += len(load(pair.real.port, requests, 8, 1.0).taken)

    go(2000)
    before = pair.real.resident()
    benchmark.pedantic(go, (20_000,), rounds=1)
    benchmark.extra_info["grown_megabytes"] = round((pair.real.resident() - before) / 1e6, 1)
    benchmark.extra_info["megabytes"] = round(before / 1e6)
