"""Somebody comes near: the motion slows down in time, is stopped where it must be, waits, and goes on where it was."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from helpers_runtime import LIMITS, PERIOD, FakeRobot, Rig, lawful

from moravec.core.command import Provenance
from moravec.guard.separation import Separation, allowed_speed, distance_at_rest
from moravec.runtime.governor import COMFORT, LAG, SHARE, Governor, Neighbourhood
from moravec.runtime.playback import Playback, rejoining_chunk
from moravec.skills.contract import Follow, Pause, Tighten

TERMS = Separation(
    human_speed=1.6, reaction_time=0.02, reading_age_max=0.2, braking=3.0,
    intrusion=0.1, human_uncertainty=0.05, robot_uncertainty=0.01,
)  # fmt: skip
WATCHED = replace(LIMITS, separation=TERMS)
FAR = (5.0, 0.0)


def rig() -> Rig:
    return Rig(FakeRobot(limits=WATCHED))


def seen(distance_at: object) -> object:
    """A person on the x axis in front of the arm, seen by a scanner with 40 ms period and 30 ms latency."""

    def people(t: float) -> tuple[float, list[tuple[float, float]]]:
        taken = np.floor((t - 0.03) / 0.04) * 0.04
        return taken, [(distance_at(taken), 0.0)]  # type: ignore[operator]

    return people


def decisions(of: Rig) -> set[tuple[str, str]]:
    return {(a.verdict.decision, a.verdict.check) for a in of.robot.applied if a.verdict.decision != "pass"}


def test_somebody_who_walks_up_and_away_slows_and_halts_the_motion_without_a_stop() -> None:
    alone, watched = rig(), rig()
    alone.robot.people = seen(lambda t: 5.0)
    watched.robot.people = seen(lambda t: float(np.interp(t, [-1.7, 0.8, 6.0, 9.0], [4.5, 0.5, 0.5, 5.3])))
    for one in (alone, watched):
        (answer,) = one.serve(Follow(one.way(1.5)))
        assert answer.end == "done"
    assert decisions(alone) == decisions(watched) == set()
    lawful(watched.robot.path)
    assert watched.runtime.now() > alone.runtime.now() + 2.0
    np.testing.assert_allclose(watched.runtime.posture(), alone.runtime.posture(), atol=1e-9)
    speed = np.abs(np.diff(watched.robot.path[:, 0])) / PERIOD
    still = [k * PERIOD for k in range(len(speed)) if speed[k] == 0.0]
    assert any(3.0 < t < 6.0 for t in still), "it should have waited while they stood there"


def test_somebody_who_appears_at_once_is_a_stop_and_the_motion_goes_on_after() -> None:
    one = rig()
    one.robot.people = seen(lambda t: 0.5 if 0.4 < t < 2.5 else 5.0)
    (answer,) = one.serve(Follow(one.way(1.5)))
    assert answer.end == "done" and ("stop", "separation") in decisions(one)
    lawful(one.robot.path)
    np.testing.assert_allclose(one.runtime.posture(), one.robot.path[0] + [1.5, 0, 0, 0, 0, 0], atol=1e-9)
    held = [a for (t, _, _, a) in one.log.ticks if 1.6 < t < 2.4]
    assert all(np.array_equal(a.command.q, held[0].command.q) for a in held)
    assert [note.topic for _, note in one.log.notes] == ["waiting"]
    assert "separation" in decisions(one).pop() or "distance of the nearest person" in one.log.notes[0][1].payload["why"]


def test_a_scanner_that_goes_blind_for_a_moment_stops_and_releases() -> None:
    one = rig()
    one.robot.people = lambda t: (t if not 0.6 < t < 1.5 else 0.6, [])
    (answer,) = one.serve(Follow(one.way(1.5)))
    assert answer.end == "done" and decisions(one) == {("stop", "people_age")}
    lawful(one.robot.path)


def test_without_a_scanner_nothing_moves_at_all() -> None:
    one = rig()
    one.robot.people = lambda t: (float("nan"), [])
    before = one.runtime.posture()
    one.runtime.rest(0.1)
    np.testing.assert_array_equal(one.runtime.posture(), before)
    assert {check for decision, check in decisions(one)} == {"people_age"}


@pytest.mark.parametrize("distance", [0.2, 0.5, 0.8, 1.2, 2.0, 9.0])
def test_the_governor_settles_below_what_is_allowed(distance: float) -> None:
    governor, near = Governor(WATCHED), Neighbourhood(distance, 0.05)
    slopes = lambda period: (np.full(6, 1.0), np.zeros(6))  # noqa: E731
    for _ in range(2000):
        rate = governor.advance(near, governor.rate * 0.9, slopes)
    allowed = allowed_speed(distance - COMFORT, 0.05 + LAG, TERMS)
    assert 0.0 <= rate <= 1.0 and rate * 0.9 <= SHARE * allowed + 1e-9
    assert rate == 1.0 or rate * 0.9 >= SHARE * allowed - 0.02
    assert governor.blocked(near) == (distance - COMFORT <= distance_at_rest(0.05 + LAG, TERMS))


def test_the_governor_changes_the_rate_no_faster_than_the_joints_can() -> None:
    governor, dq, ddq = Governor(WATCHED), np.array([2.0, 0, 0, 0, 0, 0]), np.array([5.0, 0, 0, 0, 0, 0])
    rates = [governor.rate]
    for _ in range(40):
        rates.append(governor.advance(Neighbourhood(0.1, 0.05), 0.9 * rates[-1], lambda period: (dq, ddq)))
    slopes = np.diff(rates) / PERIOD
    assert np.max(np.abs(np.diff(slopes))) * 2.0 <= 0.3 * LIMITS.jerk[0] * PERIOD + 1e-9
    falls = np.abs(slopes) * 2.0 + 5.0 * np.array(rates[:-1]) ** 2
    assert 0.89 * LIMITS.acceleration[0] < np.max(falls) <= 0.9 * LIMITS.acceleration[0] + 1e-9


def test_nobody_watched_for_is_nobody_waited_for() -> None:
    governor = Governor(LIMITS)
    assert governor.advance(Neighbourhood(0.0, 9.0), 9.0, lambda period: (np.ones(6), np.ones(6))) == 1.0
    assert not governor.blocked(Neighbourhood(0.0, 9.0))


def test_the_way_back_is_gentle_and_ends_at_rest() -> None:
    start, end = np.zeros(6), np.array([0.3, -0.2, 0.1, 0.0, 0.05, 0.0])
    chunk = rejoining_chunk(start, end, LIMITS.acceleration, "t")
    path = np.array([chunk.sample(t)[0] for t in np.arange(0.0, chunk.duration + 0.01, PERIOD)])
    lawful(path)
    np.testing.assert_allclose(path[-1], end, atol=1e-12)
    np.testing.assert_allclose(chunk.sample(chunk.duration)[1], 0.0, atol=1e-12)


def test_path_time_passes_at_its_rate_and_settles_at_the_clocks() -> None:
    play = Playback(rejoining_chunk(np.zeros(6), np.full(6, 0.1), LIMITS.acceleration, "t"), 0.0)
    play.advance(0.5, PERIOD)
    assert play.path == 0.5 * PERIOD
    _, dq = play.setpoint()
    np.testing.assert_array_equal(dq, 0.5 * play.chunk.sample(play.path)[1])
    play.path = play.chunk.duration
    assert play.left == pytest.approx(0.04) and not play.over
    for _ in range(25):
        play.advance(0.0, PERIOD)
    assert play.over


def test_a_reset_while_it_waits_for_somebody_to_leave_is_no_restart() -> None:
    """An emergency stop in the middle of waiting ends the motion: after the operator's reset nothing moves by itself."""
    one = rig()
    one.robot.people = seen(lambda t: 0.5 if 0.4 < t < 2.5 else 5.0)
    reset_at: list[int] = []

    class Operator:
        def ticked(self, t: float, state: object, verdict: object) -> None:
            one.robot.estop = 1.0 < t < 1.5
            if t > 3.0 and not reset_at:
                assert one.runtime.reset().decision == "pass"
                reset_at.append(len(one.robot.applied))

        def framed(self, frame: object) -> None: ...
        def noted(self, t: float, note: object) -> None: ...

    one.runtime._watchers = (Operator(),)  # type: ignore[assignment]
    (followed, _) = one.serve(Follow(one.way(1.5)), Pause(4.0))
    assert followed.end == "stopped" and reset_at
    after = one.robot.path[reset_at[0] :]
    np.testing.assert_array_equal(after, np.broadcast_to(after[0], after.shape))


def test_a_program_waits_as_long_as_somebody_stays_and_its_motion_does_not_grow_old() -> None:
    one = rig()
    one.robot.people = seen(lambda t: 0.5 if 0.4 < t < 45.0 else 5.0)
    (followed,) = one.serve(Follow(one.way(1.0)))
    assert followed.end == "done"


def test_a_word_that_grew_old_while_somebody_stayed_is_what_ends_the_motion() -> None:
    """Somebody was the first reason to stop, and is gone; a skill that asks why is told what holds now."""
    one = rig()
    one.robot.people = seen(lambda t: 0.5 if 0.6 < t < 5.0 else 5.0)
    made = Provenance(0.0, 9.0, 0.0, 0.0)
    _, followed = one.serve(Tighten({"sight_age_max": 3.0}, "the test"), Follow(replace(one.way(2.0), provenance=made)))
    assert (followed.end, followed.check) == ("stopped", "sight_age")
