"""Every setting of the service: from `MRA_*` in the environment, else from one TOML file, else a default.

docs/settings.md describes each of them; a test holds the two together. Secrets never stand in a
setting's repr, and the database address is printed without its password.
"""

from __future__ import annotations

import ipaddress
import os
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from criteria.problems import DataError, Problem, nearest_hint

PREFIX = "MRA_"
CONFIG = "MRA_CONFIG"
DEFAULT_FILE = Path("mra.toml")
# Read by the command line only; never a setting of the service.
FOREIGN = frozenset({"MRA_CONFIG", "MRA_WORKSPACE"})

Auth = Literal["link", "tokens"]
MEGABYTE = 1 << 20


class Settings(BaseModel):
    """The configuration of one server. Sizes are in the unit that the name says, times too."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    database_url: str = Field(
        "sqlite:///mra.sqlite",
        min_length=1,
        repr=False,
        description="Where the data is: `sqlite:///FILE` or `postgresql://USER:PASSWORD@HOST/NAME`.",
    )
    host: str = Field("127.0.0.1", min_length=1, description="Address to listen on.")
    port: int = Field(8000, ge=0, le=65535, description="Port to listen on; 0 takes any free port.")
    base_url: str = Field(
        "",
        pattern=r"^(https?://[^/\s]+)?$",
        description="The address people type, such as `https://mra.example`, where a proxy stands in "
        "front. With https, cookies are sent over TLS only.",
    )
    allowed_hosts: tuple[str, ...] = Field(
        (),
        description="Host names the service answers to besides its own address and that of `base_url`. "
        "Others are refused, so that a foreign web page cannot reach a service on loopback by name.",
    )
    auth: Auth = Field(
        "link",
        description="How people sign in: `link` prints a one-time link when the server starts, on "
        "loopback only; `tokens` asks for an API token made with `mra token create`.",
    )
    workspace: str = Field(
        "main",
        pattern=r"^[a-z0-9](?:[a-z0-9-]{0,62}[a-z0-9])?$",
        description="Workspace made at the first start, for whoever signs in with the link.",
    )
    policy: Path | None = Field(
        None, description="Folder with policy tables of your own; without it, the shipped policy."
    )
    session_hours: int = Field(12, ge=1, le=720, description="How long a signed-in browser stays signed in.")
    token_days: int = Field(
        90, ge=1, le=366, description="The longest life of a new API token, and its default."
    )
    upload_limit_mb: int = Field(
        25, ge=1, le=500, description="The largest spreadsheet that is taken, in megabytes."
    )
    body_limit_kb: int = Field(
        1024, ge=16, le=65536, description="The largest body of any other request, in kilobytes."
    )
    rate_limit: int = Field(
        1200,
        ge=0,
        description="Requests a minute from one caller (token, session or address); 0: no limit.",
    )
    sign_in_limit: int = Field(
        20, ge=1, description="Failed sign-ins a minute from one address before it has to wait."
    )
    job_workers: int = Field(
        2,
        ge=1,
        le=32,
        description="How many jobs run at the same time in one server. Half of them may be long ones "
        "(matrices, batches of comparisons); one long and one short job can always run.",
    )
    metrics_public: bool = Field(
        False, description="Whether `/metrics` answers without a token of a superuser."
    )
    log_level: Literal["debug", "info", "warning", "error"] = Field(
        "info", description="What is logged: this level and graver."
    )
    log_format: Literal["json", "text"] = Field("json", description="One JSON object a line, or plain text.")
    shutdown_seconds: int = Field(
        20, ge=1, le=600, description="How long running requests may finish at a stop."
    )

    @property
    def secure_cookies(self) -> bool:
        """Whether cookies are marked for TLS only."""
        return self.base_url.startswith("https://")

    @property
    def on_loopback(self) -> bool:
        """Whether only this machine can reach the server."""
        return is_loopback(self.host)

    @property
    def hosts(self) -> frozenset[str]:
        """The host names the service answers to; empty means any (a wildcard address without `base_url`)."""
        named = {host.lower() for host in self.allowed_hosts}
        if self.base_url:
            named.add((urlsplit(self.base_url).hostname or "").lower())
        if self.on_loopback:
            named |= {"localhost", "127.0.0.1", "::1"}
        elif self.host not in ("0.0.0.0", "::"):  # noqa: S104 - compared, not bound
            named.add(self.host.lower())
        return frozenset(named)


def is_loopback(host: str) -> bool:
    """Whether an address is one that only this machine reaches."""
    if host.lower() == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def load_settings(
    environment: Mapping[str, str] | None = None, file: Path | None = None, **given: Any
) -> Settings:
    """Return the settings in force: what is `given` wins, then the environment, then the file.

    The file is `file`, else the one MRA_CONFIG names, else ./mra.toml where there is one. Raises
    DataError with every wrong setting, and where a named file cannot be read.
    """
    env = os.environ if environment is None else environment
    path = file or (Path(env[CONFIG]) if env.get(CONFIG) else None)
    values = _from_file(path or DEFAULT_FILE, must_exist=path is not None)
    values |= _from_environment(env)
    values |= {name: value for name, value in given.items() if value is not None}
    try:
        return Settings.model_validate(values)
    except ValidationError as error:
        raise DataError([_problem(one, values) for one in error.errors(include_input=False)]) from error


def _from_file(path: Path, *, must_exist: bool) -> dict[str, Any]:
    if not path.is_file():
        if must_exist:
            hint = f"Name an existing TOML file in {CONFIG}."
            raise DataError(
                [Problem("settings-file", "the settings file does not exist.", hint, file=str(path))]
            )
        return {}
    try:
        found = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise DataError(
            [Problem("settings-file", f"the settings file cannot be read: {error}.", file=str(path))]
        ) from error
    return {name: str(path.parent / value) if name == "policy" else value for name, value in found.items()}


def _from_environment(env: Mapping[str, str]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name, value in env.items():
        if name.startswith(PREFIX) and name not in FOREIGN:
            key = name.removeprefix(PREFIX).lower()
            found[key] = (
                [part.strip() for part in value.split(",") if part.strip()] if _is_list(key) else value
            )
    return found


def _is_list(key: str) -> bool:
    return key == "allowed_hosts"


def _problem(error: Any, values: Mapping[str, Any]) -> Problem:
    key = ".".join(str(part) for part in error["loc"])
    if error["type"] == "extra_forbidden":
        hint = nearest_hint(key, Settings.model_fields)
        return Problem("unknown-setting", f'"{key}" is not a setting.', hint, key=key)
    shown = "" if key == "database_url" else f' (given: "{values.get(key)}")'
    return Problem("bad-setting", f"{error['msg']}{shown}.", f"See docs/settings.md, {key}.", key=key)
