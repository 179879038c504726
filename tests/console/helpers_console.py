"""A run as the console sees it, without a robot."""

from __future__ import annotations

import numpy as np

from moravec.console.collect import Collector
from moravec.core.frames import frozen
from moravec.core.observation import CameraFrame, RobotState
from moravec.core.verdict import Verdict
from moravec.skills.contract import Note

PASS = Verdict("pass", "joint_velocity", 2, 0.4, 3.14, 2.74, "inside")
LIMIT = Verdict("limit", "joint_velocity", 2, 3.5, 3.14, -0.36, "joint 2 asked for 3.5 rad/s")


def state(t: float, speed: float = 0.4) -> RobotState:
    """The body at `t` [s]."""
    six = frozen(np.full(6, speed * np.sin(t)))
    wrench = frozen([0.0, 3.0, -4.0, 0.0, 0.0, 0.0])
    return RobotState(int(t / 0.002), t, six, six, frozen(np.full(6, 5.0)), 0.05, 12.0, wrench, False)


def frame(t: float, camera: str = "wrist") -> CameraFrame:
    """A picture with some structure."""
    rgb = np.random.default_rng(int(10 * t)).integers(0, 255, (48, 64, 3), dtype=np.uint8)
    return CameraFrame(camera, 1, t, rgb, np.ones((48, 64), np.float32), np.eye(3), np.eye(4))


def step(skill: str, status: str, **more: object) -> Note:
    """One note of a skill on item-1."""
    return Note("skill", {"skill": skill, "args": {"item": "item-1"}, "status": status, **more})


DETECTION = {"box": (10, 12, 30, 34), "colour": "red", "category": "can", "code": "MV-001", "damaged": True, "place": "parcel"}


def play(seen: Collector, seconds: float = 4.0) -> Collector:
    """A short job: a pick that misses, a new plan, a pick that holds."""
    steps = [{"skill": "pick", "args": {"item": "item-1"}}, {"skill": "stow", "args": {"item": "item-1"}}]
    seen.noted(0.0, Note("plan", {"steps": steps}))
    seen.noted(0.0, Note("inventory", {"items": [{"id": "item-1", "category": "can", "colour": "red", "location": "parcel"}]}))
    for i in range(int(seconds / 0.002)):
        t = i * 0.002
        if i == 100:
            seen.noted(t, step("pick", "started"))
            seen.framed(frame(t))
            seen.noted(t, Note("seen", {"detections": [DETECTION]}, frame(t)))
        if i == 700:
            seen.noted(t, step("pick", "failed", code="missed", message="the fingers closed on nothing"))
            seen.noted(t, Note("surprise", {"what": "pick missed -> retry", "replans": 1}))
            seen.noted(t, Note("plan", {"steps": steps}))
            seen.noted(t, step("pick", "started"))
        if i == 1500:
            seen.noted(t, step("pick", "succeeded", code="ok"))
        seen.ticked(t, state(t), LIMIT if 900 <= i < 920 else PASS)
    return seen
