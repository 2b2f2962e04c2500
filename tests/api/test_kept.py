"""Answers given again before routing: the same to the byte, and to nobody who may not see them."""

from __future__ import annotations

import asyncio
import io
import json
import logging
import threading
import time
from dataclasses import dataclass
from datetime import timedelta

import pytest
from fastapi.responses import Response

from api import logs
from api.access import Principal
from api.app import MODULES
from api.permissions import ROLES
from api.routing import GuardedRoute
from store import accounts, tokens
from tests.api.serving import WORKSPACES, Running, running

MINE, OTHER = WORKSPACES
PLACE = f"/api/v1/workspaces/{MINE}/comparisons"
IMMUTABLE = [
    route.path_format
    for module in MODULES
    for route in module.routes.routes
    if isinstance(route, GuardedRoute) and route.endpoint.__immutable__  # type: ignore[attr-defined]
]
QUERIES = ("", "audience=partner", "limit=3", "format=csv", "detail=full", "q=seal")


@pytest.fixture(scope="module")
def comparison(server: Running) -> str:
    """A comparison of the first workspace."""
    made = server.client(f"admin@{MINE}").post(PLACE, json={"foreign": "nz-ses"})
    return str(made.json()["id"])


def address(path: str, comparison: str) -> str:
    """Return the address of an immutable answer; `since` is for the one that needs it."""
    found = path.format(workspace=MINE, comparison=comparison, criterion="6.2")
    return f"{found}?since={comparison}" if path.endswith("/changes") else found


@dataclass(frozen=True)
class Told:
    """What a caller sees of an answer, without what differs each time."""

    status: int
    headers: frozenset[tuple[str, str]]
    body: bytes


def told(response) -> Told:
    """Return an answer as it may be compared with another."""
    own = {(k, v) for k, v in response.headers.items() if k not in ("x-request-id", "date")}
    return Told(response.status_code, frozenset(own), response.content)


@pytest.mark.parametrize("path", IMMUTABLE)
@pytest.mark.parametrize("query", QUERIES)
def test_an_answer_given_again_is_the_same_to_the_byte(server: Running, comparison, path, query):
    client = server.client(f"analyst@{MINE}")
    where = address(path, comparison)
    where += f"{'&' if '?' in where else '?'}{query}" if query else ""
    first = client.get(where)
    assert first.status_code == 200
    assert told(client.get(where)) == told(first)
    same = client.get(where, headers={"if-none-match": first.headers["etag"]})
    assert (same.status_code, same.content) == (304, b"")
    for name in ("etag", "cache-control", "vary", "content-security-policy"):
        assert same.headers[name] == first.headers[name]
    assert client.get(where, headers={"if-none-match": '"other"'}).status_code == 200
    head = client.head(where)
    assert (head.content, head.headers["content-length"]) == (b"", first.headers["content-length"])


def test_only_what_was_answered_before_is_answered_before_routing(server: Running, comparison):
    path = f"{PLACE}/{comparison}/findings"
    client = server.client(f"viewer@{MINE}")

    def again(method: str, query: bytes) -> Response | None:
        headers = [(name.lower(), value) for name, value in client.headers.raw]
        scope = {"type": "http", "method": method, "path": path, "query_string": query, "state": {}}
        scope["headers"] = headers
        return asyncio.run(server.services.answers.again(scope, dict(headers)))

    assert again("GET", b"q=container") is None
    whole = client.get(f"{path}?q=container")
    known = again("GET", b"q=container")
    assert known is not None
    assert known.body == whole.content
    assert again("HEAD", b"q=container") is not None
    for method, query in (("POST", b"q=container"), ("GET", b"q=containers")):
        assert again(method, query) is None
    assert client.get(f"{path}?q=container&limit=0").status_code == 422
    assert again("GET", b"q=container&limit=0") is None


def test_csv_and_json_at_one_address_are_kept_apart(server: Running, comparison):
    client = server.client(f"viewer@{MINE}")
    where = f"{PLACE}/{comparison}/findings"
    for _ in range(2):
        for accept in ("application/json", "text/csv"):
            response = client.get(where, headers={"accept": accept})
            assert response.headers["content-type"].startswith(accept)
        assert client.get(where, headers={"accept": "image/png"}).status_code == 406
        both = client.get(where, headers=[("accept", "text/csv"), ("accept", "application/json")])
        assert both.headers["content-type"].startswith("text/csv")


def test_what_is_kept_is_shown_to_members_only(server: Running, comparison):
    for path in IMMUTABLE:
        where = address(path, comparison)
        etag = server.client(f"admin@{MINE}").get(where).headers["etag"]
        for headers in ({}, {"if-none-match": etag}):
            for role in ROLES:
                mine = server.client(f"{role}@{MINE}").get(where, headers=headers)
                assert mine.status_code == (304 if headers else 200)
                theirs = server.client(f"{role}@{OTHER}").get(where, headers=headers)
                assert (theirs.status_code, theirs.json()["detail"]) == (
                    404, f'There is no workspace "{MINE}".',
                )  # fmt: skip
            assert server.client("super").get(where, headers=headers).status_code == 404
            assert server.client().get(where, headers=headers).status_code == 401
            wrong = server.with_token("nonsense").get(where, headers=headers)
            assert (wrong.status_code, wrong.json()["code"]) == (401, "not_signed_in")


def test_a_kept_answer_needs_the_scope_that_its_route_needs(server: Running, comparison):
    boss = server.client(f"admin@{MINE}")
    boss.get(f"{PLACE}/{comparison}")
    secret = boss.post("/api/v1/tokens", json={"name": "n", "scopes": ["library.read"]}).json()["secret"]
    refused = server.with_token(secret).get(f"{PLACE}/{comparison}")
    assert (refused.status_code, refused.json()["code"]) == (403, "not_allowed")


def test_a_revoked_token_and_a_lost_role_open_no_kept_answer(server: Running, comparison):
    def make(session):
        made = accounts.create(session, "passer-by")
        accounts.set_role(session, MINE, made.id, "viewer")
        return tokens.issue(session, made.id, "t", ["all"], timedelta(days=1))

    secret, token = server.store.run(make)
    client, where = server.with_token(secret), f"{PLACE}/{comparison}"
    assert client.get(where).status_code == 200
    boss = server.client(f"admin@{MINE}")
    assert boss.delete(f"/api/v1/workspaces/{MINE}/members/passer-by").status_code == 204
    assert client.get(where).status_code == 404
    assert client.delete(f"/api/v1/tokens/{token.id}").status_code == 204
    assert client.get(where).status_code == 401


def test_a_kept_answer_is_counted_logged_and_limited_like_any(tmp_path, monkeypatch):
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    handler.setFormatter(logs.JsonLines())
    monkeypatch.setattr(logs.access, "handlers", [handler])
    monkeypatch.setattr(logs.access, "propagate", False)
    with running(tmp_path, rate_limit=30, log_level="info") as server:
        level = logs.access.level
        logs.access.setLevel(logging.INFO)
        client = server.client(f"analyst@{MINE}")
        where = client.post(PLACE, json={"foreign": "nz-ses"}).headers["location"]
        etag = client.get(where).headers["etag"]
        request = {"if-none-match": etag, "x-request-id": "dashboard-1"}
        answers = [client.get(where, headers=request) for _ in range(40)]
        logs.access.setLevel(level)
        text = server.services.metrics.text({})
    assert {answer.headers["x-request-id"] for answer in answers} == {"dashboard-1"}
    codes = [answer.status_code for answer in answers]
    assert 304 in codes
    assert codes[-1] == 429
    route = "/api/v1/workspaces/{workspace}/comparisons/{comparison}"
    number = codes.count(304)
    assert f'mra_requests_total{{method="GET",route="{route}",status="304"}} {number}' in text
    lines = [json.loads(line) for line in stream.getvalue().splitlines()]
    line = next(line for line in lines if line["status"] == 304)
    assert line["request_id"] == "dashboard-1"
    assert (line["who"], line["route"], line["bytes"]) == ("analyst-alpha", route, 0)


def test_who_asks_often_at_once_is_looked_up_once(server: Running, comparison, monkeypatch):
    door, looked_up = server.services.door, []
    look_up = door._by_token

    def slowly(secret: str) -> Principal | None:
        looked_up.append(secret)
        time.sleep(0.3)  # long enough for all to have come
        return look_up(secret)

    monkeypatch.setattr(door, "_by_token", slowly)
    door.forget()
    codes = []

    def ask() -> None:
        codes.append(server.client(f"viewer@{MINE}").get(f"{PLACE}/{comparison}").status_code)

    threads = [threading.Thread(target=ask) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert codes == [200] * 8
    assert len(looked_up) == 1


def test_a_look_up_that_began_before_a_change_is_not_remembered(server: Running, comparison, monkeypatch):
    door = server.services.door
    look_up, begun, go_on = door._by_token, threading.Event(), threading.Event()

    def slowly(secret: str) -> Principal | None:
        found = look_up(secret)
        begun.set()
        go_on.wait(10)
        return found

    def make(session):
        made = accounts.create(session, "slow")
        accounts.set_role(session, MINE, made.id, "viewer")
        return made.id, tokens.issue(session, made.id, "t", ["all"], timedelta(days=1))[0]

    account, secret = server.store.run(make)
    client, where, codes = server.with_token(secret), f"{PLACE}/{comparison}", []
    monkeypatch.setattr(door, "_by_token", slowly)
    door.forget()
    early = threading.Thread(target=lambda: codes.append(client.get(where).status_code))
    early.start()
    assert begun.wait(10)
    monkeypatch.setattr(door, "_by_token", look_up)
    server.store.run(lambda session: accounts.remove_role(session, MINE, account))
    door.forget()
    late = server.with_token(secret).get(where).status_code
    go_on.set()
    early.join()
    assert (codes, late) == ([200], 404)
    assert client.get(where).status_code == 404
