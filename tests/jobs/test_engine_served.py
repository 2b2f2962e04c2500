"""Kill -9 of the real server, `mra serve`, in the middle of a job that was started over HTTP."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx

from tests.jobs.engine_world import ROOT, World, all_gone, descendants

MRA = [sys.executable, "-m", "api.cli"]


def environment(world: World) -> dict[str, str]:
    return {**os.environ, "MRA_DATABASE_URL": world.url, "MRA_AUTH": "tokens", "MRA_PORT": "0"}


def token(world: World) -> str:
    command = [*MRA, "token", "create", "--superuser", "--workspace", "home"]
    done = subprocess.run(
        command, cwd=ROOT, env=environment(world), capture_output=True, text=True, check=True
    )
    return done.stdout.strip().splitlines()[-1]


@contextmanager
def serving(world: World, secret: str, log: Path) -> Iterator[tuple[subprocess.Popen[bytes], httpx.Client]]:
    with log.open("wb") as out:
        process = subprocess.Popen([*MRA, "serve"], cwd=ROOT, env=environment(world), stderr=out, stdout=out)
    try:
        headers = {"authorization": f"Bearer {secret}"}
        with httpx.Client(base_url=_address(log, process), headers=headers, timeout=30) as client:
            yield process, client
    finally:
        process.kill()
        process.wait()


def _address(log: Path, process: subprocess.Popen[bytes]) -> str:
    while process.poll() is None:
        said = [line for line in log.read_text().splitlines() if "answers at " in line]
        address = said[0].rpartition(" ")[2] if said else ""
        if address and _listens(address):
            return f"{address}/api/v1/workspaces/home"
        time.sleep(0.05)
    raise AssertionError(log.read_text())


def _listens(address: str) -> bool:
    try:
        httpx.get(address)
    except httpx.ConnectError:
        return False
    return True


def test_a_job_survives_the_server_and_its_result_is_there_once(world, tmp_path):
    secret = token(world)
    with serving(world, secret, tmp_path / "first.log") as (process, client):
        body = {"kind": "matrix", **world.arguments["matrix"]}
        answer = client.post("/jobs", json=body)
        assert answer.status_code == 202, answer.text
        key = answer.json()["id"]
        world.at_work(key)
        children = descendants(process.pid)
    assert children
    assert all_gone(children)
    with serving(world, secret, tmp_path / "second.log") as (process, client):
        events = client.get(f"/jobs/{key}/events", headers={"accept": "text/event-stream"}).text
        assert events.rstrip().rpartition("event: ")[2].startswith("end")
        job = client.get(f"/jobs/{key}").json()
        assert (job["state"], job["error"]) == ("done", None)
        report = client.get(f"/reports/{job['result']['report']}/file")
        assert report.content.startswith(b"PK"), report.text
        process.terminate()
        assert process.wait(30) in (0, -15)
    assert (world.made("matrix"), world.told("matrix", "admin")) == (1, 1)
