"""Reading print."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from moravec.perception.describe import code_on
from moravec.perception.markers import read_codes, read_markers


def printed(dictionary: int, number: int, side: int, at: tuple[int, int], size: tuple[int, int] = (240, 320)) -> np.ndarray:
    """A grey picture with one marker whose black part is `side` pixels wide and starts at `at` (left, top)."""
    picture = np.full(size, 150, np.uint8)
    x, y = at
    picture[y - side // 6 : y + side + side // 6, x - side // 6 : x + side + side // 6] = 255
    known = cv2.aruco.getPredefinedDictionary(dictionary)
    picture[y : y + side, x : x + side] = cv2.aruco.generateImageMarker(known, number, side)
    return picture


@pytest.mark.parametrize("number", [0, 5, 49])
def test_a_label_is_read_and_found(number: int) -> None:
    found = read_markers(printed(cv2.aruco.DICT_4X4_50, number, 36, (100, 60)), cv2.aruco.DICT_4X4_50)
    assert list(found) == [number]
    assert found[number].mean(axis=0) == pytest.approx([117.5, 77.5], abs=0.6)


def test_no_print_no_label() -> None:
    grey = np.random.default_rng(0).integers(0, 255, (240, 320)).astype(np.uint8)
    assert read_markers(grey, cv2.aruco.DICT_4X4_50, (1.0,)) == {}


def test_codes_are_named_and_placed_in_the_whole_picture() -> None:
    grey = printed(cv2.aruco.DICT_APRILTAG_36h11, 17, 40, (200, 100))
    rgb = np.repeat(grey[..., None], 3, axis=2)
    codes = read_codes(rgb, (150, 60, 300, 200))
    assert [text for text, _ in codes] == ["MV-017"]
    assert codes[0][1].mean(axis=0) == pytest.approx([219.5, 119.5], abs=0.8)
    mask = np.zeros(grey.shape, bool)
    mask[90:150, 190:250] = True
    assert code_on(mask, codes) == "MV-017"
    assert code_on(~mask, codes) is None
    assert read_codes(rgb, (0, 0, 100, 100)) == []


def test_the_larger_of_two_codes_counts() -> None:
    small, large = np.array([[0, 0], [9, 0], [9, 9], [0, 9.0]]) + 20, np.array([[0, 0], [20, 0], [20, 20], [0, 20.0]]) + 40
    mask = np.ones((100, 100), bool)
    assert code_on(mask, [("MV-001", small), ("MV-002", large)]) == "MV-002"
    assert code_on(mask, [("MV-002", large), ("MV-001", small)]) == "MV-002"
