"""Printed markers: the labels of bins and the codes of things."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from moravec.core.observation import CameraFrame
from moravec.core.workplace import Place, Workplace
from moravec.perception.cloud import on_plane, project

Corners = NDArray[np.float64]  # (4, 2) [px]
Code = tuple[str, Corners]  # what is printed, and where

LEDGE = 0.07  # [m] a label lies at most this far in front of its bin's opening
HEIGHT_SLACK = 0.03  # [m]
CODE_FORM = "MV-{:03d}"
FROM_AFAR = (1.5, 2.0, 2.5, 3.0, 4.0)  # one or another reads a label that is a dozen pixels wide
_SCALES = (2.0, 1.0, 3.0)  # small print is easier to read enlarged


def read_markers(grey: NDArray[np.uint8], dictionary: int, scales: Sequence[float] = _SCALES) -> dict[int, Corners]:
    """Markers of an OpenCV `dictionary` in a grey picture (h, w): number -> corners (4, 2) [px]."""
    found: dict[int, Corners] = {}
    parameters = cv2.aruco.DetectorParameters()
    parameters.cornerRefinementMethod = cv2.aruco.CORNER_REFINE_SUBPIX
    parameters.minMarkerPerimeterRate = 0.01
    detector = cv2.aruco.ArucoDetector(cv2.aruco.getPredefinedDictionary(dictionary), parameters)
    for scale in scales:
        big = cv2.resize(grey, None, fx=scale, fy=scale, interpolation=cv2.INTER_CUBIC) if scale != 1.0 else grey
        corners, numbers, _ = detector.detectMarkers(big)
        for corner, number in zip(corners, [] if numbers is None else numbers.ravel().tolist(), strict=True):
            # Resizing maps pixel centres by (u + 1/2) s - 1/2.
            found.setdefault(int(number), (corner.reshape(4, 2).astype(np.float64) + 0.5) / scale - 0.5)
    return found


def read_labels(frames: Sequence[CameraFrame], workplace: Workplace) -> dict[str, str]:
    """Bin place name -> label, for every bin whose label is seen on the ledge in front of it.

    A bin whose label is read differently in two pictures goes to the reading that lies nearest to its ledge's middle.
    """
    best: dict[str, tuple[float, str]] = {}
    for frame in frames:
        grey = cv2.cvtColor(frame.rgb, cv2.COLOR_RGB2GRAY).astype(np.uint8)
        for number, corners in read_markers(grey, cv2.aruco.DICT_4X4_50, (1.0, 2.0)).items():
            if not 0 <= number < len(workplace.labels):
                continue
            match = _ledge(corners, frame, workplace)
            if match is not None and (match[0].name not in best or match[1] < best[match[0].name][0]):
                best[match[0].name] = (match[1], workplace.labels[number])
    return {name: label for name, (_, label) in sorted(best.items())}


def read_labels_from_above(frame: CameraFrame, workplace: Workplace) -> dict[str, str]:
    """The same from afar, from one picture of the overhead camera; of a label of a dozen pixels not every one can be read."""
    ways = np.array([(-1, -1), (-1, 1), (1, -1), (1, 1)])
    edges = np.vstack([np.c_[np.array(p.centre) + ways * p.size, np.full(4, p.rim)] for p in workplace.of_kind("bin")])
    pixels, (h, w) = project(edges, frame), frame.size
    left, top = np.clip(np.floor(pixels.min(axis=0)), 0, (w - 1, h - 1)).astype(int)
    right, bottom = np.clip(np.ceil(pixels.max(axis=0)) + 1, (left + 1, top + 1), (w, h)).astype(int)
    grey = cv2.cvtColor(np.ascontiguousarray(frame.rgb[top:bottom, left:right]), cv2.COLOR_RGB2GRAY).astype(np.uint8)
    found = read_markers(grey, cv2.aruco.DICT_4X4_50, FROM_AFAR)
    places = {n: _ledge(corners + (left, top), frame, workplace) for n, corners in found.items() if n < len(workplace.labels)}
    return {match[0].name: workplace.labels[number] for number, match in places.items() if match is not None}


def _ledge(corners: Corners, frame: CameraFrame, workplace: Workplace) -> tuple[Place, float] | None:
    """The bin in front of which the marker lies, and how far [m] it is from the middle of that bin's ledge."""
    u, v = (int(round(float(c))) for c in corners.mean(axis=0))
    h, w = frame.size
    patch = frame.depth[max(v - 6, 0) : min(v + 7, h), max(u - 6, 0) : min(u + 7, w)]
    if not np.isfinite(patch).any():
        return None
    depth = float(np.nanmedian(patch))
    found: tuple[Place, float] | None = None
    for place in workplace.of_kind("bin"):
        x, y, z = on_plane(corners.mean(axis=0)[None], place.rim, frame)[0]
        local = (np.array([x, y, z]) - frame.T_world_camera[:3, 3]) @ frame.T_world_camera[:3, :3]
        front = place.centre[1] - place.size[1] / 2 - y
        aside = abs(x - place.centre[0])
        if abs(local[2] - depth) < HEIGHT_SLACK and 0.0 < front < LEDGE and aside < place.size[0] / 2:
            distance = float(np.hypot(aside, front - LEDGE / 2))
            if found is None or distance < found[1]:
                found = place, distance
    return found


def read_codes(rgb: NDArray[np.uint8], box: tuple[int, int, int, int]) -> list[Code]:
    """AprilTags 36h11 inside `box` (left, top, right, bottom) [px]: their codes and corners (4, 2) [px] in the picture."""
    left, top, right, bottom = box
    grey = cv2.cvtColor(np.ascontiguousarray(rgb[top:bottom, left:right]), cv2.COLOR_RGB2GRAY).astype(np.uint8)
    found = read_markers(grey, cv2.aruco.DICT_APRILTAG_36h11)
    return [(CODE_FORM.format(number), corners + (left, top)) for number, corners in found.items()]
