"""Every failure has one shape, a stable code, and says what to do."""

from __future__ import annotations

import re
import socket
from pathlib import Path

import httpx
import pytest

from api.errors import PROBLEMS, Refusal
from api.guard import CONTENT_POLICY
from engine.matching import MatcherError
from tests.api.serving import Running, running

ALPHA = "/api/v1/workspaces/alpha"
DOCS = Path(__file__).parents[2] / "docs" / "api.md"
FIELDS = {"type", "title", "status", "detail", "instance", "code", "request_id"}


def check(response: httpx.Response, status: int, code: str) -> dict:
    """Return a failure's body, which has the one shape."""
    assert response.headers["content-type"] == "application/problem+json"
    body: dict = response.json()
    assert FIELDS <= set(body) <= FIELDS | {"problems"}
    assert (response.status_code, body["status"], body["code"]) == (status, status, code)
    assert body["type"] == f"/problems#{code}"
    assert body["title"] == PROBLEMS[code].title
    assert body["request_id"] == response.headers["x-request-id"]
    assert body["instance"] == response.request.url.path
    assert response.headers["content-security-policy"] == CONTENT_POLICY
    return body


def test_an_address_that_does_not_exist(server: Running):
    check(server.client().get("/nothing/here"), 404, "not_found")
    check(server.client("viewer@alpha").get(f"{ALPHA}/nothing"), 404, "not_found")


def test_a_method_that_an_address_does_not_have(server: Running):
    response = server.client("viewer@alpha").delete(f"{ALPHA}/programs")
    check(response, 405, "method_not_allowed")
    assert response.headers["allow"] == "GET"


def test_a_body_that_does_not_fit_lists_each_field(server: Running):
    response = server.client("analyst@alpha").post(
        f"{ALPHA}/comparisons", json={"forein": "x", "as_of": "no"}
    )
    body = check(response, 422, "invalid")
    assert {one["field"] for one in body["problems"]} == {"body.foreign", "body.forein", "body.as_of"}


@pytest.mark.parametrize("body", [b"{", b"", b"[]", b'{"foreign": "a\\u0000b"}', b'{"foreign": "\\ud800"}'])
def test_a_body_that_is_no_json_or_no_text(server: Running, body):
    headers = {"content-type": "application/json"}
    response = server.client("analyst@alpha").post(f"{ALPHA}/comparisons", content=body, headers=headers)
    check(response, 422, "invalid")


def test_a_name_that_does_not_exist_comes_with_the_nearest(server: Running):
    body = check(server.client("viewer@alpha").get(f"{ALPHA}/editions/ctpat-2021"), 404, "unknown_name")
    assert "ctpat-2020" in body["detail"]


def test_a_day_that_is_none(server: Running):
    check(server.client("viewer@alpha").get(f"{ALPHA}/arrangements?as_of=today"), 422, "refused")


@pytest.mark.parametrize("after", ["x", "MTAuYWJj", "////", "é", "9" * 50])
def test_a_cursor_that_is_none(server: Running, after):
    check(server.client("viewer@alpha").get(f"{ALPHA}/programs", params={"after": after}), 400, "bad_cursor")


def test_a_cursor_of_the_store_that_is_none(server: Running):
    check(server.client("viewer@alpha").get(f"{ALPHA}/comparisons?after=x"), 400, "bad_cursor")


def test_a_type_that_no_list_has(server: Running):
    response = server.client("viewer@alpha").get(f"{ALPHA}/programs", headers={"accept": "image/png"})
    check(response, 406, "not_acceptable")


def test_a_nul_in_an_address(server: Running):
    check(server.client("viewer@alpha").get(f"{ALPHA}/programs?q=%00"), 400, "bad_request")
    check(server.client("viewer@alpha").get(f"{ALPHA}/editions/%00"), 400, "bad_request")


def test_a_token_that_is_none(server: Running):
    for header in ("Bearer wrong", "Basic abc", "Bearer", "x"):
        response = server.client().get("/api/v1/me", headers={"authorization": header})
        check(response, 401, "not_signed_in")
        assert response.headers["www-authenticate"].startswith("Bearer")


def test_a_host_name_that_is_not_ours_is_refused(server: Running):
    response = server.client().get("/health", headers={"host": "evil.example"})
    check(response, 421, "wrong_host")
    assert server.client().get("/health", headers={"host": "localhost:1"}).status_code == 200


def test_a_body_over_the_limit_is_refused_with_and_without_its_length(server: Running):
    client = server.client("analyst@alpha")
    large = b'{"foreign": "' + b"x" * (1 << 21) + b'"}'
    check(client.post(f"{ALPHA}/comparisons", content=large), 413, "too_large")
    pieces = (large[n : n + 65536] for n in range(0, len(large), 65536))
    headers = {"content-type": "application/json"}
    check(client.post(f"{ALPHA}/comparisons", content=pieces, headers=headers), 413, "too_large")


def test_a_file_over_the_limit_is_refused(tmp_path):
    with running(tmp_path, upload_limit_mb=1) as made:
        files = {"file": ("big.csv", b"a" * (2 << 20), "text/csv")}
        check(made.client("analyst@alpha").post(f"{ALPHA}/uploads", files=files), 413, "too_large")


def test_a_caller_who_comes_too_often_has_to_wait(tmp_path):
    with running(tmp_path, rate_limit=5) as made:
        client, other = made.client("viewer@alpha"), made.client("viewer@beta")
        for _ in range(5):
            assert client.get("/api/v1/me").status_code == 200
        response = client.get("/api/v1/me")
        check(response, 429, "too_many_requests")
        assert int(response.headers["retry-after"]) >= 1
        assert other.get("/api/v1/me").status_code == 200


def test_guessing_tokens_is_slowed_down(tmp_path):
    with running(tmp_path, sign_in_limit=3) as made:
        client = made.client()
        codes = [client.post("/api/v1/session", json={"token": f"mra_{n}"}).status_code for n in range(5)]
        assert codes == [401, 401, 401, 429, 429]


def test_an_unexpected_error_tells_nothing_and_the_service_goes_on(server: Running, monkeypatch):
    monkeypatch.setattr("api.routes.library.program_rows", lambda library: 1 / 0)
    response = server.client("viewer@alpha").get(f"{ALPHA}/programs")
    body = check(response, 500, "internal")
    assert "division" not in response.text
    assert "request id" in body["detail"]
    monkeypatch.undo()
    assert server.client("viewer@alpha").get(f"{ALPHA}/programs").status_code == 200


def test_a_failing_rule_engine_is_503_with_a_time_to_try_again(server: Running, monkeypatch):
    def fail(*_):
        raise MatcherError("The matching process failed twice.")

    monkeypatch.setattr("jobs.stored_comparisons.run_comparison", fail)
    response = server.client("analyst@alpha").post(f"{ALPHA}/comparisons", json={"foreign": "jp-aeo"})
    check(response, 503, "matching_failed")
    assert int(response.headers["retry-after"]) >= 1


def test_the_death_of_the_matching_process_is_not_seen_by_anybody(server: Running):
    import os
    import signal

    from engine.matching import default_matcher

    client = server.client("analyst@alpha")
    assert client.post(f"{ALPHA}/comparisons", json={"foreign": "sg-stp"}).status_code == 201
    child = default_matcher().child_pid
    assert child is not None
    os.kill(child, signal.SIGKILL)
    assert client.post(f"{ALPHA}/comparisons", json={"foreign": "il-aeo"}).status_code == 201


def test_every_code_is_described_in_the_documentation():
    text = DOCS.read_text(encoding="utf-8")
    rows = dict(re.findall(r"^\| `(\w+)` \| (\d{3}) \|", text, re.MULTILINE))
    assert rows == {code: str(kind.status) for code, kind in PROBLEMS.items()}


def test_a_refusal_without_a_detail_says_what_its_code_means():
    assert str(Refusal("csrf")) == PROBLEMS["csrf"].meaning


def test_a_connection_that_sends_no_http_does_no_harm(server: Running):
    host, port = server.url.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port))) as raw:
        raw.sendall(b"\x16\x03\x01 nonsense\r\n\r\n")
        assert b"400" in raw.recv(1000)
    assert server.client().get("/health").status_code == 200
