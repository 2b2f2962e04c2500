"""A load of HTTP requests over some connections, made with as little work on this side as Python allows."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator
from dataclasses import dataclass, field

_BUFFER = 1 << 20


@dataclass(frozen=True)
class Load:
    """What a load came to: requests a second, and the milliseconds that each took, sorted."""

    rate: float
    taken: tuple[float, ...]

    def percentile(self, part: float) -> float:
        """Return the milliseconds within which that part of the requests was answered."""
        return self.taken[min(len(self.taken) - 1, int(len(self.taken) * part))]


@dataclass
class _Caller(asyncio.BufferedProtocol):
    """One connection: sends the next request when the answer to the one before is all there."""

    requests: Iterator[bytes]
    end: float
    taken: list[float]
    over: asyncio.Future[None]
    buffer: bytearray = field(default_factory=lambda: bytearray(_BUFFER))
    head: bytes = b""
    left: int = -1  # bytes of the answer still to come; -1 while its head is not there
    begun: float = 0.0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport
        self._ask()

    def _ask(self) -> None:
        self.left, self.head = -1, b""
        self.begun = time.perf_counter()
        self.transport.write(next(self.requests))

    def get_buffer(self, sizehint: int) -> bytearray:
        return self.buffer

    def buffer_updated(self, nbytes: int) -> None:
        if self.left < 0:
            self.head += self.buffer[:nbytes]
            end = self.head.find(b"\r\n\r\n")
            if end < 0:
                return
            self.left = _length(self.head[:end]) + end + 4 - len(self.head)
        else:
            self.left -= nbytes
        if self.left == 0:
            now = time.perf_counter()
            self.taken.append((now - self.begun) * 1000)
            if now < self.end:
                self._ask()
            else:
                self.transport.close()

    def connection_lost(self, exc: Exception | None) -> None:
        if self.over.done():
            return
        if exc or self.left != 0:
            self.over.set_exception(exc or ConnectionError(f"broken off: {self.head[:200]!r}"))
        else:
            self.over.set_result(None)


def _length(head: bytes) -> int:
    """Return how long the body below a head is; raise AssertionError where the answer is a failure."""
    status = head[9:12]
    assert status in (b"200", b"201", b"304"), head
    if status == b"304":
        return 0
    start = head.lower().index(b"content-length:") + 15
    return int(head[start:].split(b"\r\n", 1)[0])


async def _run(port: int, requests: Iterator[bytes], connections: int, seconds: float) -> Load:
    loop = asyncio.get_running_loop()
    taken: list[float] = []
    begun = time.perf_counter()
    callers = [_Caller(requests, begun + seconds, taken, loop.create_future()) for _ in range(connections)]
    for caller in callers:
        await loop.create_connection(lambda caller=caller: caller, "127.0.0.1", port)  # type: ignore[misc]
    await asyncio.gather(*(caller.over for caller in callers))
    return Load(len(taken) / (time.perf_counter() - begun), tuple(sorted(taken)))


def load(port: int, requests: Iterator[bytes], connections: int, seconds: float) -> Load:
    """Send requests over some connections, each as soon as the one before is answered, for some seconds."""
    return asyncio.run(_run(port, requests, connections, seconds))
