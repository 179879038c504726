"""One model server for all tests of a process; each test gives it a script of its own."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from model_server import Serving, started


@pytest.fixture(scope="session")
def serving() -> Iterator[Serving]:
    """See `model_server.started`."""
    with started() as serving:
        yield serving
