"""A real server on a free port with a real SQLite file, for tests that speak HTTP with it."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import uvicorn

from api.app import create_app
from api.permissions import ROLES
from api.services import Services
from api.settings import Settings, load_settings
from store import Store, accounts, migrations, tokens, workspaces

WORKSPACES = ("alpha", "beta")


@dataclass(frozen=True)
class Running:
    """A server with two workspaces, an account of every role in each, and a superuser in neither.

    `tokens` holds the secrets: by role and workspace (`reviewer@alpha`), and `super`.
    """

    url: str
    app: Any
    settings: Settings
    tokens: dict[str, str] = field(default_factory=dict)
    clients: list[httpx.Client] = field(default_factory=list)

    @property
    def services(self) -> Services:
        """What the routes of this server share."""
        found: Services = self.app.state.services
        return found

    @property
    def store(self) -> Store:
        """The store of this server."""
        return self.services.store

    def client(self, who: str = "", **more: Any) -> httpx.Client:
        """Return a client that sends the token of somebody, or none."""
        return self.with_token(self.tokens[who], **more) if who else self._client(**more)

    def with_token(self, secret: str, **more: Any) -> httpx.Client:
        """Return a client that sends a token."""
        return self._client(headers={"authorization": f"Bearer {secret}"}, **more)

    def _client(self, **more: Any) -> httpx.Client:
        made = httpx.Client(base_url=self.url, timeout=60, **more)
        self.clients.append(made)  # closed with the server
        return made


@contextmanager
def running(folder: Path, **settings: Any) -> Iterator[Running]:
    """Start a server, and stop it at the end."""
    given = {
        "database_url": f"sqlite:///{folder / 'mra.sqlite'}",
        "rate_limit": 0,
        "log_level": "error",
        "shutdown_seconds": 5,
        **settings,
    }
    chosen = load_settings({}, **given)
    migrations.upgrade(chosen.database_url)
    listening = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listening.bind(("127.0.0.1", 0))
    app = create_app(chosen)
    config = uvicorn.Config(app, log_config=None, access_log=False, timeout_graceful_shutdown=5)
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]}, daemon=True)
    url = f"http://127.0.0.1:{listening.getsockname()[1]}"
    made = Running(url, app, chosen, app.state.services.store.run(people))
    thread.start()
    try:
        while not server.started:
            time.sleep(0.01)
        yield made
    finally:
        for client in made.clients:
            client.close()
        server.should_exit = True
        thread.join(20)
        listening.close()


def people(session: Any) -> dict[str, str]:
    """Make two workspaces, an account of every role in each, and a superuser; return their tokens."""
    found = {}
    day = timedelta(days=1)
    for place in WORKSPACES:
        workspaces.create(session, place, f"Workspace {place}")
        for role in ROLES:
            account = accounts.create(session, f"{role}-{place}")
            accounts.set_role(session, place, account.id, role)
            found[f"{role}@{place}"] = tokens.issue(session, account.id, "test", ["all"], day)[0]
    boss = accounts.create(session, "super", superuser=True)
    found["super"] = tokens.issue(session, boss.id, "test", ["all"], day)[0]
    return found
