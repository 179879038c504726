"""Nothing bypasses the guard: one caller of the robot, one guard in it, and no way to leave it out."""

from __future__ import annotations

import ast
import inspect
import typing
from collections.abc import Callable, Generator
from typing import Any

import numpy as np
import pytest
from helpers_house import PACKAGE, calls, imports, name, sources, tree

from moravec.core.command import ActionChunk
from moravec.core.frames import Matrix, frozen
from moravec.core.observation import CameraFrame, RobotState
from moravec.core.verdict import Approved, Verdict
from moravec.guard.guard import Guard
from moravec.robots.protocol import Robot, RobotSpec
from moravec.robots.ur5e.kinematics import JOINTS
from moravec.robots.ur5e.limits import ur5e_limits
from moravec.runtime.loop import Runtime
from moravec.runtime.pace import AsFastAsPossible
from moravec.runtime.recorder import Unrecorded
from moravec.skills.contract import Follow, Followed, Request

LOOP = "src/moravec/runtime/loop.py"
# They make verdicts without a robot: from a tape, and with a stop-watch on a body that is a line of arithmetic.
WITHOUT_ROBOT = {"src/moravec/commands/replay.py", "src/moravec/commands/measure.py"}
FILES = sources("src/moravec")


def test_only_the_loop_commands_a_robot() -> None:
    callers = {name(p) for p in FILES for call in calls(p) if _called(call) == "apply"}
    assert callers - WITHOUT_ROBOT == {LOOP}


def test_only_the_loop_makes_a_guard_for_a_robot() -> None:
    makers = {name(p) for p in FILES for call in calls(p) if _called(call) == "Guard"}
    assert makers - WITHOUT_ROBOT == {LOOP}


def test_who_has_a_guard_of_its_own_has_no_robot() -> None:
    bodies = ("moravec.worlds.registry", "moravec.worlds.cell.entry", "moravec.worlds.cell.world")
    for path in FILES:
        if name(path) in WITHOUT_ROBOT:
            modules = {module for _, module in imports(path)}
            assert not modules & set(bodies) and not any(m.endswith(".driver") for m in modules), name(path)


def test_only_the_guard_approves() -> None:
    """And the tape, which reads back what was approved."""
    makers = {name(p) for p in FILES for call in calls(p) if _called(call) == "Approved"}
    assert makers == {"src/moravec/guard/guard.py", "src/moravec/tape/cdr.py"}


def test_what_is_applied_is_what_the_guard_answered() -> None:
    """In the function that calls `apply`, its argument comes from `self._guard.check`, and `_guard` is set once."""
    module = tree(PACKAGE / "runtime" / "loop.py")
    functions = [f for f in ast.walk(module) if isinstance(f, ast.FunctionDef)]
    applying = [f for f in functions if any(isinstance(n, ast.Call) and _called(n) == "apply" for n in ast.walk(f))]
    assert [f.name for f in applying] == ["_tick", "_bring_to_rest"]
    assert "self._robot.apply(self._guard.check(self._command(now), self._robot.read(), now))" in ast.unparse(applying[1])
    body = ast.unparse(applying[0])
    assert "approved = self._guard.check(command, state, now)" in body
    assert "robot.apply(approved)" in body
    assert body.count("approved =") == 1
    assigned = [ast.unparse(n) for n in ast.walk(module) if isinstance(n, ast.Assign) and "_guard" in ast.unparse(n.targets[0])]
    assert assigned == ["self._guard = Guard(robot.spec.limits, compiled())"]


def test_no_argument_leaves_the_guard_out() -> None:
    hints = typing.get_type_hints(Runtime.__init__)
    assert list(inspect.signature(Runtime).parameters) == ["robot", "recorder", "pace", "answer", "watchers"]
    assert hints["robot"] is Robot
    assert Guard not in hints.values() and bool not in hints.values()
    assert getattr(Runtime, "__final__", False), "a subclass could leave it out"
    assert not [n for n in vars(Runtime) if isinstance(vars(Runtime)[n], classmethod | staticmethod)]


def test_no_environment_variable_changes_anything() -> None:
    """A switch in the environment is a switch that nobody sees. Handing a whole environment on is not reading one."""
    found = []
    for path in FILES:
        for node in ast.walk(tree(path)):
            if isinstance(node, ast.Attribute) and node.attr in ("environ", "environb", "getenv"):
                found.append(f"{name(path)}:{node.lineno}")
            if isinstance(node, ast.ImportFrom) and {a.name for a in node.names} & {"environ", "environb", "getenv"}:
                found.append(f"{name(path)}:{node.lineno}")
    assert found == []


class Body:
    """A weightless arm that remembers what it was told."""

    def __init__(self) -> None:
        self.spec = RobotSpec("ur5e", JOINTS, (), ur5e_limits(), 0.002)
        self.q, self.told, self.ticks = frozen([0.0, -1.57, 1.57, -1.57, -1.57, 0.0]), list[Matrix](), 0

    def now(self) -> float:
        return self.ticks * self.spec.control_period

    def read(self) -> RobotState:
        zero = frozen(np.zeros(6))
        return RobotState(self.ticks, self.now(), self.q, zero, zero, 0.05, 0.0, zero, False)

    def apply(self, approved: Approved) -> None:
        self.q = frozen(approved.command.q)
        self.told.append(self.q)

    def advance(self) -> None:
        self.ticks += 1

    def expose(self, camera: str) -> Callable[[], CameraFrame]:
        raise AssertionError(f"no camera {camera}")


@pytest.mark.parametrize("jump", [0.5, -3.0, 1e6, np.nan, np.inf])
def test_no_skill_gets_a_bad_motion_through(jump: float) -> None:
    """Whatever a skill asks for, the body is told nothing that breaks a limit, and the skill hears that it was stopped."""
    body = Body()
    runtime = Runtime(body, Unrecorded(), AsFastAsPossible(), lambda ask: ask.default)

    def routine() -> Generator[Request, Any, Followed]:
        q = np.tile(body.q, (3, 1))
        q[1:, 0] += jump
        followed: Followed = yield Follow(ActionChunk.of(np.array([0.0, 0.01, 0.4]), q, np.zeros((3, 6)), "wild"))
        return followed

    followed = runtime.run(routine())
    assert followed.end == "stopped"
    assert runtime.counts["stop"] > 0
    told = np.array(body.told)
    assert np.isfinite(told).all()
    speed = np.abs(np.diff(told, axis=0)) / body.spec.control_period
    assert (speed <= np.array(body.spec.limits.velocity) * 1.002).all()


def test_a_verdict_cannot_be_changed() -> None:
    verdict = Verdict("stop", "velocity", 0, 9.0, 3.0, -6.0, "too fast")
    with pytest.raises(AttributeError):
        verdict.decision = "pass"  # type: ignore[misc]


def _called(call: ast.Call) -> str:
    return call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")
