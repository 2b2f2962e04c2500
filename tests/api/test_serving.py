"""`mra serve`, `mra token`, `mra db`: as somebody at a terminal uses them."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest

ROOT = Path(__file__).parents[2]


def environment(folder: Path, **settings: str) -> dict[str, str]:
    """Return the environment of a terminal in which only these settings are set."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("MRA_")}
    return {**kept, "PYTHONPATH": str(ROOT), **settings}


def mra(folder: Path, *arguments: str, **settings: str) -> subprocess.CompletedProcess[str]:
    """Run a command to its end."""
    command = [sys.executable, "-m", "api.cli", *arguments]
    return subprocess.run(
        command, cwd=folder, env=environment(folder, **settings), capture_output=True, text=True, timeout=120,
        check=False,
    )  # fmt: skip


@contextmanager
def serving(
    folder: Path, *arguments: str, **settings: str
) -> Iterator[tuple[str, str, subprocess.Popen[str]]]:
    """Start `mra serve` on a free port; give its address, what it printed, and the process."""
    command = [sys.executable, "-m", "api.cli", "serve", "--port", "0", *arguments]
    process = subprocess.Popen(
        command, cwd=folder, env=environment(folder, **settings), stderr=subprocess.PIPE, text=True
    )
    assert process.stderr is not None
    try:
        printed = ""
        while "Stop it" not in printed:
            line = process.stderr.readline()
            assert line, printed
            printed += line
        address = re.search(r"answers at (\S+)", printed)
        assert address
        yield address[1], printed, process
    finally:
        process.send_signal(signal.SIGTERM)
        process.stderr.read()
        assert process.wait(30) in (0, -signal.SIGTERM)
        process.stderr.close()


def get(address: str, path: str, **more: object) -> httpx.Response:
    """Ask a server; one that is still starting lets the caller wait."""
    with httpx.Client(base_url=address, timeout=60) as client:
        return client.get(path, **more)  # type: ignore[arg-type]


def test_on_a_fresh_folder_the_printed_link_signs_in_once(tmp_path):
    with serving(tmp_path) as (address, printed, _):
        link = re.search(r"(http://127\.0\.0\.1:\d+)(/sign-in\?link=\S+)", printed)
        assert link
        assert get(address, "/ready").json()["status"] == "ready"
        with httpx.Client(base_url=address, follow_redirects=True, timeout=60) as browser:
            arrived = browser.get(link[2])
            assert (arrived.status_code, arrived.url.path) == (200, "/w/main")
            assert browser.get("/api/v1/workspaces/main/programs").json()["total"] > 10
        assert get(address, link[2]).status_code == 401


def test_the_data_are_there_after_a_restart(tmp_path):
    secret = mra(tmp_path, "token", "create", "--superuser").stdout.strip()
    headers = {"authorization": f"Bearer {secret}"}
    with serving(tmp_path) as (address, _, _):
        get(address, "/health")
        body = {"key": "kept"}
        assert httpx.post(f"{address}/api/v1/workspaces", json=body, headers=headers).status_code == 201
    with serving(tmp_path) as (address, _, _):
        assert get(address, "/api/v1/workspaces/kept", headers=headers).status_code == 200


def test_another_address_is_refused_until_sign_in_is_configured(tmp_path):
    refused = mra(tmp_path, "serve", "--host", "0.0.0.0", "--port", "0")
    assert refused.returncode == 2
    assert "mra token create --superuser" in refused.stderr
    nobody = mra(tmp_path, "serve", "--host", "0.0.0.0", "--port", "0", MRA_AUTH="tokens")
    assert nobody.returncode == 2
    assert "Nobody could sign in yet" in nobody.stderr
    secret = mra(tmp_path, "token", "create", "--superuser").stdout.strip()
    with serving(tmp_path, "--host", "0.0.0.0", MRA_AUTH="tokens") as (address, printed, _):
        assert "link=" not in printed
        local = address.replace("0.0.0.0", "127.0.0.1")
        assert get(local, "/api/v1/me").status_code == 401
        me = get(local, "/api/v1/me", headers={"authorization": f"Bearer {secret}"})
        assert me.json()["account"]["superuser"] is True


def test_a_token_is_shown_once_listed_without_its_secret_and_revoked(tmp_path):
    made = mra(tmp_path, "token", "create", "--account", "dash", "--workspace", "eu", "--role", "viewer",
               "--scope", "dashboard")  # fmt: skip
    secret = made.stdout.strip()
    assert secret.startswith("mra_")
    listed = mra(tmp_path, "token", "list").stdout
    assert "dash" in listed
    assert secret not in listed
    assert secret.encode() not in (tmp_path / "mra.sqlite").read_bytes()
    assert mra(tmp_path, "token", "revoke", listed.split()[0]).returncode == 0
    assert "revoked" in mra(tmp_path, "token", "list").stdout


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("token", "create"), "--account NAME"),
        (("token", "create", "--superuser", "--scope", "everything"), "not a known scope"),
        (("token", "create", "--superuser", "--role", "king"), "not a role"),
        (("token", "revoke", "none"), 'There is no token "none"'),
        (("serve", "--config", "none.toml"), "does not exist"),
    ],
)
def test_a_wrong_command_says_what_to_do(tmp_path, arguments, told):
    done = mra(tmp_path, *arguments)
    assert done.returncode == 2
    assert told in done.stderr


def test_an_upgrade_makes_the_tables_and_says_so(tmp_path):
    first = mra(tmp_path, "db", "upgrade")
    assert "applied" in first.stdout
    assert "up to date" in mra(tmp_path, "db", "upgrade", "--quick").stdout


def test_a_port_that_is_taken_is_told(tmp_path):
    with serving(tmp_path) as (address, _, _):
        port = address.rsplit(":", 1)[1]
        taken = mra(tmp_path, "serve", "--port", port)
        assert taken.returncode == 2
        assert "Choose another --port" in taken.stderr
