"""Tapes to test with."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from helpers_tape import META, write_all, write_few, write_ticks

from moravec.core.clock import ManualClock
from moravec.tape.writer import TapeWriter


@pytest.fixture
def tape_path(tmp_path: Path) -> Path:
    """Where a new tape may go."""
    return tmp_path / "tape.mcap"


@pytest.fixture
def tiny_tape(tape_path: Path) -> Path:
    """A finished tape of a few records."""
    write_few(tape_path)
    return tape_path


@pytest.fixture
def small_tape(tape_path: Path) -> Path:
    """A finished tape with one record of every kind."""
    write_all(tape_path)
    return tape_path


@pytest.fixture
def killed_tape(tmp_path: Path) -> Path:
    """What a kill leaves behind: three sealed groups, and no end."""
    path = tmp_path / "killed.mcap"
    tape = TapeWriter(path, ManualClock(), META)
    for group in range(3):
        write_ticks(tape, group * 3, 3)
        tape.flush()
    left = path.read_bytes()
    tape.close()
    path.write_bytes(left)
    return path


@pytest.fixture
def changed(tmp_path: Path) -> Callable[[bytes], Path]:
    """Puts bytes into a file."""

    def put(data: bytes) -> Path:
        path = tmp_path / "changed.mcap"
        path.write_bytes(data)
        return path

    return put
