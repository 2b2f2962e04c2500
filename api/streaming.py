"""Files and events, sent piece by piece."""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import quote

from fastapi.responses import StreamingResponse

from api.tables import caching

PIECE = 64 * 1024


def file_response(data: bytes, name: str, media_type: str, etag: str = "") -> StreamingResponse:
    """Return a file as a streamed attachment under a safe name."""
    plain = "".join(c if c.isascii() and (c.isalnum() or c in "-_. ") else "_" for c in name)
    headers = {
        **(caching(etag) if etag else {}),
        "content-disposition": f"attachment; filename=\"{plain}\"; filename*=UTF-8''{quote(name, safe='')}",
        "content-length": str(len(data)),
    }
    return StreamingResponse(_pieces(data), 200, headers, media_type)


def _pieces(data: bytes) -> Iterator[bytes]:
    view = memoryview(data)
    for start in range(0, len(view), PIECE):
        yield bytes(view[start : start + PIECE])
