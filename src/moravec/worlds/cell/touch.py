"""Which fingers touch what, by the simulator's contacts."""

from __future__ import annotations

import mujoco


def fingers_of(model: mujoco.MjModel) -> set[int]:
    """The geoms of the two pads."""
    return {model.geom(f"pad_{side}").id for side in ("left", "right")}


def touching(model: mujoco.MjModel, data: mujoco.MjData, fingers: set[int], body: int) -> set[int]:
    """Those of `fingers` that touch `body`; both of them hold it."""
    found = set()
    for contact in data.contact[: data.ncon]:
        g1, g2 = int(contact.geom1), int(contact.geom2)
        for finger, other in ((g1, g2), (g2, g1)):
            if finger in fingers and model.geom_bodyid[other] == body:
                found.add(finger)
    return found
