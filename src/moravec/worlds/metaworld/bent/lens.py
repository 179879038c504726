"""What a camera of lesser quality makes of a picture, and where it stands instead."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from moravec.core.frames import Matrix
from moravec.worlds.metaworld.bent.conditions import Camera, Sensor

MIDDLE = np.array([0.0, 0.65, 0.1])  # [m] of where things lie on the table, in the world's frame
USUAL = 256.0  # [px] of the picture that lengths are given for
FOG = 190.0  # counts


def moved(position: Matrix, rotation: Matrix, camera: Camera, sides: Matrix) -> tuple[Matrix, Matrix]:
    """The camera's `position` (3,) [m] and `rotation` (3, 3), columns right, up and backwards, both in the world's frame, bent to
    `sides` (3,), each -1 or 1: of orbit, lift and roll."""
    orbit, lift, roll = sides * (camera.orbit, camera.lift, camera.roll)
    away = position - MIDDLE
    turn = _about(np.array([0.0, 0.0, 1.0]), orbit)
    level = np.cross(turn @ away, [0.0, 0.0, 1.0])
    turn = _about(level / np.linalg.norm(level), lift) @ turn
    return MIDDLE + camera.distance * (turn @ away), turn @ rotation @ _about(np.array([0.0, 0.0, 1.0]), roll)


def seen(picture: NDArray[np.uint8], sensor: Sensor, angle: float, rng: np.random.Generator) -> NDArray[np.uint8]:
    """`picture` (h, w, 3) through the sensor; what is smeared goes in the direction `angle` [rad]."""
    found, scale = picture.astype(np.float32), picture.shape[0] / USUAL
    if sensor.fog > 0.0:
        found += sensor.fog * (FOG - found)
    if sensor.blur > 0.0:
        found = cv2.GaussianBlur(found, (0, 0), sensor.blur * scale)
    if sensor.smear > 0.0:
        found = cv2.filter2D(found, -1, _line(sensor.smear * scale, angle))
    if sensor.noise > 0.0:
        found = found + sensor.noise * rng.standard_normal(found.shape, np.float32)
    return np.asarray(np.clip(np.rint(found), 0.0, 255.0), np.uint8)


def _line(length: float, angle: float) -> NDArray[np.float32]:
    """The kernel of a point that is drawn out over `length` [px]."""
    half = int(np.ceil(length / 2.0))
    kernel = np.zeros((2 * half + 1, 2 * half + 1), np.float32)
    steps = np.linspace(-length / 2.0, length / 2.0, 8 * half + 1)
    x, y = (np.rint(half + steps * of).astype(int) for of in (np.cos(angle), np.sin(angle)))
    np.add.at(kernel, (y, x), 1.0)
    return kernel / kernel.sum()


def _about(axis: Matrix, angle: float) -> Matrix:
    """The rotation (3, 3) by `angle` [rad] about the unit vector `axis` (Rodrigues)."""
    x, y, z = axis
    cross = np.array([[0.0, -z, y], [z, 0.0, -x], [-y, x, 0.0]])
    turned: Matrix = np.eye(3) + np.sin(angle) * cross + (1.0 - np.cos(angle)) * cross @ cross
    return turned
