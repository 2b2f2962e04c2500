"""Start the server process: listen, say where, answer until it is told to stop, finish what runs."""

from __future__ import annotations

import gc
import socket
import sys

import uvicorn

from api import logs
from api.app import create_app
from api.settings import Settings
from criteria.problems import MraError
from jobs.engine import EngineRunner
from mappings.library import load_library


def run(settings: Settings, link: str) -> None:
    """Serve until a signal says stop; `link` is the secret of a sign-in link to print, or empty.

    Raises MraError where the address cannot be listened on.
    """
    logs.configure(settings)
    listening = _listen(settings)
    address = _address(settings, listening)
    app = create_app(settings, EngineRunner)
    config = uvicorn.Config(
        app,
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=bool(settings.base_url),
        timeout_graceful_shutdown=settings.shutdown_seconds,
        timeout_keep_alive=30,
        lifespan="on",
    )
    _announce(address, link)
    _set_aside()
    uvicorn.Server(config).run(sockets=[listening])


def _set_aside() -> None:
    """Leave what stays to the end, modules and the shipped library, out of the collector's full passes: each
    holds up every request under way."""
    load_library()
    gc.collect()
    gc.freeze()


def _listen(settings: Settings) -> socket.socket:
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    # Named as TCP: only then does asyncio send small pieces at once, without 40 ms of waiting for more.
    listening = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listening.bind((settings.host, settings.port))
        listening.listen()  # whoever comes before the server has started waits, instead of being turned away
    except OSError as error:
        listening.close()
        raise MraError(
            f"{settings.host}:{settings.port} cannot be used: {error.strerror}. Choose another --port."
        ) from error
    listening.set_inheritable(False)
    return listening


def _address(settings: Settings, listening: socket.socket) -> str:
    if settings.base_url:
        return settings.base_url
    host = f"[{settings.host}]" if ":" in settings.host else settings.host
    return f"http://{host}:{listening.getsockname()[1]}"


def _announce(address: str, link: str) -> None:
    lines = [f"The service answers at {address}"]
    if link:
        lines += ["Sign in once, within 15 minutes, with this link:", f"  {address}/sign-in?link={link}"]
    sys.stderr.write("\n".join([*lines, "Stop it with Ctrl+C.", ""]))
    sys.stderr.flush()
