"""Which release of the program this is."""

from __future__ import annotations

from importlib.metadata import PackageNotFoundError, version


def release() -> str:
    """Return the version of the installed distribution, `unreleased` in a checkout that is not installed."""
    try:
        return version("mutual-recognition")
    except PackageNotFoundError:
        return "unreleased"
