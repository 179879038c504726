"""Ways round the guard that a review found, each closed: what loosens by becoming tighter, and what moves by itself."""

from __future__ import annotations

import copy
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from helpers_guard import HOME, PERIOD, TERMS, N, Rig, command, gap, state, table, told, tool_at, with_parts

from moravec.core.command import Command
from moravec.guard.kernel.braking import gone
from moravec.guard.limits import LimitTable
from moravec.guard.parts import Box, Obstacle, Zone
from moravec.guard.stop import StopState

WALL = Obstacle("wall", Box((-2.0, -2.0, -2.0), (2.0, 2.0, -0.05)))
AROUND_THE_FOOT = Box((-0.1, -0.1, 0.1), (0.1, 0.1, 0.3))


def driven(rig: Rig, joint: int, speed: float, ticks: int = 2500) -> str:
    """Turns one joint until the guard stops it; the check that did."""
    v = 0.0
    for k in range(ticks):
        v = min(v + 0.005, abs(speed))
        dq = np.where(np.arange(N) == joint, np.sign(speed) * v, 0.0)
        decision, check = told(rig.send(np.array(rig.guard.setpoint) + dq * PERIOD, dq))
        if decision == "stop":
            if k > 3:
                return check
            v = 0.0
    return ""


def settled(rig: Rig) -> None:
    """Waits until the guard has braked."""
    while rig.guard.state is not StopState.HOLD:
        rig.give(None)


@pytest.mark.parametrize(
    "loosened",
    [
        {"obstacles": (WALL, Obstacle("foot", AROUND_THE_FOOT))},
        {"zones": (Zone("foot", "keep_out", AROUND_THE_FOOT, active=((1.0, 1e6),)),)},
    ],
)
def test_being_too_near_one_thing_is_no_leave_to_come_near_another(loosened: dict[str, Any]) -> None:
    limits = with_parts(obstacles=(WALL,))
    rig = Rig(limits)
    rig.hold()
    rig.guard.tighten(replace(limits, **loosened))
    rig.tick = 600
    rig.hold()
    assert rig.guard.limits != limits
    driven(rig, 1, 0.3)
    settled(rig)
    assert min(gap(limits, rig.guard.setpoint, body.name, WALL.box) for body in limits.bodies if body.frame) >= 0.0


def test_being_outside_one_box_is_no_leave_to_enter_another() -> None:
    barred = Box((-0.6, 0.0, -1.0), (-0.3, 0.2, 1.0))
    limits = table(forbidden=(barred,))
    rig = Rig(limits)
    rig.hold()
    rig.guard.tighten(replace(limits, allowed=(Box((-1.9, -1.9, -1.9), (-1.8, -1.8, -1.8)),)))
    rig.hold()
    assert driven(rig, 0, -0.4) in ("forbidden_zone", "workspace")
    settled(rig)
    assert tool_at(rig.guard.setpoint, limits)[1] <= 1e-6


def test_a_stop_takes_the_way_that_was_judged() -> None:
    """One joint creeps up to the end of its range, so that each brakes alone; it rests early, and the others go on alone."""
    base, home = table(), HOME.copy()
    home[4], home[5] = 3.3 - 0.00052, -3.2
    wide = tool_at(home - 0.104 * np.eye(N)[0], base)[1]  # turning that way, y grows
    limits = table(allowed=(Box((-2.0, -2.0, -2.0), (2.0, float(wide), 2.0)),))
    rig, dq, farthest = Rig(limits, q=home), np.zeros(N), -9.0
    rig.hold()
    for _ in range(400):
        wish = dq.copy()
        wish[5] = min(dq[5] + 15.0 * PERIOD, 3.2)
        choices = [wish]
        if wish[5] == dq[5]:
            wish[4] = 0.005
            choices = [np.where(np.arange(N) == 0, -max(0.0, min(c - dq[0], 1.15)), wish) for c in (0.02, 0.0, -0.02)]
        for choice in choices:
            tried = copy.deepcopy(rig)
            if told(tried.send(np.array(tried.guard.setpoint) + choice * PERIOD, choice))[0] == "pass":
                rig, dq = tried, choice
                break
        else:
            break
        silent = copy.deepcopy(rig)
        settled_from = silent.give(None)
        assert settled_from.verdict.decision == "stop"
        settled(silent)
        farthest = max(farthest, float(tool_at(silent.guard.setpoint, limits)[1]))
    assert dq[0] < -0.5, "it came to where it matters"
    assert farthest <= wide + 1e-3


@pytest.mark.parametrize("seconds", [0.5, 60.0])
def test_who_was_frozen_and_finds_the_arm_at_rest_leaves_it_there(seconds: float) -> None:
    rig = Rig(table())
    rig.cruise(0, 1.0)
    last = np.array(rig.guard.setpoint)
    rig.tick += round(seconds / PERIOD)
    answer = rig.give(command(rig.tick, last), {"dq": np.zeros(N)})
    assert told(answer) == ("stop", "silence") and rig.guard.state is StopState.HOLD
    np.testing.assert_array_equal(answer.command.q, last)
    for _ in range(100):
        np.testing.assert_array_equal(rig.give(None).command.q, last)


def test_who_was_frozen_and_finds_the_arm_moving_brakes_it() -> None:
    rig = Rig(table())
    rig.cruise(0, 1.0)
    last = np.array(rig.guard.setpoint)
    rig.tick += 100
    answer = rig.give(command(rig.tick, last), {"dq": np.eye(N)[0]})
    assert told(answer) == ("stop", "silence") and rig.guard.state is StopState.BRAKING and answer.command.q[0] > last[0]


def test_a_slow_zone_holds_for_the_way_to_rest_as_well() -> None:
    lane = Zone("lane", "slow", Box((-2.0, -2.0, -2.0), (0.0, -0.45, 2.0)), speed=0.05)
    limits = with_parts(separation=TERMS, zones=(lane,))
    rig, v, fastest = Rig(limits), 0.0, 0.0

    def seen() -> dict[str, Any]:
        return {"people_t": rig.now, "people": np.array([[50.0, 0.0]])}

    rig.hold(seen())
    for _ in range(600):
        v = min(v + 0.02, 1.2)
        before = np.array([tool_at(rig.guard.setpoint, limits)])
        answer = rig.send(np.array(rig.guard.setpoint) + np.eye(N)[0] * v * PERIOD, np.eye(N)[0] * v, seen())
        inside = min(gap(limits, rig.guard.setpoint, body.name, lane.box) for body in limits.bodies[1:]) < 0.0
        if inside:
            fastest = max(fastest, float(np.linalg.norm(tool_at(rig.guard.setpoint, limits) - before)) / PERIOD)
        if answer.verdict.decision == "stop" and rig.guard.state is StopState.HOLD:
            break
    assert told(answer) == ("stop", "zone_slow") and fastest <= 0.05 * 1.001


def test_a_reset_needs_a_fresh_reading_of_the_body() -> None:
    rig = Rig(table())
    rig.hold({"estop": True})
    for _ in range(400):
        rig.hold()
    assert rig.guard.state is StopState.OFF
    old = state(rig.tick - 1000, HOME)
    assert rig.guard.reset(old, rig.now).decision == "stop"
    assert rig.guard.reset(state(rig.tick, HOME), rig.now).decision == "pass"


def test_a_state_that_stands_still_while_braking_is_none() -> None:
    rig = Rig(table(tracking=(3.0,) * N))
    rig.cruise(0, 1.9)
    stale = state(rig.tick - 1, np.array(rig.guard.setpoint), dq=np.eye(N)[0])
    states = [rig.guard.check(None, stale, (rig.tick + k) * PERIOD) and rig.guard.state for k in range(120)]
    assert states[-1] is StopState.OFF, "power goes off when nothing is known of the body for 0.1 s"


class Liar(np.ndarray):
    """Says one thing when it is asked and another when it is used."""

    def tolist(self) -> Any:
        return list(HOME)


class Changing(Command):
    """A command that can be anything the second time."""


@pytest.mark.parametrize("kernel", ["array", "command"])
def test_only_the_contracts_own_types_are_read(kernel: str) -> None:
    rig = Rig(table())
    rig.hold()
    asked: Any = command(1, HOME)
    if kernel == "array":
        asked = replace(asked, q=(HOME + 0.5).view(Liar))
    else:
        asked = Changing(*(getattr(asked, name) for name in Command.__slots__))
    answer = rig.guard.check(asked, state(1, HOME), rig.now)
    assert told(answer) == ("stop", "command_shape")
    np.testing.assert_array_equal(answer.command.q, HOME)


def test_tightening_is_never_faster_wherever_the_arm_stands() -> None:
    """With something more to keep from, no motion passes that was refused without it."""
    rng = np.random.default_rng(12)
    base = with_parts(obstacles=(WALL,))
    for _ in range(60):
        q = HOME + rng.normal(0.0, 0.4, N)
        low = rng.uniform(-0.6, 0.4, 3)
        more = Obstacle("more", Box(tuple(low.tolist()), tuple((low + 0.2).tolist())))  # type: ignore[arg-type]
        step = rng.normal(0.0, 4e-5, N)
        assert not (_passes(replace(base, obstacles=(WALL, more)), q, step) and not _passes(base, q, step))


def _passes(limits: LimitTable, q: np.ndarray, step: np.ndarray) -> bool:
    rig = Rig(limits, q=q)
    rig.hold()
    return told(rig.send(q + step, step / PERIOD))[0] == "pass"


@pytest.mark.parametrize(("height", "decision"), [(1e-4, "pass"), (-5e-4, "stop")])
def test_a_way_that_leaves_the_workspace_between_its_ends_is_refused(height: float, decision: str) -> None:
    """The tool turns over the highest point of its circle while it would brake: target and rest are inside, the way is not."""
    limits = table(tool_speed=3.0)
    x, y, _ = tool_at(HOME, limits)
    top, radius = np.arctan2(x, y), float(np.hypot(x, y))  # so far joint 0 turns until y is largest
    home, speed = HOME + np.eye(N)[0] * top, 1.8
    if tool_at(home, limits)[1] < 0.0:
        home[0] -= np.pi
    way = speed**2 / (2.0 * limits.acceleration[0])
    bulge = radius * (1.0 - np.cos(way / 2.0))
    ends = radius - bulge
    allowed = Box((-2.0, -2.0, -2.0), (2.0, float(radius + height * (bulge / 5e-4 if height < 0 else 1.0)), 2.0))
    assert ends < allowed.high[1] + 1e-3
    rig = Rig(replace(limits, allowed=(allowed,)), q=home - np.eye(N)[0] * (way / 2.0 + 0.4))
    rig.hold()
    v, found = 0.0, ""
    while rig.guard.setpoint[0] < home[0] - way / 2.0 - speed * PERIOD and found != "stop":
        v = min(v + limits.acceleration[0] * PERIOD, speed)
        found = told(rig.send(np.array(rig.guard.setpoint) + np.eye(N)[0] * v * PERIOD, np.eye(N)[0] * v))[0]
    assert found == decision
    settled(rig) if found == "stop" else None
    assert tool_at(rig.guard.setpoint, limits)[1] <= allowed.high[1] + 1e-3


def test_gone_is_the_way_that_braking_takes() -> None:
    gain, step = 2e-5, 3e-3
    for straight in (True, False):
        far, s = 0.0, step
        for k in range(1, 151):
            s -= gain
            far += s
            assert gone(float(k), step, gain, straight, step / gain) == pytest.approx(far, abs=1e-12)
            assert gone(float(k), -step, gain, straight, step / gain) == pytest.approx(-far, abs=1e-12)
    assert gone(500.0, step, gain, False, 900.0) == gone(150.0, step, gain, False, 150.0), "who rests goes no farther"
    assert gone(10.0, step, gain, True, 900.0) > gone(10.0, step, gain, False, 900.0)
