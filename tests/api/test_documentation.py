"""The documentation of the interface is tried out: requests, examples, recipes."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml

from api.app import EXAMPLES, declared
from tests.api.serving import Running
from tests.jobs.sheets import criteria_sheet

ROOT = Path(__file__).parents[2]
TEXT = (ROOT / "docs" / "api.md").read_text(encoding="utf-8")
ALPHA = "/api/v1/workspaces/alpha"


def here(text: str, server: Running) -> str:
    """Return a documented address as one of the test server."""
    return text.replace("http://127.0.0.1:8000", server.url).replace("workspaces/main", "workspaces/alpha")


@pytest.fixture(scope="module")
def comparison(server: Running) -> str:
    """A comparison in `alpha`."""
    response = server.client("analyst@alpha").post(f"{ALPHA}/comparisons", json={"foreign": "nz-ses"})
    return str(response.json()["id"])


def block(language: str, containing: str) -> str:
    """Return a block of code of the page."""
    found = re.findall(rf"```{language}\n(.*?)```", TEXT, re.DOTALL)
    return str(next(text for text in found if containing in text))


@pytest.mark.parametrize("line", re.findall(r"^GET (/api/\S+)$", TEXT, re.MULTILINE))
def test_a_documented_request_is_answered(server: Running, line):
    response = server.client("viewer@alpha").get(here(line, server))
    assert response.status_code == 200, response.text


def test_the_power_query_recipe_reads_every_finding(server: Running, comparison: str):
    """Excel does not run here, so what its script sends is read from the script and sent."""
    script = block("powerquery", "Web.Contents")
    parts = re.search(r'RelativePath = "(.*?)" & Comparison & "(.*?)"', script)
    query = re.search(r'Query = \[limit = "(\d+)", after = after\]', script)
    columns = re.search(r"Rows, \{(.*?)\}", script)
    assert parts
    assert query
    assert columns
    place = "/" + here(f"{parts[1]}{comparison}{parts[2]}", server)
    rows: list = []
    after: str | None = ""
    while after is not None:
        page = server.client("viewer@alpha").get(place, params={"limit": query[1], "after": after}).json()
        rows += page["items"]
        after = page["next"]
    assert len(rows) == page["total"] > 0
    assert set(re.findall(r'"(\w+)"', columns[1])) <= set(rows[0])


def test_the_csv_address_for_excel_is_csv(server: Running):
    address = re.search(r"From Web, address `(\S+)`", TEXT)
    assert address
    response = server.client("viewer@alpha").get(here(address[1], server))
    assert response.headers["content-type"].startswith("text/csv")


def test_the_grafana_recipe_finds_its_columns(server: Running):
    recipe = yaml.safe_load(block("yaml", "root_selector"))
    rows = server.client("viewer@alpha").get(here(recipe["url"], server)).json()[recipe["root_selector"]]
    for column in recipe["columns"]:
        values = []
        for row in rows:
            value = row
            for part in column["selector"].split("."):
                value = value.get(part, 0)
            values.append(value)
        kind = (int, float) if column["type"] == "number" else str
        assert all(isinstance(value, kind) for value in values), column


def test_a_dashboard_token_is_enough_for_the_recipes(server: Running, comparison: str):
    body = {"name": "Grafana", "scopes": ["dashboard"]}
    secret = server.client("viewer@alpha").post("/api/v1/tokens", json=body).json()["secret"]
    client = server.with_token(secret)
    assert client.get(f"{ALPHA}/matrix").status_code == 200
    assert client.get(f"{ALPHA}/comparisons/{comparison}/findings").status_code == 200


def test_every_operation_with_a_json_body_has_an_example(server: Running):
    document = server.client().get("/api/v1/openapi.json").json()
    assert document["openapi"].startswith("3.1")
    wanted = set()
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            content = operation.get("requestBody", {}).get("content", {})
            if "application/json" in content:
                wanted.add((method.upper(), path))
                assert "example" in content["application/json"], (method, path)
    assert wanted == {place for place, _ in EXAMPLES}


def test_every_example_is_a_good_request(server: Running, comparison: str):
    admin, boss = server.client("admin@alpha"), server.client("super")
    files = {"file": ("partner.xlsx", criteria_sheet())}
    upload = admin.post(f"{ALPHA}/uploads", files=files).json()["id"]
    row = admin.get(f"{ALPHA}/editions/nz-ses-2024/maps", params={"status": "library"}).json()["items"][0]
    fill = {
        "workspace": "alpha", "comparison": comparison, "upload": upload, "name": "viewer-alpha",
        "token": server.tokens["admin@alpha"], "obligation": row["obligation"], "control": row["control"],
    }  # fmt: skip
    permissions = {(method, path): permission for method, path, permission in declared()}
    for (method, path), body in EXAMPLES:
        sent = {k: v.format(**fill) if isinstance(v, str) else v for k, v in body.items()}
        client = boss if permissions[method, path] == "superuser" else admin
        headers = {"if-match": row["etag"]}
        response = client.request(method, path.format(**fill), json=sent, headers=headers)
        assert response.status_code in (200, 201, 202), (method, path, response.text)
