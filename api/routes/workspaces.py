"""Workspaces: which there are, who is in them, what was changed, and the whole as a zip."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from fastapi import Request, UploadFile
from fastapi.responses import Response

from api import schemas
from api.access import needs
from api.errors import Refusal
from api.permissions import SIGNED_IN, SUPERUSER
from api.routes.shared import API, Text, Workspace, csv_too, file_answer, router
from api.services import actor_of, principal_of, services_of
from api.streaming import file_response
from api.tables import After, Format, Limit, Page, answer, etag_of, listed, page_of, row_cursor, unchanged
from jobs.workshop import Actor
from store import accounts, audit, exchange, files, workspaces

routes = router("workspaces", API)

COLUMNS = ("key", "title", "role", "version", "created", "changed")
MEMBER_COLUMNS = ("account", "name", "role")
CHANGE_COLUMNS = ("number", "what", "who", "at", "files", "undoes")
AUDIT_COLUMNS = ("seq", "at", "event", "who", "workspace", "kind", "target", "request_id", "details")
ZIP = "application/zip"


def _plain(one: workspaces.Workspace, role: str | None) -> dict[str, Any]:
    plain = asdict(one)
    del plain["stamp"]
    return {**plain, "role": role}


@routes.get("/workspaces", response_model=Page[schemas.Workspace], responses=csv_too())
@needs(SIGNED_IN)
def listing(
    request: Request,
    limit: Limit = 100,
    after: After = "",
    format: Format = None,  # noqa: A002
) -> Response:
    """List the workspaces you are a member of."""
    principal = principal_of(request)
    with services_of(request).store.reading() as session:
        every = workspaces.every(session)
    rows = [_plain(one, role) for one in every if (role := principal.role_in(one.key))]
    shown, following = page_of(rows, after, limit, "workspaces")
    return listed(request, shown, following, len(rows), COLUMNS, name="workspaces")


@routes.post("/workspaces", status_code=201, response_model=schemas.Workspace)
@needs(SUPERUSER)
def create(request: Request, body: schemas.WorkspaceRequest) -> Response:
    """Make a workspace; you become its admin."""
    services, principal = services_of(request), principal_of(request)
    if principal.bound_to is not None:
        raise Refusal("not_allowed", "A token bound to one workspace cannot make another.")
    actor = Actor(principal.account.name, body.key, request.state.request_id)

    def write(session: Any) -> workspaces.Workspace:
        made = workspaces.create(session, body.key, body.title)
        accounts.set_role(session, body.key, principal.account.id, "admin")
        actor.record(session, "workspace.created", "workspace", body.key)
        return made

    made = services.store.run(write)
    services.door.forget()
    return answer(_plain(made, "admin"), 201, {"location": f"{API}/workspaces/{made.key}"})


@routes.get("/workspaces/{workspace}", response_model=schemas.Workspace)
@needs("workspace.read")
def show(request: Request, workspace: Workspace) -> Response:
    """Show a workspace and your role in it."""
    with services_of(request).store.reading() as session:
        found = workspaces.get(session, workspace)
    headers = {"etag": f'"{found.version}"'}
    return answer(_plain(found, principal_of(request).role_in(workspace)), headers=headers)


@routes.patch("/workspaces/{workspace}", response_model=schemas.Workspace)
@needs("member.manage")
def rename(request: Request, workspace: Workspace, body: schemas.TitleRequest) -> Response:
    """Give a workspace another title."""
    actor = actor_of(request)

    def write(session: Any) -> workspaces.Workspace:
        actor.record(session, "workspace.renamed", "workspace", workspace)
        return workspaces.rename(session, workspace, body.title)

    found = services_of(request).store.run(write)
    return answer(_plain(found, principal_of(request).role_in(workspace)))


@routes.get("/workspaces/{workspace}/members", response_model=Page[schemas.Member], responses=csv_too())
@needs("member.read")
def members(
    request: Request,
    workspace: Workspace,
    limit: Limit = 100,
    after: After = "",
    format: Format = None,  # noqa: A002
) -> Response:
    """List who has which role in the workspace."""
    with services_of(request).store.reading() as session:
        found = accounts.members(session, workspace)
    rows = [{"account": one.account, "name": one.name, "role": one.role} for one in found]
    shown, following = page_of(rows, after, limit, "members")
    return listed(request, shown, following, len(rows), MEMBER_COLUMNS, name="members")


@routes.put("/workspaces/{workspace}/members/{name}", response_model=schemas.Member)
@needs("member.manage")
def set_member(request: Request, workspace: Workspace, name: str, body: schemas.MemberRequest) -> Response:
    """Give an account a role in the workspace, in place of the one it had."""
    services, actor = services_of(request), actor_of(request)

    def write(session: Any) -> accounts.Member:
        account = accounts.named(session, name)
        _keep_an_admin(session, workspace, account.id, body.role)
        actor.record(session, "member.set", "account", account.name, role=body.role)
        return accounts.set_role(session, workspace, account.id, body.role)

    made = services.store.run(write)
    services.door.forget()
    return answer({"account": made.account, "name": made.name, "role": made.role})


@routes.delete("/workspaces/{workspace}/members/{name}", status_code=204, response_class=Response)
@needs("member.manage")
def remove_member(request: Request, workspace: Workspace, name: str) -> Response:
    """Take an account out of the workspace."""
    services, actor = services_of(request), actor_of(request)

    def write(session: Any) -> None:
        account = accounts.named(session, name)
        _keep_an_admin(session, workspace, account.id, "")
        actor.record(session, "member.removed", "account", account.name)
        accounts.remove_role(session, workspace, account.id)

    services.store.run(write)
    services.door.forget()
    return Response(status_code=204)


def _keep_an_admin(session: Any, workspace: str, account: int, role: str) -> None:
    if role == "admin" or accounts.role_in(session, workspace, account) != "admin":
        return
    others = [m for m in accounts.members(session, workspace) if m.role == "admin" and m.account != account]
    if not others:
        raise Refusal("conflict", "This is the last admin of the workspace. Make another one first.")


@routes.get("/workspaces/{workspace}/history", response_model=Page[schemas.Change], responses=csv_too())
@needs("history.read")
def history(
    request: Request,
    workspace: Workspace,
    limit: Limit = 50,
    after: After = "",
    format: Format = None,  # noqa: A002
) -> Response:
    """List the changes made to the workspace, the newest first."""
    with services_of(request).store.reading() as session:
        page = files.history(session, workspace, row_cursor(after), limit)
    return listed(request, page.items, page.next or None, page.total, CHANGE_COLUMNS, name="history")


@routes.post("/workspaces/{workspace}/undo", status_code=201, response_model=schemas.Change)
@needs("history.undo")
def undo(request: Request, workspace: Workspace) -> Response:
    """Take back the last change (an import, a decision, an undo)."""
    actor = actor_of(request)

    def write(session: Any) -> files.Change:
        change = files.undo(session, workspace, actor.who)
        actor.record(session, "workspace.undone", "workspace", workspace, change=change.undoes)
        return change

    return answer(services_of(request).store.run(write), 201)


@routes.get(
    "/workspaces/{workspace}/export.zip",
    response_class=Response,
    responses=file_answer(ZIP, "The workspace as a folder workspace holds it."),
)
@needs("workspace.export")
def export(request: Request, workspace: Workspace) -> Response:
    """Download the workspace as a zip that `mra --workspace` reads once unpacked."""
    with services_of(request).store.reading() as session:
        found = workspaces.get(session, workspace)
        etag = etag_of(found.stamp)
        if same := unchanged(request, etag):
            return same
        data = exchange.as_zip(session, workspace)
    return file_response(data, f"{workspace}.zip", ZIP, etag)


@routes.post("/workspaces/{workspace}/import", status_code=201, response_model=dict[str, Any])
@needs("workspace.import")
def import_zip(request: Request, workspace: Workspace, file: UploadFile) -> Response:
    """Take the files of a zip into the workspace, all or none; see `export.zip`."""
    actor = actor_of(request)
    data = file.file.read()

    def write(session: Any) -> exchange.Imported:
        made = exchange.import_zip(session, workspace, data, actor.who)
        actor.record(session, "workspace.imported", "workspace", workspace, files=len(made.change.files))
        return made

    made = services_of(request).store.run(write)
    notes = [one.as_dict() for one in made.notes]
    return answer({"change": made.change, "notes": notes}, 201)


@routes.get("/workspaces/{workspace}/audit", response_model=Page[schemas.AuditEntry], responses=csv_too())
@needs("audit.read")
def audit_trail(
    request: Request,
    workspace: Workspace,
    event: Text = "",
    who: Text = "",
    target: Text = "",
    limit: Limit = 100,
    after: After = "",
    format: Format = None,  # noqa: A002
) -> Response:
    """List who did what in the workspace, the newest first."""
    with services_of(request).store.reading() as session:
        page = audit.listing(
            session, workspace, event=event, who=who, target=target, after=row_cursor(after), limit=limit
        )
    return listed(request, page.items, page.next or None, page.total, AUDIT_COLUMNS, name="audit")
