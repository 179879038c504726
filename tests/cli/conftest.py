"""The command line as a process of its own, with a toy world installed beside it."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

HERE = Path(__file__).parent
ENTRY = "[moravec.worlds]\ntoy = toy_world:open_world\n"


@pytest.fixture(scope="session")
def environment(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """The environment of a process that sees this source tree and the toy."""
    site = tmp_path_factory.mktemp("site")
    dist = site / "toy_world-1.0.dist-info"
    dist.mkdir()
    (dist / "METADATA").write_text("Metadata-Version: 2.1\nName: toy-world\nVersion: 1.0\n")
    (dist / "entry_points.txt").write_text(ENTRY)
    paths = [str(site), str(HERE), str(HERE.parents[1] / "src"), os.environ.get("PYTHONPATH", "")]
    return {**os.environ, "PYTHONPATH": os.pathsep.join(p for p in paths if p), "COLUMNS": "90", "NO_COLOR": "1"}


Shell = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def moravec(environment: dict[str, str], tmp_path: Path) -> Shell:
    """Runs `moravec` in an empty folder."""

    def call(*words: str, program: tuple[str, ...] = ("-m", "moravec.cli"), **more: object) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, *program, *words]
        settings = {"capture_output": True, "text": True, "timeout": 60, "cwd": tmp_path, "env": environment, **more}
        return subprocess.run(command, check=False, **settings)  # type: ignore[call-overload, no-any-return]

    return call


@pytest.fixture
def start(environment: dict[str, str], tmp_path: Path) -> Callable[..., subprocess.Popen[str]]:
    """Starts `moravec` and does not wait for it."""

    def begin(*words: str) -> subprocess.Popen[str]:
        return subprocess.Popen(
            [sys.executable, "-m", "moravec.cli", *words], cwd=tmp_path, env=environment, text=True,
            stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        )  # fmt: skip

    return begin
