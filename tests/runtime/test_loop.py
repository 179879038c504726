"""The control loop on a robot that follows at once: every request, every way a motion ends."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from helpers_runtime import HOME, LIMITS, PERIOD, FakeRobot, Rig, lawful

from moravec.core.command import ActionChunk
from moravec.core.errors import BadInput
from moravec.runtime.loop import PICTURE_LATENCY
from moravec.runtime.playback import SETTLE_TIME, braking_chunk
from moravec.skills.contract import Ask, Capture, Compute, Follow, Grip, Note, Pause
from moravec.skills.trajectory import MotionLimits, joint_motion


# ── a tick ───────────────────────────────────────────────────────────────────────────────────────────────────────────
def test_a_tick_reads_applies_once_and_advances() -> None:
    rig = Rig()
    rig.robot.order.clear()
    rig.serve(Pause(0.01))
    assert rig.robot.order == ["read", "apply", "advance"] * 5


def test_every_tick_is_checked_recorded_and_watched_in_order() -> None:
    rig = Rig()
    rig.serve(Follow(rig.way()), Pause(0.02))
    assert len(rig.log.ticks) == len(rig.robot.applied) == len(rig.watcher.watched) == sum(rig.runtime.counts.values())
    assert [asked.seq for _, _, asked, _ in rig.log.ticks] == list(range(1, len(rig.log.ticks) + 1))
    for i, (now, state, asked, approved) in enumerate(rig.log.ticks):
        assert now == state.t == asked.t == pytest.approx(i * PERIOD) and approved is rig.robot.applied[i]
    assert rig.runtime.counts == {"pass": len(rig.log.ticks), "limit": 0, "stop": 0}


@pytest.mark.parametrize("seed", range(5))
def test_noisy_encoders_do_not_make_the_first_commands_jump(seed: int) -> None:
    """The guard begins at a reading of its own; the hold must be the same one."""
    robot = FakeRobot(noise=5e-5)
    robot._rng = np.random.default_rng(seed)
    rig = Rig(robot)
    rig.runtime.rest(0.1)
    assert rig.runtime.counts["limit"] == rig.runtime.counts["stop"] == 0
    np.testing.assert_array_equal(robot.path, np.broadcast_to(robot.path[0], robot.path.shape))


def test_an_unknown_request_is_refused() -> None:
    with pytest.raises(TypeError, match="a routine asked for str"):
        Rig().serve("please")


# ── follow ───────────────────────────────────────────────────────────────────────────────────────────────────────────
def test_follow_goes_all_the_way_and_settles() -> None:
    rig = Rig()
    chunk = rig.way(0.5)
    start = rig.runtime.now()
    (answer,) = rig.serve(Follow(chunk))
    assert answer.end == "done" and answer.reason == ""
    np.testing.assert_allclose(rig.runtime.posture(), chunk.q[-1], atol=1e-9)
    assert rig.runtime.now() - start == pytest.approx(chunk.duration + SETTLE_TIME, abs=2 * PERIOD)
    assert rig.log.chunks == [(start, chunk)]
    assert {a.source for _, _, a, _ in rig.log.ticks[1:]} == {"test"}
    lawful(rig.robot.path)
    rig.serve(Pause(0.05))  # and it stays there
    np.testing.assert_allclose(rig.runtime.posture(), chunk.q[-1], atol=1e-9)


def test_follow_goes_through_the_chunk_at_its_own_times() -> None:
    rig = Rig()
    chunk, first = rig.way(0.5), len(rig.robot.applied)
    rig.serve(Follow(chunk))
    for i, asked in enumerate(a for _, _, a, _ in rig.log.ticks[first:]):
        np.testing.assert_allclose(asked.q, chunk.sample(i * PERIOD)[0], atol=1e-9)


def test_two_motions_in_a_row_join() -> None:
    rig = Rig()
    rig.serve(Follow(rig.way(0.2)), Pause(0.1))
    rig.serve(Follow(rig.way(-0.2, 1)))
    lawful(rig.robot.path)
    np.testing.assert_allclose(rig.runtime.posture(), HOME + [0.2, -0.2, 0, 0, 0, 0], atol=1e-9)


def test_a_chunk_that_starts_elsewhere_is_stopped_and_the_reason_told() -> None:
    rig = Rig()
    far = ActionChunk.of(np.array([0.0, 1.0]), np.array([HOME + 0.3, HOME]), np.zeros((2, 6)), "jump")
    (answer,) = rig.serve(Follow(far))
    assert answer.end == "stopped" and "joint speed" in answer.reason
    np.testing.assert_allclose(rig.robot.path, np.broadcast_to(HOME, rig.robot.path.shape), atol=1e-12)
    (answer,) = rig.serve(Follow(rig.way()))  # and a lawful one is followed again
    assert answer.end == "done"


def test_a_stop_in_the_middle_ends_the_motion_braked_and_held() -> None:
    """Something holds joint 0: the guard sees it fall behind."""
    rig = Rig()
    chunk = rig.way(1.5)

    def block(t: float) -> float:
        rig.robot.blocked[0] = t > 0.5
        return 0.0

    rig.robot.wrench = block
    (answer,) = rig.serve(Follow(chunk))
    assert answer.end == "stopped" and "distance of the joint from its set-point of joint 0" in answer.reason
    rig.runtime.rest(0.5)
    path, powered = rig.robot.path, [approved.power for approved in rig.robot.applied]
    lawful(path[: powered.index(False)])  # braking does not move what is held fast: power goes off before it is over
    np.testing.assert_array_equal(path[-1], path[-20])
    assert abs(path[-1][0] - HOME[0]) < 1.4 and not powered[-1]


def test_the_emergency_stop_ends_the_motion_and_stays() -> None:
    rig = Rig()

    def press(t: float) -> float:
        rig.robot.estop = rig.robot.estop or t > 0.4
        return 0.0

    rig.robot.wrench = press
    (first, second) = rig.serve(Follow(rig.way(1.0)), Follow(rig.way(0.1)))
    assert first.end == second.end == "stopped" and "emergency stop" in first.reason.lower()
    lawful(rig.robot.path)
    before = rig.runtime.posture()
    rig.runtime.rest(0.3)
    np.testing.assert_array_equal(rig.runtime.posture(), before)
    assert rig.runtime.counts["stop"] > 100


def test_a_reset_is_apart_from_restart_and_is_recorded() -> None:
    """Refused while the button is pressed; granted after its release; nothing moves until something asks for it."""
    rig = Rig()
    rig.robot.estop = True
    rig.runtime.rest(0.1)
    assert rig.runtime.reset().decision == "stop"
    rig.robot.estop = False
    (still,) = rig.serve(Follow(rig.way(0.1)))
    assert still.end == "stopped"
    rig.runtime.rest(0.6)
    before = rig.runtime.posture()
    assert rig.runtime.reset().decision == "pass"
    rig.runtime.rest(0.2)
    np.testing.assert_allclose(rig.runtime.posture(), before, atol=1e-3)
    (moved,) = rig.serve(Follow(rig.way(0.1)))
    assert moved.end == "done"
    assert [verdict.decision for verdict in rig.log.resets] == ["stop", "pass"]


def test_a_stopped_motion_is_answered_when_the_arm_rests() -> None:
    """So that the next one starts from a set-point that does not move any more."""
    rig = Rig()

    def press(t: float) -> float:
        rig.robot.blocked[0] = 0.4 < t < 0.414
        return 0.0

    rig.robot.wrench = press
    (stopped,) = rig.serve(Follow(rig.way(1.0)))
    assert stopped.end == "stopped" and np.array_equal(rig.robot.path[-1], rig.robot.path[-2])
    lawful(rig.robot.path)
    (latched,) = rig.serve(Follow(rig.way(0.2)))
    assert latched.end == "stopped"  # what did not follow its set-point needs an operator
    rig.runtime.rest(0.1)
    assert rig.runtime.reset().decision == "pass"
    (answer,) = rig.serve(Follow(rig.way(0.2)))
    assert answer.end == "done"


# ── contact ──────────────────────────────────────────────────────────────────────────────────────────────────────────
@pytest.mark.parametrize("push", [15.0, -15.0, (0.0, 15.0, 0.0), (-9.0, 0.0, 9.0)])
def test_contact_from_any_side_ends_the_motion_by_braking_along_it(push: float | tuple[float, ...]) -> None:
    rig = Rig()
    rig.robot.wrench = lambda t: push if t > 0.4 else 0.0
    chunk = rig.way(1.0)
    (answer,) = rig.serve(Follow(chunk, contact_force=8.0))
    assert answer.end == "contact" and "N" in answer.reason
    path = rig.robot.path
    lawful(path)
    assert np.all(np.abs(path[:, 1:] - HOME[1:]) < 1e-9)  # it brakes along its own line
    assert np.all(np.diff(path[:, 0]) >= -1e-12)  # and never back
    assert 0.4 < rig.runtime.now() < 0.4 + 0.3 < chunk.duration + SETTLE_TIME
    moved = rig.runtime.posture()
    rig.serve(Pause(0.1))
    np.testing.assert_allclose(rig.runtime.posture(), moved, atol=1e-9)
    assert rig.runtime.counts["stop"] == rig.runtime.counts["limit"] == 0


@pytest.mark.parametrize("sooner", [0.0, 0.0007, 0.0013])
@pytest.mark.parametrize("speed", [0.05, 0.1, 0.3, 0.8])
def test_a_motion_right_after_a_contact_starts_at_rest(speed: float, sooner: float) -> None:
    """The guard finds nothing to limit: the braking ramp has ended where the next motion begins."""
    rig = Rig()
    for n in range(8):
        here, start = rig.runtime.posture(), rig.runtime.now()
        rig.robot.wrench = lambda t, at=start + 0.12 + 0.006 * n - sooner: 15.0 if t > at else 0.0
        ahead = here + np.array([0.3, -0.1, 0, 0, 0, 0])
        (answer,) = rig.serve(Follow(joint_motion(here, ahead, MotionLimits(velocity=speed), "t"), contact_force=8.0))
        assert answer.end == "contact"
    assert rig.runtime.counts["limit"] == rig.runtime.counts["stop"] == 0
    lawful(rig.robot.path)


def test_what_hung_on_the_tool_before_is_no_contact_and_without_a_threshold_nothing_is() -> None:
    rig = Rig()
    rig.robot.wrench = lambda t: 12.0
    rig.serve(Pause(0.01))
    assert rig.serve(Follow(rig.way(0.3), contact_force=8.0))[0].end == "done"
    rig.robot.wrench = lambda t: -150.0 if t > 0.5 else 0.0  # a push upwards: no payload
    assert rig.serve(Follow(rig.way(0.3)))[0].end == "done"


def test_what_was_pressed_and_comes_free_is_no_contact_and_to_be_pressed_again_is_one() -> None:
    rig = Rig()
    rig.robot.wrench = lambda t: (30.0, 0.0, 0.0) if t < 0.3 or t > 0.6 else 0.0
    rig.serve(Pause(0.01))
    (answer,) = rig.serve(Follow(rig.way(1.0), contact_force=8.0))
    assert answer.end == "contact" and 0.6 < rig.runtime.now() < 0.9


def test_one_spike_of_noise_is_no_contact() -> None:
    rig = Rig()
    rig.robot.wrench = lambda t: 20.0 if abs(t - 0.4) < PERIOD / 2 else 0.0
    assert rig.serve(Follow(rig.way(1.0), contact_force=8.0))[0].end == "done"


@pytest.mark.parametrize("speed", [0.0, 0.5, -2.0, 2.9])
def test_a_braking_chunk_is_lawful_and_ends_at_rest(speed: float) -> None:
    dq = speed * np.array([1.0, 0.5, 0.0, -0.3, 0.1, -1.0])
    chunk = braking_chunk(HOME, dq, LIMITS.acceleration, "t")
    np.testing.assert_allclose(chunk.q[0], HOME)
    np.testing.assert_allclose(chunk.dq[0], dq)
    np.testing.assert_array_equal(chunk.dq[-1], np.zeros(6))
    ticks = np.array([chunk.sample(t)[0] for t in np.arange(0, chunk.duration + 3 * PERIOD, PERIOD)])
    path = np.vstack([HOME - dq * PERIOD, ticks])  # the tick before it
    lawful(path)
    np.testing.assert_allclose(ticks[-1], HOME + dq * chunk.duration / 2, atol=1e-9)  # v t / 2 of an even ramp


# ── the hand ─────────────────────────────────────────────────────────────────────────────────────────────────────────
def test_grip_ends_when_the_fingers_rest() -> None:
    rig = Rig()
    rig.robot.width_stop = 0.03
    (opened, closed) = rig.serve(Grip(0.08, 20.0), Grip(0.0, 30.0))
    assert opened.width == pytest.approx(0.08, abs=1e-6) and opened.force == 0.0
    assert closed.width == pytest.approx(0.03, abs=1e-6) and closed.force == 30.0
    assert rig.robot.applied[-1].command.grip_width == 0.0
    rig.serve(Follow(rig.way(0.1)))  # it keeps holding on the way
    assert rig.robot.applied[-1].command.grip_force == 30.0


def test_grip_gives_up_after_its_timeout() -> None:
    rig = Rig()
    start = rig.runtime.now()
    rig.serve(Grip(0.1, 20.0, timeout=0.06))
    assert rig.runtime.now() - start == pytest.approx(0.06, abs=PERIOD)


def test_a_grip_the_guard_refuses_does_not_lock_the_robot() -> None:
    """What was refused is not asked for again and again: the next motion is free."""
    rig = Rig()
    rig.serve(Grip(0.4, 20.0, timeout=0.1))
    assert rig.runtime.counts["stop"] > 0
    rig.runtime.rest(0.1)
    assert rig.serve(Follow(rig.way(0.1)))[0].end == "done"


# ── pictures, work, questions, notes ─────────────────────────────────────────────────────────────────────────────────
def test_capture_takes_pictures_now_and_gives_them_later() -> None:
    rig = Rig()
    start = rig.runtime.now()
    (frames,) = rig.serve(Capture(("wrist", "overhead")))
    assert list(frames) == ["wrist", "overhead"] and all(frame.t == start for frame in frames.values())
    assert rig.runtime.now() - start >= PICTURE_LATENCY - 1e-9
    assert rig.log.frames == list(frames.values()) and len([w for w in rig.watcher.watched if w[1] in rig.log.frames]) == 2
    with pytest.raises(BadInput, match="did you mean 'wrist'"):
        rig.serve(Capture(("wirst",)))


def test_compute_is_answered_after_its_latency_and_its_error_is_raised() -> None:
    rig = Rig()
    start = rig.runtime.now()
    assert rig.serve(Compute(lambda: 42, "x", latency=0.1)) == [42]
    assert rig.runtime.now() - start == pytest.approx(0.1, abs=PERIOD)

    def broken() -> None:
        raise BadInput("x", 1, "2")

    with pytest.raises(BadInput):
        rig.serve(Compute(broken, "x"))
    rig.serve(Pause(0.01))


def test_what_fails_beside_the_loop_is_thrown_where_it_was_asked_for() -> None:
    """The routine may go on after it; another kind of error, which nobody declared, ends the run."""
    rig = Rig()

    def broken() -> None:
        raise BadInput("a picture", "dark", "light")

    def careful() -> Any:
        try:
            yield Compute(broken, "x")
        except BadInput as error:
            before = yield Pause(0.01)
            return str(error), before.t
        return None

    text, _ = rig.runtime.run(careful())
    assert "dark" in text
    with pytest.raises(ZeroDivisionError):
        rig.serve(Compute(lambda: 1 / 0, "y"))


def test_pause_answers_with_the_state_and_note_with_nothing() -> None:
    rig = Rig()
    note = Note("topic", {"a": 1})
    state, nothing = rig.serve(Pause(0.1), note)
    assert state is rig.runtime.state() and nothing is None
    assert rig.log.notes[0][1] is note and rig.watcher.watched[-1] == (rig.runtime.now(), note)


def test_ask_is_answered_and_told() -> None:
    rig = Rig()
    ask = Ask("Which?", ("this", "that"), "that", "why")
    assert rig.serve(ask) == ["that"] and rig.asked == [ask]
    assert rig.log.notes[0][1].payload == {
        "text": "Which?", "options": ["this", "that"], "default": "that", "why": "why", "answer": "that",
    }  # fmt: skip


@pytest.mark.parametrize("tick", [1, 2, 5])
def test_who_cancels_while_the_guard_brakes_rests_and_may_move_again(tick: int) -> None:
    rig, since = Rig(), 0

    def press(t: float) -> float:
        nonlocal since
        rig.robot.estop = t > 0.3
        since += rig.robot.estop
        if since == tick:
            rig.runtime.cancel()
        return 0.0

    rig.robot.wrench = press
    with pytest.raises(KeyboardInterrupt):
        rig.serve(Follow(rig.way(1.0)))
    assert not rig.robot.applied[-1].command.dq.any(), "it ended at rest, and that is on the tape"
    rig.robot.wrench = lambda t: 0.0
    rig.robot.estop = False
    rig.runtime.rest(0.8)
    assert rig.runtime.reset().decision == "pass"
    (ended,) = rig.serve(Follow(rig.way(0.2)))
    assert ended.end == "done", ended.reason


@pytest.mark.parametrize("jerk", [80.0, 120.0, 150.0, 200.0, 250.0, 300.0])
@pytest.mark.parametrize("acceleration", [5.0, 8.0, 10.0])
def test_a_motion_is_over_when_its_end_was_given_at_rest(acceleration: float, jerk: float) -> None:
    """However long it lasts beside the control period: what ends right behind it ends at rest, and the next routine moves too."""
    rig, limits = Rig(), MotionLimits(acceleration=acceleration, jerk=jerk)
    for turn in (0.3, -0.17, 0.011):
        start = rig.runtime.posture()
        way = joint_motion(start, start + turn * np.eye(6)[0], limits, "test")
        (ended,) = rig.serve(Follow(way))
        assert ended.end == "done", ended.reason
        np.testing.assert_array_equal(rig.runtime.posture(), way.q[-1])
        assert not rig.robot.applied[-1].command.dq.any()
