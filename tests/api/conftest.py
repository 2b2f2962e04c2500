"""One server for all tests of a module; a test that needs its own starts one with `running`."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.api.serving import Running, running
from tests.postgresql import running_postgresql


@pytest.fixture(scope="module")
def server(tmp_path_factory) -> Iterator[Running]:
    """A server with workspaces `alpha` and `beta`, on SQLite."""
    with running(tmp_path_factory.mktemp("server")) as made:
        yield made


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def either(request, tmp_path_factory) -> Iterator[Running]:
    """The same server on both databases, for the tests that write."""
    folder = tmp_path_factory.mktemp(request.param)
    if request.param == "sqlite":
        with running(folder) as made:
            yield made
        return
    with running_postgresql() as address, running(folder, database_url=address) as made:
        yield made
