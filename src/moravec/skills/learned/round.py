"""One round of an errand: a picture, what the pilot makes of it, and which part of it is to be done."""

from __future__ import annotations

import math
from collections.abc import Generator
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np

from moravec.core.errors import MoravecError
from moravec.core.observation import CameraFrame
from moravec.models.contract import PolicyChunk, PolicyInput, check_chunk
from moravec.skills.context import SkillContext
from moravec.skills.contract import Capture, Compute, Note, Request
from moravec.skills.learned.crop import CAMERA, crop
from moravec.skills.learned.errand import Errand
from moravec.skills.learned.pilot import SPEC, Moment, Pilot
from moravec.skills.learned.waypoints import Pose, absolute, in_tool, pose_of
from moravec.skills.moves import fail

EXECUTE = 2  # waypoints of a chunk that are carried out before the next look


@dataclass(frozen=True, slots=True)
class Round:
    """What was seen, and the pilot's answer to it as poses in the world."""

    moment: Moment
    way: tuple[Pose, ...]
    made: float  # [s], when the answer came
    novelty: float  # 0: nothing new, 1: never seen, or the pilot does not say

    @property
    def end(self) -> int | None:
        """The first waypoint at which the fingers are to close, or to open."""
        return next((i for i, pose in enumerate(self.way) if self.moment.errand.ends(pose)), None)

    def first(self, count: int) -> tuple[tuple[Pose, ...], bool]:
        """The next `count` waypoints, those after the ending one left out, and whether it is among them."""
        end = self.end
        ends = end is not None and end < count
        return self.way[: min(count, end + 1) if end is not None else count], ends


def look_and_ask(context: SkillContext, errand: Errand, pilot: Pilot) -> Generator[Request, Any, Round]:
    """A look from where the hand is, and the pilot's answer. Fails by the errand's code where it gives none that can be used."""
    frame: CameraFrame = (yield Capture(("wrist",)))["wrist"]
    hand = pose_of(context.arm.tool_pose(context.posture()), context.state().grip_width)
    moment = moment_of(errand, frame, hand)
    try:
        chunk: PolicyChunk = yield Compute(partial(_answer, pilot, moment), "pilot")
    except MoravecError as error:
        fail(errand.manner.codes[0], f"the pilot has no answer: {error}")
    way = tuple(absolute(hand, chunk.actions))
    confidence = chunk.confidence if math.isfinite(chunk.confidence) else 0.0
    seen = Round(moment, way, context.now(), 1.0 - min(max(confidence, 0.0), 1.0))
    yield Note("pilot", {
        "asked": moment.seen.prompt, "state": [round(float(v), 5) for v in moment.seen.state], "confidence": confidence,
        "waypoints": np.round(chunk.actions, 4).tolist(),
    })  # fmt: skip
    return seen


def moment_of(errand: Errand, frame: CameraFrame, hand: Pose) -> Moment:
    """What a policy is shown of `frame`, the hand being at `hand`."""
    aside = in_tool(hand, np.subtract(hand.position, errand.anchor).tolist())
    state = np.array([*aside[:2], hand.position[2] - errand.ground, hand.opening], np.float32)
    picture = crop(frame, errand.anchor).picture
    return Moment(PolicyInput(frame.t, state, {CAMERA: picture}, errand.sentence), frame, hand, errand)


def _answer(pilot: Pilot, moment: Moment) -> PolicyChunk:
    """Checked: its shape, finite, within bounds. Raises MoravecError."""
    chunk = pilot.act(moment)
    check_chunk(SPEC, chunk)
    return chunk
