"""The real cell under the real loop: the lid comes off, and the same seed gives the same stream of commands bit for bit."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest
from helpers_runtime import Log

from moravec.core.observation import CameraFrame
from moravec.core.workplace import Place
from moravec.perception.detection import Detection
from moravec.runtime.loop import Runtime
from moravec.runtime.pace import AsFastAsPossible, RealTime
from moravec.skills.arm import Arm
from moravec.skills.context import SkillContext
from moravec.skills.contract import Request, SkillResult
from moravec.skills.delivery import delivery_skills
from moravec.worlds.cell.config import CellConfig
from moravec.worlds.cell.world import Cell

SKILLS = delivery_skills()


@dataclass(frozen=True)
class LidIs:
    handle: tuple[float, float, float]
    yaw: float


@dataclass(frozen=True)
class TellingEyes:
    """Eyes that are told where the lid is, so that this test is not about seeing; what they are shown still counts."""

    cell: Cell

    def items(self, frame: CameraFrame, place: Place) -> list[Detection]:
        assert frame.camera == "wrist" and np.isfinite(frame.depth).any()
        return []

    def labels(self, frames: Sequence[CameraFrame]) -> dict[str, str]:
        return {}

    def labels_from_above(self, frame: CameraFrame) -> dict[str, str]:
        return {}

    def lid(self, frame: CameraFrame, place: Place) -> LidIs:
        x, y, z = self.cell.data.body("lid").xpos
        c, s = self.cell.data.body("lid").xmat[[0, 3]]
        # the handle is long along the lid's own y
        return LidIs((float(x), float(y), float(z) + 0.046), float(np.arctan2(s, c) + np.pi / 2))


def run(seed: int, names: tuple[str, ...] = ("home", "look", "open")) -> tuple[Log, list[SkillResult], Cell]:
    """These skills, one after the other."""
    cell, log = Cell(CellConfig(seed=seed, items=6, image=(48, 64), renderer="rays")), Log()
    runtime = Runtime(cell.robot, log, AsFastAsPossible(), lambda ask: ask.default)
    context = SkillContext(
        cell.workplace, Arm(cell.workplace), TellingEyes(cell), runtime.now, runtime.state, runtime.posture, lambda name: None
    )

    def routine() -> Generator[Request, Any, list[SkillResult]]:
        results = []
        for name in names:
            results.append((yield from SKILLS[name].run(context, {"place": "parcel"})))
        return results

    results = runtime.run(routine())
    cell.close()
    return log, results, cell


@pytest.fixture(scope="module")
def twice() -> list[tuple[Log, list[SkillResult], Cell]]:
    return [run(5), run(5)]


def test_the_same_seed_is_the_same_run_bit_for_bit(twice: list[tuple[Log, list[SkillResult], Cell]]) -> None:
    (a, _, cell_a), (b, _, cell_b) = twice
    assert len(a.ticks) == len(b.ticks) > 2000 and len(a.frames) == len(b.frames) == 2
    assert a.sha256 == b.sha256
    assert cell_a.data.qpos.tobytes() == cell_b.data.qpos.tobytes()


def test_the_lid_is_lifted_off_and_laid_aside(twice: list[tuple[Log, list[SkillResult], Cell]]) -> None:
    _, results, cell = twice[0]
    assert [result.code for result in results] == ["ok", "ok", "ok"]
    rest = cell.workplace.place("lid_rest")
    x, y, z = cell.data.body("lid").xpos
    assert rest.contains(x, y, 0.15) and z < 0.04
    assert all(cell.truth.location(item) == "parcel" for item in cell.items)


def test_the_guard_has_nothing_to_say_and_the_truth_agrees(twice: list[tuple[Log, list[SkillResult], Cell]]) -> None:
    log, _, cell = twice[0]
    assert {approved.verdict.decision for _, _, _, approved in log.ticks} == {"pass"}
    assert cell.truth.report()["violations"] == {}
    assert cell.truth.report()["steps"] == len(log.ticks)


def test_another_seed_is_another_run() -> None:
    (a, _, _), (b, _, _), (c, _, _) = (run(seed, ("home", "look")) for seed in (5, 5, 6))
    assert a.sha256 == b.sha256 != c.sha256


@pytest.mark.parametrize("renderer", [None, "rays"])
def test_in_real_time_the_pictures_come_from_beside_the_loop(renderer: str | None) -> None:
    """Renderers belong to the thread that draws; closing the world afterwards, from this one, is clean."""
    cell, log = Cell(CellConfig(seed=5, items=1, image=(48, 64), renderer=renderer)), Log()
    pace = RealTime(20.0)
    runtime = Runtime(cell.robot, log, pace, lambda ask: ask.default)
    context = SkillContext(
        cell.workplace, Arm(cell.workplace), TellingEyes(cell), runtime.now, runtime.state, runtime.posture, lambda name: None
    )
    try:
        assert cell.frame("overhead").size == (48, 64)
        result = runtime.run(SKILLS["look"].run(context, {"place": "parcel"}))
        pace.close()
        assert cell.frame("overhead").size == (48, 64)
    finally:
        cell.close()
    assert result.code == "ok" and len(log.frames) == 1
