"""The child process in which jobs are done, so that no job can slow down or take down the service.

Started by `jobs.workers`. Standard input: a line of JSON with the store's address and the policy's folder,
then a line for each job to do. Standard output: a line for each job done. The child ends, with all that
it started, when its parent does.
"""

from __future__ import annotations

import json
import os
import signal
import sys
import threading
import traceback
from pathlib import Path
from queue import Queue
from typing import IO, Any

NICE = 5  # the service's own answers go first


def main() -> None:
    """Do jobs until the parent says no more, or is gone."""
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)  # whatever is printed meanwhile is no answer
    os.nice(NICE)
    requests: Queue[dict[str, Any]] = Queue()
    threading.Thread(target=_listen, args=(sys.stdin, requests), daemon=True).start()
    settings = requests.get()

    from jobs.claims import Claim, execute
    from jobs.workshop import Workshop
    from store import Store

    folder = Path(settings["policy"]) if settings["policy"] else None
    workshop = Workshop(Store(settings["url"], pool_size=2), folder)
    while True:
        state, error = execute(workshop, Claim(**requests.get()))
        answers.write(json.dumps({"state": state, "error": where(error) if error else ""}) + "\n")
        answers.flush()


def where(error: BaseException) -> str:
    """Return an error as its type and the places it passed; its message may quote criteria."""
    places = traceback.extract_tb(error.__traceback__)
    return " < ".join(
        [type(error).__name__, *(f"{p.name} {p.filename}:{p.lineno}" for p in reversed(places))]
    )


def _listen(source: IO[str], requests: Queue[dict[str, Any]]) -> None:
    """Hand requests on; at their end, end this process and all that it started, whatever it is doing."""
    for line in source:
        requests.put(json.loads(line))
    os.killpg(0, signal.SIGKILL)
