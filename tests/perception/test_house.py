"""Perception stands on pictures alone: the simulator's truth is out of its reach."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

import moravec.perception

ROOM = Path(moravec.perception.__file__).parent
ALLOWED = {"core", "perception"}


@pytest.mark.parametrize("path", sorted(ROOM.glob("*.py")), ids=lambda p: p.stem)
def test_it_imports_no_truth(path: Path) -> None:
    for node in ast.walk(ast.parse(path.read_text())):
        names = [a.name for a in node.names] if isinstance(node, ast.Import) else []
        names += [node.module] if isinstance(node, ast.ImportFrom) and node.module else []
        for name in names:
            assert name.split(".")[0] not in ("mujoco", "torch"), f"{path.name} imports {name}"
            if name.startswith("moravec."):
                assert name.split(".")[1] in ALLOWED, f"{path.name} imports {name}"


def test_the_weights_are_small() -> None:
    assert 0 < sum(path.stat().st_size for path in (ROOM / "weights").glob("*.onnx")) < 1_500_000
