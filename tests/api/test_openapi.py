"""The OpenAPI document holds: whatever is sent to whatever operation, the answer is a documented one."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis.strategies import booleans
from schemathesis import GenerationMode
from schemathesis.checks import (
    content_type_conformance,
    not_a_server_error,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from api.permissions import ROLES
from tests.api.serving import Running, running
from tests.jobs.sheets import criteria_sheet

CHECKS = (
    not_a_server_error,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)
EXAMPLES = 3  # for each operation and caller


@pytest.fixture(scope="module")
def fuzzed(tmp_path_factory) -> Iterator[Running]:
    """A server of its own: these tests write nonsense into it."""
    with running(tmp_path_factory.mktemp("fuzzed"), sign_in_limit=100_000) as made:
        yield made


@pytest.fixture(scope="module")
def known(fuzzed: Running) -> dict[str, str]:
    """Names of things that exist, by the parameter that they stand for; else every answer would be 404."""
    client, place = fuzzed.client("admin@alpha"), "/api/v1/workspaces/alpha"
    files = {"file": ("partner.xlsx", criteria_sheet())}
    made = client.post(f"{place}/comparisons", json={"foreign": "nz-ses"}).json()["id"]
    report = client.post(f"{place}/comparisons/{made}/reports", json={}).json()["id"]
    job = client.post(f"{place}/jobs", json={"kind": "report", "comparison": made}).json()["id"]
    client.get(f"{place}/jobs/{job}/events")
    return {
        "workspace": "alpha", "program": "nz-ses", "edition": "nz-ses-2024", "ref": "SES 1.1",
        "control": "seal.affix_high_security", "comparison": made, "criterion": "6.2", "report": report,
        "upload": client.post(f"{place}/uploads", files=files).json()["id"], "job": job,
        "name": "viewer-alpha", "since": made,
    }  # fmt: skip


@pytest.fixture
def schema(fuzzed: Running) -> Any:
    """The document as the server gives it."""
    found = schemathesis.openapi.from_url(f"{fuzzed.url}/api/v1/openapi.json")
    found.config.generation.update(modes=list(GenerationMode))
    return found


def test_the_document_is_a_valid_one_of_version_3_1(schema: Any):
    assert schema.raw_schema["openapi"] == "3.1.0"
    schema.validate()


@pytest.mark.parametrize("who", ["", "super", *(f"{role}@alpha" for role in ROLES)])
def test_every_operation_answers_as_documented_to(fuzzed: Running, known, schema: Any, who: str):
    """Good and bad requests, drawn by schemathesis for each operation, sent by each caller."""
    headers = {"authorization": f"Bearer {fuzzed.tokens[who]}"} if who else {}
    answered: Counter[int] = Counter()
    for operation in schema.get_all_operations():
        _try(operation.ok(), headers, known, answered)
    assert sum(answered.values()) > 100
    if who == "admin@alpha":
        assert answered[200] > 30


def _try(operation: Any, headers: dict[str, str], known: dict[str, str], answered: Counter[int]) -> None:
    @settings(
        max_examples=EXAMPLES,
        deadline=None,
        database=None,
        derandomize=True,
        phases=[Phase.explicit, Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(case=operation.as_strategy(), drawn=booleans(), plain=booleans())
    def one(case: Any, drawn: bool, plain: bool) -> None:
        for name in case.path_parameters or {}:
            if name in known and (name == "workspace" or not drawn):
                case.path_parameters[name] = known[name]
        if plain:  # drawn filters fit nothing, so half of the requests go without
            case.query = {name: known[name] for name in case.query or {} if name in known}
        if operation.path.endswith(("/session", "/undo")):  # would sign out, or take the others' work back
            return
        response = case.call_and_validate(headers=headers, checks=CHECKS, timeout=60)
        answered[response.status_code] += 1

    one()
