"""The yardstick of `bench_service`: FastAPI with nothing around it, giving the bytes of a file.

`python -m benchmarks.bare_route FILE` listens on a free port and says which.
"""

from __future__ import annotations

import socket
import sys
from pathlib import Path

import uvicorn
from fastapi import FastAPI
from fastapi.responses import Response


def bare(body: bytes) -> FastAPI:
    """Return an application that gives these bytes, or 304."""
    app = FastAPI()

    @app.get("/health")
    async def health() -> Response:
        return Response(b"{}")

    @app.get("/body")
    async def whole() -> Response:
        return Response(body, media_type="application/json")

    @app.get("/unchanged")
    async def unchanged() -> Response:
        return Response(None, 304)

    return app


def main(file: str) -> None:
    """Serve until the process is ended."""
    listening = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listening.bind(("127.0.0.1", 0))
    print(f"Listening at http://127.0.0.1:{listening.getsockname()[1]} .", flush=True)
    config = uvicorn.Config(bare(Path(file).read_bytes()), log_config=None, access_log=False)
    uvicorn.Server(config).run(sockets=[listening])


if __name__ == "__main__":
    main(*sys.argv[1:])
