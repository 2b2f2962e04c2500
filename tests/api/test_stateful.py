"""The service under any order of work: upload, plan, import, suggest, review, compare, report, undo.

A machine of Hypothesis works in a workspace as its members do, over HTTP, and keeps a model of what must
be there. After every step it looks at the whole: nothing counts that nobody approved, no comparison ever
changes, the audit trail only grows, and a second workspace never shows any of it.
"""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from functools import cache
from typing import Any

import httpx
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from api.permissions import ROLES
from store import comparisons as stored
from tests.api.serving import Running
from tests.jobs.sheets import NUMBERS, RISK, SEALED, criteria_sheet

API = "/api/v1/workspaces"
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
SHEETS = {
    "fa-aeo": (("1.1", "Risk assessment", RISK, "Mandatory", "All", ""),
               ("2.1", "Seal security", SEALED, "Mandatory", "Exporter", "")),
    "fb-aeo": (("7", "Seal security", SEALED, "Recommended", "Exporter", ""),
               ("8", "Seal security", NUMBERS, "Recommended", "Exporter", "")),
}  # fmt: skip
SHIPPED = "nz-ses-2024"
DAYS = ("2026-01-01", "2026-06-30")
SIMILAR = ("exceeds", "meets", "partly_meets")

number = st.integers(0, 30)


@cache
def sheet(program: str) -> bytes:
    """Return the bytes of a program's sheet, the same for the whole run."""
    return criteria_sheet(SHEETS[program])


def options(program: str) -> dict[str, Any]:
    """Return how a program's sheet is imported."""
    named = {"name": program.upper(), "country": "Freedonia"}
    return {"program": program, "edition": "2025", "in_force": "2025-01-01", "new_program": named}


def edition_of(program: str) -> str:
    """Return the key of the edition that a program's sheet becomes."""
    return f"{program}-2025"


def pick(among: Collection[Any], which: int) -> Any:
    """Return one of several by a number that Hypothesis drew."""
    return sorted(among)[which % len(among)]


Key = tuple[str, str, str]  # edition, obligation, control
Known = dict[tuple[Any, ...], str]  # what a comparison follows from -> its id


@dataclass(frozen=True)
class World:
    """What a workspace must hold: the programs imported, and the decision that stands on each map."""

    imported: frozenset[str] = frozenset()
    decisions: Mapping[Key, str] = field(default_factory=dict)

    def of(self, edition: str) -> frozenset[tuple[str, str, str]]:
        """Return the decisions on an edition: obligation, control, decision."""
        return frozenset((key[1], key[2], said) for key, said in self.decisions.items() if key[0] == edition)

    def approved(self, edition: str) -> set[tuple[str, str]]:
        """Return the maps of an edition that count."""
        return {(obligation, control) for obligation, control, said in self.of(edition) if said == "approved"}


class Service(RuleBasedStateMachine):
    """The members of one workspace at work, in any order."""

    def __init__(self, server: Running, people: Mapping[str, httpx.Client], known: Known, place: int) -> None:
        super().__init__()
        self.server, self.people, self.known = server, people, known
        self.own, self.other = f"own-{place}", f"other-{place}"
        for key, team in ((self.own, "alpha"), (self.other, "beta")):
            assert people["super"].post(API, json={"key": key}).status_code == 201
            for role in ROLES:
                member = f"{API}/{key}/members/{role}-{team}"
                assert people["super"].put(member, json={"role": role}).status_code == 200
        self.world = World()
        self.history: list[World] = []  # the world before each change
        self.uploads: list[tuple[str, str]] = []  # program, id
        self.comparisons: dict[str, bytes] = {}
        self.trail: list[dict[str, Any]] = []

    def read(self, who: str, path: str, **query: Any) -> httpx.Response:
        """Return what somebody reads in the workspace."""
        response = self.people[who].get(f"{API}/{self.own}{path}", params=query)
        assert response.status_code == 200, response.text
        return response

    def rows(self, who: str, path: str, **query: Any) -> list[dict[str, Any]]:
        """Return the items of a list that somebody reads in the workspace."""
        found: list[dict[str, Any]] = self.read(who, path, **query).json()["items"]
        return found

    def post(self, who: str, path: str, **more: Any) -> httpx.Response:
        """Return the answer to something that somebody asks for in the workspace."""
        return self.people[who].post(f"{API}/{self.own}{path}", **more)

    def changed(self, after: World) -> None:
        """Note that the workspace has changed."""
        self.history.append(self.world)
        self.world = after

    @rule(program=st.sampled_from(sorted(SHEETS)))
    def upload(self, program: str) -> None:
        files = {"file": (f"{program}.xlsx", sheet(program), XLSX)}
        response = self.post("analyst", "/uploads", files=files)
        assert response.status_code == 201, response.text
        self.uploads.append((program, response.json()["id"]))

    @precondition(lambda self: self.uploads)
    @rule(which=number)
    def plan(self, which: int) -> None:
        program, upload = pick(self.uploads, which)
        plan = self.post("analyst", f"/uploads/{upload}/plan", json=options(program))
        if program not in self.world.imported:
            assert plan.status_code == 200, plan.text
            assert (plan.json()["edition"], plan.json()["applied"]) == (edition_of(program), False)

    @precondition(lambda self: self.uploads)
    @rule(which=number)
    def apply(self, which: int) -> None:
        program, upload = pick(self.uploads, which)
        done = self.post("analyst", f"/uploads/{upload}/import", json=options(program))
        if program in self.world.imported:
            assert done.status_code == 422, "an edition is imported once"
            return
        assert done.status_code == 201, done.text
        self.changed(replace(self.world, imported=self.world.imported | {program}))

    @precondition(lambda self: self.world.imported)
    @rule(which=number)
    def suggest(self, which: int) -> None:
        edition = edition_of(pick(self.world.imported, which))
        rows = self.rows("analyst", f"/editions/{edition}/suggestions", method="lexical", top=2)
        waiting = self.rows("analyst", f"/editions/{edition}/waiting")
        assert {one["obligation"] for one in rows} <= {one["obligation"] for one in waiting}

    @precondition(lambda self: self.world.imported)
    @rule(which=number, row=number, decision=st.sampled_from(["approved", "rejected"]), late=st.booleans())
    def review(self, which: int, row: int, decision: str, late: bool) -> None:
        edition = edition_of(pick(self.world.imported, which))
        maps = [one for one in self.rows("reviewer", f"/editions/{edition}/maps") if one["control"]]
        one = maps[row % len(maps)]
        body = {name: one[name] for name in ("edition", "obligation", "control")}
        body |= {"decision": decision, "rationale": f"{decision} on reading both texts"}
        tag = '"r999"' if late else one["etag"]
        done = self.post("reviewer", "/reviews", json=body, headers={"if-match": tag})
        if late:
            assert done.json()["code"] == "version_conflict", done.text
            return
        assert done.status_code == 201, done.text
        key = (edition, one["obligation"], one["control"])
        self.changed(replace(self.world, decisions={**self.world.decisions, key: decision}))

    @rule(which=number, day=st.sampled_from(DAYS))
    def compare(self, which: int, day: str) -> None:
        foreign = pick({SHIPPED, *map(edition_of, self.world.imported)}, which)
        done = self.post("analyst", "/comparisons", json={"foreign": foreign, "as_of": day})
        key = done.json()["id"]
        assert done.status_code == (200 if key in self.comparisons else 201), done.text
        follows = (foreign, day, self.world.of(foreign))
        assert self.known.setdefault(follows, key) == key, "the same inputs give the same id"
        whole = self.read("viewer", f"/comparisons/{key}")
        self.comparisons.setdefault(key, whole.content)
        if foreign != SHIPPED:
            _only_approved_maps_count(whole.json(), self.world.approved(foreign))

    @precondition(lambda self: self.comparisons)
    @rule(which=number, limit=st.sampled_from([40, 500]), verdict=st.sampled_from(["", "no_counterpart"]))
    def findings(self, which: int, limit: int, verdict: str) -> None:
        key = pick(self.comparisons, which)
        every = json.loads(self.comparisons[key])["findings"]
        paged: list[str] = []
        after: str | None = ""
        while after is not None:
            query = {"limit": limit, "verdict": verdict, "after": after}
            page = self.read("viewer", f"/comparisons/{key}/findings", **query).json()
            paged += [one["criterion"] for one in page["items"]]
            after = page["next"]
        assert paged == [one["criterion"] for one in every if verdict in ("", one["verdict"])]

    @precondition(lambda self: self.comparisons)
    @rule(which=number, audience=st.sampled_from(["own", "partner"]))
    def report(self, which: int, audience: str) -> None:
        key = pick(self.comparisons, which)
        done = self.read("negotiator", f"/comparisons/{key}/report.xlsx", audience=audience)
        assert zipfile.ZipFile(io.BytesIO(done.content)).testzip() is None
        assert int(done.headers["content-length"]) == len(done.content)

    @precondition(lambda self: self.comparisons)
    @rule(one=number, two=number)
    def compare_two(self, one: int, two: int) -> None:
        before, after = pick(self.comparisons, one), pick(self.comparisons, two)
        rows = self.rows("viewer", f"/comparisons/{after}/changes", since=before, limit=500)
        told = {row["criterion"]: (row["verdict_before"], row["verdict_after"]) for row in rows}
        old, new = (
            {one["criterion"]: one for one in json.loads(self.comparisons[key])["findings"]}
            for key in (before, after)
        )
        assert {ref for ref in new if old[ref] != new[ref]} <= set(told)
        assert told == {ref: (old[ref]["verdict"], new[ref]["verdict"]) for ref in told}
        assert before != after or not told

    @rule()
    def undo(self) -> None:
        done = self.post("reviewer", "/undo")
        if not self.history:
            assert done.json()["code"] == "refused", done.text
            return
        assert done.json()["undoes"] == len(self.history), done.text
        self.changed(self.history[-1])

    @precondition(lambda self: self.history)
    @rule()
    def undo_twice(self) -> None:
        before = self.read("admin", "/export.zip").content
        self.undo()
        assert self.read("admin", "/export.zip").content != before
        self.undo()
        assert self.read("admin", "/export.zip").content == before

    @invariant()
    def the_workspace_holds_what_was_done_and_no_more(self) -> None:
        assert self.read("viewer", "").json()["version"] == len(self.history)
        shown = {one["key"] for one in self.rows("viewer", "/programs")} & set(SHEETS)
        assert shown == self.world.imported
        for edition in map(edition_of, shown):
            maps = self.rows("viewer", f"/editions/{edition}/maps")
            decided = {(one["obligation"], one["control"], one["status"]) for one in maps if one["control"]}
            assert {one for one in decided if one[2] != "proposed"} == self.world.of(edition)
            waiting = {one["obligation"] for one in self.rows("analyst", f"/editions/{edition}/waiting")}
            settled = {obligation for obligation, _ in self.world.approved(edition)}
            assert waiting == {one["obligation"] for one in maps} - settled

    @invariant()
    def a_stored_comparison_never_changes(self) -> None:
        with self.server.store.reading() as session:
            for key, body in self.comparisons.items():
                assert stored.shown(session, self.own, key) == body
        for key in list(self.comparisons)[-1:]:
            assert self.read("viewer", f"/comparisons/{key}").content == self.comparisons[key]
        assert self.read("viewer", "/comparisons").json()["total"] == len(self.comparisons)

    @invariant()
    def the_audit_trail_only_grows(self) -> None:
        trail = self.rows("admin", "/audit", limit=500)
        assert trail[len(trail) - len(self.trail) :] == self.trail
        events = [one["event"] for one in trail]
        changes = ("upload.imported", "review.decided", "workspace.undone")
        assert sum(events.count(one) for one in changes) == len(self.history)
        assert events.count("comparison.created") == len(self.comparisons)
        assert events.count("upload.created") == len(self.uploads)
        self.trail = trail

    @invariant()
    def another_workspace_never_shows_any_of_it(self) -> None:
        outsider = self.people["outsider"]
        for path in ("/uploads", "/comparisons", "/reviews", "/history"):
            assert outsider.get(f"{API}/{self.other}{path}").json()["total"] == 0, path
        keys = {one["key"] for one in outsider.get(f"{API}/{self.other}/programs").json()["items"]}
        assert not keys & set(SHEETS)
        made = [f"/comparisons/{key}" for key in list(self.comparisons)[-1:]]
        made += [f"/uploads/{key}" for _, key in self.uploads[-1:]]
        made += [f"/editions/{edition_of(one)}" for one in sorted(self.world.imported)[:1]]
        for path in (*made, "/audit"):
            assert outsider.get(f"{API}/{self.own}{path}").status_code == 404, path
        for path in made:
            assert outsider.get(f"{API}/{self.other}{path}").status_code == 404, path


def _only_approved_maps_count(found: dict[str, Any], approved: set[tuple[str, str]]) -> None:
    for finding in found["findings"]:
        behind = {(one["obligation"], one["control"]) for one in finding["evidence"]}
        assert finding["verdict"] not in SIMILAR or behind & approved, finding["criterion"]
    if not approved:
        assert not any(found["summary"].get(verdict) for verdict in SIMILAR)


def test_the_service_keeps_its_word_whatever_its_members_do_in_whatever_order(server: Running):
    people = {role: server.client(f"{role}@alpha") for role in ROLES}
    people |= {"super": server.client("super"), "outsider": server.client("admin@beta")}
    known: Known = {}
    places = iter(range(10**6))
    # Bounded, because each step sends some fifteen requests; each run tries other orders.
    bounded = settings(
        max_examples=6,
        stateful_step_count=14,
        suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
    )

    def service() -> RuleBasedStateMachine:
        return Service(server, people, known, next(places))

    run_state_machine_as_test(service, settings=bounded)  # type: ignore[arg-type]  # a factory will do
