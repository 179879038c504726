"""Cells under conditions, of which only the pictures are wanted."""

from __future__ import annotations

import functools

import mujoco
import numpy as np

from moravec.core.observation import CameraFrame
from moravec.worlds.cell.conditions.conditions import Conditions
from moravec.worlds.cell.config import CellConfig
from moravec.worlds.cell.world import Cell
from moravec.worlds.render.camera import camera_pose, pixel_rays

IMAGE = (120, 160)  # [px]


def cell_under(*texts: str, renderer: str = "rays", image: tuple[int, int] = IMAGE) -> Cell:
    """One delivery of one thing, with conditions as they are written."""
    return Cell(CellConfig(seed=1, items=1, image=image, renderer=renderer, conditions=Conditions.parse(texts)))


@functools.cache
def frame_under(*texts: str, camera: str = "overhead", renderer: str = "rays") -> CameraFrame:
    """The first picture of `camera` under conditions."""
    cell = cell_under(*texts, renderer=renderer)
    try:
        return cell.frame(camera)
    finally:
        cell.close()


def at(cell: Cell, t: float) -> Cell:
    """The cell, whose clock shows `t` [s]; nothing has moved."""
    cell.data.time = t
    return cell


def lens(cell: Cell, camera: str) -> np.ndarray:
    """T_world_camera (4, 4) of where `camera` really is."""
    mujoco.mj_forward(cell.model, cell.data)
    return np.asarray(camera_pose(cell.model, cell.data, camera))


def points(frame: CameraFrame, T_world_camera: np.ndarray) -> np.ndarray:
    """What the depth shows (h, w, 3) [m] in the world, for a camera that stands there."""
    rays = pixel_rays(frame.K, *frame.size).reshape(*frame.size, 3)
    return np.asarray((rays * frame.depth[:, :, None]) @ T_world_camera[:3, :3].T + T_world_camera[:3, 3])
