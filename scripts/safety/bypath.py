"""Helpers of the tests, for the long measurements: what the short form is tested with, the long form is measured with."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from types import ModuleType

from parts import ROOT

EDGE_TESTS = ROOT / "tests" / "edge"


def module_at(path: Path) -> ModuleType:
    """The module in the file `path`, under its own name; the one that is there where it was imported already."""
    if path.stem in sys.modules:
        return sys.modules[path.stem]
    spec = importlib.util.spec_from_file_location(path.stem, path)
    assert spec is not None and spec.loader is not None
    made = importlib.util.module_from_spec(spec)
    sys.modules[path.stem] = made
    spec.loader.exec_module(made)
    return made
