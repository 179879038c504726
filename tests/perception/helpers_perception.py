"""Pictures for the tests: drawn by hand, or taken in the simulated cell."""

from __future__ import annotations

import mujoco
import numpy as np

from moravec.core.frames import tool_down, transform
from moravec.core.observation import CameraFrame
from moravec.robots.ur5e.kinematics import JOINTS
from moravec.skills.arm import Arm
from moravec.worlds.cell import layout
from moravec.worlds.cell.config import CellConfig
from moravec.worlds.cell.world import Cell

LOOKING_DOWN = np.diag([1.0, -1.0, -1.0])  # camera x along world x, its z down
OUT_OF_SIGHT = (-2.6, -2.6, -0.5, 1.0, 0.0, 0.0, 0.0)


def drawn_frame(heights: np.ndarray, lens: float = 0.5, focal: float = 400.0, camera: str = "wrist") -> CameraFrame:
    """A frame straight down from (0, 0, lens) [m]; pixel (v, u) shows a surface `heights[v, u]` [m] high, NaN for a hole."""
    h, w = heights.shape
    K = np.array([[focal, 0, (w - 1) / 2], [0, focal, (h - 1) / 2], [0, 0, 1.0]])
    rgb = np.full((h, w, 3), 128, np.uint8)
    return CameraFrame(camera, 0, 0.0, rgb, (lens - heights).astype(np.float32), K, transform(LOOKING_DOWN, (0, 0, lens)))


_ARM = Arm(layout.workplace())
_POSTS: dict[str, np.ndarray] = {}


def post(view: str) -> np.ndarray:
    """Joint positions (6,) [rad] for the wrist camera's post `view`."""
    if view not in _POSTS:
        x, y, z, yaw = dict(layout.VIEWS)[view]
        q = _ARM.reach(tool_down([x, y, z], yaw), np.array(layout.HOME_Q), "camera")
        assert q is not None, view
        _POSTS[view] = q
    return _POSTS[view]


class Stage:
    """One cell with its lid off, whose things and camera are put where a test wants them."""

    def __init__(self, seed: int, renderer: str, **more: object) -> None:
        self.cell = Cell(CellConfig(seed=seed, renderer=renderer, **more))  # type: ignore[arg-type]
        self.workplace = self.cell.workplace

    def put(self, joint: str, pose: tuple[float, ...]) -> None:
        """Sets a free joint's position [m] and quaternion."""
        start = int(self.cell.model.joint(joint).qposadr[0])
        self.cell.data.qpos[start : start + 7] = pose

    def open(self) -> None:
        """Lays the lid on its rest."""
        self.put("lid", (*layout.LID_REST_CENTRE, 0.009, 1.0, 0.0, 0.0, 0.0))

    def stand_at(self, x: float, y: float) -> None:
        """Where the passer-by stands [m]."""
        self.cell.data.joint("person_x").qpos, self.cell.data.joint("person_y").qpos = x, y

    def look(self, view: str) -> CameraFrame:
        """The wrist camera's picture from a post; "overhead" is that camera's, with the arm at home."""
        q = layout.HOME_Q if view == "overhead" else post(view)
        for name, value in zip(JOINTS, q, strict=True):
            self.cell.data.joint(name).qpos = value
        mujoco.mj_forward(self.cell.model, self.cell.data)
        return self.cell.frame("overhead" if view == "overhead" else "wrist")

    def pose(self, body: str) -> tuple[np.ndarray, float]:
        """A body's position (3,) [m] and yaw [rad]."""
        mujoco.mj_forward(self.cell.model, self.cell.data)
        found = self.cell.data.body(body)
        return found.xpos.copy(), float(2 * np.arctan2(found.xquat[3], found.xquat[0]))

    def show_on_station(self, name: str, up: float) -> CameraFrame:
        """Only the thing `name`, upright on the station, its origin `up` [m] above the plate; looked at from its post."""
        for item in self.cell.items:
            self.put(item.name, OUT_OF_SIGHT)
        x, y = layout.STATION_CENTRE
        self.put(name, (x, y, layout.STATION_HEIGHT + up, 1.0, 0.0, 0.0, 0.0))
        return self.look("station")
