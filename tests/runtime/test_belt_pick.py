"""A pick from a moving belt under the real loop: seen from above, followed, met, lifted; and what gets away is let go in time."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from helpers_runtime import LIMITS, Log, Rig

from moravec.perception.detection import Detection
from moravec.perception.vision import Vision
from moravec.runtime.loop import Runtime
from moravec.runtime.pace import AsFastAsPossible
from moravec.skills.arm import Arm
from moravec.skills.context import SkillContext
from moravec.skills.contract import Closing, Follow, SkillResult
from moravec.skills.delivery import delivery_skills
from moravec.worlds.cell.config import CellConfig
from moravec.worlds.cell.conveyor import Conveyor
from moravec.worlds.cell.world import Cell

SPEED = 0.1  # [m/s]


class Bench:
    """A cell with a belt, its runtime, and skills that believe what they are told."""

    def __init__(self, seed: int, conveyor: Conveyor) -> None:
        self.cell = Cell(CellConfig(seed=seed, conveyor=conveyor))
        self.log = Log()
        self.runtime = Runtime(self.cell.robot, self.log, AsFastAsPossible(), lambda ask: ask.default)
        self.believed: dict[str, Detection] = {}
        self.context = SkillContext(
            self.cell.workplace, Arm(self.cell.workplace), Vision(self.cell.workplace), self.runtime.now, self.runtime.state,
            self.runtime.posture, self.believed.get,
        )  # fmt: skip

    def do(self, skill: str, **args: Any) -> SkillResult:
        return self.runtime.run(delivery_skills()[skill].run(self.context, args))


def red_can(y: float, t: float) -> Detection:
    """One that rides at `y` [m] at `t` [s]."""
    looks = ("red", 0.9, "can", 0.9, False, 0.1, None, "overhead", (0, 0, 9, 9))
    return Detection("belt", (0.56, y, 0.08), (0.1, 0.05, 0.06), 0.0, (0.01,) * 3, *looks, (0.0, SPEED), t)


def test_what_rides_by_is_seen_met_and_lifted() -> None:
    bench = Bench(5, Conveyor(SPEED, 300.0))
    looked = bench.do("look", place="belt")
    (seen,) = looked.data["detections"]
    truth = bench.cell.data.body("thing_0").xpos
    assert looked.status == "succeeded" and abs(seen.velocity[1] - SPEED) < 0.01
    assert abs(seen.position[1] + seen.velocity[1] * (bench.runtime.now() - seen.t) - truth[1]) < 0.02
    bench.believed["it"] = seen
    picked = bench.do("pick", item="it")
    assert (picked.status, picked.code) == ("succeeded", "ok"), picked.message
    assert bench.cell.truth.place(bench.cell.items[0]) == "hand" and bench.context.hand.held is not None
    assert picked.data["width"] > 0.01 and picked.data["target"].colour == bench.cell.items[0].colour
    assert bench.runtime.counts["stop"] == bench.runtime.counts["limit"] == 0
    assert not bench.cell.truth.report()["violations"]
    met = next(n for _, n in bench.log.notes if n.topic == "meeting")
    assert abs(met.payload["velocity"][1] - SPEED) < 0.006 and met.payload["velocity_sigma"] < 0.004


@pytest.mark.parametrize("y", [0.35, 0.8])
def test_what_cannot_be_met_any_more_is_let_go_at_once(y: float) -> None:
    bench = Bench(5, Conveyor(SPEED, 300.0))
    now = bench.runtime.now()
    bench.believed["it"] = red_can(y, now)
    result = bench.do("pick", item="it")
    assert (result.status, result.code, result.recoverable) == ("failed", "passed", True)
    assert "leaves the arm's reach" in result.message and bench.runtime.now() - now < 0.1


def test_what_is_not_there_is_given_up_before_it_would_have_passed() -> None:
    bench = Bench(5, Conveyor(SPEED, 300.0))
    now = bench.runtime.now()
    bench.believed["it"] = red_can(-0.3, now)
    result = bench.do("pick", item="it")
    assert result.status == "failed" and result.code in ("not_seen", "passed") and bench.runtime.now() - now < 9.0


def test_fingers_close_on_the_way_and_a_touch_then_ends_nothing() -> None:
    rig = Rig()
    way = rig.way(0.4)
    at = 0.5 * way.duration
    rig.robot.wrench = lambda t: 40.0 if t > 0.75 * way.duration else 0.0
    before = rig.robot.applied[-1].command.grip_width
    (done,) = rig.serve(Follow(way, 18.0, Closing(at, 0.01, 30.0)))
    widths = np.array([approved.command.grip_width for approved in rig.robot.applied])
    assert done.end == "done" and set(widths) == {before, 0.01} and np.all(np.diff(widths) <= 0)
    first = int(np.argmax(widths == 0.01)) * LIMITS.control_period
    assert first == pytest.approx(at, abs=0.05)


def test_a_touch_before_the_fingers_close_ends_the_way() -> None:
    rig = Rig()
    way = rig.way(0.4)
    rig.robot.wrench = lambda t: 40.0 if t > 0.3 * way.duration else 0.0
    before = rig.robot.applied[-1].command.grip_width
    (hit,) = rig.serve(Follow(way, 18.0, Closing(0.8 * way.duration, 0.01, 30.0)))
    assert hit.end == "contact" and {a.command.grip_width for a in rig.robot.applied} == {before}
