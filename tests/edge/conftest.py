"""What the tests of this room share."""

from __future__ import annotations

from pathlib import Path

import pytest
from helpers_edge import Sim


@pytest.fixture
def sim(tmp_path: Path) -> Sim:
    """A loop in machine code on a simulated clock."""
    return Sim(tmp_path / "shared")
