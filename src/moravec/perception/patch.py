"""Pictures cut and scaled to metres, as the networks want them: one cell is always the same length on the floor."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from moravec.core.observation import CameraFrame
from moravec.perception.cloud import Cloud, Floats, project
from moravec.perception.region import Region, inside
from moravec.perception.shape import Box

CELL = 0.002  # [m] on the floor, of the segmenter's input
STRIDE = 16  # its sides are whole multiples of this
HEADROOM = 0.03  # [m] things may stand out of the rim by this
HEIGHT_SCALE = 0.1  # [m] of height that makes 1
CROP_CELL = 0.00165  # [m], of the classifier's input
CROP_SIDE = 96  # cells


@dataclass(frozen=True, slots=True)
class Patch:
    """The segmenter's input `data` (5, h, w): red, green, blue, height over the floor, whether inside and seen.

    `left`, `top`, `width`, `height` [px] say which part of the picture it shows; it may reach over the picture's edge.
    """

    data: Floats
    left: int
    top: int
    width: int
    height: int


def region_patch(frame: CameraFrame, view: Cloud, region: Region) -> Patch:
    """The part of `frame` in which things in `region` can appear."""
    corners = _corners(region)
    pixels = project(corners, frame)
    low, high = np.floor(pixels.min(axis=0)) - 2, np.ceil(pixels.max(axis=0)) + 2
    middle = (low + high) / 2
    scale = frame.K[0, 0] / max(float(frame.T_world_camera[2, 3]) - region.floor, 0.05) * CELL  # [px] of one cell
    cells = np.ceil((high - low) / scale / STRIDE).astype(int) * STRIDE
    width, height = np.rint(cells * scale).astype(int)
    left, top = (int(round(float(m - s / 2))) for m, s in zip(middle, (width, height), strict=True))
    z = np.nan_to_num((view.points[..., 2] - region.floor) / HEIGHT_SCALE, nan=0.0).clip(-0.3, 2.0)
    layers = [frame.rgb.astype(np.float32) / 255.0 - 0.5, z[..., None], inside(view, region)[..., None].astype(np.float32)]
    cut = _cut(np.concatenate(layers, axis=2), left, top, width, height)
    return Patch(_shrink(cut, int(cells[0]), int(cells[1])), left, top, int(width), int(height))


def paste(layer: Floats, patch: Patch, size: tuple[int, int], fill: float) -> Floats:
    """A layer (h', w', n) over `patch` carried back to the whole picture (h, w, n); `fill` beside it."""
    big = cv2.resize(layer, (patch.width, patch.height), interpolation=cv2.INTER_LINEAR)
    big = big.reshape(patch.height, patch.width, -1)
    whole = np.full((*size, big.shape[2]), fill, np.float32)
    top, left = max(patch.top, 0), max(patch.left, 0)
    bottom, right = min(patch.top + patch.height, size[0]), min(patch.left + patch.width, size[1])
    if bottom > top and right > left:
        whole[top:bottom, left:right] = big[top - patch.top : bottom - patch.top, left - patch.left : right - patch.left]
    return whole


def item_crop(frame: CameraFrame, view: Cloud, mask: NDArray[np.bool_], box: Box, region: Region) -> Floats:
    """The classifier's input (5, side, side): red, green, blue, height over the floor, mask; long side across."""
    reach = CROP_SIDE * CROP_CELL / 2
    c, s = np.cos(box.yaw) * reach, np.sin(box.yaw) * reach
    centre = np.array(box.centre)
    world = np.array([centre, centre + [c, s, 0.0], centre + [-s, c, 0.0]])
    fine = 2 * CROP_SIDE
    middle = (fine - 1) / 2
    target = np.array([[middle, middle], [middle + fine / 2, middle], [middle, middle + fine / 2]])
    pixels = project(world, frame).astype(np.float32)
    affine = np.asarray(cv2.getAffineTransform(pixels, target.astype(np.float32)), np.float64)
    z = np.nan_to_num((view.points[..., 2] - region.floor) / HEIGHT_SCALE, nan=0.0).clip(-0.3, 2.0)
    rows, columns = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
    margin = 60  # [px] of surroundings that may come into the turned crop
    top, left = max(int(rows[0]) - margin, 0), max(int(columns[0]) - margin, 0)
    part = np.s_[top : int(rows[-1]) + margin, left : int(columns[-1]) + margin]
    layers = [frame.rgb[part].astype(np.float32) / 255.0 - 0.5, z[part][..., None], mask[part][..., None].astype(np.float32)]
    affine[:, 2] += affine[:, :2] @ np.array([left, top], np.float64)
    stacked = np.concatenate(layers, axis=2)
    halves = [cv2.warpAffine(stacked[..., k], affine, (fine, fine), flags=cv2.INTER_LINEAR) for k in (np.s_[:3], np.s_[3:])]
    large = np.concatenate(halves, axis=2, dtype=np.float32)
    return _shrink(large, CROP_SIDE, CROP_SIDE)


def _shrink(layers: Floats, width: int, height: int) -> Floats:
    """`layers` (h, w, 5) averaged down to (5, height, width); OpenCV takes four channels at a time."""
    parts = [cv2.resize(layers[..., k], (width, height), interpolation=cv2.INTER_AREA) for k in (np.s_[:3], np.s_[3:])]
    return np.ascontiguousarray(np.concatenate(parts, axis=2).transpose(2, 0, 1))


def _corners(region: Region) -> NDArray[np.float64]:
    c, s = np.cos(region.yaw), np.sin(region.yaw)
    found = []
    for sx in (-0.5, 0.5):
        for sy in (-0.5, 0.5):
            u, v = sx * region.size[0], sy * region.size[1]
            for z in (region.floor, region.rim + HEADROOM):
                found.append((region.centre[0] + c * u - s * v, region.centre[1] + s * u + c * v, z))
    return np.array(found)


def _cut(layers: Floats, left: int, top: int, width: int, height: int) -> Floats:
    """Rows and columns of `layers` (h, w, n), zero where they reach over the edge."""
    h, w, n = layers.shape
    cut = np.zeros((height, width, n), np.float32)
    y0, x0, y1, x1 = max(top, 0), max(left, 0), min(top + height, h), min(left + width, w)
    if y1 > y0 and x1 > x0:
        cut[y0 - top : y1 - top, x0 - left : x1 - left] = layers[y0:y1, x0:x1]
    return cut
