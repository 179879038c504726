"""What every renderer draws and what it leaves out."""

from __future__ import annotations

from typing import Literal

import mujoco
import numpy as np

Quality = Literal["sensor", "pretty"]
QUALITIES: tuple[Quality, ...] = ("sensor", "pretty")
VISIBLE_GROUPS = 3  # geom groups 0 to 2 are seen; 3 to 5 are for collision


def visible_options() -> mujoco.MjvOption:
    """Geoms of the visible groups and nothing that a camera could not see: no sites, tendons, joints or contacts."""
    options = mujoco.MjvOption()
    options.geomgroup[:] = np.arange(6) < VISIBLE_GROUPS
    for groups in (options.sitegroup, options.jointgroup, options.tendongroup, options.actuatorgroup):
        groups[:] = 0
    for flag in (mujoco.mjtVisFlag.mjVIS_RANGEFINDER, mujoco.mjtVisFlag.mjVIS_CONTACTPOINT):
        options.flags[flag] = False
    return options
