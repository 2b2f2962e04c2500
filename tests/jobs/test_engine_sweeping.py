"""Which open jobs nobody does any more, and how one sees that an executor is gone."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from jobs.executors import Presence, new_id
from jobs.sweeping import MOST_ATTEMPTS, Dispatch, Stage, Verdict, View
from store.jobs import Job
from tests.jobs.engine_world import ROOT

NOW = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)
JUST, LONG = NOW - timedelta(seconds=5), NOW - timedelta(seconds=300)
JOB = Job(
    id="j", workspace="home", kind="report", state="running", request={}, result=None, error=None, step="",
    done=0, total=0, attempts=1, executor="other", cancelling=False, who="ann", created=LONG, started=LONG,
    heartbeat=JUST, finished=None, version=1,
)  # fmt: skip
TAKEN = Dispatch(1, Stage.TAKEN, "other", "v1", LONG)
WAITING = Dispatch(1, Stage.WAITING, "", "v1", LONG)
OVER = Dispatch(1, Stage.OVER, "other", "v1", LONG)
UNSEEN = View(NOW, "me", "v1", (), lambda executor: None, None, timedelta(seconds=45))
LIVING = replace(UNSEEN, lives=lambda executor: True, alone=False)
DEAD = replace(UNSEEN, lives=lambda executor: False, alone=True)
SILENT = replace(JOB, heartbeat=LONG)


@pytest.mark.parametrize(
    ("view", "job", "dispatches", "verdict"),
    [
        pytest.param(UNSEEN, JOB, [], Verdict.DISPATCH, id="no order was ever given"),
        pytest.param(UNSEEN, JOB, [OVER], Verdict.DISPATCH, id="its order is over, the job is not"),
        pytest.param(UNSEEN, JOB, [OVER, replace(TAKEN, number=2)], Verdict.LEAVE, id="the last one counts"),
        pytest.param(UNSEEN, JOB, [TAKEN], Verdict.LEAVE, id="its executor spoke just now"),
        pytest.param(UNSEEN, SILENT, [TAKEN], Verdict.DISPATCH, id="its executor is silent for too long"),
        pytest.param(LIVING, SILENT, [TAKEN], Verdict.LEAVE, id="its executor is silent, but seen to live"),
        pytest.param(DEAD, JOB, [TAKEN], Verdict.DISPATCH, id="its executor is seen to be gone"),
        pytest.param(UNSEEN, JOB, [WAITING], Verdict.LEAVE, id="it waits its turn, however long"),
        pytest.param(
            UNSEEN, JOB, [replace(WAITING, version="v0", since=JUST)], Verdict.LEAVE,
            id="it waits for an earlier version that may still run",
        ),
        pytest.param(
            UNSEEN, JOB, [replace(WAITING, version="v0")], Verdict.DISPATCH,
            id="it has long waited for an earlier version",
        ),
        pytest.param(
            DEAD, JOB, [replace(WAITING, version="v0", since=JUST)], Verdict.DISPATCH,
            id="it waits for an earlier version, and nobody else runs",
        ),
        pytest.param(
            replace(DEAD, doing=("j",)), SILENT, [OVER], Verdict.LEAVE, id="it is being done here"
        ),
        pytest.param(
            LIVING, SILENT, [replace(TAKEN, executor="me")], Verdict.DISPATCH, id="it was dropped here"
        ),
        pytest.param(
            DEAD, replace(JOB, attempts=MOST_ATTEMPTS), [TAKEN], Verdict.GIVE_UP, id="it was begun too often"
        ),
        pytest.param(
            LIVING, replace(JOB, attempts=MOST_ATTEMPTS), [TAKEN], Verdict.LEAVE, id="its last chance goes on"
        ),
    ],
)  # fmt: skip
def test_an_open_job_is_judged_by_its_last_order(view, job, dispatches, verdict):
    assert view.judge(job, dispatches) is verdict


def test_no_two_executors_have_the_same_id():
    assert len({new_id() for _ in range(1000)}) == 1000


def test_an_executor_is_seen_to_live_until_its_process_is_killed(tmp_path):
    code = (
        "import sys, pathlib; from jobs.executors import Presence, new_id; "
        "mine = Presence(new_id(), pathlib.Path(sys.argv[1])); "
        "print(mine.executor, flush=True); sys.stdin.read()"
    )
    other = subprocess.Popen(
        [sys.executable, "-c", code, str(tmp_path)],
        cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    with other:
        assert other.stdout is not None
        name = other.stdout.readline().strip()
        mine = Presence(new_id(), tmp_path)
        assert (mine.lives(name), mine.alone()) == (True, False)
        other.kill()
        other.wait()
        assert (mine.lives(name), mine.alone()) == (False, True)
    mine.close()
    assert list(tmp_path.iterdir()) == []


def test_without_a_folder_of_their_own_executors_cannot_be_seen():
    assert (Presence("me", None).lives("other"), Presence("me", None).alone()) == (None, None)
