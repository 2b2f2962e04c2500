"""The service under load: server in its own process, load from this one, a bare route beside it.

Targets (two cores): a cached comparison is read at 50 % or more of the bare route's rate, a 304 at 70 %;
a page of findings has p95 of at most 60 ms at 50 connections, a comparison that is asked for again one
of at most 200 ms at 4 clients; 20,000 requests leave memory flat.
"""

from __future__ import annotations

import asyncio
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from statistics import median

import httpx
import pytest

from store import Store, migrations
from tests.api.serving import people

SECONDS = 3.0
ROUNDS = 7
PLACE = "/api/v1/workspaces/alpha"


@dataclass(frozen=True)
class Served:
    """Both servers: ports and processes, the token, and the comparison that is read."""

    real: int
    bare: int
    process: int
    token: str
    comparison: str
    etag: str


@dataclass(frozen=True)
class Load:
    """What a load came to: requests a second, and milliseconds of the median and the slowest of twenty."""

    rate: float
    p50: float
    p95: float


def free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


def started(*arguments: str) -> tuple[subprocess.Popen[bytes], int]:
    """Start one of the servers of `benchmarks.servers` and wait until it answers."""
    port = free_port()
    command = [sys.executable, "-m", "benchmarks.servers", str(port), *arguments]
    process = subprocess.Popen(command, cwd=Path(__file__).parents[1])
    for _ in range(600):
        try:
            httpx.get(f"http://127.0.0.1:{port}/health")
        except httpx.HTTPError:
            time.sleep(0.1)
        else:
            return process, port
    raise AssertionError("the server did not start")


@pytest.fixture(scope="module")
def served(tmp_path_factory) -> Iterator[Served]:
    folder = tmp_path_factory.mktemp("service")
    url = f"sqlite:///{folder / 'mra.sqlite'}"
    migrations.upgrade(url)
    with Store(url) as store:
        token = store.run(people)["admin@alpha"]
    real, port = started("real", url)
    headers = {"authorization": f"Bearer {token}"}
    with httpx.Client(base_url=f"http://127.0.0.1:{port}", headers=headers, timeout=60) as client:
        made = client.post(f"{PLACE}/comparisons", json={"foreign": "eu-aeo"}).json()["id"]
        whole = client.get(f"{PLACE}/comparisons/{made}")
    body = folder / "body.json"
    body.write_bytes(whole.content)
    bare, other = started("bare", str(body))
    yield Served(port, other, real.pid, token, made, whole.headers["etag"])
    for process in (real, bare):
        process.terminate()
        process.wait(30)


def request(served: Served, method: str, path: str, body: bytes = b"", **headers: str) -> bytes:
    """Return a request as it goes over the wire."""
    sent = {"host": "127.0.0.1", "authorization": f"Bearer {served.token}", **headers}
    if body:
        sent |= {"content-type": "application/json", "content-length": str(len(body))}
    lines = [f"{method} {path} HTTP/1.1", *(f"{name}: {value}" for name, value in sent.items()), "", ""]
    return "\r\n".join(lines).encode() + body


async def _load(port: int, data: bytes, connections: int, seconds: float) -> Load:
    taken: list[float] = []
    end = time.perf_counter() + seconds

    async def one() -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", port, limit=1 << 22)
        while time.perf_counter() < end:
            begun = time.perf_counter()
            writer.write(data)
            head = await reader.readuntil(b"\r\n\r\n")
            assert head.startswith((b"HTTP/1.1 2", b"HTTP/1.1 304")), head
            length = [line for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:")]
            if length and b" 304 " not in head[:20]:
                await reader.readexactly(int(length[0].split(b":")[1]))
            taken.append(time.perf_counter() - begun)
        writer.close()

    await asyncio.gather(*(one() for _ in range(connections)))
    taken.sort()
    return Load(len(taken) / seconds, taken[len(taken) // 2] * 1000, taken[int(len(taken) * 0.95)] * 1000)


def load(port: int, data: bytes, connections: int, seconds: float = SECONDS) -> Load:
    """Send one request again and again over some connections."""
    return asyncio.run(_load(port, data, connections, seconds))


def share(served: Served, bare: bytes, real: bytes) -> tuple[str, int]:
    """Return the real rate as a share of the bare one: the median of rounds in turn, as others work too."""
    pairs = [
        (load(served.bare, bare, 8, 0.7).rate, load(served.real, real, 8, 0.7).rate) for _ in range(ROUNDS)
    ]
    return f"{median(rate / other for other, rate in pairs):.0%}", round(median(rate for _, rate in pairs))


def noted(benchmark, **figures: object) -> None:
    benchmark.extra_info.update(figures)
    benchmark.pedantic(lambda: None, rounds=1)


def test_a_cached_comparison_beside_a_bare_route(benchmark, served):
    path = f"{PLACE}/comparisons/{served.comparison}"
    part, rate = share(served, request(served, "GET", "/body"), request(served, "GET", path))
    noted(benchmark, share=part, per_second=rate)


def test_an_unchanged_comparison_beside_a_bare_route(benchmark, served):
    path = f"{PLACE}/comparisons/{served.comparison}"
    real = request(served, "GET", path, **{"if-none-match": served.etag})
    part, rate = share(served, request(served, "GET", "/unchanged"), real)
    noted(benchmark, share=part, per_second=rate)


def test_a_page_of_findings_at_fifty_connections(benchmark, served):
    path = f"{PLACE}/comparisons/{served.comparison}/findings"
    real = load(served.real, request(served, "GET", path), 50)
    noted(benchmark, p50=f"{real.p50:.0f} ms", p95=f"{real.p95:.0f} ms")


def test_a_comparison_that_is_asked_for_again_at_four_clients(benchmark, served):
    data = request(served, "POST", f"{PLACE}/comparisons", b'{"foreign": "eu-aeo"}')
    real = load(served.real, data, 4)
    noted(benchmark, p50=f"{real.p50:.0f} ms", p95=f"{real.p95:.0f} ms")


def test_twenty_thousand_requests_leave_memory_flat(benchmark, served):
    paths = [f"/comparisons/{served.comparison}/findings?limit=10&q={n}" for n in range(50)]
    paths += ["/programs", "/editions/ctpat-2020/criteria?limit=20", "/matrix", "/nothing"]

    def go(number: int) -> None:
        limits = httpx.Limits(max_connections=8)
        headers = {"authorization": f"Bearer {served.token}"}
        base = f"http://127.0.0.1:{served.real}{PLACE}"
        with httpx.Client(base_url=base, headers=headers, timeout=60, limits=limits) as client:
            for n in range(number):
                client.get(paths[n % len(paths)])

    go(2000)
    before = resident(served.process)
    go(20_000)
    noted(benchmark, grown=f"{(resident(served.process) - before) / 1024:.1f} MB of {before / 1024:.0f} MB")


def resident(process: int) -> int:
    """Return the resident memory of a process in kB."""
    text = Path(f"/proc/{process}/status").read_text()
    return int(next(line for line in text.splitlines() if line.startswith("VmRSS")).split()[1])
