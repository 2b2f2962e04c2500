"""Headers, caching, CSV, idempotency, sessions, events, logs: what every caller can rely on."""

from __future__ import annotations

import csv
import io
import json
import logging
import threading
import time
from datetime import timedelta

import pytest

from api import logs
from api.guard import SECURITY_HEADERS
from api.tables import to_csv
from store import accounts, tokens
from tests.api.serving import Running
from tests.jobs.sheets import criteria_sheet

ALPHA = "/api/v1/workspaces/alpha"
IMMUTABLE = (
    "programs", "programs/ctpat", "editions", "editions/ctpat-2020", "editions/ctpat-2020/criteria",
    "editions/ctpat-2020/criteria/6.2", "controls", "controls/seal.affix_high_security",
    "editions/nz-ses/maps", "editions/ctpat-2020/changes?since=ctpat-2006", "arrangements",
    "arrangements?others=true", "matrix", "editions/nz-ses/waiting",
)  # fmt: skip


def test_every_answer_carries_the_security_headers(server: Running):
    for path in ("/health", "/nothing", f"{ALPHA}/programs"):
        headers = server.client("viewer@alpha").get(path).headers
        for name, value in SECURITY_HEADERS:
            assert headers[name.decode()] == value.decode()
        assert "unsafe" not in headers["content-security-policy"]


def test_a_request_id_is_taken_over_if_it_is_plain_and_made_otherwise(server: Running):
    client = server.client()
    assert client.get("/health", headers={"x-request-id": "abc-12345"}).headers["x-request-id"] == "abc-12345"
    assert client.get("/health", headers={"x-request-id": "a b"}).headers["x-request-id"] != "a b"


@pytest.mark.parametrize("path", IMMUTABLE)
def test_what_has_not_changed_is_answered_with_304(server: Running, path):
    client = server.client("analyst@alpha")
    first = client.get(f"{ALPHA}/{path}")
    assert first.status_code == 200
    again = client.get(f"{ALPHA}/{path}", headers={"if-none-match": first.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")
    assert client.get(f"{ALPHA}/{path}", headers={"if-none-match": '"other"'}).status_code == 200


def test_csv_and_json_of_one_list_have_different_etags(server: Running):
    client = server.client("viewer@alpha")
    plain = client.get(f"{ALPHA}/programs").headers["etag"]
    assert client.get(f"{ALPHA}/programs", headers={"accept": "text/csv"}).headers["etag"] != plain


@pytest.mark.parametrize(
    "path", [p for p in IMMUTABLE if not p.endswith(("ctpat", "2020", "6.2", "security"))]
)
def test_csv_holds_the_rows_of_the_list_quoted_with_a_byte_order_mark(server: Running, path):
    client = server.client("analyst@alpha")
    rows = client.get(f"{ALPHA}/{path}").json()["items"]
    response = client.get(f"{ALPHA}/{path}", headers={"accept": "text/csv"})
    assert response.headers["content-type"] == "text/csv; charset=utf-8"
    assert response.content.startswith("\ufeff".encode())
    read = list(csv.reader(io.StringIO(response.content.decode("utf-8-sig"), newline="")))
    assert len(read) == len(rows) + 1
    assert all(len(row) == len(read[0]) for row in read)
    assert all(cell.startswith('"') for cell in response.text.lstrip("\ufeff").splitlines()[0].split(","))


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@SUM(A1)", " =1", "\t=1", "\r=1", "\n=1"])
def test_no_cell_of_a_csv_is_run_as_a_formula(text):
    data = to_csv([{"a": text, "b": -1, "c": [text], "d": True, "e": None}], ("a", "b", "c", "d", "e"))
    [_, row] = csv.reader(io.StringIO(data.decode("utf-8-sig"), newline=""))
    assert row == ["'" + text, "-1", "'" + text, "true", ""]


def test_format_in_the_address_wins_over_the_accept_header(server: Running):
    client = server.client("viewer@alpha")
    assert client.get(f"{ALPHA}/programs?format=csv").headers["content-type"].startswith("text/csv")
    json_wanted = client.get(f"{ALPHA}/programs?format=json", headers={"accept": "text/csv"})
    assert json_wanted.json()["total"]


def test_pages_follow_each_other_by_link_and_by_cursor(server: Running):
    client = server.client("viewer@alpha")
    first = client.get(f"{ALPHA}/controls?limit=3")
    following = first.headers["link"].split(">")[0].lstrip("<")
    assert client.get(following).json() == client.get(
        f"{ALPHA}/controls", params={"limit": 3, "after": first.json()["next"]}
    ).json()  # fmt: skip


def test_a_post_sent_twice_with_one_key_is_done_once(server: Running):
    client = server.client("admin@alpha")
    headers = {"idempotency-key": "upload-1"}
    first = client.post(f"{ALPHA}/uploads", files={"file": ("a.csv", b"x,y\n1,2\n")}, headers=headers)
    again = client.post(f"{ALPHA}/uploads", files={"file": ("a.csv", b"x,y\n1,2\n")}, headers=headers)
    assert first.status_code == again.status_code == 201
    assert again.headers["idempotency-replayed"] == "true"
    assert again.content == first.content
    assert again.headers["location"] == first.headers["location"]
    other = client.post(f"{ALPHA}/uploads", files={"file": ("a.csv", b"other\n")}, headers=headers)
    assert (other.status_code, other.json()["code"]) == (422, "key_reused")


def test_a_key_is_the_callers_own(server: Running):
    headers = {"idempotency-key": "same-key"}
    body = {"name": "one", "scopes": ["read"]}
    ours = server.client("admin@alpha").post("/api/v1/tokens", json=body, headers=headers)
    theirs = server.client("admin@beta").post("/api/v1/tokens", json=body, headers=headers)
    assert ours.json()["id"] != theirs.json()["id"]


def test_a_failed_post_may_be_sent_again_with_its_key(server: Running):
    client = server.client("analyst@alpha")
    headers = {"idempotency-key": "try-again"}
    assert client.post(f"{ALPHA}/comparisons", json={"foreign": "nope"}, headers=headers).status_code == 404
    done = client.post(f"{ALPHA}/comparisons", json={"foreign": "kr-aeo"}, headers=headers)
    assert done.status_code == 201


def test_a_key_that_is_none_is_refused(server: Running):
    client = server.client("analyst@alpha")
    for key in ("", "a b", "x" * 201):
        response = client.post(
            f"{ALPHA}/comparisons", json={"foreign": "kr-aeo"}, headers={"idempotency-key": key}
        )
        assert (response.status_code, response.json()["code"]) == (400, "bad_request")


def test_the_same_comparison_asked_for_by_many_at_once_is_kept_once(server: Running):
    codes = []

    def ask():
        client = server.client("analyst@beta")
        codes.append(
            client.post("/api/v1/workspaces/beta/comparisons", json={"foreign": "mx-oea"}).status_code
        )

    threads = [threading.Thread(target=ask) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert set(codes) <= {200, 201}
    listed = server.client("viewer@beta").get("/api/v1/workspaces/beta/comparisons").json()
    assert listed["total"] == 1


def signed_in(server: Running, name: str) -> tuple:
    """Return a browser's client, signed in with a token, and its CSRF token."""
    browser = server.client()
    made = browser.post("/api/v1/session", json={"token": server.tokens[name]})
    assert made.status_code == 201
    return browser, made.json()["csrf"], made


def test_the_cookie_of_a_session_is_out_of_reach_of_scripts_and_other_sites(server: Running):
    _, _, made = signed_in(server, "analyst@alpha")
    cookie = made.headers["set-cookie"].lower()
    assert "httponly" in cookie
    assert "samesite=lax" in cookie
    assert "path=/" in cookie


def test_a_change_by_cookie_needs_the_csrf_token_and_our_own_origin(server: Running):
    browser, csrf, _ = signed_in(server, "analyst@alpha")
    place, body = f"{ALPHA}/comparisons", {"foreign": "nz-ses"}
    assert browser.get(place).status_code == 200
    for headers in ({}, {"x-csrf-token": "x"}, {"x-csrf-token": csrf, "origin": "http://evil.example"}):
        response = browser.post(place, json=body, headers=headers)
        assert (response.status_code, response.json()["code"]) == (403, "csrf"), headers
    good = {"x-csrf-token": csrf, "origin": server.url}
    assert browser.post(place, json=body, headers=good).status_code in (200, 201)


def test_a_form_of_another_site_signs_nobody_in(server: Running):
    body, headers = {"token": server.tokens["analyst@alpha"]}, {"origin": "http://evil.example"}
    for response in (
        server.client().post("/api/v1/session", json=body, headers=headers),
        server.client().post("/sign-in", data=body, headers=headers),
    ):
        assert response.status_code == 403
        assert "set-cookie" not in response.headers


def test_head_is_answered_as_get_without_the_body(server: Running):
    client = server.client("viewer@alpha")
    for path in ("/health", f"{ALPHA}/programs", f"{ALPHA}/programs/nope"):
        head, whole = client.head(path), client.get(path)
        assert (head.status_code, head.content) == (whole.status_code, b"")
        assert head.headers["content-length"] == whole.headers["content-length"]


def test_a_csrf_token_of_one_session_is_no_good_in_another(server: Running):
    _, csrf, _ = signed_in(server, "analyst@alpha")
    other, _, _ = signed_in(server, "reviewer@alpha")
    response = other.post(f"{ALPHA}/comparisons", json={"foreign": "nz-ses"}, headers={"x-csrf-token": csrf})
    assert response.json()["code"] == "csrf"


def test_signing_out_ends_the_session_for_good(server: Running):
    browser, csrf, _ = signed_in(server, "viewer@alpha")
    cookie = dict(browser.cookies)
    assert browser.delete("/api/v1/session", headers={"x-csrf-token": csrf}).status_code == 204
    assert server.client(cookies=cookie).get("/api/v1/me").status_code == 401


def test_an_account_that_is_no_longer_active_is_out_at_once(server: Running):
    def make(session):
        made = accounts.create(session, "leaver")
        accounts.set_role(session, "alpha", made.id, "viewer")
        return tokens.issue(session, made.id, "t", ["all"], timedelta(days=1))[0]

    client = server.with_token(server.store.run(make))
    assert client.get("/api/v1/me").status_code == 200
    boss = server.client("super")
    assert boss.patch("/api/v1/accounts/leaver", json={"active": False}).status_code == 200
    assert client.get("/api/v1/me").status_code == 401


def test_a_role_counts_from_the_moment_it_is_given(server: Running):
    boss = server.client("admin@beta")
    viewer = server.client("viewer@alpha")
    assert viewer.get("/api/v1/workspaces/beta").status_code == 404
    assert (
        boss.put("/api/v1/workspaces/beta/members/viewer-alpha", json={"role": "viewer"}).status_code == 200
    )
    assert viewer.get("/api/v1/workspaces/beta").status_code == 200
    assert boss.delete("/api/v1/workspaces/beta/members/viewer-alpha").status_code == 204
    assert viewer.get("/api/v1/workspaces/beta").status_code == 404


def test_the_last_admin_of_a_workspace_cannot_leave_it(server: Running):
    boss = server.client("admin@beta")
    for response in (
        boss.delete("/api/v1/workspaces/beta/members/admin-beta"),
        boss.put("/api/v1/workspaces/beta/members/admin-beta", json={"role": "viewer"}),
    ):
        assert (response.status_code, response.json()["code"]) == (409, "conflict")


def test_a_superuser_makes_a_workspace_and_is_its_admin(server: Running):
    boss = server.client("super")
    made = boss.post("/api/v1/workspaces", json={"key": "gamma", "title": "Third"})
    assert (made.status_code, made.json()["role"]) == (201, "admin")
    assert boss.get("/api/v1/workspaces/gamma/programs").status_code == 200
    assert boss.post("/api/v1/workspaces", json={"key": "gamma"}).json()["code"] == "conflict"


def events(text: str) -> list[tuple[str, dict]]:
    """Return server-sent events as pairs of name and data."""
    found = []
    for block in text.split("\n\n"):
        fields = dict(line.split(": ", 1) for line in block.splitlines() if ": " in line)
        if "event" in fields:
            found.append((fields["event"], json.loads(fields["data"])))
    return found


def test_a_job_is_followed_by_events_to_its_end_and_by_polling(server: Running):
    client = server.client("negotiator@alpha")
    made = client.post(f"{ALPHA}/jobs", json={"kind": "matrix", "baseline": "ctpat"})
    assert made.status_code == 202
    job = made.json()["id"]
    told = events(client.get(f"{ALPHA}/jobs/{job}/events").text)
    assert told[-1][0] == "end"
    assert {name for name, _ in told[:-1]} <= {"progress"}
    assert told[-1][1]["state"] == "done"
    versions = [data["version"] for _, data in told]
    assert versions == sorted(set(versions))
    polled = client.get(f"{ALPHA}/jobs/{job}").json()
    assert polled["result"]["cells"] > 10
    assert client.get(f"{ALPHA}/reports/{polled['result']['report']}/file").status_code == 200
    last = {"last-event-id": str(versions[-1])}
    assert [name for name, _ in events(client.get(f"{ALPHA}/jobs/{job}/events", headers=last).text)] == [
        "end"
    ]


def test_a_job_that_is_over_cannot_be_cancelled_and_a_good_one_not_repeated(server: Running):
    client = server.client("analyst@alpha")
    job = client.post(f"{ALPHA}/jobs", json={"kind": "comparisons", "foreign": ["nz-ses"]}).json()["id"]
    client.get(f"{ALPHA}/jobs/{job}/events")
    assert client.post(f"{ALPHA}/jobs/{job}/cancel").json()["code"] == "conflict"
    assert client.post(f"{ALPHA}/jobs/{job}/retry").status_code in (409, 422)


def test_a_job_that_fails_says_why(server: Running):
    client = server.client("analyst@alpha")
    job = client.post(f"{ALPHA}/jobs", json={"kind": "comparisons", "foreign": ["atlantis"]}).json()["id"]
    name, last = events(client.get(f"{ALPHA}/jobs/{job}/events").text)[-1]
    assert (name, last["state"]) == ("end", "failed")
    assert "atlantis" in last["error"]["message"]


def test_an_import_that_was_taken_back_can_be_done_again_as_a_job(server: Running):
    client = server.client("admin@alpha")
    upload = client.post(f"{ALPHA}/uploads", files={"file": ("f.xlsx", criteria_sheet())}).json()["id"]
    new = {"name": "Freedonia", "country": "FD"}
    body = {
        "kind": "import",
        "upload": upload,
        "options": {"program": "fd-aeo", "edition": "j", "new_program": new},
    }

    def run() -> dict:
        job = client.post(f"{ALPHA}/jobs", json=body).json()["id"]
        return events(client.get(f"{ALPHA}/jobs/{job}/events").text)[-1][1]

    assert run()["result"]["edition"] == "fd-aeo-j"
    assert run()["result"]["applied"] is True  # nothing is done twice
    assert client.post(f"{ALPHA}/undo").status_code == 201
    assert client.get(f"{ALPHA}/editions/fd-aeo-j").status_code == 404
    assert run()["result"]["criteria"] == 4
    assert client.get(f"{ALPHA}/editions/fd-aeo-j").status_code == 200


def test_a_kind_of_job_needs_what_its_work_would_need(server: Running):
    body = {"kind": "suggestions", "edition": "nz-ses-2024"}
    refused = server.client("negotiator@alpha").post(f"{ALPHA}/jobs", json=body)
    assert (refused.status_code, refused.json()["code"]) == (403, "not_allowed")


def test_metrics_count_requests_by_route_for_superusers_only(server: Running):
    text = server.client("super").get("/metrics").text
    assert 'route="/api/v1/workspaces/{workspace}/programs"' in text
    assert 'mra_request_seconds_bucket{route="/health",le="+Inf"}' in text
    assert server.client("admin@alpha").get("/metrics").status_code == 403
    assert server.client().get("/metrics").status_code == 401


def logged(stream: io.StringIO, who: str, number: int) -> list[dict]:
    """Return the lines on somebody's requests, once there are as many."""
    for _ in range(500):
        lines = [json.loads(line) for line in stream.getvalue().splitlines()]
        found = [line for line in lines if line.get("who") == who]
        if len(found) >= number:
            return found
        time.sleep(0.01)
    raise AssertionError(stream.getvalue())


def test_logs_hold_ids_and_numbers_but_no_secret_query_or_criterion(server: Running, monkeypatch):
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    handler.setFormatter(logs.JsonLines())
    monkeypatch.setattr(logs.access, "handlers", [handler])
    monkeypatch.setattr(logs.access, "propagate", False)
    level = logs.access.level
    logs.access.setLevel(logging.INFO)
    client = server.client("analyst@alpha")
    client.get(f"{ALPHA}/editions/ctpat-2020/criteria?q=secretword")
    client.post(f"{ALPHA}/what-if", json={"foreign": "nz-ses", "edits": {"remove": ["secretword"]}})
    ours = logged(stream, "analyst-alpha", 2)  # a line is written when its answer is on its way already
    logs.access.setLevel(level)
    for line in ours:
        assert {"request_id", "method", "route", "status", "milliseconds", "who"} <= set(line)
    assert "secretword" not in stream.getvalue()
    assert server.tokens["analyst@alpha"] not in stream.getvalue()


def test_a_log_line_on_an_error_tells_where_but_not_the_message():
    try:
        raise ValueError("text of a criterion")
    except ValueError:
        record = logging.LogRecord(
            "mra", logging.ERROR, __file__, 1, "failed", (), __import__("sys").exc_info()
        )
    for formatter in (logs.JsonLines(), logs.TextLines()):
        line = formatter.format(record)
        assert "ValueError" in line
        assert "text of a criterion" not in line
