"""One server for all tests of a module that read; a test that needs its own starts one with `running`."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.api.serving import Running, running


@pytest.fixture(scope="module")
def server(tmp_path_factory) -> Iterator[Running]:
    """A server with workspaces `alpha` and `beta`."""
    with running(tmp_path_factory.mktemp("server")) as made:
        yield made
