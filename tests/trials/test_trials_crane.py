"""The crane: its kinematics, its ways, how fast it runs them, what it does when fingers find nothing; and whole deliveries."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Generator
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from moravec.commands.clock import WallClock
from moravec.commands.replay import RecordedGuard
from moravec.core.errors import BadInput
from moravec.core.frames import tool_down
from moravec.core.observation import RobotState
from moravec.robots.ur5e.kinematics import JOINTS
from moravec.robots.ur5e.limits import ur5e_limits
from moravec.runtime.onlookers import Recorder
from moravec.runtime.provenance import tape_meta
from moravec.runtime.recorder import TapeRecorder, Unrecorded, recheck_plan
from moravec.skills.arm import Arm
from moravec.skills.contract import Follow, Followed, Grip, Gripped, Note, Request
from moravec.tape.replay import replay
from moravec.tape.writer import TapeWriter
from moravec.trials.crane.postures import hand_down, tool_at
from moravec.trials.crane.program import EMPTY, LET_GO, WIDE, Crane
from moravec.trials.crane.run import run_crane
from moravec.trials.crane.teach import TAUGHT, jobs
from moravec.trials.crane.timing import Drive, timed
from moravec.trials.crane.way import NEAREST, Corner, cut, straight
from moravec.worlds.cell.config import CellConfig
from moravec.worlds.cell.entry import CellWorld
from moravec.worlds.cell.layout import STORING_RULE, workplace
from moravec.worlds.cell.limits import cell_limits
from moravec.worlds.cell.pockets import POCKETS, Pocket

TICK = 0.002  # [s]
DRIVE = Drive()
HOME = np.array(workplace().home_q)


# ── where the joints stand ────────────────────────────────────────────────────────────────────────────────────────────────
@pytest.mark.parametrize("seed", range(8))
def test_the_closed_form_agrees_with_the_arms_model_and_with_its_own_way_back(seed: int) -> None:
    rng = np.random.default_rng(seed)
    radius, bearing, yaw = rng.uniform(0.3, 0.7), rng.uniform(-3.0, 3.0), rng.uniform(-4.0, 4.0)
    point = np.array([radius * np.cos(bearing), radius * np.sin(bearing), rng.uniform(0.01, 0.3)])
    (q,) = hand_down(point[None], np.array([yaw]), 0.0)
    assert Arm(workplace()).tool_pose(q) == pytest.approx(tool_down(point, yaw), abs=1e-9)
    there, turned = tool_at(q)
    assert there == pytest.approx(point, abs=1e-12) and turned == pytest.approx(yaw, abs=1e-12)


def test_the_base_turns_on_where_bearings_jump() -> None:
    bearings = np.linspace(2.5, 4.0, 40)
    points = np.stack([0.5 * np.cos(bearings), 0.5 * np.sin(bearings), np.full(40, 0.2)], axis=1)
    q = hand_down(points, np.zeros(40), 2.0)
    assert np.abs(np.diff(q, axis=0)).max() < 0.06 and abs(q[0, 0] - 2.0) < np.pi
    assert hand_down(points, np.zeros(40), -4.0)[0, 0] == pytest.approx(q[0, 0] - 2 * np.pi)


@pytest.mark.parametrize("point", [(0.9, 0.0, 0.1), (0.1, 0.0, 0.2), (0.15, 0.0, 0.1), (0.5, 0.0, 0.9)])
def test_what_is_out_of_reach_is_refused(point: tuple[float, float, float]) -> None:
    with pytest.raises(BadInput, match="a point for the hand"):
        hand_down(np.array([point]), np.zeros(1), 0.0)


# ── ways ──────────────────────────────────────────────────────────────────────────────────────────────────────────────────
BENT = [
    Corner(0.5, 0.0, 0.02, -3.0), Corner(0.5, 0.0, 0.18, -3.0), Corner(0.3, 0.4, 0.18, -1.5), Corner(0.3, 0.4, 0.1, -1.5, 0.2),
]  # fmt: skip


def test_a_way_begins_and_ends_on_its_corners_and_cuts_those_between() -> None:
    way = cut(BENT, 0.05)
    for end, corner in ((0, BENT[0]), (-1, BENT[-1])):
        assert way.points[end] == pytest.approx((corner.x, corner.y, corner.z)) and way.yaws[end] == pytest.approx(corner.yaw)
    off = np.linalg.norm(way.points - (0.5, 0.0, 0.18), axis=1)
    assert 0.01 < off.min() < 0.03
    up = way.points[way.points[:, 2] < 0.12]
    assert np.abs(up[up[:, 1] < 0.2][:, :2] - (0.5, 0.0)).max() < 1e-9, "the leg is left no earlier than said"


def test_a_way_bends_without_jumps() -> None:
    steps = np.diff(cut(BENT, 0.05).points, axis=0)
    turns = np.linalg.norm(np.diff(steps / np.linalg.norm(steps, axis=1)[:, None], axis=0), axis=1)
    assert turns.max() < 0.2 and np.abs(np.diff(turns)).max() < 0.06


def test_the_speed_of_a_leg_holds_on_that_leg() -> None:
    way = cut(BENT, 0.05)
    slow = way.speeds < np.inf
    assert set(way.speeds[slow]) == {0.2} and slow.sum() == pytest.approx(0.08 / 0.004, abs=2)
    assert way.points[slow, :2] == pytest.approx(np.tile((0.3, 0.4), (slow.sum(), 1)), abs=0.02)


@pytest.mark.parametrize(
    ("end", "bulges"), [((0.5, 0.3), False), ((-0.11, 0.405), True), ((-0.4, -0.16), True)]
)
def test_ways_keep_clear_of_the_base(end: tuple[float, float], bulges: bool) -> None:
    start = Corner(0.395, -0.19, 0.2, 0.0)
    corners = straight(start, Corner(*end, 0.3, 1.0))
    assert (corners[0], corners[-1]) == (start, corners[-1]) and corners[-1].x == pytest.approx(end[0])
    assert (len(corners) > 2) == bulges
    table = np.array([(c.x, c.y) for c in corners])
    fine = np.concatenate([np.linspace(a, b, 20) for a, b in zip(table[:-1], table[1:], strict=True)])
    assert np.hypot(*fine.T).min() > NEAREST - 0.01


# ── how fast ──────────────────────────────────────────────────────────────────────────────────────────────────────────────
def motion(corners: list[Corner], drive: Drive = DRIVE) -> tuple[Any, np.ndarray]:
    way = cut(corners, 0.05)
    q = hand_down(way.points, way.yaws, 0.0)
    chunk = timed(q, way.points, way.speeds, drive, "test")
    return chunk, np.array([chunk.sample(t)[0] for t in np.arange(0.0, chunk.duration, TICK)] + [chunk.q[-1]])


@pytest.mark.parametrize("seed", range(6))
def test_no_motion_asks_for_more_than_the_guard_lets_through(seed: int) -> None:
    rng = np.random.default_rng(seed)
    bearings, radii = rng.uniform(-0.6, 1.6, 4), rng.uniform(0.4, 0.7, 4)
    ends = zip(radii * np.cos(bearings), radii * np.sin(bearings), rng.uniform(0.02, 0.3, 4), rng.uniform(-3, 0, 4), strict=True)
    corners = [Corner(*map(float, end)) for end in ends]
    chunk, ticks = motion(corners)
    limits, steps = ur5e_limits(), np.diff(ticks[:-1], axis=0)
    assert np.all(np.abs(steps) / TICK <= np.array(limits.velocity))
    assert np.all(np.abs(np.diff(steps, axis=0)) / TICK**2 <= np.array(limits.acceleration))
    assert np.all(np.abs(np.diff(steps, n=2, axis=0)) / TICK**3 <= np.array(limits.jerk))
    tool = np.array([tool_at(q)[0] for q in ticks[:-1]])
    assert np.linalg.norm(np.diff(tool, axis=0), axis=1).max() / TICK <= limits.tool_speed
    assert not chunk.dq[0].any() and not chunk.dq[-1].any()
    assert tool[0] == pytest.approx((corners[0].x, corners[0].y, corners[0].z), abs=1e-9)
    assert tool_at(chunk.q[-1])[0] == pytest.approx((corners[-1].x, corners[-1].y, corners[-1].z), abs=1e-9)


def test_a_long_straight_way_is_run_at_the_tools_speed_limit() -> None:
    chunk, _ = motion([Corner(0.5, -0.4, 0.3, 0.0), Corner(0.5, 0.4, 0.3, 0.0)])
    least = 0.8 / DRIVE.tool_speed
    assert least < chunk.duration < least + 0.35  # [s] to speed up and to slow down


def test_a_slower_drive_and_a_slower_leg_take_longer() -> None:
    corners = [Corner(0.5, 0.0, 0.3, 0.0), Corner(0.5, 0.0, 0.1, 0.0)]
    usual = motion(corners)[0].duration
    assert motion(corners, replace(DRIVE, acceleration=4.0))[0].duration > usual
    assert motion([corners[0], replace(corners[1], speed=0.1)])[0].duration > 0.2 / 0.1 > usual


# ── what it is taught ─────────────────────────────────────────────────────────────────────────────────────────────────────
def test_each_kind_goes_into_the_bin_that_the_drawing_labels_for_it() -> None:
    cell = workplace()
    labelled = dict(zip(cell.labels, cell.of_kind("bin"), strict=True))
    for job, pocket in zip(jobs(cell, POCKETS), POCKETS, strict=True):
        place = labelled[dict(STORING_RULE)[pocket.category]]
        assert place.contains(job.release.x, job.release.y, 0.05) and job.release.z > place.rim
        assert abs(job.grip.x - pocket.x) < 1e-9 and abs(job.grip.y - pocket.y) < 0.02 and job.grip.z < job.top
    releases = [(job.release.x, job.release.y) for job in jobs(cell, POCKETS)]
    assert len(set(releases)) == len(POCKETS), "the second of a kind falls beside the first"
    assert set(TAUGHT) == {pocket.category for pocket in POCKETS}


def test_a_kind_nobody_taught_and_a_cell_with_a_belt_are_refused() -> None:
    with pytest.raises(BadInput, match="the kind of thing in a pocket: found 'hat'"):
        jobs(workplace(), [Pocket("hat", 0.5, 0.0)])
    with pytest.raises(BadInput, match="places of the kind 'parcel'"):
        jobs(workplace(conveyor=True), POCKETS)


# ── the sequence, step by step ────────────────────────────────────────────────────────────────────────────────────────────
class Played:
    """Answers the program's requests as an arm would that follows at once; `widths` are what the fingers find, in turn."""

    def __init__(self, widths: list[float], ends: dict[int, str] | None = None, count: int = 1) -> None:
        self.q, self.requests = HOME.copy(), list[Request]()
        self._widths, self._ends, self._follows = iter(widths), ends or {}, 0
        self.crane = Crane(workplace(), POCKETS[:count], lambda: self.q)
        self._play(self.crane.run())

    def _play(self, steps: Generator[Request, Any, None]) -> None:
        answer: Any = None
        while True:
            try:
                request = steps.send(answer)
            except StopIteration:
                return
            self.requests.append(request)
            answer = self._answer(request)

    def _answer(self, request: Request) -> Any:
        state = RobotState(0, 0.0, self.q, 0 * self.q, 0 * self.q, 0.05, 0.0, 0 * self.q, False)
        if isinstance(request, Grip) and request.width == 0.0:
            return Gripped(next(self._widths), request.force, state)
        if isinstance(request, Grip):
            return Gripped(request.width, 0.0, state)
        if isinstance(request, Follow):
            end: Any = self._ends.get(self._follows, "done")
            self._follows += 1
            assert request.chunk.q[0] == pytest.approx(self.q, abs=1e-9), "a motion begins where the arm stands"
            self.q = np.array(request.chunk.q[-1] if end == "done" else request.chunk.q[-len(request.chunk.q) // 8])
            return Followed(end, state, "as told")
        return None

    @property
    def steps(self) -> list[str]:
        return [str(r.payload.get("step", "")) for r in self.requests if isinstance(r, Note)]

    @property
    def follows(self) -> list[Follow]:
        return [r for r in self.requests if isinstance(r, Follow)]


def test_without_trouble_it_opens_fetches_stores_and_goes_home() -> None:
    played = Played([0.022, 0.05])
    assert played.steps == ["lid", "open", "gripped", "released"] and played.crane.trouble == ""
    assert [f.chunk.source for f in played.follows] == ["lid", "lid", "1 box", "1 box", "home"]
    let_go = played.follows[3]
    assert let_go.closing is not None and let_go.closing.width == LET_GO and let_go.closing.at < let_go.chunk.duration
    assert played.q == pytest.approx(HOME, abs=2e-3)


def test_fingers_that_find_nothing_are_opened_wider_once_and_then_the_thing_is_left() -> None:
    found = Played([0.022, 0.0, 0.05])
    assert found.steps == ["lid", "open", "gripped", "released"] and found.crane.left == []
    (again,) = [f for f in found.follows if f.chunk.source == "up"]
    assert again.closing is not None and again.closing.width == WIDE > LET_GO
    left = Played([0.022, 0.0, EMPTY / 2, 0.05], count=2)
    assert left.steps == ["lid", "open", "left", "gripped", "released"] and left.crane.left == ["1 box"]


def test_what_is_touched_on_the_way_down_counts_as_not_found() -> None:
    played = Played([0.022], ends={2: "contact", 4: "contact"})
    assert played.steps == ["lid", "open", "left"] and played.crane.trouble == ""


def test_what_is_in_the_way_of_a_carried_thing_lets_it_go_and_the_program_goes_on() -> None:
    played = Played([0.022, 0.05, 0.05], ends={3: "contact"}, count=2)
    assert played.steps == ["lid", "open", "gripped", "released", "gripped", "released"] and played.crane.trouble == ""


@pytest.mark.parametrize(
    ("widths", "ends", "words"),
    [([0.0], {}, "handle"), ([0.022], {1: "contact"}, "does not come off"), ([0.022], {2: "stopped"}, "the guard stopped")],
)
def test_what_somebody_has_to_come_for_ends_the_program(widths: list[float], ends: dict[int, str], words: str) -> None:
    played = Played(widths, ends)
    assert words in played.crane.trouble and "released" not in played.steps
    assert isinstance(played.requests[-1], Note) and played.requests[-1].topic == "fault"


# ── what it may know ──────────────────────────────────────────────────────────────────────────────────────────────────────
def test_it_needs_no_eyes_and_no_mind() -> None:
    program = (
        "import sys; import moravec.trials.crane.run, moravec.trials.crane.program\n"
        "rooms = {name.split('.')[1] for name in sys.modules if name.startswith('moravec.')}\n"
        "assert not rooms & {'perception', 'brain', 'models'}, rooms"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


# ── whole deliveries ──────────────────────────────────────────────────────────────────────────────────────────────────────
def unpacked(recorder: Recorder | None = None, **config: Any) -> tuple[Any, CellWorld]:
    world = CellWorld(CellConfig(image=(60, 80), renderer="rays", **config))
    with closing(world):
        return run_crane(world, recorder or Unrecorded()), world


def test_on_a_fixture_it_puts_away_what_is_whole() -> None:
    whole, world = unpacked(seed=1, items=3, fixture=0.0, damaged_share=0.0)
    assert (whole.right, whole.undamaged_right, whole.trouble, whole.left, whole.wrong) == (3, 3, "", [], {})
    assert whole.guard["stop"] == whole.guard["limit"] == 0 and whole.guard["pass"] > 1000
    assert len(whole.cycle_s) == 3 and max(whole.cycle_s) < 4.5 and sum(whole.cycle_s) < whole.seconds
    assert world.extremes()["violations"] == {}


def test_damage_it_does_not_see_and_its_tape_replays(tmp_path: Path) -> None:
    meta = tape_meta("the crane", cell_limits(), {"seed": 1})
    with TapeWriter(tmp_path / "tape.mcap", WallClock(), meta, joint_names=JOINTS) as tape:
        broken, _ = unpacked(TapeRecorder(tape), seed=1, items=1, fixture=0.0, damaged_share=1.0)
    assert (broken.items, broken.right, broken.undamaged) == (1, 0, 0)
    (wrong,) = broken.wrong.values()
    assert (wrong["location"], wrong["belongs"]) == ("A", "reject")
    again = replay(tmp_path / "tape.mcap", RecordedGuard, recheck_plan)
    assert again.decisions > 1000 and again.diverged == 0


def test_where_things_lie_as_they_fall_it_fails() -> None:
    record, _ = unpacked(seed=5, items=4, damaged_share=0.0)
    assert record.right <= 1 and len(record.wrong) == record.items - record.right
    assert record.left or record.trouble
    assert record.plain()["items"] == 4
