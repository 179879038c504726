"""Datasets to test with."""

from __future__ import annotations

import shutil
import zipfile
from pathlib import Path

import pytest
from helpers_data import NO_CAMERAS, write


@pytest.fixture(scope="session")
def _written(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write(tmp_path_factory.mktemp("data") / "set", range(4))


@pytest.fixture
def dataset(_written: Path, tmp_path: Path) -> Path:
    """A dataset of four episodes with two cameras, to be changed at will."""
    return Path(shutil.copytree(_written, tmp_path / "set"))


@pytest.fixture(scope="session")
def _numbers(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write(tmp_path_factory.mktemp("numbers") / "set", range(4), NO_CAMERAS)


@pytest.fixture
def numbers_only(_numbers: Path, tmp_path: Path) -> Path:
    """A dataset of four episodes without cameras, to be changed at will."""
    return Path(shutil.copytree(_numbers, tmp_path / "numbers"))


@pytest.fixture(params=["video", "image"])
def by_lerobot(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    """A dataset that lerobot 0.4.4 recorded: three episodes of 6, 7 and 8 frames, a block that moves 4 pixels a frame."""
    with zipfile.ZipFile(Path(__file__).parent / "lerobot_0_4_4.zip") as archive:
        archive.extractall(tmp_path / "recorded")
    return tmp_path / "recorded" / str(request.param)
