"""A service process that runs jobs, to be killed: `python -m tests.jobs.engine_service URL`.

It says `ready EXECUTOR` when it takes jobs. A line of JSON on standard input submits a job and is
answered with its id; `close` ends the process in good order.
"""

from __future__ import annotations

import json
import logging
import sys

from jobs.engine import EngineRunner, Pace
from jobs.workshop import Workshop
from store import Store

PACE = Pace(poll=0.05, beat=0.3, patience=5.0, sweep=0.2)


def say(text: str) -> None:
    """Tell the test something."""
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


def main(url: str) -> None:
    """Run jobs until told to close."""
    logging.basicConfig(level=logging.WARNING, stream=sys.stderr)
    runner = EngineRunner(Workshop(Store(url)), workers=2, pace=PACE)
    say(f"ready {runner.executor}")
    for line in sys.stdin:
        if line.strip() == "close":
            break
        request = json.loads(line)
        say(runner.submit(request["kind"], request["arguments"], "home", "ann"))
    runner.close(10)
    say("closed")


if __name__ == "__main__":
    main(sys.argv[1])
