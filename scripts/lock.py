"""Write constraints.txt: the exact version of every package, direct or not, that this project installs.

`make lock` runs it. Each Python 3.11-3.13 that works here is asked in turn; what an older one settled binds
the newer ones, so one file serves all three. Only names and versions are written, never where a package
came from.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
EXTRAS = "suggest,service,test,dev"
# What builds: pip itself, and the back ends that compile durable-rules and build this project.
BUILDERS = ("pip", "setuptools", "wheel", "hatchling", "editables")
HEAD = """\
# The exact version of every package this project installs, direct or not. Written by `make lock`.
# Resolved on Python {versions}. Every install uses it: pip install -c constraints.txt ...
"""


def canonical(name: str) -> str:
    """Return a distribution's name in its one normal spelling (PEP 503)."""
    return re.sub(r"[-_.]+", "-", name).lower()


def interpreters() -> list[str]:
    """Return the supported Pythons that work on this machine, oldest first; at least the one running."""
    names = (f"python3.{minor}" for minor in (11, 12, 13))
    finder = str(ROOT / "scripts" / "find-python")
    found = [
        name for name in names if subprocess.run(["sh", finder, name], capture_output=True).returncode == 0
    ]
    return found or [sys.executable]


def resolve(python: Path, pins: dict[str, str]) -> dict[str, str]:
    """Return name → version of everything a full install takes, keeping `pins` where they apply."""
    with tempfile.TemporaryDirectory() as folder:
        bound = Path(folder) / "bound.txt"
        bound.write_text("".join(f"{name}=={version}\n" for name, version in pins.items()))
        report = Path(folder) / "report.json"
        command = [str(python), "-m", "pip", "install", "-qq", "--dry-run", "--ignore-installed"]
        command += ["--report", str(report), "-c", str(bound), f"{ROOT}[{EXTRAS}]", *BUILDERS]
        subprocess.run(command, check=True)
        installs: list[dict[str, Any]] = json.loads(report.read_text())["install"]
    found = {canonical(item["metadata"]["name"]): item["metadata"]["version"] for item in installs}
    del found["mutual-recognition"]
    return found


def main() -> None:
    """Resolve on every interpreter and write the file."""
    os.environ.setdefault("CPPFLAGS", "-DPyEval_CallObject=PyObject_CallObject")
    pins: dict[str, str] = {}
    versions = []
    for interpreter in interpreters():
        with tempfile.TemporaryDirectory() as folder:
            subprocess.run([interpreter, "-m", "venv", folder], check=True)
            python = Path(folder) / "bin" / "python"
            subprocess.run([str(python), "-m", "pip", "install", "-qq", "--upgrade", "pip"], check=True)
            pins = resolve(python, pins) | pins
            show = "import platform; print('.'.join(platform.python_version_tuple()[:2]))"
            version = subprocess.run([str(python), "-c", show], check=True, capture_output=True, text=True)
        versions.append(version.stdout.strip())
        print(f"Python {versions[-1]}: {len(pins)} packages")
    lines = [f"{name}=={version}\n" for name, version in sorted(pins.items())]
    (ROOT / "constraints.txt").write_text(HEAD.format(versions=", ".join(versions)) + "".join(lines))


if __name__ == "__main__":
    main()
