"""The open parcel's walls, where there are none to be seen."""

from __future__ import annotations

import numpy as np
import pytest

from moravec.core.frames import frozen, tool_down
from moravec.core.observation import CameraFrame
from moravec.perception.cloud import cloud
from moravec.perception.parcel import see_parcel
from moravec.worlds.cell import layout

PLACE = layout.workplace().place("parcel")


@pytest.mark.parametrize("height", [PLACE.floor, PLACE.rim + 0.01], ids=["a bare floor", "a lid"])
def test_a_parcel_without_walls_is_not_found(height: float) -> None:
    camera = tool_down([*PLACE.centre, 0.6], 0.0)
    K = np.array([[300.0, 0, 159.5], [0, 300.0, 119.5], [0, 0, 1.0]])
    depth = np.full((240, 320), 0.6 - height, np.float32)
    frame = CameraFrame("wrist", 1, 0.0, np.zeros((240, 320, 3), np.uint8), depth, frozen(K), frozen(camera))
    assert see_parcel(cloud(frame), PLACE) is None
