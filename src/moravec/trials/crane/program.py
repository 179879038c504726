"""The program itself: a fixed sequence of steps, as a PLC runs it. What it senses is how far its fingers are open, and a force.

It opens the lid, takes thing after thing out of its pocket and drops each into the bin of its kind. What its fingers did not
find it tries once more, opened wider, and then leaves. It looks at nothing; what is damaged it cannot know.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Sequence
from dataclasses import replace
from typing import Any, TypeAlias, final

import numpy as np

from moravec.core.command import ActionChunk
from moravec.core.errors import BadInput
from moravec.core.frames import Matrix
from moravec.core.workplace import Workplace
from moravec.skills.contract import Closing, Follow, Followed, Grip, Gripped, Note, Request
from moravec.trials.crane.postures import hand_down, tool_at
from moravec.trials.crane.teach import BEFORE, HANDLE_OPENING, LID_HEIGHT, Job, Lid, jobs, lid_of, travel_height
from moravec.trials.crane.timing import Drive, timed
from moravec.trials.crane.way import Corner, cut, straight
from moravec.worlds.cell.pockets import Pocket

GRIP_FORCE = 50.0  # [N], of the hand's 60
LID_FORCE = 45.0  # [N]
LET_GO_FORCE = 20.0  # [N]
EMPTY = 0.004  # [m] fingers closer than this hold nothing
LET_GO = 0.086  # [m] to which fingers open to let go, and with which they come to the next thing: 9 mm beside the widest
WIDE = 0.097  # [m] of the second try
TOUCH = 20.0  # [N] felt on the way down: something is in the way
BUMP = 60.0  # [N] felt elsewhere
CUTTING = 0.08  # [m] by which corners are cut
PULL = 40.0  # [N] a lid that holds against this is stuck
LAID = 0.03  # [m] above its rest a lid may touch down: it may hang askew
LOW = 0.10  # [m] of the tips above the table: from lower the hand first rises to where it is clear of everything but the shelf
RISE = 0.03  # [m] straight up after something was let go
CLOSE_EARLY = 0.08  # [s] before the hand is down, when fingers begin to close that are around the thing already
OPEN_EARLY = 0.04  # [s] before the end of the way, when the motor begins to take back its force: fingers open 0.08 s later
APPROACH = 0.20  # [m/s] between the things: faster, what is touched is pressed with more than the guard lets through

Steps: TypeAlias = Generator[Request, Any, None]


class Fault(Exception):
    """Ends the program: somebody has to come."""


@final
class Crane:
    """One run of the program in `workplace`, on things that lie in `pockets`; `posture` is where the arm stands (6,) [rad].

    After it ran, `trouble` says by what it ended early, "" where it did not, and `left` which things its fingers did not find.
    """

    def __init__(
        self, workplace: Workplace, pockets: Sequence[Pocket], posture: Callable[[], Matrix], drive: Drive | None = None
    ) -> None:
        self._jobs, self._lid = jobs(workplace, pockets), lid_of(workplace)
        self._posture, self._drive = posture, drive or Drive()
        self._height, self._home = travel_height(workplace), np.array(workplace.home_q)
        self.trouble = ""
        self.left: list[str] = []

    def run(self) -> Steps:
        """The whole sequence."""
        try:
            yield from self._open(self._lid)
            for job in self._jobs:
                yield from self._move(job)
            yield from self._go_home()
        except (Fault, BadInput) as fault:
            self.trouble = str(fault)
            yield Note("fault", {"why": self.trouble})

    # ── steps ─────────────────────────────────────────────────────────────────────────────────────────────────────────────────
    def _open(self, lid: Lid) -> Steps:
        """The lid off and on its rest."""
        yield Note("crane", {"step": "lid"})
        here = self._here()
        down = [here, _at(lid.grip, self._height), replace(lid.grip, speed=APPROACH)]
        reached = yield from self._follow(down, TOUCH, "lid", Closing(0.0, HANDLE_OPENING, LID_FORCE))
        held: Gripped = yield Grip(0.0, LID_FORCE)
        if reached.end == "contact" or held.width < EMPTY:
            raise Fault("the lid's handle is not where it should be")
        high, low = _at(lid.grip, LID_HEIGHT), replace(lid.release, speed=APPROACH)
        aside = [lid.grip, *straight(high, _at(low, LID_HEIGHT)), _at(low, low.z + LAID), low]
        laid = yield from self._follow(aside, PULL, "lid", Closing(-OPEN_EARLY, LET_GO, LET_GO_FORCE))
        if laid.end == "contact":
            yield Grip(LET_GO, LET_GO_FORCE)
            if self._here().z > low.z + LAID:
                raise Fault(f"the lid does not come off: {laid.reason}")
        yield Note("crane", {"step": "open"})

    def _move(self, job: Job) -> Steps:
        """One thing out of its pocket and into its bin."""
        if not (yield from self._fetch(job)):
            self.left.append(job.name)
            yield Note("crane", {"step": "left", "job": job.name})
            yield from self._rise(WIDE)
            return
        yield Note("crane", {"step": "gripped", "job": job.name})
        way = [self._here(), *self._over_from(_at(job.grip, self._height), job.release)]
        gone = yield from self._follow(way, BUMP, job.name, Closing(-OPEN_EARLY, LET_GO, LET_GO_FORCE))
        if gone.end == "contact":  # something is in the way: what is held is let go here
            yield Grip(WIDE, LET_GO_FORCE)
            yield from self._rise(WIDE)
        yield Note("crane", {"step": "released", "job": job.name, "met": gone.end == "contact"})

    def _fetch(self, job: Job) -> Generator[Request, Any, bool]:
        """Whether the fingers hold something, down in the pocket; tried twice."""
        above, down = _at(job.grip, self._height), replace(job.grip, speed=APPROACH)
        way = self._over_to(above)
        for last in (False, True):
            way += [_at(job.grip, job.top), down]
            came = yield from self._follow(way, TOUCH, job.name, Closing(-CLOSE_EARLY, 0.0, GRIP_FORCE))
            if came.end == "done":
                closed: Gripped = yield Grip(0.0, GRIP_FORCE)
                if closed.width >= EMPTY:
                    return True
            if not last:
                yield from self._rise(WIDE)
                way = [self._here()]
        return False

    def _rise(self, opening: float) -> Steps:
        """Straight up, the fingers opening to `opening` [m]."""
        here = self._here()
        up = _at(here, max(self._height, here.z + RISE))
        yield from self._follow([here, up], BUMP, "up", Closing(0.0, opening, LET_GO_FORCE))

    def _go_home(self) -> Steps:
        here, (point, yaw) = self._here(), tool_at(self._home)
        x, y, z = map(float, point)
        yield from self._follow([here, _at(here, here.z + RISE), Corner(x, y, z, yaw)], BUMP, "home", None)

    # ── ways ──────────────────────────────────────────────────────────────────────────────────────────────────────────────────
    def _over_from(self, above: Corner, release: Corner) -> list[Corner]:
        """From over a pocket to over a bin; before one that is higher than the way, up to its height."""
        if release.z <= self._height:
            return straight(above, release)
        return [*straight(above, _before(release, above)), release]

    def _over_to(self, above: Corner) -> list[Corner]:
        """From where the hand has let something go to over a pocket."""
        here = self._here()
        risen = _at(here, self._height if here.z < LOW else here.z + RISE)
        if here.z < self._height + RISE:
            return [here, *straight(risen, above)]
        return [here, risen, *straight(_before(risen, above), above)]

    def _here(self) -> Corner:
        point, yaw = tool_at(self._posture())
        x, y, z = map(float, point)
        return Corner(x, y, z, yaw)

    def _follow(
        self, corners: Sequence[Corner], force: float, source: str, closing: Closing | None
    ) -> Generator[Request, Any, Followed]:
        """Along `corners`, ending early where `force` [N] is felt. A `closing` before 0 s counts from the end."""
        chunk = self._motion(corners, source)
        if closing is not None and closing.at < 0.0:
            closing = Closing(chunk.duration + closing.at, closing.width, closing.force)
        followed: Followed = yield Follow(chunk, force, closing)
        if followed.end == "stopped":
            raise Fault(f"the guard stopped the motion: {followed.reason}")
        return followed

    def _motion(self, corners: Sequence[Corner], source: str) -> ActionChunk:
        """From where the arm stands exactly."""
        start = self._posture()
        way = cut(corners, CUTTING)
        q = hand_down(way.points, way.yaws, float(start[0]))
        fade = np.linspace(1.0, 0.0, len(q))[:, None]
        return timed(q + fade * (start - q[0]), way.points, way.speeds, self._drive, source)


def _at(corner: Corner, z: float) -> Corner:
    """Straight above or below `corner`, at height `z` [m]."""
    return Corner(corner.x, corner.y, z, corner.yaw)


def _before(high: Corner, low: Corner) -> Corner:
    """The corner as high as `high`, BEFORE it on the way from over `low`."""
    way = np.array([high.x - low.x, high.y - low.y])
    share = max(0.0, 1.0 - BEFORE / float(np.linalg.norm(way)))
    x, y = np.array([low.x, low.y]) + share * way
    return Corner(float(x), float(y), high.z, low.yaw + share * (high.yaw - low.yaw))
