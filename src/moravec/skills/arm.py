"""The arm's own picture of itself: where the tool is, which joints reach a pose, and what would be touched.

It is built from the maker's parameters and the workplace's drawing, never from the simulator that stands in for the cell.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import final

import mink
import mujoco
import numpy as np

from moravec.core.errors import ContractError
from moravec.core.frames import Matrix, tool_down, transform
from moravec.core.workplace import Place, Workplace
from moravec.robots.ur5e import model as ur5e
from moravec.robots.ur5e.kinematics import JOINTS

IK_STEPS = 60
IK_DT = 1.0
POSITION_TOLERANCE = 3e-5  # [m]; a stiff arm that presses feels 0.1 mm
ANGLE_TOLERANCE = 2e-3  # [rad]
CLEARANCE = 0.006  # [m] kept from what the drawing shows
WALL = 0.006  # [m] how thick the drawing's walls are taken
HELD_LARGEST = (0.25, 0.25, 0.15)  # [m] half sizes of the largest thing that can be carried
HEAP_LARGEST = 0.12  # [m] a heap stands out of its bin by this much at most
SIDE_OFFSET = 0.1333  # [m] the wrist stands beside the arm's plane (d4)
PAN_RANGE = 3.4  # [rad] how far the base turns either way before it goes round the other way


_HEAPED = ("bin", "reject")


def _heap(place: str) -> str:
    return f"heap_{place}"


def _slab(spec: mujoco.MjSpec, half: tuple[float, ...], pos: tuple[float, ...], name: str = "") -> None:
    geom = spec.worldbody.add_geom(type=mujoco.mjtGeom.mjGEOM_BOX, size=half, pos=pos, margin=CLEARANCE)
    if name:
        geom.name = name


def _walls(spec: mujoco.MjSpec, place: Place) -> None:
    """The four walls of an open box."""
    (x, y), hx, hy = place.centre, place.size[0] / 2, place.size[1] / 2
    half_z = (place.rim - place.floor) / 2
    z = place.floor + half_z
    for sx, sy in ((1, 0), (-1, 0), (0, 1), (0, -1)):
        half = (WALL / 2 if sx else hx + WALL, WALL / 2 if sy else hy + WALL, half_z)
        _slab(spec, half, (x + sx * (hx + WALL / 2), y + sy * (hy + WALL / 2), z))


def _belt(spec: mujoco.MjSpec, place: Place) -> None:
    """A belt down to the table; the way down to what rides on it keeps no clearance from it. And its two rails."""
    (x, y), (wide, long) = place.centre, place.size
    _slab(spec, (wide / 2, long / 2, place.floor / 2), (x, y, place.floor / 2 - CLEARANCE))
    for side in (-1, 1):
        _slab(spec, (WALL / 2, long / 2, place.rim / 2), (x + side * (wide + WALL) / 2, y, place.rim / 2))


def _planning_model(workplace: Workplace) -> mujoco.MjModel:
    spec = mujoco.MjSpec()
    spec.compiler.degree = False
    _slab(spec, (0.9, 1.1, 0.02), (0.15, 0.03, -0.02 - CLEARANCE), "table")
    for place in workplace.places:
        if place.kind in ("bin", "reject", "parcel"):
            _walls(spec, place)
        if place.kind in _HEAPED:
            _slab(spec, (place.size[0] / 2, place.size[1] / 2, HEAP_LARGEST / 2), (*place.centre, place.rim), _heap(place.name))
        elif place.kind == "belt":
            _belt(spec, place)
        elif place.kind == "obstacle":
            half_z = (place.rim - place.floor) / 2
            _slab(spec, (place.size[0] / 2, place.size[1] / 2, half_z), (*place.centre, place.floor + half_z))
        elif place.kind == "station":
            _slab(spec, (*(s / 2 for s in place.size), place.floor / 2), (*place.centre, place.floor / 2 - CLEARANCE))
    flange = ur5e.add_arm(spec)
    flange.add_geom(  # compiled at its largest and colliding: MuJoCo bounds each body once, by the geoms that collide then
        name="held", type=mujoco.mjtGeom.mjGEOM_BOX, size=HELD_LARGEST, pos=[0, 0, ur5e.GRIPPER.tool_offset], mass=0.001,
        contype=0, conaffinity=1,
    )  # fmt: skip
    return spec.compile()


def _in_branch(q: Matrix) -> bool:
    """Whether `q` (6,) [rad] is within the joints' range, the elbow up."""
    return bool(np.all(np.abs(q) < 2 * np.pi - 0.1) and -3.0 < q[1] < -0.1 and q[2] > 0.0)


@final
class Arm:
    """Kinematics and collision checks of a UR5e in one workplace. Not for use by two threads at once."""

    def __init__(self, workplace: Workplace) -> None:
        self._model = _planning_model(workplace)
        self._data = mujoco.MjData(self._model)
        self._configuration = mink.Configuration(self._model)
        self._home = np.array(workplace.home_q)
        self._qpos = np.array([self._model.joint(name).qposadr[0] for name in JOINTS])
        self._held = self._model.geom("held").id
        self._rims = {p.name: p.rim for p in workplace.places if p.kind in _HEAPED}
        self.heaped({})
        self.hold(None)
        self._fingers = np.array([self._model.joint(f"finger_{side}").qposadr[0] for side in ("left", "right")])

    # ── where it is ───────────────────────────────────────────────────────────────────────────────────────────────────
    def tool_pose(self, q: Matrix) -> Matrix:
        """T_world_tool (4, 4) at joint positions `q` (6,) [rad]."""
        self._set(q)
        site = self._data.site("tool")
        return transform(site.xmat.reshape(3, 3), site.xpos)

    def lens(self, q: Matrix) -> Matrix:
        """Where the wrist camera's lens (3,) [m] is at joint positions `q` (6,) [rad]."""
        self._set(q)
        return np.array(self._data.site("wrist_lens").xpos)

    def tool_points(self, path: Matrix) -> Matrix:
        """Tool positions (m, 3) [m] along the joint path (m, 6) [rad]."""
        return np.array([self.tool_pose(q)[:3, 3] for q in path])

    # ── how to get there ──────────────────────────────────────────────────────────────────────────────────────────────
    def reach(self, T_world_goal: Matrix, near: Matrix, frame: str = "tool") -> Matrix | None:
        """Joint positions (6,) [rad] that bring `frame` ("tool" or "camera") to the goal, in the branch closest to `near`.

        The guess `near` is tried first where the arm already points about the right way, then the home posture turned
        towards the goal. Only the elbow-up branch counts, so that the arm never folds over itself on the way. None when
        nothing converges.
        """
        turned = self._home.copy()
        x, y = T_world_goal[:2, 3]
        radius = max(float(np.hypot(x, y)), 0.14)
        pan = float(np.arctan2(y, x) - np.arcsin(min(SIDE_OFFSET / radius, 1.0)))
        turned[0] = min((pan + turn for turn in (-2 * np.pi, 0.0, 2 * np.pi)), key=lambda p: abs(p - near[0]))
        if abs(turned[0]) > PAN_RANGE:
            turned[0] = pan
        guesses = [near] if abs(near[0] - turned[0]) < 1.2 else []
        for wrist_turn in (near[5], 0.0, np.pi / 2, -np.pi / 2):
            guess = turned.copy()
            guess[5] = wrist_turn
            guesses.append(guess)
        for guess in guesses:
            q = self._descend(T_world_goal, guess, frame)
            if q is not None and _in_branch(q):
                return q
        return None

    def reach_down(self, position: Matrix, yaw: float, near: Matrix) -> Matrix | None:
        """`reach` with the tool pointing down and the fingers closing along `yaw` [rad], or half a turn from it.

        The hand is symmetric, so of the two the one that turns the wrist less is taken.
        """
        found = []
        for turn in (0.0, np.pi):
            q = self.reach(tool_down(position, yaw + turn), near)
            if q is not None:
                found.append(q)
        return min(found, key=lambda q: float(np.abs(q - near).max()), default=None)

    def line(self, start: Matrix, position: Matrix, step: float = 0.02) -> Matrix | None:
        """A joint path (m, 6) [rad] that carries the tool straight from `start` (6,) to `position` (3,) [m], without turning.

        None where it cannot follow.
        """
        T = self.tool_pose(start)
        count = max(3, int(np.ceil(float(np.linalg.norm(position - T[:3, 3])) / step)) + 1)
        places = T[:3, 3] + np.linspace(0.0, 1.0, count)[1:, None] * (np.asarray(position) - T[:3, 3])
        return self.through(start, [transform(T[:3, :3], place) for place in places])

    def through(self, start: Matrix, poses: Sequence[Matrix]) -> Matrix | None:
        """A joint path (m, 6) [rad] from `start` (6,) through `poses` T_world_tool (4, 4) in turn.

        None where it cannot follow.
        """
        path = [np.asarray(start)]
        for pose in poses:
            q = self._descend(pose, path[-1], "tool")
            if q is None or not _in_branch(q) or np.max(np.abs(q - path[-1])) > 0.6:
                return None
            path.append(q)
        return np.array(path)

    # ── what it would touch ───────────────────────────────────────────────────────────────────────────────────────────
    def hold(self, half: tuple[float, float, float] | None, below: float = 0.0) -> None:
        """What the hand holds, as a box of half sizes [m] whose centre is `below` [m] under the tool point; or nothing.

        Raises ContractError for a box that reaches beyond HELD_LARGEST: it would not be seen.
        """
        model = self._model
        if half is None:
            model.geom_conaffinity[self._held] = 0
            return
        reach = (half[0], half[1], half[2] + abs(below))
        if not all(0.0 < r <= most for r, most in zip(reach, HELD_LARGEST, strict=True)):
            raise ContractError(f"held box: found {half} m, {below} m below the tool; allowed: up to {HELD_LARGEST} m from it")
        model.geom_conaffinity[self._held] = 1
        model.geom_size[self._held] = half
        model.geom_pos[self._held] = (0.0, 0.0, ur5e.GRIPPER.tool_offset + below)

    def heaped(self, heights: Mapping[str, float]) -> None:
        """Up to which height [m] the bins named in `heights` are full; only what stands over the rim is in the way.

        The others count as not heaped. What seems higher than HEAP_LARGEST over the rim counts as that high. Raises
        ContractError for a place that is no bin.
        """
        unknown = sorted(set(heights) - set(self._rims))
        if unknown:
            raise ContractError(f"heaps: found {unknown}; allowed: {sorted(self._rims)}")
        model = self._model
        for name, rim in self._rims.items():
            over = min(heights.get(name, rim) - rim, HEAP_LARGEST)
            geom = model.geom(_heap(name)).id
            model.geom_contype[geom] = model.geom_conaffinity[geom] = int(over > 0.0)
            model.geom_size[geom, 2] = max(over, 1e-3) / 2
            model.geom_pos[geom, 2] = rim + max(over, 1e-3) / 2

    def over_heaps(self) -> float:
        """The tool's height [m] at which what is held, or the empty hand, passes over every heap; 0 without heaps."""
        model = self._model
        heaps = [model.geom(_heap(name)).id for name in self._rims]
        tops = [model.geom_pos[g, 2] + model.geom_size[g, 2] for g in heaps if model.geom_contype[g]]
        if not tops:
            return 0.0
        hangs = model.geom_pos[self._held, 2] - ur5e.GRIPPER.tool_offset + model.geom_size[self._held, 2]
        return float(max(tops)) + 2 * CLEARANCE + (float(hangs) if model.geom_conaffinity[self._held] else 0.0)

    def fingers(self, width: float) -> None:
        """How far the fingers are open [m]; they take up room on the way."""
        self._data.qpos[self._fingers] = width / 2

    def clearance(self, q: Matrix) -> float:
        """How far [m] the arm is from the drawing at `q` (6,) [rad]; CLEARANCE for that and more, below 0 inside it."""
        self._set(q)
        mujoco.mj_collision(self._model, self._data)
        return min((float(c.dist) for c in self._data.contact[: self._data.ncon]), default=CLEARANCE)

    def is_free(self, path: Matrix, clearance: float = CLEARANCE, resolution: float = 0.04) -> bool:
        """Whether the arm, sweeping through the joint path (m, 6) [rad], keeps `clearance` [m] from the drawing."""
        for a, b in zip(path[:-1], path[1:], strict=True):
            count = max(1, int(np.ceil(float(np.max(np.abs(b - a))) / resolution)))
            for s in np.linspace(0.0, 1.0, count, endpoint=False):
                if self.clearance(a + s * (b - a)) < clearance:
                    return False
        return self.clearance(path[-1]) >= clearance

    def _set(self, q: Matrix) -> None:
        self._data.qpos[self._qpos] = q
        mujoco.mj_kinematics(self._model, self._data)

    def _descend(self, T_world_goal: Matrix, guess: Matrix, frame: str) -> Matrix | None:
        """Differential inverse kinematics by mink (quadratic programming), from `guess` until it is close enough."""
        full = self._data.qpos.copy()
        full[self._qpos] = guess
        self._configuration.update(full)
        name, kind = ("tool", "site") if frame == "tool" else ("wrist_lens", "site")
        task = mink.FrameTask(name, kind, position_cost=1.0, orientation_cost=0.3, lm_damping=1e-6)
        task.set_target(mink.SE3.from_matrix(T_world_goal))
        for _ in range(IK_STEPS):
            error = task.compute_error(self._configuration)
            if np.linalg.norm(error[:3]) < POSITION_TOLERANCE and np.linalg.norm(error[3:]) < ANGLE_TOLERANCE:
                return np.array(self._configuration.q[self._qpos])
            velocity = mink.solve_ik(self._configuration, [task], IK_DT, solver="daqp", damping=1e-6, limits=[])
            step = velocity * IK_DT
            largest = float(np.max(np.abs(step)))
            self._configuration.integrate_inplace(velocity * min(1.0, 0.5 / max(largest, 1e-9)), IK_DT)
        return None
