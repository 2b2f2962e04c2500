"""The shapes of requests and answers as the OpenAPI document shows them, each with an example.

Answers may hold more fields than are listed here; those listed stay.
"""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Any, Literal

from fastapi import Query
from pydantic import BaseModel, ConfigDict, Field, model_validator

from criteria.model import Strength
from jobs.what_if import Edits
from mappings.model import Confidence
from mappings.relationships import Relationship
from workbooks.layouts import Layout

Audience = Literal["own", "partner"]
Detail = Literal["compact", "full"]
Marking = Annotated[str, Query(max_length=100, description="Stands on every page. Default: by audience.")]


def _check_texts(value: Any) -> None:
    """Raise ValueError for a text that no database and no file takes."""
    if isinstance(value, str):
        if "\x00" in value or any("\ud800" <= sign <= "\udfff" for sign in value):
            raise ValueError("a text holds a NUL or half a character")
    elif isinstance(value, dict):
        for key, one in value.items():
            _check_texts(key)
            _check_texts(one)
    elif isinstance(value, list):
        for one in value:
            _check_texts(one)


class Body(BaseModel):
    """The base of every request body: unknown fields are errors, texts can be stored."""

    model_config = ConfigDict(extra="forbid")

    @model_validator(mode="before")
    @classmethod
    def _texts(cls, value: Any) -> Any:
        _check_texts(value)
        return value


class ComparisonRequest(Body):
    """What to compare: names of programs or editions, operator types, and the day."""

    foreign: str = Field(min_length=1, max_length=100, examples=["nz-ses"])
    baseline: str = Field("ctpat", min_length=1, max_length=100)
    operators: list[str] = Field([], max_length=20, examples=[["importer"]])
    as_of: date | None = Field(None, description="Default: today (UTC).", examples=["2026-11-24"])
    count_forced_labor: bool = False


class WhatIfRequest(ComparisonRequest):
    """A comparison in an imagined world."""

    edits: Edits
    keep: bool = Field(False, description="Keep the imagined comparison in the workspace.")


class ImportOptions(Body):
    """How an upload is imported; the fields are the options of `mra import`."""

    program: str = Field(min_length=1, max_length=64, pattern=r"^[a-z][a-z0-9-]*$", examples=["nz-ses"])
    edition: str = Field("", max_length=40, examples=["2026-11"])
    sheets: list[str] = Field([], max_length=50)
    layouts: list[Layout] = Field([], max_length=50)
    layout_name: str = Field("", max_length=80)
    encoding: str = Field("", max_length=40)
    in_force: date | None = None
    complete: bool = False
    new_program: NewProgram | None = None


class NewProgram(Body):
    """A program that is not in the library yet."""

    name: str = Field(min_length=1, max_length=200, examples=["Secure Trade Partnership"])
    country: str = Field(min_length=1, max_length=100, examples=["Atlantis"])
    administration: str = Field("", max_length=200)


class DecisionRequest(Body):
    """A decision on one map. An empty `control` with `approved` says that no control fits."""

    edition: str = Field(min_length=1, max_length=100, examples=["nz-ses-2024"])
    obligation: str = Field(min_length=1, max_length=200, examples=["1.1.a"])
    control: str = Field("", max_length=200, examples=["risk.assess"])
    decision: Literal["approved", "rejected"]
    relationship: Relationship | None = None
    rationale: str = Field("", max_length=4000)
    confidence: Confidence | None = None
    why: str = Field("", max_length=4000)


class ReportRequest(Body):
    """For whom the report is, and the marking on every page (default: by audience)."""

    audience: Audience = "own"
    marking: str = Field("", max_length=100)


class ImportJob(Body):
    """Import an upload; see `POST uploads/{upload}/import`."""

    kind: Literal["import"]
    upload: str = Field(max_length=64)
    options: ImportOptions


class SuggestionsJob(Body):
    """Record proposals for every obligation of an edition that waits for a map."""

    kind: Literal["suggestions"]
    edition: str = Field(min_length=1, max_length=100, examples=["nz-ses-2024"])


class MatrixJob(Body):
    """Compare every program with a baseline (or `all`), and keep the workbook."""

    kind: Literal["matrix"]
    baseline: str = Field("ctpat", min_length=1, max_length=100)
    as_of: date | None = None
    marking: str = Field("", max_length=100)


class ReportJob(Body):
    """Write the gap report of a comparison, and keep it."""

    kind: Literal["report"]
    comparison: str = Field(max_length=64)
    audience: Audience = "own"
    marking: str = Field("", max_length=100)


class ComparisonsJob(Body):
    """Compare several programs with a baseline, and keep each comparison."""

    kind: Literal["comparisons"]
    foreign: list[str] = Field(min_length=1, max_length=100, examples=[["nz-ses", "eu-aeo"]])
    baseline: str = Field("ctpat", min_length=1, max_length=100)
    as_of: date | None = None


class WorkspaceRequest(Body):
    """A new workspace. Whoever makes it becomes its admin."""

    key: str = Field(max_length=64, pattern=r"^[a-z0-9](?:[a-z0-9-]{0,62}[a-z0-9])?$", examples=["eu-2027"])
    title: str = Field("", max_length=200, examples=["EU round 2027"])


class TitleRequest(Body):
    """Another title for a workspace."""

    title: str = Field(min_length=1, max_length=200)


class MemberRequest(Body):
    """The role an account has from now on."""

    role: Literal["viewer", "analyst", "reviewer", "negotiator", "admin"]


class AccountRequest(Body):
    """Somebody who may sign in, or a dashboard."""

    name: str = Field(min_length=1, max_length=100, examples=["dashboard"])
    display: str = Field("", max_length=200)
    superuser: bool = False


class AccountChange(Body):
    """What is different from now on; what is left out stays."""

    display: str | None = Field(None, max_length=200)
    superuser: bool | None = None
    active: bool | None = None


class TokenRequest(Body):
    """A new API token of one's own. `workspace` binds it to one workspace."""

    name: str = Field(min_length=1, max_length=200, examples=["Power Query"])
    scopes: list[str] = Field(min_length=1, max_length=50, examples=[["dashboard"]])
    days: int = Field(90, ge=1, le=366)
    workspace: str | None = Field(None, max_length=64)


class SignInRequest(Body):
    """Sign a browser in with an API token of scope `all`."""

    token: str = Field(min_length=1, max_length=200)


# ------------------------------------------------------------------ answers


class Workspace(BaseModel):
    """A workspace one is a member of, and one's role in it."""

    key: str = Field(examples=["main"])
    title: str
    version: int
    role: str | None = Field(examples=["admin"])
    created: datetime
    changed: datetime


class Program(BaseModel):
    """A program in one line; sizes are those of its current edition."""

    key: str = Field(examples=["ctpat"])
    name: str
    country: str
    administration: str
    editions: list[str]
    current: str
    criteria: int
    obligations: int
    read: int


class Edition(BaseModel):
    """An edition in one line."""

    key: str = Field(examples=["ctpat-2020"])
    program: str
    title: str
    label: str
    in_force_from: date | None
    in_force_until: date | None
    criteria: int
    obligations: int
    unmapped: int
    supersedes: str
    read: str


class Criterion(BaseModel):
    """A criterion with its obligations, as its program states it."""

    ref: str = Field(examples=["6.2"])
    category: str
    title: str
    statement: str
    strength: Strength
    instrument: str
    basis: str
    obligations: list[dict[str, Any]]
    operators: list[str]
    source: dict[str, Any]


class Control(BaseModel):
    """A control of the shared catalogue; `mapped` counts the obligations that answer it."""

    id: str = Field(examples=["seal.affix_high_security"])
    name: str
    category: str
    definition: str
    dimensions: list[str]
    wco_safe: str
    replaced_by: str
    mapped: int


class MapRow(BaseModel):
    """A map as a reviewer sees it. A decision sends `etag` in If-Match."""

    edition: str
    obligation: str
    strength: str
    text: str
    control: str
    control_name: str
    relationship: str
    confidence: str
    rationale: str
    status: str
    etag: str = Field(examples=['"r0"'])


class Arrangement(BaseModel):
    """A mutual recognition arrangement as it stood on a day."""

    partner: str
    program: str
    program_name: str
    state: str = Field(examples=["signed"])
    signed: str
    conflict: str
    basis: str
    sources: list[str]


class MatrixCell(BaseModel):
    """One foreign edition against one baseline: counts by verdict, and similar of N musts."""

    baseline: str
    foreign: str
    counts: dict[str, int]
    total: int
    provisional: int
    similar: int
    addressed: int
    musts: int
    recommendation: str
    validation: str
    overall: str


class ComparisonRow(BaseModel):
    """A stored comparison in one line."""

    id: str
    baseline: str
    foreign: str
    as_of: date
    overall: str | None
    summary: dict[str, int]
    request: dict[str, Any]
    who: str
    at: datetime


class Comparison(BaseModel):
    """A whole comparison; the same shape as `mra compare --json`."""

    id: str
    as_of: date
    baseline: str
    foreign: str
    summary: dict[str, int]
    categories: dict[str, dict[str, int]]
    operators: dict[str, dict[str, int]]
    conclusion: dict[str, Any]
    prerequisites: list[dict[str, Any]]
    findings: list[dict[str, Any]]
    reverse: list[dict[str, Any]]
    warnings: list[str]


class Finding(BaseModel):
    """The judgement on one baseline criterion. `detail=full` adds obligations and evidence."""

    criterion: str = Field(examples=["6.2"])
    title: str
    category: str
    strength: str
    verdict: str = Field(examples=["partly_meets"])
    shortfall: str | None
    provisional: bool
    reasons: list[dict[str, Any]]
    common: list[str]
    missing: list[str]
    extra: list[str]
    basis: str
    counterparts: list[str]


class ReverseRow(BaseModel):
    """A foreign provision that the baseline has nothing for."""

    provision: str
    title: str
    text: str
    category: str
    strength: str
    note: str
    basis: str


class FindingChange(BaseModel):
    """What became of one criterion between two comparisons."""

    criterion: str
    title: str
    category: str
    change: str = Field(examples=["better"])
    verdict_before: str | None
    verdict_after: str | None
    severity_before: str | None
    severity_after: str | None
    reasons_gone: list[str]
    reasons_new: list[str]


class WhatIfResult(BaseModel):
    """Both worlds in counts and conclusions, and every finding that differs."""

    before: dict[str, Any]
    after: dict[str, Any]
    changes: list[FindingChange]
    kept: str | None


class Explanation(BaseModel):
    """How one verdict follows, as data and in lines."""

    baseline: str
    foreign: str
    finding: dict[str, Any]
    policy: dict[str, str]
    lines: list[str]


class Upload(BaseModel):
    """An uploaded file. `details.imported` names the edition it became."""

    id: str
    name: str
    media_type: str
    sha256: str
    size: int
    who: str
    at: datetime
    details: dict[str, Any]
    version: int


class UploadLook(Upload):
    """An upload with what it seems to hold: a layout for each sheet, and every problem."""

    format: str
    sheets: list[dict[str, Any]]
    skipped: dict[str, str]
    problems: list[dict[str, Any]]


class ImportResult(BaseModel):
    """What an import would do, or did."""

    program: str
    edition: str
    criteria: int
    obligations: int
    maps: dict[str, int]
    matches: dict[str, int]
    problems: list[dict[str, Any]]
    applied: bool


class Suggestion(BaseModel):
    """A ranked proposal for an obligation; never counted until somebody approves it."""

    obligation: str
    target: str
    score: float
    rank: int


class Review(BaseModel):
    """A decision in the record."""

    edition: str
    obligation: str
    control: str
    decision: str
    relationship: str | None
    rationale: str
    confidence: str
    by: str
    at: str
    why: str


class Decided(Review):
    """A decision just recorded, with the map's new ETag."""

    etag: str


class ReviewResult(BaseModel):
    """What a returned review workbook decides, or decided."""

    changes: list[dict[str, Any]]
    unchanged: int
    problems: list[dict[str, Any]]
    applied: bool


class Report(BaseModel):
    """A report file that was kept."""

    id: str
    kind: str
    subject: str
    name: str
    media_type: str
    sha256: str
    size: int
    details: dict[str, Any]
    who: str
    at: datetime


class Job(BaseModel):
    """Long work. `state` is queued, running, done, failed or cancelled; `done` of `total` of `step`."""

    id: str
    kind: str
    state: str
    step: str
    done: int
    total: int
    attempts: int
    result: dict[str, Any] | None
    error: dict[str, Any] | None
    who: str
    created: datetime
    started: datetime | None
    finished: datetime | None
    version: int


class Change(BaseModel):
    """One step of a workspace's history."""

    number: int
    what: str
    who: str
    at: datetime
    files: list[str]
    undoes: int | None


class AuditEntry(BaseModel):
    """Who did what, when."""

    seq: int
    at: datetime
    event: str
    who: str
    workspace: str
    kind: str
    target: str
    request_id: str
    details: dict[str, Any]


class Member(BaseModel):
    """An account's role in a workspace."""

    account: int
    name: str
    role: str


class Account(BaseModel):
    """Somebody who may sign in."""

    id: int
    name: str
    display: str
    superuser: bool
    active: bool
    created: datetime


class Me(BaseModel):
    """Who is asking: the account, its roles by workspace, and a session's CSRF token."""

    account: Account
    roles: dict[str, str]
    scopes: list[str] | None
    csrf: str | None


class Token(BaseModel):
    """An API token as it may be shown."""

    id: str
    name: str
    scopes: list[str]
    workspace: str | None
    created: datetime
    expires: datetime
    used: datetime | None
    revoked: datetime | None


class NewToken(Token):
    """A token just made, with its secret: shown this once, kept as a hash only."""

    secret: str


class Health(BaseModel):
    """That the service runs (health), or can do its work (readiness)."""

    status: str = Field(examples=["ok"])
    version: str


ImportOptions.model_rebuild()
