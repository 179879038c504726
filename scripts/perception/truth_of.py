"""What the simulator knows of a picture: whose pixel it is, and each thing's true upright box. For training and scoring."""

from __future__ import annotations

import cv2
import mujoco
import numpy as np
from numpy.typing import NDArray

from moravec.core.observation import CameraFrame
from moravec.perception.cloud import Floats
from moravec.worlds.render.casting import Caster
from moravec.worlds.render.materials import read_materials

_CIRCLE = np.linspace(0.0, 2.0 * np.pi, 48, endpoint=False)


class Owners:
    """Says whose pixel each one is."""

    def __init__(self, model: mujoco.MjModel, bodies: list[int]) -> None:
        """`bodies` are the things that count."""
        self._model, self._caster, self._around = model, Caster(model), ()
        self._caster.refresh(read_materials(model))
        self._number = np.zeros(model.nbody + 1, np.uint8)
        self._number[bodies] = np.arange(1, len(bodies) + 1)

    def of(self, data: mujoco.MjData, frame: CameraFrame) -> NDArray[np.uint8]:
        """For every pixel (h, w) of the wrist's picture, 1 + the index of the body seen there, 0 for anything else.

        Every second pixel is cast, at the true camera; `frame` gives the intrinsics.
        """
        h, w = frame.size
        u, v = np.meshgrid(np.arange(0, w, 2), np.arange(0, h, 2))
        K = frame.K
        rays = np.stack([(u - K[0, 2]) / K[0, 0], -(v - K[1, 2]) / K[1, 1], -np.ones(u.shape)], axis=-1).reshape(-1, 3)
        camera = self._model.camera(frame.camera).id
        directions = np.ascontiguousarray(rays @ data.cam_xmat[camera].reshape(3, 3).T)
        hits, self._around = self._caster.solid(data, data.cam_xpos[camera].copy(), directions, self._around)
        body_of = np.where(hits.geom >= 0, self._model.geom_bodyid[hits.geom], self._model.nbody)
        small = self._number[body_of].reshape(u.shape)
        return np.ascontiguousarray(cv2.resize(small, (w, h), interpolation=cv2.INTER_NEAREST))


def outline(model: mujoco.MjModel, body: int) -> NDArray[np.float64]:
    """Points (n, 3) [m] in the body's frame whose convex hull is the thing."""
    points = []
    for geom in range(model.body_geomadr[body], model.body_geomadr[body] + model.body_geomnum[body]):
        if model.geom_contype[geom] == 0:
            continue
        a, b, c = model.geom_size[geom]
        kind = model.geom_type[geom]
        if kind == mujoco.mjtGeom.mjGEOM_BOX:
            local = np.array([[i * a, j * b, k * c] for i in (-1, 1) for j in (-1, 1) for k in (-1, 1)])
        elif kind == mujoco.mjtGeom.mjGEOM_CYLINDER:
            ring = np.column_stack([a * np.cos(_CIRCLE), a * np.sin(_CIRCLE)])
            local = np.concatenate([np.column_stack([ring, np.full(len(ring), z)]) for z in (-b, b)])
        elif kind == mujoco.mjtGeom.mjGEOM_SPHERE:
            directions = np.random.default_rng(0).normal(size=(600, 3))
            local = a * directions / np.linalg.norm(directions, axis=1, keepdims=True)
        else:
            mesh = model.geom_dataid[geom]
            start = model.mesh_vertadr[mesh]
            local = model.mesh_vert[start : start + model.mesh_vertnum[mesh]].astype(np.float64)
        rotation = np.zeros(9)
        mujoco.mju_quat2Mat(rotation, model.geom_quat[geom])
        points.append(local @ rotation.reshape(3, 3).T + model.geom_pos[geom])
    return np.concatenate(points)


def true_box(points: NDArray[np.float64], axis: NDArray[np.float64] | None = None) -> tuple[float, ...]:
    """Smallest upright box around world points (n, 3) [m]: x, y, z of its centre, long, short, height [m], yaw [rad].

    With `axis` (3,) the box lies along that, as far as it is level: the least area says nothing about a T.
    """
    flat = np.ascontiguousarray(points[:, :2] * 1e3, dtype=np.float32)
    if axis is not None and np.hypot(*axis[:2]) > 0.5:
        yaw = float(np.arctan2(axis[1], axis[0]))
        turn = np.array([[np.cos(yaw), np.sin(yaw)], [-np.sin(yaw), np.cos(yaw)]])
        local = flat @ turn.T
        a, b = np.ptp(local, axis=0).tolist()
        x, y = ((local.max(axis=0) + local.min(axis=0)) / 2) @ turn
        yaw = yaw if a >= b else yaw + np.pi / 2
    else:
        (x, y), (a, b), angle = cv2.minAreaRect(flat)
        yaw = np.deg2rad(angle if a >= b else angle + 90.0)
    low, high = points[:, 2].min(), points[:, 2].max()
    yaw = float((yaw + np.pi / 2) % np.pi - np.pi / 2)
    return float(x) / 1e3, float(y) / 1e3, float(low + high) / 2, max(a, b) / 1e3, min(a, b) / 1e3, float(high - low), yaw


def packed_depth(depth: Floats) -> NDArray[np.uint16]:
    """Depth [m] in steps of 0.05 mm; 0 where there is none."""
    return np.nan_to_num(np.clip(depth * 20000.0, 0, 65535), nan=0.0).astype(np.uint16)


def unpacked_depth(packed: NDArray[np.uint16]) -> Floats:
    """The inverse of `packed_depth`."""
    depth = packed.astype(np.float32) / np.float32(20000.0)
    depth[packed == 0] = np.nan
    return depth
