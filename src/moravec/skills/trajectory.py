"""Time-optimal, jerk-limited motion along a joint-space path, by Ruckig (Berscheid and Kröger, 2021)."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from ruckig import InputParameter, Result, Ruckig, Synchronization, Trajectory
from scipy.interpolate import CubicSpline

from moravec.core.command import ActionChunk
from moravec.core.errors import SkillError
from moravec.core.frames import Matrix

NODE_PERIOD = 0.01  # [s] between the nodes of a chunk


@dataclass(frozen=True, slots=True)
class MotionLimits:
    """What motions are planned with; inside the guard's limits, so that the guard never has to act on them."""

    velocity: float = 2.4  # [rad/s]
    acceleration: float = 10.0  # [rad/s2]
    jerk: float = 300.0  # [rad/s3]
    tool_speed: float = 0.9  # [m/s]
    tool_acceleration: float = 6.0  # [m/s2], along straight lines
    tool_jerk: float = 150.0  # [m/s3]

    def scaled(self, factor: float) -> MotionLimits:
        """The same path, slower: speeds by `factor`, accelerations by its square, jerks by its cube."""
        return MotionLimits(
            self.velocity * factor, self.acceleration * factor**2, self.jerk * factor**3,
            self.tool_speed * factor, self.tool_acceleration * factor**2, self.tool_jerk * factor**3,
        )  # fmt: skip

    def gentler(self, speed: float, push: float | None = None) -> MotionLimits:
        """With speeds by `speed`, accelerations and jerks by `push`, by default as the speeds: what is short is hardly slower."""
        push = speed if push is None else push
        return MotionLimits(
            self.velocity * speed, self.acceleration * push, self.jerk * push,
            self.tool_speed * speed, self.tool_acceleration * push, self.tool_jerk * push,
        )  # fmt: skip

    def capped(self, speed: float) -> MotionLimits:
        """With the tool no faster than `speed` [m/s], and no gentler otherwise: for short ways that end in a touch."""
        return replace(self, tool_speed=min(self.tool_speed, speed))


def _ruckig(start: Matrix, goal: Matrix, velocity: Matrix, acceleration: Matrix, jerk: Matrix) -> Trajectory:
    """Rest to rest from `start` to `goal` (n,), each axis in step with the others (a straight line)."""
    n = len(start)
    problem = InputParameter(n)
    problem.current_position, problem.target_position = list(start), list(goal)
    problem.max_velocity, problem.max_acceleration, problem.max_jerk = list(velocity), list(acceleration), list(jerk)
    problem.synchronization = Synchronization.Phase
    trajectory = Trajectory(n)
    result = Ruckig(n).calculate(problem, trajectory)
    if result not in (Result.Working, Result.Finished):
        raise SkillError(f"Ruckig found no trajectory from {start} to {goal}: {result}")
    return trajectory


def _node_times(duration: float) -> Matrix:
    count = max(2, int(np.ceil(duration / NODE_PERIOD)) + 1)
    return np.linspace(0.0, duration, count)


def joint_motion(start: Matrix, goal: Matrix, limits: MotionLimits, source: str) -> ActionChunk:
    """Rest-to-rest motion on the straight joint-space line from `start` to `goal` (n,) [rad]."""
    n = len(start)
    if np.max(np.abs(goal - start)) < 1e-6:
        return ActionChunk.of(np.zeros(1), np.array([goal]), np.zeros((1, n)), source)
    ones = np.ones(n)
    trajectory = _ruckig(start, goal, limits.velocity * ones, limits.acceleration * ones, limits.jerk * ones)
    times = _node_times(trajectory.duration)
    samples = [trajectory.at_time(float(t))[:2] for t in times]
    return ActionChunk.of(times, np.array([s[0] for s in samples]), np.array([s[1] for s in samples]), source)


def path_motion(
    path: Matrix, tool_points: Matrix, limits: MotionLimits, source: str
) -> ActionChunk:
    """Rest-to-rest motion along the joint path (m, n) [rad] that carries the tool through `tool_points` (m, 3) [m].

    The path is run by the tool's arc length, with a jerk-limited speed; joints that would be too fast slow all of it. A path
    that only turns the tool is run as a joint motion. Raises SkillError for one that turns it on the spot under way.

    A fourth column of `tool_points` may count turns as lengths.
    """
    steps = np.linalg.norm(np.diff(tool_points, axis=0), axis=1)
    moves = steps > 1e-7
    arc = np.concatenate([[0.0], np.cumsum(steps[moves])])
    if len(arc) < 2 or arc[-1] < 1e-5:
        return joint_motion(path[0], path[-1], limits, source)
    turns = np.max(np.abs(np.diff(path, axis=0)), axis=1)[~moves]
    if np.any(turns > 1e-4):
        raise SkillError(f"path of {source!r}: the tool turns on the spot by {turns.max():.4f} rad; allowed: apart from the line")
    path = path[np.concatenate([[True], moves])]
    spline = CubicSpline(arc, path, bc_type="natural")
    velocity, acceleration = limits.tool_speed, limits.tool_acceleration
    fine = np.linspace(0.0, arc[-1], 64)
    per_metre = float(np.max(np.abs(spline(fine, 1))))
    bend = float(np.max(np.abs(spline(fine, 2))))
    velocity = min(velocity, limits.velocity / max(per_metre, 1e-9))
    velocity = min(velocity, float(np.sqrt(0.5 * limits.acceleration / max(bend, 1e-9))))
    acceleration = min(acceleration, 0.5 * limits.acceleration / max(per_metre, 1e-9))
    along = _ruckig(np.zeros(1), arc[-1:], np.array([velocity]), np.array([acceleration]), np.array([limits.tool_jerk]))
    times = _node_times(along.duration)
    s = np.array([along.at_time(float(t))[0][0] for t in times])
    s_dot = np.array([along.at_time(float(t))[1][0] for t in times])
    q, dq = spline(s), spline(s, 1) * s_dot[:, None]
    dq[0] = dq[-1] = 0.0
    return ActionChunk.of(times, q, dq, source)


def joined(first: ActionChunk, second: ActionChunk) -> ActionChunk:
    """`first`, then `second`, which must start where the first ends and both at rest there."""
    if first.duration == 0.0:
        return second
    if second.duration == 0.0:
        return first
    times = np.concatenate([first.times, second.times[1:] + first.duration])
    return ActionChunk.of(
        times, np.vstack([first.q, second.q[1:]]), np.vstack([first.dq, second.dq[1:]]), first.source
    )


def tool_speeds(points: NDArray[np.float64], times: Matrix) -> Matrix:
    """Speed [m/s] of the tool between successive `points` (m, 3) [m] at `times` (m,) [s]; shape (m - 1,)."""
    return np.linalg.norm(np.diff(points, axis=0), axis=1) / np.diff(times)
