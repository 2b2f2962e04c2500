"""Kill -9 of the service in the middle of any job: nothing lost, nothing repeated visibly."""

from __future__ import annotations

import contextlib
import random

import pytest

from tests.jobs.engine_world import KINDS, all_gone


@pytest.mark.parametrize("kind", KINDS)
def test_a_job_killed_in_the_middle_is_done_exactly_once_after_a_restart(kind, world, start):
    first = start(world.url)
    key = first.submit(kind, world.arguments[kind])
    world.at_work(key)
    children = first.workers()
    first.kill()
    assert children
    assert all_gone(children), "a worker outlives its service"
    begun = world.job(key).state == "running"  # on a machine that is very busy, it may be done by now
    start(world.url)
    job = world.ended(key)
    assert (job.state, job.error, job.attempts) == ("done", None, 2 if begun else 1)
    assert (world.made(kind), world.told(kind)) == (1, 1)


def test_jobs_of_every_kind_survive_kills_at_any_moment(world, start):
    chance = random.Random(7)
    service = start(world.url)
    keys = {kind: service.submit(kind, world.arguments[kind]) for kind in KINDS}
    for _ in range(4):
        with contextlib.suppress(AssertionError):  # the moment has come
            world.wait(keys["matrix"], lambda job: job.state == "done", chance.uniform(0.0, 3.0))
        service.kill()
        service = start(world.url)
    ended = {kind: world.ended(key) for kind, key in keys.items()}
    assert {kind: (job.state, job.error) for kind, job in ended.items()} == dict.fromkeys(
        KINDS, ("done", None)
    )
    assert {kind: (world.made(kind), world.told(kind)) for kind in KINDS} == dict.fromkeys(KINDS, (1, 1))
    assert ended["suggestions"].result["proposals"] > 0
    assert ended["import"].result["criteria"] == 30
    service.close()
