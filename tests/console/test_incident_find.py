"""Stops are found on a tape, and what is said of them is right to the last digit."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from helpers_incident import NEAR, PERIOD, REST, Stage, an_estop, somebody, staged, table

from moravec.console.geometry import part_speeds, people_distances, placed
from moravec.console.incident.block import doing, lines
from moravec.console.incident.examine import Incident, examine, loads, to_json
from moravec.console.incident.find import Incidents
from moravec.console.incident.states import state_after
from moravec.console.incident.track import listed
from moravec.guard.counted import counted
from moravec.guard.kernel import people
from moravec.guard.kernel.form import Answer, Memory
from moravec.guard.kernel.kinematics import place
from moravec.guard.parts import Touch
from moravec.guard.stop import Mode, StopState

STOPPED = 0.59  # [rad/s] at which the stage's arm is stopped
GAIN = 12.0 * PERIOD**2  # [rad] that the guard's braking takes off each step


def played(path: Path, play: Callable[[Stage], None], **changes: Any) -> tuple[Stage, list[Incident]]:
    """The incidents of a tape on which `play` was recorded; each tick's state must be read back as it was."""
    with staged(path, table(**changes)) as stage:
        play(stage)
    assert [state_after(answer) for answer in stage.answers] == stage.states
    return stage, [examine(cut) for cut in Incidents(path)]


def tool_of(q: Any) -> np.ndarray:
    """The tool point by the guard's own kinematics (3,) [m]."""
    o = Answer()
    place([float(x) for x in q], counted(table()), o)
    return np.array(o.tool)


def test_an_emergency_stop(tmp_path: Path) -> None:
    """Times, distances, states, what was being done, how old it was, the reset."""
    stage, (found,) = played(tmp_path / "tape.mcap", an_estop)
    first = next(i for i, a in enumerate(stage.answers) if a.verdict.decision == "stop")
    cut, verdict = found.cut, found.cause.verdict
    assert (cut.begin, cut.start, found.clock) == (first, first * PERIOD, first * PERIOD)
    assert (verdict.check, verdict.category, found.category) == ("estop", 1, 1)
    step = STOPPED * PERIOD
    steps = math.floor(step / GAIN)  # so many are left after the first shorter one, which is that of the verdict
    assert found.halt is not None
    assert found.halt.time == pytest.approx(steps * PERIOD, abs=1e-12)
    assert found.halt.joints == pytest.approx([steps * step - GAIN * steps * (steps + 1) / 2, 0, 0, 0, 0, 0], abs=1e-12)
    qs = [a.command.q for a in stage.answers[first - 1 : first + steps + 1]]
    way = sum(float(np.linalg.norm(tool_of(b) - tool_of(a))) for a, b in zip(qs, qs[1:], strict=False))
    assert found.halt.tool == pytest.approx(way, abs=1e-12)
    assert found.measured is not None  # measured a tick later: at the stop the last set-point, at rest the same way behind it
    assert found.measured.time == pytest.approx(found.halt.time + PERIOD, abs=1.5 * PERIOD)
    assert found.measured.joints == pytest.approx(found.halt.joints, abs=2e-4)
    assert [state for _, state in cut.states] == [
        StopState.RUN, StopState.ENDING, StopState.OFF, StopState.HOLD, StopState.RUN,
    ]  # fmt: skip
    assert cut.end == pytest.approx((first + steps + 349) * PERIOD, abs=3 * PERIOD)
    assert doing(found).startswith("pick(item-1), step 1, 0.340 s after it began; last chunk of motion from pick")
    assert (found.chunk_age, found.sight_age) == pytest.approx((0.3, 0.34))
    assert [h.kind for h in cut.happenings] == ["skill", "reset"]
    assert cut.pictures["wrist"][0] == 0.0
    words = dict(lines(found))
    assert words["why"] == "emergency stop pressed or latched"
    assert words["states"].startswith("RUN -> ENDING -> OFF (+0.048 s) -> HOLD (+")
    assert words["at rest"].startswith("set-points: 0.048 s, tool 6.9 mm, most joint 0 (shoulder_pan) 0.0139 rad")


def a_person(stage: Stage) -> None:
    """Somebody walks up to a swinging arm; after the stop they are in its way for a while."""
    stage.chunk()
    stage.hold(5)
    for i in range(400):
        stage.swing(1, 0.9, people=somebody((1.5 - 0.0016 * i, 0.6), (9.0, 9.0)))
        if stage.answers[-1].verdict.decision == "stop":
            break
    stage.brake(people=somebody(*NEAR))
    stage.hold(20)


def test_somebody_near(tmp_path: Path) -> None:
    """The verdict's own distances; and those computed for every tick are what the guard found there."""
    stage, (found,) = played(tmp_path / "tape.mcap", a_person)
    verdict, track = found.cause.verdict, found.track
    assert (verdict.check, found.category) == ("separation", 2)
    assert found.protective == (verdict.value, verdict.limit)
    assert verdict.value < verdict.limit
    assert found.limits.bodies[found.deciding_part].name in dict(lines(found))["people"]
    decided = [i for i, a in enumerate(stage.answers) if (a.verdict.decision, a.verdict.check) == ("pass", "separation")]
    assert len(decided) > 20
    for i in decided:
        found_there = stage.answers[i].verdict
        assert (track.apart[i], track.needed[i]) == pytest.approx((found_there.value, found_there.limit), abs=1e-9)
        assert track.part[i] == found_there.joint
    assert np.isnan(track.needed[: 5 - 1]).all()
    told = to_json(found, curves=True)
    assert told["people"]["separation"] == verdict.value
    assert told["people"]["least"]["distance"] <= verdict.value
    assert told["curves"]["t"][found.cut.begin] == 0.0
    assert len(told["curves"]["needed"]) == len(track.t)


def an_arm_pushed_away(stage: Stage) -> None:
    """A fault in a swing begins a stop, and while it brakes the arm is pushed off its set-point; two resets."""
    stage.hold(5)
    stage.swing(150)
    stage.tick(stage.here + 0.5, np.zeros(6))
    stage.hold(3)
    stage.hold(1, estop=True)
    stage.brake()
    pushed = {"q": REST + 0.3}
    stage.hold(3, **pushed)
    stage.tick(stage.here, np.zeros(6), q=np.array(stage.here) + np.array([0.0, 3.0, 0.0, 0.0, 0.0, 0.0]))
    assert stage.reset().decision == "stop"
    stage.hold(260)
    assert stage.reset().decision == "pass"
    stage.hold(2)


def test_a_stop_that_becomes_a_graver_one(tmp_path: Path) -> None:
    """Category 2, then 1; the resets, refused and granted; what was asked for, and what was approved instead."""
    stage, (found,) = played(tmp_path / "tape.mcap", an_arm_pushed_away)
    assert [(c.verdict.check, c.verdict.category) for c in found.cut.causes[:2]] == [("velocity", 2), ("estop", 1)]
    assert found.category < found.cause.verdict.category
    assert [h.kind for h in found.cut.happenings] == ["refused", "reset"]
    assert "0.5 s ago" in found.cut.happenings[0].text
    first = stage.answers[found.cut.begin]
    assert found.asked_speed == pytest.approx(0.5 / PERIOD)
    told = to_json(found, curves=False)
    assert told["asked"]["approved_q"] == first.command.q.tolist()
    assert told["asked"]["asked_speed"] == pytest.approx([250.0] * 6)
    assert told["curves"] is None
    assert "then +0.008 s emergency stop" in dict(lines(found))["stop"]


def a_tracking_fault(stage: Stage) -> None:
    """The arm does not follow: power off; a reset takes the posture it was found in."""
    stage.hold(5)
    stage.swing(100)
    stage.tick(stage.here, np.zeros(6), q=stage.here + np.array([0.0, 0.0, 0.25, 0.0, 0.0, 0.0]))
    stage.brake()
    stage.hold(10)
    stage.q = stage.here + np.array([0.0, 0.0, 0.02, 0.0, 0.0, 0.0])
    assert stage.reset().decision == "pass"
    stage.hold(30)


def test_a_body_that_does_not_follow(tmp_path: Path) -> None:
    """Category 1 with its joint named; the jump of the set-point at the reset is no motion."""
    _, (found,) = played(tmp_path / "tape.mcap", a_tracking_fault)
    assert (found.cause.verdict.check, found.cause.verdict.joint, found.category) == ("tracking", 2, 1)
    assert dict(lines(found))["why"].startswith("distance of the joint from its set-point of joint 2: 0.25")
    assert [state for _, state in found.cut.states][-3:] == [StopState.OFF, StopState.HOLD, StopState.RUN]
    assert float(np.nanmax(found.track.share("approved"))) < 0.3
    assert float(np.nanmax(found.track.tool_speed)) < 0.6


def test_two_incidents(tmp_path: Path) -> None:
    """Each with its own beginning, the same window around both."""

    def play(stage: Stage) -> None:
        an_estop(stage)
        stage.swing(100)
        stage.tick(stage.here, np.zeros(6), {"t": stage.t - 1.0})
        stage.brake()
        stage.hold(5)

    stage, found = played(tmp_path / "tape.mcap", play)
    assert [f.cut.number for f in found] == [1, 2]
    assert [f.cause.verdict.check for f in found] == ["estop", "command_age"]
    assert [len(f.track.t) for f in found] == [stage.i, stage.i]
    assert found[1].track.t[found[0].cut.begin] == pytest.approx(found[0].cut.start - found[1].cut.start)


def test_the_window_is_cut_and_what_lies_outside_forgotten(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """So long before the stop and so long after rest, at control rate; a long standstill is told to its end."""
    monkeypatch.setattr("moravec.console.incident.cut.BEFORE", 0.1)
    monkeypatch.setattr("moravec.console.incident.cut.AFTER", 0.05)
    _, (found,) = played(tmp_path / "tape.mcap", an_estop)
    assert found.track.t[0] == pytest.approx(-0.1)
    assert found.track.t[-1] == pytest.approx(0.048 + 0.05)
    assert np.diff(found.track.t) == pytest.approx(PERIOD)
    assert found.cut.end is not None
    assert found.cut.end > found.cut.last
    assert [state for _, state in found.cut.states][-1] is StopState.RUN
    assert "reset" in [h.kind for h in found.cut.happenings]


def test_a_tape_that_ends_in_a_stop(tmp_path: Path) -> None:
    """No rest, no end: said so, and not made up."""

    def play(stage: Stage) -> None:
        stage.hold(5)
        stage.swing(100)
        stage.hold(3, estop=True)

    _, (found,) = played(tmp_path / "tape.mcap", play)
    assert (found.halt, found.measured, found.cut.end) == (None, None, None)
    assert dict(lines(found))["at rest"] == "not on this tape"
    assert to_json(found, curves=False)["set_points"] is None


def test_what_was_told_around_it(tmp_path: Path) -> None:
    """Limit verdicts before the stop, modes, tighter tables, and the tool's limit that follows from them."""

    def play(stage: Stage) -> None:
        stage.hold(5)
        stage.mode(Mode.REDUCED, "the camera is blind")
        stage.swing(60)
        stage.mode(Mode.FULL, "it sees again")
        inner = replace(stage.guard.limits, tool_speed=0.5, velocity=(0.2,) * 6)
        stage.hold(60)
        stage.tighten("a policy", inner)
        stage.swing(30, 0.25)
        stage.tick(stage.here, np.zeros(6), estop=True)
        stage.brake()

    _, (found,) = played(tmp_path / "tape.mcap", play)
    assert [(h.kind, h.text) for h in found.cut.happenings] == [
        ("mode", "reduced: the camera is blind"),
        ("mode", "full: it sees again"),
        ("tighten", f"a policy: velocity, tool_speed {table().tool_speed:g} -> 0.5"),
    ]
    assert found.pulled
    assert all(p.end < 0.0 and p.worst.verdict.margin < 0.0 for p in found.pulled)
    assert set(np.unique(found.track.tool_speed_limit)) == {0.25, 0.5, table().tool_speed}
    assert loads(found)["tool_speed"]["limit"] == 0.5
    assert found.track.velocity[-1, 0] == 0.2


def test_what_cannot_be_read_is_left_open(tmp_path: Path) -> None:
    """Commands and states that are none of the contract's, and a clock that jumps: a gap, and nothing else is lost."""

    def play(stage: Stage) -> None:
        stage.hold(5)
        stage.swing(100)
        stage.tick(stage.here, np.zeros(6), {"q": "up there"})
        stage.hold(3)
        stage.tick(stage.here, np.zeros(6), dq=np.zeros(2))
        stage.brake()
        stage.hold(10)
        stage.shift = 4000.0
        stage.hold(20)

    stage, found = played(tmp_path / "tape.mcap", play)
    assert found[0].cause.verdict.check == "command_shape"
    assert found[0].asked_speed is None
    assert "asked" not in dict(lines(found[0]))
    assert np.isnan(found[0].track.asked_q[found[0].cut.begin]).all()
    assert to_json(found[0], curves=True)["asked"]["source"] is None
    assert [c.verdict.check for c in found[0].cut.causes] == ["command_shape"]
    assert np.isnan(found[0].track.measured_dq).all(axis=1).sum() == 1
    assert len(found[0].track.t) == stage.i
    assert np.all(np.diff(found[0].track.t) >= 0.0)
    assert found[0].track.t[-1] < 1.0


def test_none(tmp_path: Path) -> None:
    """No stop; the counts and the nearest margin are there."""
    with staged(tmp_path / "tape.mcap") as stage:
        stage.hold(5)
        stage.swing(100)
    found = Incidents(tmp_path / "tape.mcap")
    assert list(found) == []
    assert found.counts == {"pass": 105, "limit": 0, "stop": 0}
    least = min(a.verdict.margin / a.verdict.limit for a in stage.answers if a.verdict.limit > 0.0)
    assert found.nearest is not None
    assert found.nearest.verdict.margin / found.nearest.verdict.limit == least
    assert found.duration == 104 * PERIOD


def test_places_and_distances_are_the_guards_own() -> None:
    """Array arithmetic and the guard's own functions give the same places, speeds and distances."""
    limits, rng = table(), np.random.default_rng(3)
    t = counted(limits)
    qs = rng.uniform(-3.0, 3.0, (30, 6))
    somewhere = rng.uniform(-1.5, 1.5, (30, 2, 2))
    somewhere[4, 1] = np.nan
    somewhere[5] = np.nan
    tool, ends = placed(qs, limits)
    steps = np.diff(qs, axis=0, prepend=qs[:1])
    speeds = part_speeds(np.concatenate([ends[:1], ends[:-1]]), ends, steps, limits)
    away = people_distances(somewhere, ends, limits)
    before = Answer()
    for i, q in enumerate(qs):
        o, m = Answer(), Memory()
        place(q.tolist(), t, o)
        o.steps[:6] = steps[i].tolist()
        m.points = list(before.points if i else o.points)
        assert np.allclose(o.tool, tool[i], atol=1e-12)
        assert np.allclose(np.array(o.points[: 6 * t.bodies]).reshape(-1, 2, 3), ends[i], atol=1e-12)
        for b in range(t.bodies):
            assert people.part_speed(b, t, m, o) == pytest.approx(speeds[i, b], rel=1e-12)
            near = [people.person_to_body(*p, b, t, o) for p in somewhere[i].tolist() if not math.isnan(p[0])]
            assert min(near, default=math.inf) == pytest.approx(away[i, b], abs=1e-12)
        before = o


def test_where_contact_is_foreseen_slow_parts_need_no_distance(tmp_path: Path) -> None:
    """As in the guard: a part no faster than a contact would allow does not count while another is faster."""
    touch = Touch(("hand and finger",), 10.0, 1.0, 4e-4, "transient")
    _, (found,) = played(tmp_path / "tape.mcap", a_person, touch=touch, tool_force=touch.force)
    moving = found.track.part[found.before]
    assert found.limits.bodies[moving].name in ("palm", "fingers", "wrist_2", "wrist_1")


def test_numbers_as_data() -> None:
    """Few digits, null for what is no number."""
    assert listed(np.array([1.23456789, 0.0, -98765.4321, math.nan, math.inf])) == [1.23457, 0.0, -98765.4, None, None]
    assert listed(np.array([[1, -1]])) == [[1, -1]]
