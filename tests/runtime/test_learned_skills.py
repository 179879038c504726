"""Learned skills in the real cell under the real guard: led by the teacher they work, led by nonsense they fail as declared."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import mujoco
import numpy as np
import pytest
from helpers_runtime import Log

from moravec.models.contract import PolicyChunk
from moravec.perception.vision import Vision
from moravec.runtime.loop import Runtime
from moravec.runtime.pace import AsFastAsPossible
from moravec.skills.arm import Arm
from moravec.skills.context import SkillContext
from moravec.skills.contract import SkillResult
from moravec.skills.guarded import HardCoded
from moravec.skills.learned.errand import Errand
from moravec.skills.learned.lead import ROUNDS, TIGHTER
from moravec.skills.learned.pick import LearnedPick
from moravec.skills.learned.pilot import CHUNK, Moment, Pilot
from moravec.skills.learned.place import LearnedPlace
from moravec.skills.learned.teacher import Teacher
from moravec.skills.learned.waypoints import Pose, relative
from moravec.skills.manifests import PICK, PLACE
from moravec.skills.putting import PutDown, Stow
from moravec.worlds.cell.config import CellConfig
from moravec.worlds.cell.world import Cell

HIGH_ENOUGH = 0.10  # [m] of the tool after any failure, above the station


@dataclass
class Says:
    """A pilot that says the same chunk to everything."""

    rows: Any
    confidence: float = 1.0

    def aim(self, errand: Errand) -> bool:
        return True

    def act(self, moment: Moment) -> PolicyChunk:
        return PolicyChunk(np.array(self.rows, np.float32), self.confidence)


@dataclass
class LeadsTo:
    """A pilot that wants the hand at one place [m] in the world, and in the end as wide open as said."""

    position: tuple[float, float, float]
    opening: float

    def aim(self, errand: Errand) -> bool:
        return True

    def act(self, moment: Moment) -> PolicyChunk:
        return PolicyChunk(relative(moment.hand, [Pose(self.position, moment.hand.yaw, self.opening)] * CHUNK), 1.0)


def chunk(dx: float = 0.0, dy: float = 0.0, dz: float = 0.0, dyaw: float = 0.0, opening: float = 0.08) -> list[list[float]]:
    return [[dx, dy, dz, dyaw, opening]] * CHUNK


@dataclass
class Scenery:
    """One thing on the station, and the arm over nothing."""

    cell: Cell
    runtime: Runtime
    context: SkillContext
    log: Log

    def pick(self, pilot: Pilot) -> SkillResult:
        return self.runtime.run(LearnedPick(pilot).run(self.context, {"item": "thing"}))

    def put(self, pilot: Pilot, plain: HardCoded, place: str) -> SkillResult:
        return self.runtime.run(LearnedPlace(plain, pilot).run(self.context, {"item": "thing", "place": place}))

    def where(self) -> str:
        return self.cell.truth.place(self.cell.items[0])

    def lawful(self) -> bool:
        return self.cell.truth.report()["violations"] == {}

    def tool_height(self) -> float:
        return float(self.context.arm.tool_pose(self.context.posture())[2, 3])


@pytest.fixture(scope="module")
def scenery() -> Iterator[Scenery]:
    cell, log = Cell(CellConfig(seed=11, items=1)), Log()
    (x, y), floor = cell.workplace.place("station").centre, cell.workplace.place("station").floor
    joint = cell.model.joint(int(cell.model.body(cell.items[0].name).jntadr[0]))
    at = int(joint.qposadr[0])
    cell.data.qpos[at : at + 3] = (x + 0.01, y - 0.02, floor + 0.05)
    for _ in range(500):
        mujoco.mj_step(cell.model, cell.data)
    runtime = Runtime(cell.robot, log, AsFastAsPossible(), lambda ask: ask.default)
    eyes = Vision(cell.workplace)
    seen: list[Any] = []
    context = SkillContext(
        cell.workplace, Arm(cell.workplace), eyes, runtime.now, runtime.state, runtime.posture, lambda name: seen[0]
    )
    from moravec.skills.looking import Look

    look = runtime.run(Look().run(context, {"place": "station"}))
    seen.append(look.data["detections"][0])
    yield Scenery(cell, runtime, context, log)
    cell.close()


@pytest.fixture
def held(scenery: Scenery) -> Scenery:
    """The thing hangs from the hand."""
    if scenery.where() != "hand":
        assert scenery.pick(Teacher()).status == "succeeded"
    return scenery


NONSENSE = {
    "no number": (Says(chunk(dx=math.nan)), {"no_grasp"}),
    "too short a row": (Says([[0.0] * 4] * CHUNK), {"no_grasp"}),
    "farther than a waypoint may be": (Says(chunk(dx=9.0)), {"no_grasp"}),
    "far away": (Says(chunk(dx=0.24, dy=0.24)), {"no_grasp"}),
    "into the floor": (Says(chunk(dz=0.24)), {"no_grasp"}),
    "never closes": (Says(chunk(dx=0.001)), {"missed"}),
    "closes in the air": (Says(chunk(opening=0.0)), {"missed"}),
    "is lost": (Says(chunk(dz=0.02), 0.01), {"missed"}),
    "does not say how sure": (Says(chunk(dz=0.02), math.nan), {"missed"}),
}


@pytest.mark.parametrize("name", NONSENSE)
def test_nonsense_ends_as_declared_and_within_limits(scenery: Scenery, name: str) -> None:
    pilot, codes = NONSENSE[name]
    result = scenery.pick(pilot)
    assert result.status == "failed" and result.code in codes, result.message
    assert result.recoverable and result.code in {error.code for error in PICK.errors}
    assert scenery.lawful() and scenery.tool_height() > HIGH_ENOUGH
    assert scenery.log.tightened[-1][2] is None, "the robot's own limits hold again"


def test_led_by_the_teacher_it_holds_the_thing(scenery: Scenery) -> None:
    """After all the nonsense, in the same cell; every motion of the pilot's says where it comes from."""
    before, notes = len(scenery.log.chunks), len(scenery.log.notes)
    result = scenery.pick(Teacher())
    assert result.status == "succeeded", result.message
    assert scenery.cell.truth.location(scenery.cell.items[0]) == "hand"
    assert scenery.lawful()
    piloted = [(t, made) for t, made in scenery.log.chunks[before:] if made.source == "pilot"]
    assert piloted
    for t, made in piloted:
        p = made.provenance
        assert p is not None and p.seen < p.made <= t < p.expires <= p.made + TIGHTER["chunk_age_max"] and p.novelty == 0.0
    rounds = [note for _, note in scenery.log.notes[notes:] if note.topic == "pilot"]
    assert 2 <= len(rounds) <= ROUNDS and all(note.payload["confidence"] == 1.0 for note in rounds)
    held = scenery.context.hand.held
    assert held is not None and held.width == result.data["width"] > 0.01


FOOLISH = {
    "no number": (Says(chunk(dx=math.nan)), {"unreachable"}),
    "far away": (Says(chunk(dx=0.24, dy=0.24, opening=0.02)), {"unreachable"}),
    "through the plate": (Says(chunk(dz=0.24, opening=0.02)), {"unreachable"}),
    "never opens": (Says(chunk(dx=0.001, opening=0.02)), {"unreachable"}),
    "goes down and does not open": (Says(chunk(dz=0.01, opening=0.0)), {"contact"}),
    "is lost": (Says(chunk(dz=0.02), 0.01), {"unreachable"}),
    "is lost, and lets go without a motion": (Says(chunk(opening=0.1), 0.01), {"unreachable"}),
}


@pytest.mark.parametrize("name", FOOLISH)
def test_nonsense_does_not_let_go(held: Scenery, name: str) -> None:
    pilot, codes = FOOLISH[name]
    result = held.put(pilot, PutDown(), "station")
    assert result.status == "failed" and result.code in codes, result.message
    assert result.recoverable and result.code in {error.code for error in PLACE.errors}
    assert held.where() == "hand" and held.context.hand.held is not None
    assert held.lawful() and held.tool_height() > HIGH_ENOUGH - 0.01
    assert held.log.tightened[-1][2] is None


def test_a_way_into_the_drawing_is_not_begun(held: Scenery) -> None:
    """The shelf over the bins: the pilot's place is no bin's wall, near its bin, and high enough."""
    pilot = LeadsTo((0.31, 0.52, 0.14), 0.02)
    before = held.runtime.counts["stop"]
    result = held.put(pilot, Stow(), "bin_1")
    assert (result.status, result.code) == ("failed", "unreachable") and "into the drawing" in result.message
    assert held.runtime.counts["stop"] == before and held.where() == "hand" and held.lawful()


def test_led_by_the_teacher_it_puts_down_and_stows(held: Scenery) -> None:
    down = held.put(Teacher(), PutDown(), "station")
    assert down.status == "succeeded", down.message
    assert held.where() == "station" and held.context.hand.held is None
    assert np.allclose(down.data["spot"], held.cell.workplace.place("station").centre, atol=0.01)
    assert held.pick(Teacher()).status == "succeeded"
    notes = len(held.log.notes)
    stowed = held.put(Teacher(), Stow(), "bin_2")
    assert stowed.status == "succeeded", stowed.message
    assert held.where() == "bin_2" and held.lawful()
    asked = {note.payload["asked"] for _, note in held.log.notes[notes:] if note.topic == "pilot"}
    assert len(asked) == 1 and asked.pop().endswith("into the bin")
