"""Long work: started, watched by polling or events, cancelled, tried again."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import asdict
from typing import Annotated, Any

from fastapi import Body, Header, Request
from fastapi.responses import Response, StreamingResponse
from starlette.concurrency import run_in_threadpool

from api import schemas
from api.access import needs
from api.errors import Refusal
from api.permissions import JOB_NEEDS
from api.routes.shared import API, Text, Workspace, csv_too, router
from api.routes.uploads import options_of
from api.services import Services, actor_of, principal_of, services_of
from api.tables import After, Format, Limit, Page, answer, as_json, listed, row_cursor
from jobs.stored_imports import options_as_plain
from store import jobs as stored
from store import uploads

routes = router("jobs")

COLUMNS = (
    "id", "kind", "state", "step", "done", "total", "attempts", "error.code", "who", "created", "started",
    "finished",
)  # fmt: skip
EVENT = {
    "type": "object",
    "properties": {
        "event": {"type": "string", "enum": ["progress", "end"]},
        "id": {"type": "string"},
        "data": {"type": "string", "description": "The job as JSON, as `GET jobs/{job}` gives it."},
    },
}
LOOK_EVERY = 0.25  # seconds between two looks at a job's record
STILL_HERE = 15.0  # seconds after which an idle stream says that it lives
LONGEST = 3600.0  # seconds a stream lasts; the client comes back with Last-Event-ID

JobRequest = Annotated[
    schemas.ImportJob
    | schemas.SuggestionsJob
    | schemas.MatrixJob
    | schemas.ReportJob
    | schemas.ComparisonsJob,
    Body(discriminator="kind"),
]


def plain_job(one: stored.Job) -> dict[str, Any]:
    """Return a job as the API shows it."""
    hidden = ("workspace", "executor", "heartbeat")
    return {name: value for name, value in asdict(one).items() if name not in hidden}


def _arguments(body: Any) -> dict[str, Any]:
    plain: dict[str, Any] = body.model_dump(mode="json", exclude={"kind", "options"})
    if isinstance(body, schemas.ImportJob):
        plain["options"] = options_as_plain(options_of(body.options))
    return plain


@routes.post("/jobs", status_code=202, response_model=schemas.Job)
@needs("job.run")
def create(request: Request, workspace: Workspace, body: JobRequest) -> Response:
    """Start long work. Each kind also needs the permission that its work would need if done at once."""
    services, actor = services_of(request), actor_of(request)
    if not principal_of(request).may(JOB_NEEDS[body.kind], workspace):
        raise Refusal("not_allowed", f"A job of this kind needs {JOB_NEEDS[body.kind]}.")
    if isinstance(body, schemas.ImportJob):
        with services.store.reading() as session:
            uploads.get(session, workspace, body.upload)
    job = services.runner.submit(body.kind, _arguments(body), workspace, actor.who)
    services.store.run(lambda session: actor.record(session, f"job.{body.kind}", "job", job))
    with services.store.reading() as session:
        found = stored.get(session, job, workspace)
    return answer(plain_job(found), 202, {"location": f"{API}/workspaces/{workspace}/jobs/{job}"})


@routes.get("/jobs", response_model=Page[schemas.Job], responses=csv_too())
@needs("job.read")
def listing(
    request: Request,
    workspace: Workspace,
    state: Text = "",
    kind: Text = "",
    limit: Limit = 50,
    after: After = "",
    format: Format = None,  # noqa: A002
) -> Response:
    """List the jobs of the workspace, the newest first."""
    with services_of(request).store.reading() as session:
        page = stored.listing(
            session, workspace, state=state, kind=kind, after=row_cursor(after), limit=limit
        )
    rows = [plain_job(one) for one in page.items]
    return listed(request, rows, page.next or None, page.total, COLUMNS, name="jobs")


@routes.get("/jobs/{job}", response_model=schemas.Job)
@needs("job.read")
def show(request: Request, workspace: Workspace, job: str) -> Response:
    """Show how far a job is."""
    found = _read(services_of(request), workspace, job)
    return answer(plain_job(found), headers={"etag": f'"{found.version}"'})


def _read(services: Services, workspace: str, job: str) -> stored.Job:
    with services.store.reading() as session:
        return stored.get(session, job, workspace)


@routes.get(
    "/jobs/{job}/events",
    response_class=Response,
    responses={
        200: {
            "description": "One `progress` event for each change, the last one `end`.",
            "content": {"text/event-stream": {"schema": EVENT}},
        }
    },
)
@needs("job.read")
async def events(
    request: Request,
    workspace: Workspace,
    job: str,
    last_event_id: Annotated[str, Header(max_length=20)] = "",
) -> Response:
    """Follow a job by server-sent events; `id` is the job's version, to take a broken stream up again."""
    services = services_of(request)
    await run_in_threadpool(_read, services, workspace, job)
    seen = int(last_event_id) if last_event_id.isascii() and last_event_id.isdigit() else 0
    headers = {"cache-control": "no-store", "x-accel-buffering": "no"}
    return StreamingResponse(_events(services, workspace, job, seen), 200, headers, "text/event-stream")


async def _events(services: Services, workspace: str, job: str, seen: int) -> AsyncIterator[bytes]:
    loop = asyncio.get_running_loop()
    end, spoke = loop.time() + LONGEST, loop.time()
    yield b"retry: 1000\n\n"
    while loop.time() < end:
        found = await run_in_threadpool(_read, services, workspace, job)
        over = found.state in stored.ENDED
        if found.version > seen or over:
            seen, spoke = found.version, loop.time()
            name = b"end" if over else b"progress"
            yield b"event: %b\nid: %d\ndata: %b\n\n" % (name, seen, as_json(plain_job(found)))
            if over:
                return
        elif loop.time() - spoke > STILL_HERE:
            spoke = loop.time()
            yield b": still here\n\n"
        await asyncio.sleep(LOOK_EVERY)


@routes.post("/jobs/{job}/cancel", status_code=202, response_model=schemas.Job)
@needs("job.run")
def cancel(request: Request, workspace: Workspace, job: str) -> Response:
    """Stop a job: at once where it waits, at its next step where it runs."""
    services, actor = services_of(request), actor_of(request)
    _read(services, workspace, job)
    services.runner.cancel(job, workspace)
    services.store.run(lambda session: actor.record(session, "job.cancelled", "job", job))
    return answer(plain_job(_read(services, workspace, job)), 202)


@routes.post("/jobs/{job}/retry", status_code=202, response_model=schemas.Job)
@needs("job.run")
def retry(request: Request, workspace: Workspace, job: str) -> Response:
    """Run a failed or cancelled job again."""
    services, actor = services_of(request), actor_of(request)
    found = _read(services, workspace, job)
    if not principal_of(request).may(JOB_NEEDS.get(found.kind, "job.run"), workspace):
        raise Refusal("not_allowed", f"A job of this kind needs {JOB_NEEDS[found.kind]}.")
    services.runner.retry(job, workspace)
    services.store.run(lambda session: actor.record(session, "job.retried", "job", job))
    return answer(plain_job(_read(services, workspace, job)), 202)
