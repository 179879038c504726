"""Where the parcel stands, and its lid."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from moravec.core.frames import wrap_angle
from moravec.core.observation import CameraFrame
from moravec.core.workplace import Place
from moravec.perception.cloud import Cloud, Mask, cloud, depth_sigma

SEARCH = 0.035  # [m] how far from the drawing a wall may stand
STRIP = 0.01  # [m] the walls are measured in strips this wide
MIN_STRIPS = 8  # per wall
HANDLE_RISE = (0.025, 0.065)  # [m] how far the handle's top stands above the lid's plate
HANDLE_LONG = (0.06, 0.125)  # [m]
HANDLE_SHORT = (0.012, 0.052)  # [m]
TALLEST = 0.10  # [m] no handle stands higher above the place's rim
RING = (0.018, 0.006)  # [m] how far round the handle its plate is looked at, and from where on
DARK = 75  # grey level under which the handle's rubber lies
BROWN = 12  # red over blue [counts of 255]
FLAT = 0.010  # [m] the plate around the handle is this flat
FLAT_SHARE = 0.75  # of what surrounds the handle
RIM_SLACK = 0.018  # [m] the plate lies this near the rim when the lid is on


@dataclass(frozen=True, slots=True)
class LidSeen:
    """A lid. `handle` (3,) [m] is the middle of its handle's top face in the world, `yaw` [rad] the direction of the
    handle's long side in [-pi/2, pi/2), `closed` whether the lid lies on the rim of the place that was asked about."""

    handle: tuple[float, float, float]
    yaw: float
    closed: bool


def see_parcel(view: Cloud, place: Place) -> tuple[float, float, float] | None:
    """Pose (x, y [m], yaw [rad]) of an open parcel, from the inner faces of its walls.

    None where fewer than three walls can be measured, as under a lid.
    """
    samples, normals, reaches = _wall_samples(view, place)
    if len({tuple(n) for n in normals.tolist()}) < 3:
        return None
    pose = np.array([*place.centre, 0.0])
    for step in range(12):
        # Each sample says: its distance from the centre, along its wall's normal, is half the parcel's inner size.
        c, s = np.cos(pose[2]), np.sin(pose[2])
        turned = np.column_stack([c * normals[:, 0] - s * normals[:, 1], s * normals[:, 0] + c * normals[:, 1]])
        arm = samples - pose[:2]
        residual = reaches - np.einsum("ij,ij->i", turned, arm)
        jacobian = np.column_stack([-turned, turned[:, 0] * arm[:, 1] - turned[:, 1] * arm[:, 0]])
        scale = 0.01 if step < 4 else 0.002  # [m] Cauchy's; first coarse, then fine
        weight = 1.0 / (1.0 + (residual / scale) ** 2)
        normal = jacobian.T @ (weight[:, None] * jacobian) + 1e-9 * np.eye(3)
        pose = pose + np.linalg.solve(normal, jacobian.T @ (weight * residual))
    if abs(pose[2]) > 0.2 or np.hypot(*(pose[:2] - place.centre)) > SEARCH:
        return None
    return float(pose[0]), float(pose[1]), float(pose[2])


def _wall_samples(view: Cloud, place: Place) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """Points (n, 2) [m] on the walls' inner faces, the walls' outward normals (n, 2) and half sizes (n,) [m]."""
    points = view.points[view.seen]
    faces = points[(points[:, 2] > place.floor + 0.02) & (points[:, 2] < place.rim - 0.012)].astype(np.float64)
    samples, normals, reaches = [], [], []
    for axis in (0, 1):
        half, half_along = place.size[axis] / 2, place.size[1 - axis] / 2
        for sign in (1.0, -1.0):
            out = sign * (faces[:, axis] - place.centre[axis])
            along = faces[:, 1 - axis] - place.centre[1 - axis]
            near = (np.abs(out - half) < SEARCH) & (np.abs(along) < half_along - 0.02)
            strip = np.floor(along[near] / STRIP).astype(int)
            order = np.argsort(strip, kind="stable")
            strips, starts = np.unique(strip[order], return_index=True)
            rows_of = np.split(out[near][order], starts[1:]) if len(strips) else []
            found = []
            for k, rows in zip(strips, rows_of, strict=True):
                if len(rows) >= 8:  # things lean against the wall from inside: the wall is the outer part
                    found.append((np.percentile(rows, 75), (k + 0.5) * STRIP))
            if len(found) < MIN_STRIPS:
                continue
            normal = np.zeros(2)
            normal[axis] = sign
            for reach, at in found:
                point = np.array(place.centre, dtype=np.float64)
                point[axis] += sign * reach
                point[1 - axis] += at
                samples.append(point)
                normals.append(normal)
                reaches.append(half)
    return np.reshape(samples, (-1, 2)), np.reshape(normals, (-1, 2)), np.array(reaches)


def see_lid(frame: CameraFrame, place: Place) -> LidSeen | None:
    """The lid at `place`, found by its dark, raised, oblong handle; None where there is no such handle."""
    view = cloud(frame)
    low = np.nan_to_num(view.points[..., 2], nan=np.inf) < place.rim + TALLEST  # the arm is dark too
    inside = _inside(view, place, 0.02) & low
    grey = cv2.cvtColor(frame.rgb, cv2.COLOR_RGB2GRAY)
    brown = frame.rgb[..., 0].astype(np.int16) - frame.rgb[..., 2] > BROWN  # cardboard in the dark
    dark = cv2.morphologyEx((inside & (grey < DARK) & ~brown).astype(np.uint8), cv2.MORPH_OPEN, np.ones((3, 3), np.uint8))
    count, marks = cv2.connectedComponents(dark)
    best: LidSeen | None = None
    for mark in range(1, count):
        seen = _as_handle(frame, view, marks == mark, place)
        if seen is not None and (best is None or _distance(seen, place) < _distance(best, place)):
            best = seen
    return best


def _distance(seen: LidSeen, place: Place) -> float:
    return float(np.hypot(seen.handle[0] - place.centre[0], seen.handle[1] - place.centre[1]))


def _inside(view: Cloud, place: Place, margin: float) -> Mask:
    x, y = view.points[..., 0], view.points[..., 1]
    inside: Mask = (np.abs(x - place.centre[0]) < place.size[0] / 2 + margin) & (
        np.abs(y - place.centre[1]) < place.size[1] / 2 + margin
    )
    return inside & view.seen


def _grown(mask: Mask, by: int) -> Mask:
    """`mask` with everything within `by` pixels of it."""
    return np.asarray(cv2.dilate(mask.astype(np.uint8), np.ones((2 * by + 1, 2 * by + 1), np.uint8)), bool)


def _as_handle(frame: CameraFrame, view: Cloud, mask: Mask, place: Place) -> LidSeen | None:
    """The dark patch `mask` as a lid's handle, if its size and its height over what surrounds it fit."""
    if mask.sum() < 40:
        return None
    z = view.points[..., 2]
    lens = float(frame.T_world_camera[2, 3])
    distance = lens - float(np.median(z[mask]))
    reach, gap = (max(2, round(size * float(frame.K[0, 0]) / distance)) for size in RING)
    ring = _grown(mask, reach) & ~_grown(mask, gap) & view.seen
    if ring.sum() < 40:
        return None
    plate, flat = float(np.median(z[ring])), FLAT + depth_sigma(distance)
    if np.mean(np.abs(z[ring] - plate) < flat) < FLAT_SHARE or plate > place.rim + RIM_SLACK + flat:
        return None
    top_points = view.points[mask & (z > plate + 0.6 * HANDLE_RISE[0])]
    if len(top_points) < 30:
        return None
    top = float(np.percentile(top_points[:, 2], 70))
    top_points = top_points[np.abs(top_points[:, 2] - top) < flat + depth_sigma(distance)]
    if not HANDLE_RISE[0] < top - plate < HANDLE_RISE[1] or len(top_points) < 20:
        return None
    (x, y), (a, b), angle = cv2.minAreaRect(np.ascontiguousarray(top_points[:, :2] * 1e3))
    long, short = max(a, b) / 1e3, min(a, b) / 1e3
    if not (HANDLE_LONG[0] < long < HANDLE_LONG[1] and HANDLE_SHORT[0] < short < HANDLE_SHORT[1]):
        return None
    yaw = wrap_angle(float(np.deg2rad(angle if a >= b else angle + 90.0)), np.pi)
    closed = place.kind == "parcel" and abs(plate - place.rim) < RIM_SLACK
    return LidSeen((x / 1e3, y / 1e3, top), yaw, closed)
