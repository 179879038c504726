"""A motion that meets what moves: come over it as fast as it goes, down with it, close, lift, and to rest. One chunk.

The hand's place and turn are planned by Ruckig, whose goals may move (Berscheid and Kröger 2021, "Jerk-limited real-time
trajectory generation with arbitrary target states"); the joints follow from them.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from ruckig import InputParameter, Result, Ruckig, Trajectory
from scipy.interpolate import CubicSpline

from moravec.core.command import ActionChunk
from moravec.core.frames import Matrix, tool_down, wrap_angle
from moravec.skills.arm import Arm
from moravec.skills.grasp import Grasp
from moravec.skills.trajectory import NODE_PERIOD, MotionLimits

STEP = 0.04  # [s] between the poses that the joints' path is made of
SPEED, ACCELERATION, JERK = 0.7, 2.0, 20.0  # of the hand on its way [m/s, m/s2, m/s3]
TURNING = (1.8, 6.0, 60.0)  # of its turn [rad/s, rad/s2, rad/s3]
DOWN = (0.30, 1.5, 20.0)  # on the way down in the thing's own frame
LIFT = (0.45, 1.5, 15.0)
OVER = 0.05  # [m] above the grasp, where the way down begins
CLOSING = 0.25  # [s] that the fingers press before the lift, besides
FINGER_SPEED = 0.12  # [m/s] at which the opening closes
SOONEST, LATEST, APART = 0.6, 4.0, 0.15  # [s] after the start: the meetings that are tried
CLEAR = 0.001  # [m] kept from the drawing
SHARE = 0.9  # of the joints' limits


@dataclass(frozen=True, slots=True)
class Rider:
    """What is met: a grasp on it, as it lies at `t` [s], and how it moves over the floor [m/s]."""

    grasp: Grasp
    t: float
    velocity: tuple[float, float]

    def at(self, t: float) -> Matrix:
        """Where (2,) [m] the grasp is at `t` [s]."""
        return np.array(self.grasp.position[:2]) + np.array(self.velocity) * (t - self.t)


@dataclass(frozen=True, slots=True)
class Meeting:
    """A motion that has to begin at `start` [s]; the fingers close `close_at` [s] after that."""

    chunk: ActionChunk
    start: float
    close_at: float


def meeting(
    arm: Arm, posture: Matrix, rider: Rider, start: float, reach: tuple[float, float], lift: float, limits: MotionLimits
) -> Meeting | None:
    """The earliest motion from rest at `posture` (n,) [rad] at `start` [s] that takes `rider` while its y is within `reach` [m]
    and lifts it to `lift` [m]. None where there is none: it is too fast, too far, or leaves too soon."""
    z = rider.grasp.position[2]
    down = _along(np.array([z + OVER]), np.zeros(1), np.array([z]), np.zeros(1), DOWN, 0.0)
    assert down is not None  # from rest to rest there always is one
    pressing = CLOSING + (rider.grasp.opening - min(rider.grasp.width, rider.grasp.opening)) / FINGER_SPEED
    with_it = down.duration + pressing
    tool = arm.tool_pose(posture)
    begin = np.array([*tool[:3, 3], float(np.arctan2(tool[1, 0], tool[0, 0]))])
    for after in np.arange(SOONEST, LATEST, APART):
        first, last = rider.at(start + after), rider.at(start + after + with_it)
        if not all(reach[0] <= y <= reach[1] for y in (first[1], last[1])):
            continue
        for turn in sorted((0.0, np.pi), key=lambda turn: abs(wrap_angle(rider.grasp.yaw + turn - begin[3]))):
            yaw = begin[3] + wrap_angle(rider.grasp.yaw + turn - begin[3])
            poses = _poses(begin, rider, yaw, start, float(after), down, pressing, lift)
            chunk = None if poses is None else _joints(arm, posture, poses, limits)
            if chunk is not None:
                return Meeting(chunk, start, float(after) + down.duration)
    return None


def _along(
    begin: Matrix, begin_speed: Matrix, end: Matrix, end_speed: Matrix, limits: tuple[float, ...], least: float
) -> Trajectory | None:
    """From state to state (k,) in `least` [s] or more; the fourth coordinate turns. None where Ruckig finds none."""
    k = len(begin)
    problem = InputParameter(k)
    problem.current_position, problem.current_velocity = list(begin), list(begin_speed)
    problem.target_position, problem.target_velocity = list(end), list(end_speed)
    bounds = [limits if axis < 3 else TURNING for axis in range(k)]
    problem.max_velocity, problem.max_acceleration, problem.max_jerk = (list(column) for column in zip(*bounds, strict=True))
    if least > 0.0:
        problem.minimum_duration = least
    found = Trajectory(k)
    good = Ruckig(k).calculate(problem, found) in (Result.Working, Result.Finished)
    return found if good else None


def _poses(
    begin: Matrix, rider: Rider, yaw: float, start: float, after: float, down: Trajectory, pressing: float, lift: float
) -> Matrix | None:
    """Place and turn (m, 4) of the hand every STEP from `start` on; None where it cannot be over the thing in time."""
    z, speed = rider.grasp.position[2], np.array([*rider.velocity, 0.0, 0.0])
    over = np.array([*rider.at(start + after), z + OVER, yaw])
    way = _along(begin, np.zeros(4), over, speed, (SPEED, ACCELERATION, JERK), after)
    if way is None or abs(way.duration - after) > 1e-3:
        return None
    lifts = start + after + down.duration + pressing
    low = np.array([*rider.at(lifts), z, yaw])
    high = low + speed * _stopping(speed) + np.array([0.0, 0.0, lift - z, 0.0])
    up = _along(low, speed, high, np.zeros(4), LIFT, 0.0)
    if up is None:
        return None
    end = after + down.duration + pressing + up.duration
    found = []
    for t in np.linspace(0.0, end, int(np.ceil(end / STEP)) + 1):
        if t < after:
            found.append(way.at_time(float(t))[0])
        elif t < after + down.duration + pressing:
            height = down.at_time(min(float(t) - after, down.duration))[0][0]
            found.append([*rider.at(start + float(t)), height, yaw])
        else:
            found.append(up.at_time(float(t) - (lifts - start))[0])
    return np.column_stack([np.linspace(0.0, end, len(found)), np.array(found)])


def _stopping(speed: Matrix) -> float:
    """How long [s] after the lift began the hand still goes along, on average: gently, while the thing comes free."""
    return 0.3 + float(np.hypot(*speed[:2])) / ACCELERATION


def _joints(arm: Arm, posture: Matrix, poses: Matrix, limits: MotionLimits) -> ActionChunk | None:
    """The joints' motion through `poses` (m, 5) of time, place and turn; None where the arm cannot follow, is too slow for it, or
    would touch what the drawing shows."""
    goals = [tool_down(pose[1:4], float(pose[4])) for pose in poses]
    if not all(arm.reach(goals[k], posture) is not None for k in (len(goals) // 2, len(goals) - 1)):
        return None
    path = arm.through(posture, goals[1:])
    if path is None or not arm.is_free(path, CLEAR):
        return None
    spline = CubicSpline(poses[:, 0], path, bc_type="clamped")
    times = np.linspace(0.0, poses[-1, 0], int(np.ceil(poses[-1, 0] / NODE_PERIOD)) + 1)
    q, dq, ddq = spline(times), spline(times, 1), spline(times, 2)
    if np.abs(dq).max() > SHARE * limits.velocity or np.abs(ddq).max() > SHARE * limits.acceleration:
        return None
    dq[0] = dq[-1] = 0.0
    return ActionChunk.of(times, q, dq, "pick")
