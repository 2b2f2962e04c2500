"""The pages for people: same access, no script, nothing from elsewhere, every form guarded."""

from __future__ import annotations

import re
from html.parser import HTMLParser

import httpx
import pytest
from fastapi.routing import APIRoute

from api.access import permission_of
from api.app import PAGES
from api.pages.html import Html, tag
from api.pages.signing_in import _inside
from api.permissions import PERMISSIONS, ROLES
from tests.api.serving import Running
from tests.jobs.sheets import criteria_sheet

ROUTES = [
    (method, route.path_format, permission_of(route.endpoint))
    for pages in PAGES
    for route in pages.routes.routes
    if isinstance(route, APIRoute)
    for method in sorted(route.methods or ())
]
FILLED = {"workspace": "alpha", "comparison": "0" * 64, "criterion": "6.2", "upload": "0" * 32}


def browser(server: Running, who: str) -> tuple[httpx.Client, str]:
    """Return a signed-in browser and its CSRF token."""
    client = server.client(follow_redirects=True)
    start = client.post("/sign-in", data={"token": server.tokens[who]})
    assert start.status_code == 200, start.text
    token = re.search(r'name="csrf" value="([^"]+)"', start.text)
    assert token
    return client, token[1]


class Reader(HTMLParser):
    """Reads a page: its tags with their attributes, and whether they are closed in order."""

    VOID = frozenset({"input", "link", "meta", "br", "hr", "img"})

    def __init__(self) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict]] = []
        self.open: list[str] = []

    def handle_starttag(self, name, attributes):
        self.tags.append((name, dict(attributes)))
        if name not in self.VOID:
            self.open.append(name)

    def handle_endtag(self, name):
        assert self.open.pop() == name


def read(response: httpx.Response) -> Reader:
    """Return a page as read; it is well formed."""
    reader = Reader()
    reader.feed(response.text)
    assert reader.open == []
    return reader


@pytest.fixture(scope="module")
def visited(server: Running) -> dict[str, httpx.Response]:
    """Every kind of page, after an upload, an import and a comparison."""
    client, csrf = browser(server, "admin@alpha")
    files = {"file": ("<b>partner.xlsx", criteria_sheet())}
    upload = client.post("/w/alpha/uploads", data={"csrf": csrf}, files=files)
    fields = {"csrf": csrf, "program": "fd-aeo", "edition": "2025", "name": "Freedonia", "country": "FD"}
    review = client.post(f"{upload.url.path}/import", data=fields)
    made = client.post("/w/alpha/comparisons", data={"csrf": csrf, "foreign": "fd-aeo-2025"})
    pages = {"upload": upload, "review": review, "comparison": made}
    for name, path in {
        "programs": "/w/alpha", "matrix": "/w/alpha/matrix", "comparisons": "/w/alpha/comparisons",
        "uploads": "/w/alpha/uploads", "reviews": "/w/alpha/reviews", "jobs": "/w/alpha/jobs",
        "problems": "/problems", "sign-in": "/sign-in", "lost": "/w/beta",
        "finding": f"{made.url.path}/findings/6.2",
        "filtered": f"{made.url.path}?severity=critical&verdict=no_counterpart&q=seal",
    }.items():  # fmt: skip
        pages[name] = client.get(path)
    return pages


def test_every_page_is_well_formed_titled_and_labelled(visited):
    for name, response in visited.items():
        reader = read(response)
        names = [tag_name for tag_name, _ in reader.tags]
        assert response.status_code == (404 if name == "lost" else 200), name
        assert names.count("h1") == names.count("main") == names.count("title") == 1, name
        assert dict(reader.tags[0][1]) == {"lang": "en"}, name
        for tag_name, attributes in reader.tags:
            if tag_name == "svg":
                assert {"aria-label", "aria-hidden"} & set(attributes), name


def test_no_page_has_a_script_an_inline_style_or_anything_from_elsewhere(visited):
    for name, response in visited.items():
        assert "script-src" not in response.headers["content-security-policy"]  # default-src 'none' holds
        for tag_name, attributes in read(response).tags:
            assert tag_name not in ("script", "style", "iframe", "object"), name
            assert not [key for key in attributes if key.startswith("on") or key == "style"], name
            for key in ("href", "src", "action"):
                assert not re.match(r"(?:[a-z]+:|//)", attributes.get(key) or ""), (name, attributes)


def test_every_form_that_changes_something_carries_the_csrf_token(visited):
    for name, response in visited.items():
        for form in re.findall(r"<form[^>]*method=\"post\".*?</form>", response.text, re.DOTALL):
            if 'action="/sign-in"' not in form:
                assert 'name="csrf"' in form, name


def test_a_text_from_a_file_is_shown_and_never_run(visited):
    assert "<b>partner" not in visited["upload"].text
    assert "&lt;b&gt;partner" in visited["upload"].text
    assert tag("p", "<x>", Html("<br>"), title='"') == '<p title="&quot;">&lt;x&gt;<br></p>'


def test_a_comparison_page_shows_counts_as_n_of_n_and_links_to_the_report(visited):
    text = visited["comparison"].text
    assert re.search(r"\d+ of \d+", text)
    assert "/report.xlsx" in text
    assert "no decision" in text


def test_filters_narrow_the_findings(visited):
    assert len(visited["filtered"].text) < len(visited["comparison"].text)


def test_somebody_who_is_not_signed_in_is_led_there_and_back(server: Running):
    client = server.client(follow_redirects=True)
    page = client.get("/w/alpha/matrix?baseline=ctpat")
    assert page.url.path == "/sign-in"
    back = re.search(r'name="next" value="([^"]+)"', page.text)
    assert back
    arrived = client.post("/sign-in", data={"token": server.tokens["viewer@alpha"], "next": back[1]})
    assert str(arrived.url).endswith("/w/alpha/matrix?baseline=ctpat")


@pytest.mark.parametrize(
    "address", ["//evil.example", "https://evil.example", "/\\evil.example", "x", "/a\nb"]
)
def test_a_sign_in_never_leads_to_another_site(address):
    assert _inside(address) == "/"


@pytest.mark.parametrize("role", ROLES)
def test_pages_are_for_the_roles_of_the_table(server: Running, role: str):
    client, csrf = browser(server, f"{role}@alpha")
    for method, path, permission in ROUTES:
        if permission not in PERMISSIONS:
            continue
        response = client.request(
            method, path.format(**FILLED), data={"csrf": csrf} if method == "POST" else None
        )
        if role in PERMISSIONS[permission]:
            assert response.status_code in (200, 404, 422), (method, path, response.status_code)
        else:
            assert response.status_code == 403, (method, path)
        other = client.request(method, path.format(**{**FILLED, "workspace": "beta"}))
        assert other.status_code in (403, 404), (method, path)
        assert "There is no workspace" in other.text or "Form without its token" in other.text


def test_a_form_without_its_token_changes_nothing(server: Running):
    client, _ = browser(server, "analyst@alpha")
    before = client.get("/api/v1/workspaces/alpha/comparisons").json()["total"]
    for data in ({"foreign": "mx-oea"}, {"foreign": "mx-oea", "csrf": "wrong"}):
        response = client.post("/w/alpha/comparisons", data=data)
        assert response.status_code == 403
    assert client.get("/api/v1/workspaces/alpha/comparisons").json()["total"] == before
    files = {"file": ("a.csv", b"a,b\n")}
    assert client.post("/w/alpha/uploads", files=files).status_code == 403


def test_a_decision_on_the_review_page_is_guarded_against_another_one(server: Running, visited):
    client, csrf = browser(server, "reviewer@alpha")
    page = client.get("/w/alpha/reviews?edition=fd-aeo-2025&state=proposed")
    form = re.search(r"<form[^>]*>(?:(?!</form>).)*name=\"revision\".*?</form>", page.text, re.DOTALL)
    assert form
    fields = dict(re.findall(r'name="(\w+)" value="([^"]*)"', form[0]))
    fields |= {"csrf": csrf, "decision": "approved", "rationale": "the same objective"}
    assert client.post("/w/alpha/reviews", data=fields).status_code == 200
    again = client.post("/w/alpha/reviews", data=fields)
    assert again.status_code == 412
    assert "has changed since you read it" in again.text


def test_signing_out_leaves_nothing_open(server: Running):
    client, csrf = browser(server, "viewer@alpha")
    assert client.post("/sign-out", data={"csrf": csrf}).url.path == "/sign-in"
    assert client.get("/w/alpha").url.path == "/sign-in"
