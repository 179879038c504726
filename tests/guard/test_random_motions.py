"""Random and hostile commands from lawful and unlawful starts: no approved set-point breaks a limit, ever.

The ground truth is recomputed here from the approved set-points alone, with none of the guard's own arithmetic.
"""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from helpers_guard import HOME, PERIOD, N, Rig, fast_tool, state, table, tool_at

from moravec.guard.kernel.decide import REST_SPEED
from moravec.guard.limits import LimitTable
from moravec.guard.parts import Box
from moravec.guard.stop import StopState

SLACK = 1e-3  # the guard's documented tolerance, written down a second time
POSITION_SLACK = 1e-6
HOSTILE = (math.nan, math.inf, -math.inf, 1e300, -1e12, 1e9, 4.0, -4.0, 0.05, -1e-3)


def start(rng: np.random.Generator, limits: LimitTable) -> tuple[np.ndarray, np.ndarray]:
    """A posture and a velocity: at rest inside, at the limits, outside; or moving, lawfully or not."""
    low, high = np.array(limits.position_min), np.array(limits.position_max)
    q = rng.uniform(low, high)
    kind = rng.integers(6)
    if kind == 1:
        q = np.where(rng.random(N) < 0.5, low + rng.exponential(1e-3, N), high - rng.exponential(1e-3, N))
    if kind == 2:
        q = q + rng.choice([0.0, 0.0, 5.0, -5.0, 1e-7], N)
    dq = np.zeros(N)
    if kind in (3, 4):
        dq = rng.uniform(-1.0, 1.0, N) * np.array(limits.velocity)
    if kind == 5:
        dq = rng.normal(0.0, 20.0, N)
    return q, dq


def next_command(rng: np.random.Generator, rig: Rig, v: np.ndarray, mode: int) -> tuple[Any, np.ndarray]:
    """A set-point after the guard's last one, and the velocity it means to have."""
    limits = rig.guard.limits
    a, vmax = np.array(limits.acceleration), np.array(limits.velocity)
    at = np.array(rig.guard.setpoint) if rig.tick else rig.q
    if mode == 0:  # lawful speeding up and down
        v = np.clip(v + rng.choice([-1.0, 0.0, 1.0], N) * a * PERIOD, -vmax, vmax)
    elif mode == 1:  # as fast as possible towards the joint limits
        v = np.clip(v + np.sign(at + 1e-9) * a * PERIOD, -vmax, vmax)
    elif mode == 2:  # a little too much of everything
        v = np.clip(v + rng.uniform(-1.6, 1.6, N) * a * PERIOD, -1.2 * vmax, 1.2 * vmax)
    elif mode == 3:  # back and forth
        v = rng.choice([-1.0, 1.0]) * rng.uniform(0.0, 0.3, N)
    q, dq = at + v * PERIOD, v.copy()
    if mode == 4:  # one wild number
        (q if rng.random() < 0.6 else dq)[rng.integers(N)] += rng.choice(HOSTILE)
    if mode == 5:  # anything at all
        q = rng.normal(0.0, 10.0 ** rng.uniform(-6, 3), N) + at
    return (q, dq), v


def session(rng: np.random.Generator, limits: LimitTable, ticks: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """One sequence of commands: start posture, start velocity, approved set-points (ticks, n)."""
    q0, dq0 = start(rng, limits)
    rig = Rig(limits, q=q0, dq=dq0)
    v, mode, out = dq0.copy(), int(rng.integers(6)), np.empty((ticks, N))
    for k in range(ticks):
        if rng.random() < 0.15:
            mode = int(rng.integers(6))
        (q, dq), v = next_command(rng, rig, v, mode)
        dice, measured = rng.random(), None
        if k and dice < 0.02:
            measured = {"q": np.full(N, np.nan)}
        changes: dict[str, Any] = {"t": rig.now - 1.0} if 0.02 < dice < 0.04 else {}
        if rig.guard.state is StopState.OFF:
            rig.guard.reset(state(rig.tick, rig.q), rig.now)
        answer = rig.give(None) if dice > 0.99 else rig.send(q, dq, measured, **changes)
        out[k] = answer.command.q
        if answer.verdict.decision == "stop":
            v = np.array(answer.command.dq)
    return q0, dq0, out


def rest_after(q: np.ndarray, v: np.ndarray, a: np.ndarray) -> np.ndarray:
    """Where braking tick by tick comes to rest; plain simulation, each joint alone."""
    q, v = q.copy(), v.copy()
    while np.any(v):
        v = np.sign(v) * np.maximum(np.abs(v) - a * PERIOD, 0.0)
        v[np.abs(v) < 1e-9] = 0.0
        q = q + v * PERIOD
    return q


def judge(limits: LimitTable, q0: np.ndarray, dq0: np.ndarray, q: np.ndarray) -> None:
    """Asserts the limits over sessions: q0, dq0 (m, n) and q (m, ticks, n)."""
    a, vmax = np.array(limits.acceleration), np.array(limits.velocity)
    assert np.isfinite(q).all()
    moving = (np.abs(dq0) > REST_SPEED).any(axis=1, keepdims=True)
    cut = vmax * (1 + SLACK / 2)  # an unlawful speed at the start is cut off here
    v0 = np.where(moving, np.clip(dq0, -cut, cut), 0.0)
    v = np.diff(np.concatenate([q0[:, None], q], axis=1), axis=1) / PERIOD
    assert np.all(np.abs(v) <= vmax * (1 + SLACK) + 1e-9), "velocity"
    acceleration = np.diff(np.concatenate([v0[:, None], v], axis=1), axis=1) / PERIOD
    assert np.all(np.abs(acceleration) <= a * (1 + SLACK) + 1e-6), "acceleration"
    bound = rest_after(q0, v0, a)  # an unlawful start may force the way to here, and no further
    high = np.maximum(np.maximum(limits.position_max, bound), q0) + POSITION_SLACK + 1e-9
    low = np.minimum(np.minimum(limits.position_min, bound), q0) - POSITION_SLACK - 1e-9
    assert np.all(q <= high[:, None]) and np.all(q >= low[:, None]), "position"
    rests = rest_after(q[:, -1], v[:, -1], a)
    assert np.all(rests <= high + 1e-8) and np.all(rests >= low - 1e-8), "no room left to brake"


@pytest.mark.parametrize(("sequences", "ticks", "seed"), [(13_000, 3, 1), (800, 50, 2)])
def test_no_command_breaks_a_joint_limit(sequences: int, ticks: int, seed: int) -> None:
    rng, limits = np.random.default_rng(seed), fast_tool()
    done = [session(rng, limits, ticks) for _ in range(sequences)]
    q0, dq0, q = (np.array(column) for column in zip(*done, strict=True))
    judge(limits, q0, dq0, q)


def test_the_judge_can_see() -> None:
    """A judge that never objects proves nothing."""
    limits, q0 = fast_tool(), np.zeros((1, N))
    for planted, what in ((0.01, "velocity"), (1e-3, "acceleration")):
        q = np.zeros((1, 3, N))
        q[0, 1:, 3] = planted
        with pytest.raises(AssertionError, match=what):
            judge(limits, q0, q0, q)
    edge = np.full((1, N), 2.9)
    with pytest.raises(AssertionError, match=r"position|room"):
        v = np.minimum(np.arange(1, 600) * 1e-2, 1.9)
        judge(
            limits, edge * 0, edge * 0, np.repeat(np.cumsum(v * PERIOD)[None, :, None], N, axis=2)[:, :, :] * 2.0 / 1.9
        )
        judge(limits, edge, edge * 0, edge[:, None] + np.repeat(np.cumsum(v * PERIOD)[None, :, None], N, axis=2))


def box_near_home() -> Box:
    """0.16 m around the tool at HOME, on every side."""
    x, y, z = tool_at(HOME, table()).tolist()
    return Box((x - 0.16, y - 0.16, z - 0.16), (x + 0.16, y + 0.16, z + 0.16))


def test_tool_speed_and_workspace_hold_through_random_motion_and_its_braking() -> None:
    rng, worst_speed, worst_depth = np.random.default_rng(4), 0.0, 0.0
    box = box_near_home()
    limits = replace(table(tool_speed=0.6), allowed=(box,))
    decisions = set()
    for _ in range(40):
        rig = Rig(limits)
        rig.hold()
        tool = tool_at(HOME, limits)
        v, aim = np.zeros(N), rng.uniform(-1.5, 1.5, N)
        for k in range(250):
            if k % 50 == 0:
                aim = rng.uniform(-1.0, 1.0, N)
            v = np.clip(aim, v - 0.019, v + 0.019)
            if rig.guard.state is not StopState.RUN:
                v = np.zeros(N)
            answer = rig.send(np.array(rig.guard.setpoint) + v * PERIOD, v)
            decisions.add((answer.verdict.decision, answer.verdict.check))
            now = tool_at(rig.guard.setpoint, limits)
            worst_speed = max(worst_speed, float(np.linalg.norm(now - tool)) / PERIOD)
            worst_depth = max(worst_depth, float(np.max(np.maximum(box.low - now, now - box.high))))
            tool = now
    assert ("stop", "workspace") in decisions and any(check == "tool_speed" for _, check in decisions)
    # Braking keeps the joints' direction, not quite the tool's: a bend of the path may cost this much.
    assert worst_speed <= 0.6 * 1.02, worst_speed
    assert worst_depth <= 1e-3, worst_depth
