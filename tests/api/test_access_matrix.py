"""Who may do what, tried out: every route × role × workspace, made from the routes themselves."""

from __future__ import annotations

import json
from dataclasses import dataclass

import httpx
import pytest

from api.app import declared
from api.permissions import ANYBODY, JOB_NEEDS, PERMISSIONS, ROLES, SIGNED_IN, SUPERUSER, WITHOUT_WORKSPACE
from tests.api.serving import WORKSPACES, Running

MINE, OTHER = WORKSPACES
ROUTES = sorted(declared())
IN_WORKSPACE = [one for one in ROUTES if one[2] in PERMISSIONS]
# What stands for a name in an address. Nothing of it exists, so a call that is let in does no harm.
FILLED = {
    "program": "ctpat", "edition": "nz-ses-2024", "ref": "1.1", "control": "seal.affix_high_security",
    "comparison": "0" * 64, "criterion": "6.2", "upload": "0" * 32, "report": "0" * 32, "job": "0" * 32,
    "name": "nobody", "token": "0" * 32,
}  # fmt: skip
LET_IN = {200, 201, 202, 204, 304, 404, 409, 422, 428}


def address(path: str, workspace: str) -> str:
    """Return a route's address in a workspace."""
    return path.format(workspace=workspace, **FILLED)


def call(client: httpx.Client, method: str, path: str, workspace: str) -> httpx.Response:
    """Call a route with an empty body, which is never a valid one."""
    query = {"obligation": "none"} if path.endswith("/suggestions") else {}  # spares the work of suggesting
    body: dict | None = None if method == "GET" else {}
    return client.request(method, address(path, workspace), params=query, json=body)


@dataclass(frozen=True)
class Verdict:
    """What a call came to."""

    status: int
    code: str


def verdict(response: httpx.Response) -> Verdict:
    """Return status and problem code of a response."""
    problem = response.headers.get("content-type", "").startswith("application/problem+json")
    return Verdict(response.status_code, json.loads(response.text)["code"] if problem else "")


def test_every_route_of_a_workspace_names_a_permission_of_the_table():
    assert {permission for _, _, permission in ROUTES} <= set(PERMISSIONS) | WITHOUT_WORKSPACE
    for _, path, permission in ROUTES:
        assert ("{workspace}" in path) == (permission in PERMISSIONS), path


def test_every_permission_is_used_by_a_route_or_a_kind_of_job():
    used = {permission for _, _, permission in ROUTES} | set(JOB_NEEDS.values())
    assert set(PERMISSIONS) <= used


@pytest.mark.parametrize("role", ROLES)
def test_a_role_is_let_in_exactly_where_the_table_says(server: Running, role: str):
    with server.client(f"{role}@{MINE}") as client:
        for method, path, permission in IN_WORKSPACE:
            found = verdict(call(client, method, path, MINE))
            if role in PERMISSIONS[permission]:
                assert found.status in LET_IN, (method, path, found)
                assert found.code not in ("not_allowed", "not_signed_in"), (method, path, found)
            else:
                assert found == Verdict(403, "not_allowed"), (method, path, found)


@pytest.mark.parametrize("role", ROLES)
def test_a_member_of_one_workspace_cannot_tell_that_another_exists(server: Running, role: str):
    with server.client(f"{role}@{OTHER}") as client:
        for method, path, _ in IN_WORKSPACE:
            for place in (MINE, "never-made"):
                response = call(client, method, path, place)
                assert verdict(response) == Verdict(404, "not_found"), (method, path, place)
                told = response.json()["detail"].replace(place, "X")
                assert told == 'There is no workspace "X".', (method, path)


def test_nobody_is_let_in_without_signing_in(server: Running):
    with server.client() as client:
        for method, path, permission in ROUTES:
            if permission != ANYBODY:
                found = verdict(call(client, method, path, MINE))
                assert found == Verdict(401, "not_signed_in"), (method, path, found)


@pytest.mark.parametrize("role", ROLES)
def test_what_concerns_the_whole_service_is_for_superusers(server: Running, role: str):
    with server.client(f"{role}@{MINE}") as client:
        for method, path, permission in ROUTES:
            if permission == SUPERUSER:
                assert verdict(call(client, method, path, "")) == Verdict(403, "not_allowed"), (method, path)


def test_a_superuser_sees_no_workspace_of_which_it_is_no_member(server: Running):
    with server.client("super") as client:
        for method, path, _ in IN_WORKSPACE:
            assert verdict(call(client, method, path, MINE)) == Verdict(404, "not_found"), (method, path)
        assert client.get("/api/v1/workspaces").json()["items"] == []


def test_a_token_bound_to_one_workspace_is_good_there_only(server: Running):
    boss = server.client(f"admin@{MINE}")
    body = {"name": "bound", "scopes": ["dashboard"], "workspace": MINE}
    secret = boss.post("/api/v1/tokens", json=body).json()["secret"]
    with server.with_token(secret) as client:
        assert client.get(f"/api/v1/workspaces/{MINE}/programs").status_code == 200
        assert client.get(f"/api/v1/workspaces/{OTHER}/programs").status_code == 404
        for method, path, permission in IN_WORKSPACE:
            if permission not in ("workspace.read", "library.read", "matrix.read", "comparison.read"):
                assert verdict(call(client, method, path, MINE)).status == 403, (method, path)


def test_a_token_cannot_make_a_wider_one(server: Running):
    boss = server.client(f"admin@{MINE}")
    narrow = boss.post("/api/v1/tokens", json={"name": "n", "scopes": ["dashboard"]}).json()["secret"]
    with server.with_token(narrow) as client:
        wider = client.post("/api/v1/tokens", json={"name": "w", "scopes": ["all"]})
        assert verdict(wider) == Verdict(403, "not_allowed")
        assert client.post("/api/v1/session", json={"token": narrow}).status_code == 401


def test_a_revoked_token_opens_nothing(server: Running):
    boss = server.client(f"admin@{MINE}")
    made = boss.post("/api/v1/tokens", json={"name": "short", "scopes": ["all"]}).json()
    with server.with_token(made["secret"]) as client:
        assert client.get("/api/v1/me").status_code == 200
        assert boss.delete(f"/api/v1/tokens/{made['id']}").status_code == 204
        assert client.get("/api/v1/me").status_code == 401


def test_signed_in_routes_show_ones_own_things_only(server: Running):
    ours, theirs = server.client(f"admin@{MINE}"), server.client(f"admin@{OTHER}")
    made = ours.post("/api/v1/tokens", json={"name": "ours", "scopes": ["read"]}).json()
    shown = [one["id"] for one in theirs.get("/api/v1/tokens").json()["items"]]
    assert made["id"] not in shown
    assert theirs.delete(f"/api/v1/tokens/{made['id']}").status_code == 404
    assert {permission for _, path, permission in ROUTES if path.startswith("/api/v1/tokens")} == {SIGNED_IN}
