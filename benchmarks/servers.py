"""The two servers that `bench_service` puts under load: `PORT real DATABASE` and `PORT bare FILE`."""

from __future__ import annotations

import socket
import sys
from pathlib import Path

import uvicorn
from fastapi import FastAPI
from fastapi.responses import Response

from api.app import create_app
from api.settings import load_settings


def bare(body: bytes) -> FastAPI:
    """Return an application that gives the same bytes, and nothing else."""
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


def main(port: str, kind: str, what: str) -> None:
    """Serve until the process is ended."""
    if kind == "bare":
        app = bare(Path(what).read_bytes())
    else:
        app = create_app(load_settings({}, database_url=what, rate_limit=0, log_level="warning"))
    listening = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listening.bind(("127.0.0.1", int(port)))
    uvicorn.Server(uvicorn.Config(app, log_config=None, access_log=False)).run(sockets=[listening])


if __name__ == "__main__":
    main(*sys.argv[1:])
