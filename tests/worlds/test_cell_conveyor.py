"""A belt past the arm: what lies on it moves as fast as it does, comes and goes in its time, and is seen as it moves."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from moravec.core.errors import BadInput
from moravec.core.frames import tool_down
from moravec.perception.cloud import cloud
from moravec.perception.riders import busy, sightings, stretch
from moravec.perception.track import Track, advanced
from moravec.perception.vision import Vision
from moravec.robots.ur5e.kinematics import JOINTS
from moravec.skills.arm import Arm
from moravec.worlds.cell import layout
from moravec.worlds.cell.config import CellConfig
from moravec.worlds.cell.conveyor import EVERY, FIRST, JITTER, Conveyor
from moravec.worlds.cell.limits import cell_limits, obstacles
from moravec.worlds.cell.mishaps import Mishap
from moravec.worlds.cell.world import Cell


def build(seed: int, conveyor: Conveyor, **more: Any) -> Cell:
    return Cell(CellConfig(seed=seed, conveyor=conveyor, image=more.pop("image", (60, 80)), renderer="rays", **more))


def run(cell: Cell, seconds: float) -> None:
    for _ in range(round(seconds / 0.002)):
        cell.robot.advance()


def riding(cell: Cell) -> list[str]:
    assert cell.belt is not None
    return [name for name in cell.belt.laid if name not in cell.belt.past]


@pytest.mark.parametrize(("seed", "speed"), [(3, 0.06), (11, 0.10), (4, 0.2)])
def test_what_lies_on_it_moves_as_fast_as_the_belt(seed: int, speed: float) -> None:
    """Boxes, cans that stand and lie, bottles, balls, tools, parts: carried by friction alone, without sliding sideways."""
    cell = build(seed, Conveyor(speed, max(2.0, 0.25 / speed)))
    run(cell, FIRST + max(7.0, 0.9 / speed))
    before = {name: cell.data.body(name).xpos.copy() for name in riding(cell)}
    settled = [name for name in before if cell.data.time - cell.belt.laid[name] > 1.5]
    run(cell, 1.0)
    assert len(settled) >= 3
    for name in settled:
        moved = cell.data.body(name).xpos - before[name]
        np.testing.assert_allclose(moved, (0.0, speed, 0.0), atol=0.02 * speed + 3e-4, err_msg=name)
        assert next(cell.truth.place(i) for i in cell.items if i.name == name) == "belt"


def test_the_belt_itself_stays_and_a_thing_beside_it_too() -> None:
    cell = build(3, Conveyor(0.1))
    cell.data.joint("thing_9").qpos[:3] = (0.30, -0.20, 0.03)
    run(cell, 3.0)
    assert abs(float(cell.data.joint("belt").qpos[0])) < 1e-3
    assert abs(float(cell.data.body("thing_9").xpos[1]) + 0.20) < 0.05


def test_things_come_one_by_one_and_leave_the_cell() -> None:
    cell = build(2, Conveyor(0.2, 2.0), items=5)
    run(cell, FIRST + 5 * 2.0 * (1 + JITTER) + 1.8 / 0.2)
    assert list(cell.belt.laid) == [item.name for item in cell.items] == list(cell.belt.past)
    times = list(cell.belt.laid.values())
    assert times[0] == pytest.approx(FIRST, abs=0.01) and min(np.diff(times)) > 2.0 * (1 - JITTER) - 0.01
    ride = [cell.belt.past[name] - cell.belt.laid[name] for name in cell.belt.laid]
    np.testing.assert_allclose(ride, (layout.BELT_OUT - layout.BELT_IN) / 0.2, rtol=0.05)
    assert {cell.truth.place(item) for item in cell.items} == {"floor"}


def test_the_same_seed_lays_the_same_things_at_the_same_times() -> None:
    one, again = build(7, Conveyor(0.1, 2.0)), build(7, Conveyor(0.1, 2.0))
    for cell in (one, again):
        run(cell, 8.0)
    assert one.belt.laid == again.belt.laid and one.data.qpos.tobytes() == again.data.qpos.tobytes()


def test_the_guard_is_told_of_it() -> None:
    names = [o.name for o in obstacles(conveyor=True)]
    assert [n for n in names if "belt" in n] == ["belt", "belt's near rail", "belt's far rail"]
    assert not any("parcel" in n for n in names)
    cell = build(1, Conveyor(0.05))
    assert cell.robot.spec.limits == cell_limits(conveyor=True)
    (belt,) = cell.workplace.of_kind("belt")
    box = next(o.box for o in obstacles(conveyor=True) if o.name == "belt")
    assert (box.low[0], box.high[0], box.high[2]) == pytest.approx(
        (belt.centre[0] - belt.size[0] / 2, belt.centre[0] + belt.size[0] / 2, belt.floor))
    assert not cell.workplace.of_kind("parcel") and not cell.workplace.of_kind("lid_rest")


def test_without_one_nothing_changes() -> None:
    assert "belt" not in [place.name for place in layout.workplace().places]
    assert cell_limits() == cell_limits(conveyor=False)


def watched(cell: Cell, camera: str, looks: int) -> tuple[Track, ...]:
    eyes, tracks, (belt,) = Vision(cell.workplace), (), cell.workplace.of_kind("belt")
    for _ in range(looks):
        frame = cell.frame(camera)
        tracks = advanced(tracks, sightings(eyes.items(frame, belt), frame), frame.t)
        run(cell, 0.3)
    return tracks


@pytest.mark.parametrize("speed", [0.06, 0.1])
def test_its_motion_is_seen_by_the_wrist_camera(speed: float) -> None:
    cell = build(3, Conveyor(speed, 60.0), image=(480, 640))
    x, y, z, _ = dict(cell.workplace.views)["belt"]
    q = Arm(cell.workplace).reach(tool_down([x, y, z], np.pi / 2), np.array(layout.HOME_Q), "camera")
    assert q is not None
    for name, angle in zip(JOINTS, q, strict=True):
        cell.data.joint(name).qpos = cell.data.actuator(name).ctrl = angle
    run(cell, FIRST + (y - 0.1 - layout.BELT_IN) / speed)
    for track in (tracks := watched(cell, "wrist", 6)):
        truth = cell.data.body("thing_0").xpos[:2]
        assert track.is_moving and np.hypot(track.mean[2], track.mean[3] - speed) < 3.5 * track.velocity_sigma
        assert np.hypot(*(np.array(track.at(cell.data.time)) - truth)) < 0.006
    assert len(tracks) == 1


def test_an_empty_belt_is_told_fast_and_a_thing_on_it_is_where_is_looked() -> None:
    cell = build(3, Conveyor(0.1, 60.0), image=(480, 640))
    (belt,) = cell.workplace.of_kind("belt")
    frame = cell.frame("overhead")
    whole = stretch(frame, belt)
    assert whole is not None and whole.size[1] > 1.7 and busy(cloud(frame), whole) is None
    run(cell, FIRST + 6.0)
    frame = cell.frame("overhead")
    part, y = busy(cloud(frame), whole), float(cell.data.body("thing_0").xpos[1])
    assert part is not None and part.size[1] < 0.45 and abs(part.centre[1] - y) < 0.06


@pytest.mark.parametrize(
    ("text", "found"),
    [("0.06", Conveyor(0.06)), ("0.1@12", Conveyor(0.1, 12.0)), ("0.03@2.5", Conveyor(0.03, 2.5))],
)
def test_it_is_written_as_speed_and_seconds(text: str, found: Conveyor) -> None:
    assert Conveyor.parse(text) == found and Conveyor.parse("0.05").every == EVERY


@pytest.mark.parametrize("text", ["", "fast", "0", "-0.1", "nan", "0.5", "0.06@", "0.06@0", "0.06@x", "0.06@1e9", "0.06@nan"])
def test_nonsense_is_refused(text: str) -> None:
    with pytest.raises(BadInput, match=r"conveyor|time between"):
        Conveyor.parse(text)


def test_mishaps_that_need_a_parcel_are_refused() -> None:
    with pytest.raises(BadInput, match="mishaps with a conveyor"):
        CellConfig(conveyor=Conveyor(0.05), mishaps=(Mishap.parse("stuck-lid"),))
