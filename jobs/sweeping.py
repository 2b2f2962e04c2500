"""Stuck work: which open jobs nobody is doing any more, and what is to become of them.

The record of a job in the store is what counts; a dispatch is the job engine's order to run it. A job
whose dispatch was never made, was lost with its executor, or belongs to a version that no longer runs is
dispatched anew. Doing so once too often does no harm: see `jobs.claims`.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum

from store.jobs import Job

MOST_ATTEMPTS = 5  # a job that takes its executor down with it must not do so for ever


class Stage(Enum):
    """How far a dispatch is."""

    WAITING = "waiting"
    TAKEN = "taken"
    OVER = "over"


@dataclass(frozen=True, slots=True)
class Dispatch:
    """One order to run a job: its number, how far it is and since when, by which executor and version."""

    number: int
    stage: Stage
    executor: str
    version: str
    since: datetime


class Verdict(Enum):
    """What is to become of an open job."""

    LEAVE = "leave"
    DISPATCH = "dispatch"
    GIVE_UP = "give up"


@dataclass(frozen=True, slots=True)
class View:
    """What an executor sees when it sweeps.

    `doing` are the jobs it runs itself. `lives` says whether another executor runs, `alone` whether none
    does; both say None where that cannot be seen, and then silence for `patience` decides.
    """

    now: datetime
    executor: str
    version: str
    doing: Collection[str]
    lives: Callable[[str], bool | None]
    alone: bool | None
    patience: timedelta

    def judge(self, job: Job, dispatches: Sequence[Dispatch]) -> Verdict:
        """Return what is to become of an open job, given all orders to run it."""
        if not self._is_lost(job, max(dispatches, key=lambda one: one.number, default=None)):
            return Verdict.LEAVE
        return Verdict.GIVE_UP if job.attempts >= MOST_ATTEMPTS else Verdict.DISPATCH

    def _is_lost(self, job: Job, last: Dispatch | None) -> bool:
        if job.id in self.doing:
            return False
        if last is None or last.stage is Stage.OVER:
            return True
        if last.stage is Stage.WAITING:
            old = last.version != self.version
            return old and (self.alone is True or self._long_ago(last.since))
        return self._is_gone(last.executor, max(last.since, job.heartbeat or last.since))

    def _is_gone(self, executor: str, heard: datetime) -> bool:
        living = None if executor == self.executor else self.lives(executor)
        return self._long_ago(heard) if living is None else not living

    def _long_ago(self, moment: datetime) -> bool:
        return self.now - moment > self.patience
