"""The wheel: complete, alone with its import names, and described the same everywhere."""

from __future__ import annotations

import re
import subprocess
import sys
import tomllib
import zipfile
from importlib.metadata import packages_distributions, version
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parent.parent
PROJECT: dict[str, Any] = tomllib.loads((ROOT / "pyproject.toml").read_text())
PACKAGES: list[str] = PROJECT["tool"]["hatch"]["build"]["targets"]["wheel"]["packages"]


def canonical(requirement: str) -> str:
    """The distribution's name of a requirement, in its normal spelling."""
    name = re.match(r"[A-Za-z0-9._-]+", requirement)
    assert name, requirement
    return re.sub(r"[-_.]+", "-", name.group()).lower()


def shipped_files() -> set[str]:
    """Every file below the packages that a user needs, as it is named in the wheel."""
    return {
        path.relative_to(ROOT).as_posix()
        for package in PACKAGES
        for path in (ROOT / package).rglob("*")
        if path.is_file() and "__pycache__" not in path.parts and path.suffix != ".pyc"
    }


@pytest.fixture(scope="module")
def wheel_names(tmp_path_factory) -> set[str]:
    folder = tmp_path_factory.mktemp("wheel")
    command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)]
    subprocess.run(command, cwd=ROOT, check=True, capture_output=True)
    (wheel,) = folder.glob("*.whl")
    return set(zipfile.ZipFile(wheel).namelist())


def test_every_file_of_the_packages_is_in_the_wheel(wheel_names):
    """YAML, SQL, HTML, CSS: whatever lies in a package is installed with it."""
    assert not sorted(shipped_files() - wheel_names)


def test_the_wheel_holds_nothing_but_the_packages_and_its_own_metadata(wheel_names):
    tops = {name.split("/")[0] for name in wheel_names}
    assert tops == {*PACKAGES, f"mutual_recognition-{PROJECT['project']['version']}.dist-info"}


@pytest.mark.parametrize("package", PACKAGES)
def test_no_other_distribution_ships_the_import_name(package):
    """The names are generic, so another distribution could overwrite them."""
    assert set(packages_distributions().get(package, [])) <= {"mutual-recognition"}


def test_the_installed_version_is_the_projects():
    assert version("mutual-recognition") == PROJECT["project"]["version"]


def test_the_import_contracts_cover_every_package():
    assert set(PROJECT["tool"]["importlinter"]["root_packages"]) == set(PACKAGES)


def test_every_requirement_is_locked():
    """A requirement added without `make lock` would float."""
    project = PROJECT["project"]
    wanted = [
        *project["dependencies"],
        *(r for extra in project["optional-dependencies"].values() for r in extra),
    ]
    locked = {line.split("==")[0] for line in (ROOT / "constraints.txt").read_text().splitlines()}
    assert not {canonical(requirement) for requirement in wanted} - locked


def test_the_lock_holds_exact_versions_and_no_address():
    lines = [line for line in (ROOT / "constraints.txt").read_text().splitlines() if not line.startswith("#")]
    assert not [line for line in lines if not re.fullmatch(r"[a-z0-9-]+==[A-Za-z0-9.!+]+", line)]
