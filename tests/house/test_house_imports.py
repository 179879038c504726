"""The order of the house: each room imports only from rooms before it, and the guard stands without all others."""

from __future__ import annotations

import ast
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from helpers_house import PACKAGE, ROOMS, ROOT, imports, name, room_of, room_of_module, sources, tree

FILES = sources("src/moravec")
# What the rooms that protect and remember may import beside the standard library and themselves.
PURE = {"core": {"numpy"}, "guard": {"numpy", "numba"}, "tape": {"numpy", "mcap", "zstandard", "cv2"}, "edge": {"numpy", "numba"}}
# Where MuJoCo may be imported: the bodies, the simulated workplaces, the arm's own kinematics, and who asks whether it is there.
MUJOCO = ("src/moravec/robots/", "src/moravec/worlds/", "src/moravec/skills/arm.py", "src/moravec/doctor.py")


def against_the_order(path: Path) -> list[str]:
    """Every import of a file that goes up the house."""
    room = room_of(path)
    found = []
    for line, module in imports(path):
        other = room_of_module(module)
        if room is None and other is not None:
            found.append(f"{name(path)}:{line} the package's front door imports {module}")
        elif room is not None and other in ROOMS and ROOMS.index(other) > ROOMS.index(room):
            found.append(f"{name(path)}:{line} {room} imports {module}")
    return found


def test_every_file_stands_in_a_room() -> None:
    strangers = [name(path) for path in FILES if (room := room_of(path)) is not None and room not in ROOMS]
    assert not strangers, f"allowed rooms: {ROOMS}"


def test_imports_go_down_the_house() -> None:
    assert [line for path in FILES for line in against_the_order(path)] == []


@pytest.mark.parametrize(
    ("room", "line", "wrong"),
    [
        ("guard", "import moravec.tape.writer", 1),
        ("guard", "from moravec import brain", 1),
        ("tape", "from ..runtime import loop", 1),
        ("core", "from moravec.guard.limits import LimitTable", 1),
        ("brain", "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    from moravec.console import report", 1),
        ("skills", "def f():\n    import moravec.cli", 1),
        ("runtime", "from moravec.commands import run", 1),
        ("runtime", "from moravec.skills.contract import Note", 0),
        ("guard", "import numpy\nfrom . import checks", 0),
    ],
)
def test_the_order_can_be_broken(room: str, line: str, wrong: int) -> None:
    path = PACKAGE / room / "made_up_for_a_test.py"
    tree = ast.parse(line)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("helpers_house.tree", lambda _: tree)
        assert len(against_the_order(path)) == wrong


@pytest.mark.parametrize("room", PURE)
def test_the_lowest_rooms_need_little(room: str) -> None:
    allowed = PURE[room] | set(sys.stdlib_module_names) | {"moravec"}
    found = {module.split(".")[0] for path in (PACKAGE / room).rglob("*.py") for _, module in imports(path)}
    assert found <= allowed


def test_the_edge_process_needs_the_guard_and_nothing_else() -> None:
    """No model, brain or network, and no tape: what it does not import cannot hold it up."""
    modules = {module for path in (PACKAGE / "edge").rglob("*.py") for _, module in imports(path)}
    assert {room_of_module(module) for module in modules} <= {None, "core", "guard", "edge"}
    assert not {"socket", "ssl", "http", "urllib", "asyncio", "subprocess"} & {module.split(".")[0] for module in modules}


def test_mujoco_is_imported_only_where_bodies_are() -> None:
    users = [name(path) for path in FILES if any(m.split(".")[0] == "mujoco" for _, m in imports(path))]
    assert [path for path in users if not path.startswith(MUJOCO)] == []


def test_what_scripts_take_from_the_package_is_there() -> None:
    """No test runs the hours of a script, and what it imports may have moved."""
    missing = []
    for path in sources("scripts"):
        for node in ast.walk(tree(path)):
            if not isinstance(node, ast.ImportFrom) or not (node.module or "").startswith("moravec"):
                continue
            module = PACKAGE.parent / Path(*str(node.module).split("."))
            file = module / "__init__.py" if module.is_dir() else module.with_suffix(".py")
            there = top_names(file) | {p.stem for p in module.glob("*")} if file.exists() else set()
            missing += [f"{name(path)}:{node.lineno}: {a.name} of {node.module}" for a in node.names if a.name not in there]
    assert missing == []


def top_names(path: Path) -> set[str]:
    """What a file's top level names, in its branches as well."""
    names: set[str] = set()
    for node in ast.walk(ast.Module([n for n in tree(path).body if not isinstance(n, ast.FunctionDef | ast.ClassDef)], [])):
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            names.add(node.id)
        elif isinstance(node, ast.ImportFrom | ast.Import):
            names |= {(alias.asname or alias.name).split(".")[0] for alias in node.names}
    return names | {n.name for n in tree(path).body if isinstance(n, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef)}


def alone(tmp_path: Path, *rooms: str) -> Path:
    """A copy of the package that holds nothing but `rooms`."""
    copy = tmp_path / "src" / "moravec"
    copy.mkdir(parents=True)
    shutil.copy(PACKAGE / "__init__.py", copy)
    for room in rooms:
        shutil.copytree(PACKAGE / room, copy / room, ignore=shutil.ignore_patterns("__pycache__"))
    return copy.parent


def test_the_guard_imports_with_everything_but_core_deleted(tmp_path: Path) -> None:
    source = alone(tmp_path, "core", "guard")
    paths = (path.relative_to(PACKAGE.parent).with_suffix("") for path in (PACKAGE / "guard").rglob("[!_]*.py"))
    modules = sorted(".".join(path.parts) for path in paths)
    assert "moravec.guard.kernel.decide" in modules
    program = (
        f"import importlib, sys\nsys.path.insert(0, {str(source)!r})\n"
        f"for module in {modules!r}: importlib.import_module(module)\n"
        "heavy = {'mujoco', 'cv2', 'scipy', 'onnxruntime', 'mcap', 'torch'} & set(sys.modules)\n"
        f"assert not heavy, heavy\nimport moravec\nassert moravec.__file__.startswith({str(source)!r}), moravec.__file__\n"
    )
    done = subprocess.run([sys.executable, "-I", "-c", program], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_the_guard_passes_its_tests_with_everything_but_core_deleted(tmp_path: Path) -> None:
    source = alone(tmp_path, "core", "guard")
    tests = tmp_path / "tests"
    shutil.copytree(ROOT / "tests" / "guard", tests, ignore=shutil.ignore_patterns("__pycache__"))
    (tmp_path / "pytest.ini").write_text(f"[pytest]\npythonpath = {source}\nfilterwarnings = error\n")
    slow = "--deselect=tests/test_random_motions.py"  # the same code, many times over
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-x", "-p", "no:cacheprovider", slow, "tests"],
        cwd=tmp_path, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-1000:]
