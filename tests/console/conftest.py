"""A run as the console sees it."""

from __future__ import annotations

import pytest
from helpers_console import play

from moravec.console.collect import Collector


@pytest.fixture
def seen() -> Collector:
    """What was seen of a short job."""
    return play(Collector())
