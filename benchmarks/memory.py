"""Memory of a command and every process it starts, as the machine sees it at one moment.

`ru_maxrss` does not serve: what a process's parent held when it was started counts in it (Linux keeps the
figure over exec), and the peaks of processes that never ran together cannot be added.
"""

from __future__ import annotations

import re
import subprocess
import time
from pathlib import Path

_EVERY = 0.005
"""Seconds between two looks: what a process holds for less may be missed."""
_PROPORTIONAL = re.compile(r"^Pss: +(\d+) kB", re.MULTILINE)
_WAITING = re.compile(r"\) D ")
_RESIDENT = re.compile(r"^VmRSS:\s+(\d+) kB", re.MULTILINE)


def peak_of(command: list[str]) -> float:
    """Run a command and return the most that it and its descendants held in memory at once, in MB of 2**20.

    A page that several processes share counts once among them (PSS), where the kernel tells. Its output is
    thrown away, its errors are shown. Raises CalledProcessError if it fails.
    """
    peak = 0
    with subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL) as process:
        while process.poll() is None:
            peak = max(peak, _held_by(_with_descendants(process.pid)))
            time.sleep(_EVERY)
    if process.returncode:
        raise subprocess.CalledProcessError(process.returncode, command)
    return peak / 1024


def _with_descendants(root: int) -> list[int]:
    """Return a process and all below it. Linux lists children under the thread that started them."""
    found = [root]
    for process in found:  # grows as it goes
        for thread in _threads(process):
            children = _text(thread / "children").split()
            # Between vfork and exec a child runs in its parent's memory, which would count twice; the
            # thread that started it waits for it in state D, and is looked at again the next time.
            if children and not _WAITING.search(_text(thread / "stat")):
                found += [int(child) for child in children]
    return found


def _held_by(processes: list[int]) -> int:
    """Return the kilobytes that these processes hold together."""
    held = 0
    for process in processes:
        folder = Path(f"/proc/{process}")
        shown = _text(folder / "smaps_rollup") or _text(folder / "status")
        match = _PROPORTIONAL.search(shown) or _RESIDENT.search(shown)
        held += int(match[1]) if match else 0
    return held


def _threads(process: int) -> list[Path]:
    try:
        return list(Path(f"/proc/{process}/task").iterdir())
    except OSError:  # the process has ended
        return []


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8", errors="replace")
    except OSError:  # the process has ended, or is not ours to look into
        return ""
