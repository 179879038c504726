"""The simulator's truth is out of reach for everything that perceives, thinks and acts."""

from __future__ import annotations

import ast
import dataclasses
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import mujoco
import numpy as np
import pytest
from helpers_house import PACKAGE, calls, imports, name, room_of_module, tree

from moravec.core.observation import CameraFrame
from moravec.skills.context import SkillContext
from moravec.worlds.registry import World, WorldOptions, open_world

BLIND = ("perception", "skills", "brain", "runtime", "console")
# Ways around a closed door: names that open private parts, and calls that find modules or objects by their name.
PICKLOCKS = {"__closure__", "__globals__", "__self__", "__func__", "__wrapped__", "__dict__", "gi_frame", "f_locals"}
# The conformance suite searches skills for what they may not hold; memory compares fields of its own records by their names.
SEARCHERS = {"src/moravec/skills/conformance.py", "src/moravec/brain/remember.py"}
BURGLARS = {"__import__", "import_module", "eval", "exec", "vars", "get_objects", "get_referents", "_getframe"}
STATE = (mujoco.MjData, mujoco.MjModel, mujoco.MjSpec)


def blind_files() -> list[Path]:
    return sorted(path for room in BLIND for path in (PACKAGE / room).rglob("*.py"))


def test_no_blind_room_imports_a_world() -> None:
    found = [f"{name(p)}:{line} {m}" for p in blind_files() for line, m in imports(p) if room_of_module(m) == "worlds"]
    assert found == []


def test_no_blind_room_names_a_world_in_words() -> None:
    """An import by name needs the name."""
    found = []
    for path in blind_files():
        for node in ast.walk(tree(path)):
            if isinstance(node, ast.Constant) and isinstance(node.value, str) and "moravec.worlds" in node.value:
                found.append(f"{name(path)}:{node.lineno}")
    assert found == []


def breaks_in(module: ast.Module, private_only: bool = False) -> Iterator[int]:
    """Lines that reach for another object's private parts or load code by name; `private_only` leaves out `getattr`."""
    for node in ast.walk(module):
        if isinstance(node, ast.Attribute):
            own = isinstance(node.value, ast.Name) and node.value.id in ("self", "cls")
            own = own or (isinstance(node.value, ast.Call) and ast.unparse(node.value.func) == "super")
            private = node.attr.startswith("_") and not node.attr.startswith("__")
            if node.attr in PICKLOCKS or node.attr in BURGLARS or (private and not own):
                yield node.lineno
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
            by_name = not private_only and node.func.id in ("getattr", "setattr")
            if node.func.id in BURGLARS or (by_name and not _public_constant(node.args[1])):
                yield node.lineno


def _public_constant(argument: ast.expr) -> bool:
    return isinstance(argument, ast.Constant) and isinstance(argument.value, str) and argument.value[:1] != "_"


def test_no_blind_room_reaches_for_private_parts() -> None:
    found = [f"{name(p)}:{line}" for p in blind_files() if name(p) not in SEARCHERS for line in breaks_in(tree(p))]
    assert found == []


def test_the_searchers_run_in_no_job() -> None:
    """The conformance suite is for tests: nothing in the package imports it. What memory reads by name are its own fields."""
    users = [name(p) for p in PACKAGE.rglob("*.py") for _, m in imports(p) if m == "moravec.skills.conformance"]
    assert users == []
    remember = PACKAGE / "brain" / "remember.py"
    read = {ast.unparse(call.args[0]) for call in calls(remember) if getattr(call.func, "id", "") in ("getattr", "setattr")}
    assert read <= {"item", "fresh", "old"}
    assert list(breaks_in(tree(remember), private_only=True)) == []


@pytest.mark.parametrize(
    "line",
    ["robot._data", "x.expose.__self__", "getattr(robot, '_data')", "getattr(robot, which)", "vars(robot)",
     "importlib.import_module('a')", "develop.__closure__", "gc.get_objects()"],
)  # fmt: skip
def test_a_break_in_is_seen(line: str) -> None:
    assert list(breaks_in(ast.parse(line))) == [1]


def test_only_the_command_line_opens_worlds() -> None:
    openers = {"open_world", "CellWorld", "Cell"}
    found = {
        name(path)
        for path in PACKAGE.rglob("*.py")
        for call in calls(path)
        if (isinstance(call.func, ast.Name) and call.func.id in openers)
    }
    assert {p for p in found if not p.startswith(("src/moravec/commands/", "src/moravec/worlds/"))} == set()


def reachable(start: object, path: str, seen: set[int]) -> Iterator[tuple[str, object]]:
    """Everything that public attributes, items and keys lead to, with the way there."""
    if id(start) in seen or isinstance(start, (str, bytes, int, float, bool, type(None), np.ndarray, type)):
        return
    seen.add(id(start))
    yield path, start
    if isinstance(start, dict):
        for key, value in start.items():
            yield from reachable(value, f"{path}[{key!r}]", seen)
    elif isinstance(start, (list, tuple, set, frozenset)):
        for i, value in enumerate(start):
            yield from reachable(value, f"{path}[{i}]", seen)
    if type(start).__module__.split(".")[0] in ("builtins", "numpy", "types"):
        return
    for attribute in dir(start):
        if not attribute.startswith("_"):
            yield from reachable(_get(start, attribute), f"{path}.{attribute}", seen)


def _get(owner: object, attribute: str) -> Any:
    try:
        return getattr(owner, attribute)
    except (AttributeError, RuntimeError):  # a property that has no value now
        return None


def truths(start: object, path: str) -> list[str]:
    """The ways from `start` to the simulator's state or to whatever knows it."""
    found = []
    for way, value in reachable(start, path, set()):
        module = type(value).__module__
        state = isinstance(value, STATE)
        knowing = module.startswith("moravec.worlds") or (state and not way.startswith("context.arm"))
        if knowing:
            found.append(f"{way}: {module}.{type(value).__name__}")
    return found


@pytest.fixture(scope="module")
def world() -> Iterator[World]:
    opened = open_world("cell", WorldOptions(seed=3, items=6))
    yield opened
    opened.close()


def test_what_a_runtime_is_given_hides_the_simulation(world: World) -> None:
    assert truths(world.robot, "robot") == []
    assert truths(world.workplace, "workplace") == []
    assert truths(world.robot.read(), "state") == []
    develop = world.robot.expose("overhead")
    assert truths(develop, "develop") == []
    assert truths(develop(), "frame") == []


def test_what_a_skill_is_given_hides_the_simulation(world: World) -> None:
    """The arm computes with a MuJoCo model of its own, which holds the robot and the drawing and nothing of the delivery."""
    from moravec.perception.vision import Vision
    from moravec.skills.arm import Arm

    arm = Arm(world.workplace)
    robot = world.robot
    context = SkillContext(
        world.workplace, arm, Vision(world.workplace), robot.now, robot.read, lambda: robot.read().q, lambda _: None
    )
    assert truths(context, "context") == []
    items = set(world.things())
    for way, value in reachable(context, "context", set()):
        if isinstance(value, mujoco.MjModel):
            bodies = {value.body(i).name for i in range(value.nbody)}
            assert not bodies & items, way


def test_the_walk_finds_what_lies_open(world: World) -> None:
    @dataclasses.dataclass
    class Leaky:
        hands: tuple[object, ...]

    assert truths(Leaky((world,)), "leaky")  # CellWorld.cell.data is public, for scoring
    assert any("MjData" in way for way in truths(world, "world"))


def test_a_picture_holds_what_a_camera_measures_and_no_more() -> None:
    """No segmentation, no normals, no names: those would be truth."""
    fields = {field.name for field in dataclasses.fields(CameraFrame)}
    assert fields == {"camera", "seq", "t", "rgb", "depth", "K", "T_world_camera"}


def test_depth_has_a_sensors_noise(world: World) -> None:
    """Two pictures of a resting scene differ, in depth more than rounding does, and some depth is missing."""
    first, second = (np.asarray(world.robot.expose("overhead")().depth) for _ in range(2))
    both = np.isfinite(first) & np.isfinite(second) & (first > 0) & (second > 0)
    assert 1e-4 < float(np.median(np.abs(first - second)[both])) < 0.03
    assert both.mean() < 0.9999
