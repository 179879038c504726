"""How high things stand, on a level grid."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from moravec.core.errors import BadInput
from moravec.core.observation import CameraFrame
from moravec.perception.cloud import Cloud, Floats, cloud

_STEP = 1e-4  # [m] heights are sorted in steps this fine
_BITS = 15  # of one sorted height: a span of 3.2 m
_LOWEST = -1.0  # [m]
_MAX_CELLS = 4_000_000


@dataclass(frozen=True, slots=True)
class HeightMap:
    """Heights [m] over a level rectangle, in the world frame.

    Cell (row i, column j) of `heights` (ny, nx) is centred at local y = (i + 1/2) resolution - size[1]/2 and local
    x = (j + 1/2) resolution - size[0]/2; the local axes are the world's turned by `yaw` about `centre`. NaN: not seen.
    """

    heights: Floats
    centre: tuple[float, float]  # [m]
    size: tuple[float, float]  # along local x and y [m]
    resolution: float  # [m]
    yaw: float  # [rad]

    def local(self, x: NDArray[np.floating], y: NDArray[np.floating]) -> tuple[NDArray[np.floating], NDArray[np.floating]]:
        """World coordinates [m] in the rectangle's own axes [m]."""
        c, s = np.cos(self.yaw), np.sin(self.yaw)
        dx, dy = np.asarray(x) - self.centre[0], np.asarray(y) - self.centre[1]
        return c * dx + s * dy, c * dy - s * dx

    def world(self, row: NDArray[np.floating], column: NDArray[np.floating]) -> tuple[NDArray[np.floating], NDArray[np.floating]]:
        """World x, y [m] of cells given by (fractional) `row` and `column`."""
        u = (np.asarray(column) + 0.5) * self.resolution - self.size[0] / 2
        v = (np.asarray(row) + 0.5) * self.resolution - self.size[1] / 2
        c, s = np.cos(self.yaw), np.sin(self.yaw)
        return self.centre[0] + c * u - s * v, self.centre[1] + s * u + c * v

    def at(self, x: float, y: float) -> float:
        """Height [m] at the world point (x, y) [m]; NaN outside and where nothing was seen."""
        u, v = self.local(np.array(x), np.array(y))
        row = int(np.floor((float(v) + self.size[1] / 2) / self.resolution))
        column = int(np.floor((float(u) + self.size[0] / 2) / self.resolution))
        ny, nx = self.heights.shape
        return float(self.heights[row, column]) if 0 <= row < ny and 0 <= column < nx else float("nan")


def height_map(
    frame: CameraFrame | Cloud,
    centre: tuple[float, float],
    size: tuple[float, float],
    resolution: float = 0.002,
    yaw: float = 0.0,
) -> HeightMap:
    """The median height in every cell of a level rectangle: `centre`, `size` (along its own axes), `resolution` [m].

    `yaw` [rad] turns the rectangle. The robot's own fingers are left out. Raises BadInput for a size or resolution that
    makes no grid.
    """
    if not (resolution > 0.0 and min(size) > 0.0 and size[0] * size[1] / resolution**2 <= _MAX_CELLS):
        raise BadInput("a height map", f"size {size} at {resolution} m", f"above 0 m, at most {_MAX_CELLS} cells")
    nx, ny = (max(1, int(round(s / resolution))) for s in size)
    source = frame if isinstance(frame, Cloud) else cloud(frame)
    grid = HeightMap(np.full((ny, nx), np.nan, np.float32), centre, size, resolution, yaw)
    x, y, z = (source.points[..., axis][source.seen] for axis in range(3))
    u, v = grid.local(x, y)
    column = np.floor((u + size[0] / 2) / resolution).astype(np.int64)
    row = np.floor((v + size[1] / 2) / resolution).astype(np.int64)
    level = np.rint((z - _LOWEST) / _STEP).astype(np.int64)
    inside = (column >= 0) & (column < nx) & (row >= 0) & (row < ny) & (level >= 0) & (level < 1 << _BITS)
    # One sort puts every cell's heights side by side and in order, so the middle one is its median.
    key = np.sort(((row * nx + column)[inside] << _BITS) | level[inside])
    cell = key >> _BITS
    starts = np.flatnonzero(np.diff(cell, prepend=-1))
    ends = np.append(starts[1:], len(cell))
    middle = (starts + ends) // 2
    if len(starts):
        grid.heights.ravel()[cell[starts]] = (key[middle] & ((1 << _BITS) - 1)) * _STEP + _LOWEST
    grid.heights.setflags(write=False)
    return grid
