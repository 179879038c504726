"""Motions that skills are made of: going somewhere without touching anything, straight lines, looking from a post."""

from __future__ import annotations

from collections.abc import Generator, Mapping
from dataclasses import replace
from typing import Any, NoReturn, TypeAlias

import numpy as np

from moravec.core.command import ActionChunk
from moravec.core.errors import MoravecError
from moravec.core.frames import Matrix, tool_down
from moravec.core.observation import CameraFrame
from moravec.core.workplace import Place
from moravec.skills.arm import CLEARANCE
from moravec.skills.context import SkillContext
from moravec.skills.contract import Capture, Follow, Followed, Grip, Gripped, Request
from moravec.skills.trajectory import MotionLimits, joint_motion, path_motion, tool_speeds

Move: TypeAlias = Generator[Request, Any, None]

TRAVEL_HEIGHT = 0.30  # [m] of the tool point, above everything that stands on the table but heaped bins
AROUND = 0.24  # [m] side of the square around a stray thing that is looked at
LENS_OVER = 0.32  # [m] of the wrist camera above a table it looks at
ROUNDING = 1e-5  # [m]
TIGHT = 0.5  # share of the room that is kept on the way out where no way keeps all of it
GRIP_FORCE = 50.0  # [N], of the hand's 60
CONTACT_FORCE = 18.0  # [N] felt on the way down: something is in the way
BUMP = 60.0  # [N] felt where nothing should be touched; what is carried, and its swing, is a tenth of that
BACK_OFF = 0.03  # [m] of the tool, back the way it came, from what it has bumped into
BACK_OFF_PACE, BACK_OFF_LOOKS = 0.3, 33  # share of the limits; places on the way back that are looked at
MAX_STRETCHES = 40


class Failed(MoravecError):
    """Ends a skill with one of its declared codes; the skill turns it into its result."""

    def __init__(self, code: str, message: str, data: Mapping[str, Any] | None = None) -> None:
        self.code = code
        self.data = dict(data or {})  # what was found before it failed
        super().__init__(message)


def fail(code: str, message: str) -> NoReturn:
    """Raises `Failed`."""
    raise Failed(code, message)


def _within_tool_speed(context: SkillContext, start: Matrix, goal: Matrix, limits: MotionLimits, source: str) -> ActionChunk:
    """A joint motion as fast as the joints allow and the tool keeps its speed limit [m/s]; it sets off and stops as ever."""
    speed = limits.velocity
    for _ in range(MAX_STRETCHES):
        chunk = joint_motion(start, goal, replace(limits, velocity=speed), source)
        if chunk.duration == 0.0:
            return chunk
        points = context.arm.tool_points(chunk.q)
        fastest = float(tool_speeds(points, chunk.times).max())
        if fastest <= limits.tool_speed:
            return chunk
        speed = min(speed, float(np.abs(chunk.dq).max())) * max(0.5, limits.tool_speed / fastest / 1.01)
    fail("unreachable", f"no motion keeps the tool under {limits.tool_speed} m/s")


def follow(chunk: ActionChunk, contact_force: float | None = None) -> Generator[Request, Any, Followed]:
    """Follows `chunk`; a stop by the guard ends the skill."""
    result: Followed = yield Follow(chunk, contact_force)
    if result.end == "stopped":
        fail("stopped", f"the guard stopped the motion: {result.reason}")
    return result


def go(context: SkillContext, goal: Matrix, source: str, slow: float = 1.0, push: float | None = None) -> Move:
    """To joint positions `goal` (6,) [rad] by the first way that is free: straight, or over a raised point at either end; with
    speeds by `slow` and accelerations by `push`, see `MotionLimits.gentler`.

    A hand that has just let go may be nearer to a wall than motions are planned with: it then keeps the room it has, and on the
    first leg half of it where no way keeps all: the joints' way up from there may lean towards the wall.
    """
    start = context.posture()
    limits = context.limits.gentler(slow, push)
    context.arm.fingers(context.state().grip_width)
    room = max(0.0, min(CLEARANCE, context.arm.clearance(start) - ROUNDING))
    for way, first in ((way, first) for first in (room, TIGHT * room) for way in _ways(context, start, goal)):
        legs = [np.array([a, b]) for a, b in zip(way[:-1], way[1:], strict=True)]
        if context.arm.is_free(legs[0], first) and all(context.arm.is_free(leg, room) for leg in legs[1:]):
            for leg in legs:
                chunk = _within_tool_speed(context, leg[0], leg[1], limits, source)
                yield from unhindered(context, chunk, source)
            return
    x, y, z = context.arm.tool_pose(goal)[:3, 3]
    fail("unreachable", f"no free way to the tool position ({x:.2f}, {y:.2f}, {z:.2f}) m")


def unhindered(context: SkillContext, chunk: ActionChunk, source: str) -> Generator[Request, Any, Followed]:
    """Follows `chunk`, on which nothing should be touched: where something is, the arm backs off, and it fails as contact."""
    met = yield from follow(chunk, BUMP)
    if met.end == "contact":
        yield from back_off(context, chunk.q[0], source)
        fail("contact", f"something is in the way: {met.reason}")
    return met


def back_off(context: SkillContext, begun: Matrix, source: str) -> Move:
    """Back towards `begun` (6,) [rad], where this motion began, by no more than BACK_OFF of the tool: what stays pressed against
    something is pressed harder by whatever comes next."""
    now = context.posture()
    way = np.linspace(now, begun, BACK_OFF_LOOKS)
    gone = np.linalg.norm(context.arm.tool_points(way) - context.arm.tool_points(now[None]), axis=-1)
    (beyond,) = np.nonzero(gone > BACK_OFF)
    goal = way[max(1, int(beyond[0]) - 1)] if len(beyond) else begun
    yield from follow(_within_tool_speed(context, now, goal, context.limits.scaled(BACK_OFF_PACE), source))


def tool_point(context: SkillContext) -> Matrix:
    """Where the tool point is (3,) [m], in the world."""
    return np.array(context.arm.tool_pose(context.posture())[:3, 3])


def _ways(context: SkillContext, start: Matrix, goal: Matrix) -> Generator[list[Matrix], None, None]:
    """Ways to try, the shortest first."""
    yield [start, goal]
    raised_start, raised_goal = _raised(context, start), _raised(context, goal)
    if raised_goal is not None:
        yield [start, raised_goal, goal]
    if raised_start is not None:
        yield [start, raised_start, goal]
        if raised_goal is not None:
            yield [start, raised_start, raised_goal, goal]
    home = np.array(context.workplace.home_q)
    for a in (start, raised_start):
        for b in (goal, raised_goal):
            if a is not None and b is not None:
                way = [start, a, home, b, goal]
                yield [p for i, p in enumerate(way) if i == 0 or p is not way[i - 1]]


def _raised(context: SkillContext, q: Matrix) -> Matrix | None:
    """The same place and yaw at travelling height, or None."""
    T, height = context.arm.tool_pose(q), max(TRAVEL_HEIGHT, context.arm.over_heaps())
    if T[2, 3] >= height:
        return None
    T[2, 3] = height
    return context.arm.reach(T, q)


def line_to(
    context: SkillContext,
    position: Matrix,
    source: str,
    slow: float = 0.6,
    contact_force: float | None = None,
    speed: float = np.inf,
    push: float | None = None,
) -> Generator[Request, Any, Followed]:
    """Straight to tool position `position` (3,) [m] without turning; may end early in contact of `contact_force` [N]. Without
    one nothing should be touched, and the skill fails as contact where something is. Not checked for what is touched: the last
    centimetres of a grasp always touch something. The tool is never faster than `speed` [m/s]; `slow` and `push` as in `go`."""
    start = context.posture()
    path = context.arm.line(start, np.asarray(position, dtype=np.float64))
    if path is None:
        fail("unreachable", f"no straight line to {np.round(position, 3).tolist()} m")
    chunk = path_motion(path, context.arm.tool_points(path), context.limits.gentler(slow, push).capped(speed), source)
    if contact_force is None:
        return (yield from unhindered(context, chunk, source))
    return (yield from follow(chunk, contact_force))


def retreat(context: SkillContext, height: float) -> Move:
    """Straight up to `height` [m], or down to it."""
    yield from line_to(context, np.array([*tool_point(context)[:2], height]), "pick", 0.6)


def above(context: SkillContext, position: Matrix, yaw: float) -> Matrix:
    """Joint positions with the tool over `position` (3,) [m], fingers closing along `yaw` [rad]. Fails as unreachable."""
    q = context.arm.reach_down(np.asarray(position, dtype=np.float64), yaw, context.posture())
    if q is None:
        fail("unreachable", f"the arm cannot reach {np.round(position, 3).tolist()} m with yaw {yaw:.2f}")
    return q


def look_from(
    context: SkillContext, view: str, source: str, cameras: tuple[str, ...] = ("wrist",)
) -> Generator[Request, Any, dict[str, CameraFrame]]:
    """Brings the wrist camera to a post and takes pictures."""
    if view not in dict(context.workplace.views):
        fail("unreachable", f"there is no camera post {view!r}")
    return (yield from look_at(context, context.view(view), view, source, cameras))


def look_at(
    context: SkillContext, post: Matrix, name: str, source: str, cameras: tuple[str, ...] = ("wrist",)
) -> Generator[Request, Any, dict[str, CameraFrame]]:
    """Brings the wrist camera to `post`, its lens x, y, z [m] and yaw [rad], and takes pictures."""
    x, y, z, yaw = post
    near = context.posture()
    found = [context.arm.reach(tool_down([x, y, z], yaw + turn), near, "camera") for turn in (0.0, np.pi)]
    reachable = [q for q in found if q is not None]
    if not reachable:
        fail("unreachable", f"the camera post {name!r} cannot be reached")
    yield from go(context, min(reachable, key=lambda q: float(np.abs(q - near).max())), source)
    frames: dict[str, CameraFrame] = yield Capture(cameras)
    return frames


def surroundings(table: Place, spot: tuple[float, float]) -> Place:
    """The part of `table` around `spot` (x, y) [m] that one picture shows."""
    return replace(table, centre=(float(spot[0]), float(spot[1])), size=(AROUND, AROUND))


def post_over(spot: tuple[float, float], place: Place) -> Matrix:
    """The camera post over `spot` (x, y) [m] of `place`, clear of its walls: lens x, y, z [m] and yaw [rad]."""
    return np.array([spot[0], spot[1], place.rim + LENS_OVER, 0.0])


def grip(width: float, force: float) -> Generator[Request, Any, Gripped]:
    """Moves the fingers to `width` [m] with at most `force` [N]."""
    result: Gripped = yield Grip(width, force)
    return result
