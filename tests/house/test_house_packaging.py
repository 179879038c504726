"""What is installed: exactly what is imported, no PyTorch, less than 900 MB, and a wheel with all its data."""

from __future__ import annotations

import re
import subprocess
import sys
import tomllib
import zipfile
from collections.abc import Iterator
from importlib import metadata
from pathlib import Path
from typing import Any

import pytest
from helpers_house import PACKAGE, ROOT, imports, sources
from packaging.requirements import Requirement

import moravec
from moravec.worlds.registry import BUILT_IN, GROUP

PROJECT: dict[str, Any] = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
MODULE_OF = {"opencv-python-headless": "cv2", "mcap-ros2-support": "mcap_ros2", "pytest-xdist": "xdist", "pillow": "PIL"}
BY_NAME = {"daqp"}  # no import: mink's solver, asked for by its name
TOOLS = {"mypy", "mutmut", "pytest", "xdist", "pytest_rerunfailures", "ruff", "hatchling"}  # called, not imported
# Where what they bring is imported.
EXTRAS = {
    "data": ("data/", "trials/jobs/table.py"), "mcp": ("brain/tools/", "commands/mcp_server/"), "remote": ("brain/remote/",),
    "ray": ("trials/executors/on_ray.py",),
    "train": ("models/checkpoint.py", "models/manip/", "models/reader/", "commands/train.py"),
}  # fmt: skip
NEVER = re.compile(r"^(torch|tensorflow|jax|jaxlib|triton|nvidia-.*|keras)$")
MAX_BYTES = 900e6


def modules_of(requirements: list[str]) -> set[str]:
    names = (Requirement(line).name for line in requirements)
    return {MODULE_OF.get(n, n.replace("-", "_")) for n in names}


def foreign_imports(*folders: str) -> set[str]:
    files = sources(*folders)
    ours = {"moravec"} | {path.stem for path in sources("tests", "scripts") if folders != ("src",)}
    found = {module.split(".")[0] for path in files for _, module in imports(path)}
    return found - set(sys.stdlib_module_names) - ours


def extra(name: str) -> set[str]:
    return modules_of(PROJECT["optional-dependencies"][name])


def test_base_and_extras_are_exactly_what_the_source_imports() -> None:
    base, more = modules_of(PROJECT["dependencies"]), set[str]().union(*(extra(name) for name in EXTRAS))
    assert not base & more
    assert base | more == foreign_imports("src") | BY_NAME


def test_what_an_extra_brings_is_imported_where_it_is_needed_and_nowhere_else() -> None:
    for name, rooms in EXTRAS.items():
        strangers = [
            str(path) for path in sources("src") if not str(path.relative_to(PACKAGE)).startswith(rooms)
            and {module.split(".")[0] for _, module in imports(path)} & extra(name)
        ]  # fmt: skip
        assert strangers == []


def test_what_is_asked_for_by_name_is_asked_for() -> None:
    text = "".join(path.read_text(encoding="utf-8") for path in sources("src"))
    assert all(f'"{name}"' in text for name in BY_NAME)


def test_the_extras_are_what_tests_and_scripts_import() -> None:
    base = modules_of(PROJECT["dependencies"])
    tests = foreign_imports("tests")
    assert tests <= base | extra("dev") | extra("data") | extra("mcp") | extra("train") | {"packaging"}  # pytest brings packaging
    scripts = foreign_imports("scripts")
    assert extra("dev") <= tests | scripts | TOOLS | {"moravec"}
    assert scripts <= base | extra("train") | extra("dev") | {"virtualhome_eval", "ortools"}  # in environments of their own


def test_every_requirement_has_bounds() -> None:
    loose = [r for r in PROJECT["dependencies"] if {s.operator for s in Requirement(r).specifier} != {">=", "<"}]
    assert loose == []
    assert PROJECT["requires-python"] == ">=3.11"
    assert "torch==2.13.0" in PROJECT["optional-dependencies"]["train"]


def closure() -> Iterator[metadata.Distribution]:
    """Everything that a base install brings, as it is installed here."""
    waiting, seen = [Requirement(line) for line in PROJECT["dependencies"]], set[str]()
    while waiting:
        need = waiting.pop()
        key = need.name.lower().replace("_", "-")
        if key in seen or (need.marker is not None and not need.marker.evaluate({"extra": ""})):
            continue
        seen.add(key)
        found = metadata.distribution(need.name)
        yield found
        waiting += [Requirement(line) for line in found.requires or ()]


def test_the_base_install_has_no_pytorch_and_is_small() -> None:
    installed = list(closure())
    assert [d.name for d in installed if NEVER.match(d.name.lower())] == []
    size = sum(file.size or 0 for d in installed for file in d.files or ())
    size += sum(path.stat().st_size for path in PACKAGE.rglob("*") if path.is_file())
    assert 100e6 < size < MAX_BYTES


def test_the_entry_points_are_those_of_the_source() -> None:
    assert PROJECT["scripts"] == {"moravec": "moravec.cli:main"}
    assert PROJECT["entry-points"][GROUP] == {entry.name: entry.value for entry in BUILT_IN}


def test_the_wheel_holds_every_file_of_the_package(tmp_path: Path) -> None:
    pytest.importorskip("hatchling", reason="the extra dev brings it")
    command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(tmp_path)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    (wheel,) = tmp_path.glob("*.whl")
    assert moravec.__version__ in wheel.name
    with zipfile.ZipFile(wheel) as archive:
        packed = {n for n in archive.namelist() if n.startswith("moravec/")}
        points = archive.read(next(n for n in archive.namelist() if n.endswith("entry_points.txt"))).decode()
    here = (p for p in PACKAGE.rglob("*") if p.is_file() and "__pycache__" not in p.parts)
    assert packed == {p.relative_to(PACKAGE.parent).as_posix() for p in here}
    assert any(n.endswith(".onnx") for n in packed) and any(n.endswith(".css") for n in packed)
    assert "moravec = moravec.cli:main" in points
