"""Uploads, reviews, comparisons, reports in any order: a small model tells what must hold after each step."""

from __future__ import annotations

from collections.abc import Iterator

import httpx
import pytest
from hypothesis import HealthCheck, settings
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)
from hypothesis.strategies import booleans, integers

from tests.api.serving import Running, running
from tests.jobs.sheets import ROWS, criteria_sheet

NEW = {"name": "Freedonia AEO", "country": "Freedonia"}


class Walk(RuleBasedStateMachine):
    """One walk in a workspace of its own. `editions` are those imported, by the change that did it."""

    server: Running

    @initialize()
    def begin(self) -> None:
        """Make a workspace; the superuser is its admin."""
        self.client: httpx.Client = self.server.client("super")
        every = self.client.get("/api/v1/workspaces", params={"limit": 500}).json()["total"]
        self.place = f"/api/v1/workspaces/walk-{every}"
        self.client.post("/api/v1/workspaces", json={"key": f"walk-{every}"})
        self.uploads: list[str] = []
        self.steps: list[str] = []  # what each change added: an edition, or nothing
        self.editions: set[str] = set()
        self.approved: dict[str, set[str]] = {}
        self.comparisons: dict[str, str] = {}

    @rule(rows=integers(1, len(ROWS)))
    def upload(self, rows: int) -> None:
        """Bring a file with some of the rows."""
        files = {"file": ("partner.xlsx", criteria_sheet(ROWS[:rows]))}
        self.uploads.append(self.client.post(f"{self.place}/uploads", files=files).json()["id"])

    @precondition(lambda self: self.uploads)
    @rule(which=integers(0, 99), label=integers(1, 3))
    def take_in(self, which: int, label: int) -> None:
        """Import one of the files under one of three labels."""
        upload = self.uploads[which % len(self.uploads)]
        body = {"program": "fd-aeo", "edition": f"v{label}", "new_program": NEW}
        response = self.client.post(f"{self.place}/uploads/{upload}/import", json=body)
        edition = f"fd-aeo-v{label}"
        assert response.status_code == (422 if edition in self.editions else 201), response.text
        if response.status_code == 201:
            self.editions.add(edition)
            self.steps.append(edition)

    @precondition(lambda self: self.editions)
    @rule(which=integers(0, 99), good=booleans())
    def decide(self, which: int, good: bool) -> None:
        """Approve or reject the first map that waits."""
        edition = sorted(self.editions)[which % len(self.editions)]
        rows = self.client.get(f"{self.place}/editions/{edition}/maps", params={"status": "proposed"}).json()
        if not rows["items"]:
            return
        row = rows["items"][0]
        body = {
            "edition": edition, "obligation": row["obligation"], "control": row["control"],
            "decision": "approved" if good else "rejected", "rationale": "tried",
        }  # fmt: skip
        response = self.client.post(f"{self.place}/reviews", json=body, headers={"if-match": row["etag"]})
        assert response.status_code == 201, response.text
        self.steps.append("")

    @precondition(lambda self: self.editions)
    @rule(which=integers(0, 99))
    def compare(self, which: int) -> None:
        """Compare an edition; the same data give the same comparison."""
        edition = sorted(self.editions)[which % len(self.editions)]
        first = self.client.post(f"{self.place}/comparisons", json={"foreign": edition})
        again = self.client.post(f"{self.place}/comparisons", json={"foreign": edition})
        assert (first.status_code in (200, 201), again.status_code) == (True, 200)
        assert first.json()["id"] == again.json()["id"]
        self.comparisons[first.json()["id"]] = self.client.get(
            f"{self.place}/comparisons/{first.json()['id']}"
        ).text  # fmt: skip

    @precondition(lambda self: self.comparisons)
    @rule(which=integers(0, 99))
    def report(self, which: int) -> None:
        """Write the report of a comparison, whatever has become of its editions since."""
        made = sorted(self.comparisons)[which % len(self.comparisons)]
        response = self.client.post(f"{self.place}/comparisons/{made}/reports", json={"audience": "partner"})
        assert response.status_code == 201, response.text

    @precondition(lambda self: self.steps)
    @rule()
    def undo_twice(self) -> None:
        """Take the last change back, and take that back: all is as it was."""
        before = self.client.get(f"{self.place}/export.zip").content
        assert self.client.post(f"{self.place}/undo").status_code == 201
        assert self.client.get(f"{self.place}/export.zip").content != before
        assert self.client.post(f"{self.place}/undo").status_code == 201
        assert self.client.get(f"{self.place}/export.zip").content == before

    @invariant()
    def what_was_imported_is_there_and_nowhere_else(self) -> None:
        """The editions are those of the model, here; the other workspaces know nothing of them."""
        listed = self.client.get(f"{self.place}/editions", params={"program": "fd-aeo"}).json()["items"]
        assert {row["key"] for row in listed} == self.editions
        other = self.server.client("admin@beta").get("/api/v1/workspaces/beta/programs/fd-aeo")
        assert other.status_code == 404

    @invariant()
    def a_comparison_never_changes(self) -> None:
        """What was compared reads as it read when it was made."""
        for made, text in self.comparisons.items():
            assert self.client.get(f"{self.place}/comparisons/{made}").text == text


@pytest.fixture(scope="module")
def walked(tmp_path_factory) -> Iterator[Running]:
    with running(tmp_path_factory.mktemp("walked")) as made:
        yield made


def test_any_walk_from_upload_to_report_keeps_what_must_hold(walked: Running):
    run_state_machine_as_test(
        type("Here", (Walk,), {"server": walked}),
        settings=settings(
            max_examples=5,
            stateful_step_count=12,
            deadline=None,
            database=None,
            derandomize=True,
            suppress_health_check=list(HealthCheck),
        ),
    )
