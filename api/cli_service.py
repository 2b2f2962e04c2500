"""Commands of the service: `mra serve`, `mra db upgrade`, `mra token …`."""

from __future__ import annotations

import sys
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from criteria.problems import MraError

if TYPE_CHECKING:
    from api.settings import Settings
    from store import Store

SUPERUSER = "admin"
LOCAL = "local"
LINK_MINUTES = 15

Config = Annotated[
    Path | None, typer.Option("--config", metavar="FILE.toml", help="Settings file. Default: ./mra.toml.")
]
token_app = typer.Typer(help="API tokens: create, list, revoke.", no_args_is_help=True)
db_app = typer.Typer(help="The database of the service.", no_args_is_help=True)


def mount(app: typer.Typer) -> None:
    """Add the commands to the command line."""
    app.command()(serve)
    app.add_typer(db_app, name="db")
    app.add_typer(token_app, name="token")


def _say(text: str) -> None:
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


def _settings(config: Path | None, **given: Any) -> Settings:
    from api.settings import load_settings

    return load_settings(file=config, **given)


def _open(settings: Settings) -> Store:
    """Return the store with its tables in place; a new database gets them, an old one is left alone."""
    _need_service_extra()
    from store import Store, migrations

    if migrations.current(settings.database_url) is None:
        migrations.upgrade(settings.database_url)
    migrations.check(settings.database_url)
    return Store(settings.database_url)


def _need_service_extra() -> None:
    from importlib.util import find_spec

    missing = [
        name for name in ("sqlalchemy", "alembic", "uvicorn", "python_multipart") if not find_spec(name)
    ]
    if missing:
        raise MraError(
            'The service needs more than a plain install. Run: pip install "mutual-recognition[service]"'
        )


def serve(
    host: Annotated[str | None, typer.Option("--host", help="Address to listen on.")] = None,
    port: Annotated[int | None, typer.Option("--port", help="Port to listen on.")] = None,
    config: Config = None,
) -> None:
    """Start the service. On loopback, without configuration, it prints a link that signs you in once."""
    settings = _settings(config, host=host, port=port)
    with _open(settings) as store:
        link = _sign_in(store, settings)
    from api.serving import run

    run(settings, link)


def _sign_in(store: Store, settings: Settings) -> str:
    """Return the secret of a sign-in link, or an empty text where people sign in with tokens.

    Raises MraError where nobody could sign in, or everybody who reaches the address could.
    """
    if settings.auth == "link":
        if not settings.on_loopback:
            raise MraError(
                f"{settings.host} can be reached from other machines, and no sign-in is configured. "
                "Run mra token create --superuser, set MRA_AUTH=tokens, and start again."
            )
        return store.run(lambda session: _local_link(session, settings))
    with store.reading() as session:
        if not _has_superuser_token(session):
            raise MraError("Nobody could sign in yet. Run: mra token create --superuser")
    return ""


def _local_link(session: Any, settings: Settings) -> str:
    from store import accounts, tokens

    account = _account(session, LOCAL, superuser=True)
    _workspace(session, settings.workspace)
    accounts.set_role(session, settings.workspace, account, "admin")
    return tokens.make_link(session, account, timedelta(minutes=LINK_MINUTES))


def _account(session: Any, name: str, *, superuser: bool) -> int:
    from store import accounts
    from store.errors import NotFound

    try:
        found = accounts.named(session, name)
    except NotFound:
        return accounts.create(session, name, superuser=superuser).id
    if superuser and not found.superuser:
        accounts.change(session, found.id, superuser=True)
    return found.id


def _workspace(session: Any, key: str) -> None:
    from store import workspaces
    from store.errors import NotFound

    try:
        workspaces.get(session, key)
    except NotFound:
        workspaces.create(session, key)


def _has_superuser_token(session: Any) -> bool:
    from datetime import UTC, datetime

    from store import accounts, tokens

    now = datetime.now(UTC)
    bosses = [one.id for one in accounts.every(session) if one.active and one.superuser]
    held = (one for boss in bosses for one in tokens.listing(session, account=boss))
    return any(one.revoked is None and one.expires > now for one in held)


@db_app.command("upgrade")
def db_upgrade(
    config: Config = None,
    quick: Annotated[bool, typer.Option("--quick", help="Do not make the stored comparisons anew.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON and nothing else.")] = False,
) -> None:
    """Bring the tables up to date, and say which stored comparisons would say something else now."""
    import json

    settings = _settings(config)
    _need_service_extra()
    from engine.matching import default_matcher
    from store.upgrading import upgrade_store

    done = upgrade_store(settings.database_url, None if quick else default_matcher())
    if as_json:
        _say(json.dumps(done.as_dict(), ensure_ascii=False, indent=2))
    else:
        for line in done.lines():
            _say(line)


@token_app.command("create")
def token_create(
    account: Annotated[str, typer.Option("--account", help="Whose token it is; made where it is new.")] = "",
    superuser: Annotated[
        bool,
        typer.Option(
            "--superuser", help=f"A superuser's token; the account is then `{SUPERUSER}` by default."
        ),
    ] = False,
    workspace: Annotated[
        str,
        typer.Option("--workspace", help="Workspace in which the account gets --role; made where it is new."),
    ] = "",
    role: Annotated[str, typer.Option("--role", help="viewer, analyst, reviewer, negotiator or admin.")] = "",
    scope: Annotated[
        list[str] | None,
        typer.Option(
            "--scope", help="all, read, dashboard, or a permission such as comparison.read; repeatable."
        ),
    ] = None,
    days: Annotated[
        int | None,
        typer.Option("--days", min=1, help="How long it is good. Default: the setting token_days."),
    ] = None,
    name: Annotated[str, typer.Option("--name", help="What it is for, as lists show it.")] = "command line",
    config: Config = None,
) -> None:
    """Make an API token and print it: this once, then only its hash is kept."""
    from api.permissions import check_scopes

    settings = _settings(config)
    scopes = check_scopes(scope or ["all"])
    who = account or (SUPERUSER if superuser else "")
    if not who:
        raise MraError("Say whose token it is: --account NAME, or --superuser.")
    place = workspace or settings.workspace
    given = role or ("admin" if superuser else "")
    lasts = timedelta(days=min(days or settings.token_days, settings.token_days))

    def write(session: Any) -> str:
        from store import accounts, audit, tokens

        key = _account(session, who, superuser=superuser)
        if given:
            _workspace(session, place)
            accounts.set_role(session, place, key, given)
        secret, made = tokens.issue(session, key, name, scopes, lasts)
        audit.record(session, "token.created", "command line", kind="token", target=made.id)
        return secret

    with _open(settings) as store:
        _say(store.run(write))


@token_app.command("list")
def token_list(config: Config = None) -> None:
    """List all API tokens: id, account, name, scopes, end. Secrets are not kept."""
    with _open(_settings(config)) as store, store.reading() as session:
        from store import accounts, tokens

        names = {one.id: one.name for one in accounts.every(session)}
        for one in tokens.listing(session):
            end = f"revoked {one.revoked:%Y-%m-%d}" if one.revoked else f"until {one.expires:%Y-%m-%d}"
            _say(f"{one.id}  {names[one.account]}  {one.name}  {', '.join(one.scopes)}  {end}")


@token_app.command("revoke")
def token_revoke(
    token: Annotated[str, typer.Argument(metavar="ID", help="As `mra token list` shows it.")],
    config: Config = None,
) -> None:
    """End an API token at once."""
    from store import tokens

    with _open(_settings(config)) as store:
        store.run(lambda session: tokens.revoke(session, token))
    _say("Revoked.")
