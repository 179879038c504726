"""A stage for skills: the real cell's drawing and arm, a body that follows at once, eyes that see what the test says."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from moravec.core.frames import Matrix, frozen, tool_down
from moravec.core.observation import CameraFrame, RobotState
from moravec.core.workplace import Place
from moravec.guard.counted import counted
from moravec.guard.kernel.checks import check_acceleration, check_each
from moravec.guard.kernel.codes import VELOCITY
from moravec.guard.kernel.form import Answer, Vec
from moravec.guard.kernel.kinematics import place
from moravec.guard.limits import LimitTable
from moravec.perception.detection import Detection
from moravec.skills.arm import Arm
from moravec.skills.context import Held, SkillContext
from moravec.skills.contract import (
    Ask,
    Capture,
    Compute,
    Follow,
    Followed,
    Grip,
    Gripped,
    Note,
    Pause,
    Request,
    Tighten,
)
from moravec.worlds.cell import layout

WORKPLACE = layout.workplace()
HOME = np.array(layout.HOME_Q)
ARM = Arm(WORKPLACE)
THING = (0.48, 0.03)  # [m] where the thing of these tests lies in the parcel
BOX_HALF = (0.04, 0.025, 0.025)  # [m]


def tool_point(q: list[float], limits: LimitTable) -> Vec:
    """Where the guard says that the tool is (3,) [m]."""
    o = Answer()
    place(q, counted(limits), o)
    return o.tool


def within_limits(step: Matrix, before: Matrix, limits: LimitTable) -> bool:
    """Whether the guard's checks of speed and acceleration hold for a step [rad] after the one before."""
    t = counted(limits)
    speed = check_each(VELOCITY, (step / limits.control_period).tolist(), t.velocity, t.n)
    return speed.margin > 0.0 and check_acceleration(step.tolist(), before.tolist(), t).margin > 0.0


@dataclass(frozen=True)
class Lid:
    handle: tuple[float, float, float] = (0.50, 0.0, 0.149)
    yaw: float = np.pi / 2


def detection(place: str = "parcel", at: tuple[float, float] = THING, **changes: Any) -> Detection:
    """A red box."""
    floor = WORKPLACE.place(place).floor
    made = Detection(
        place, (*at, floor + BOX_HALF[2]), (2 * BOX_HALF[0], 2 * BOX_HALF[1], 2 * BOX_HALF[2]), 0.0, (0.002,) * 3, "red", 0.9,
        "box", 0.9, False, 0.1, None, "wrist", (0, 0, 10, 10),
    )  # fmt: skip
    return replace(made, **changes)


def picture(
    camera: Matrix, boxes: Sequence[tuple[float, float, float, float, float]], floor: float, name: str = "wrist"
) -> CameraFrame:
    """What a camera at T_world_camera that looks straight down sees: boxes (x, y, half x, half y, top) [m] on a floor."""
    h, w, f = 240, 320, 300.0
    K = np.array([[f, 0, (w - 1) / 2], [0, f, (h - 1) / 2], [0, 0, 1.0]])
    v, u = np.mgrid[0:h, 0:w]
    rays = np.stack([(u - K[0, 2]) / f, (v - K[1, 2]) / f, np.ones_like(u)], axis=-1) @ camera[:3, :3].T
    depth = (floor - camera[2, 3]) / rays[..., 2]
    for x, y, hx, hy, top in boxes:
        at = (top - camera[2, 3]) / rays[..., 2]
        px, py = camera[0, 3] + at * rays[..., 0], camera[1, 3] + at * rays[..., 1]
        inside = (np.abs(px - x) < hx) & (np.abs(py - y) < hy)
        depth = np.where(inside, np.minimum(depth, at), depth)
    return CameraFrame(name, 1, 0.0, np.zeros((h, w, 3), np.uint8), depth.astype(np.float32), frozen(K), frozen(camera))


@dataclass
class Stage:
    """Answers requests as a perfect body would; the fields bend it. Keeps what it was asked in `asked`."""

    items: list[list[Detection]] = field(
        default_factory=lambda: [[detection()]]
    )  # of each look in turn, the last for good
    lid: Lid | None = field(default_factory=Lid)
    believed: Detection | None = field(default_factory=detection)
    boxes: tuple[tuple[float, float, float, float, float], ...] = ((*THING, BOX_HALF[0], BOX_HALF[1], 0.056),)
    boxes_later: tuple[tuple[float, float, float, float, float], ...] | None = None  # from the second picture on
    held_width: float = 0.05  # [m] fingers close to this
    widths: list[float] = field(
        default_factory=list
    )  # [m] of the fingers after each motion, where it changes by itself
    ends: dict[int, str] = field(default_factory=dict)  # number of a motion -> how it ends
    strays: tuple[tuple[float, float], ...] = ()
    from_above: tuple[tuple[str, str], ...] = ()  # bins and their labels, as a glance from above reads them
    holds: Held | None = None
    q: Matrix = field(default_factory=HOME.copy)
    width: float = 0.08
    motions: int = 0
    asked: list[Request] = field(default_factory=list)

    def state(self) -> RobotState:
        zero = np.zeros(6)
        return RobotState(1, 0.0, frozen(self.q), frozen(zero), frozen(zero), self.width, 10.0, frozen(zero), False)

    def context(self) -> SkillContext:
        ARM.hold(None)
        ARM.heaped({})
        context = SkillContext(
            WORKPLACE, ARM, StageEyes(self), lambda: 0.0, self.state, lambda: self.q.copy(), lambda name: self.believed
        )
        context.hand.held = self.holds
        return context

    def answer(self, request: Request) -> Any:
        self.asked.append(request)
        if isinstance(request, Follow):
            return self._follow(request)
        if isinstance(request, Grip):
            self.width = max(request.width, self.held_width) if request.width < self.width else request.width
            return Gripped(self.width, request.force, self.state())
        if isinstance(request, Capture):
            x, y, z = ARM.tool_pose(self.q)[:3, 3]
            posts = {"wrist": tool_down([x, y, z + 0.2], 0.0), "overhead": tool_down([0.16, 0.06, 1.55], np.pi / 2)}
            again = sum(isinstance(r, Capture) for r in self.asked) > 1
            boxes = self.boxes_later if again and self.boxes_later is not None else self.boxes
            return {name: picture(posts[name], boxes, 0.006, name) for name in request.cameras}
        if isinstance(request, Compute):
            return request.work()
        if isinstance(request, Pause):
            return self.state()
        if isinstance(request, Ask):
            return request.options[-1]
        assert isinstance(request, Note | Tighten)
        return None

    def _follow(self, request: Follow) -> Followed:
        np.testing.assert_allclose(request.chunk.q[0], self.q, atol=2e-6)
        self.motions += 1
        if self.widths:
            self.width = self.widths.pop(0)
        end = self.ends.get(self.motions, "done")
        if end == "stopped":
            return Followed("stopped", self.state(), "for the test")
        self.q = np.array(request.chunk.q[-1])
        return Followed("done" if request.contact_force is None else end, self.state())  # type: ignore[arg-type]

    def items_seen(self) -> list[Detection]:
        return self.items.pop(0) if len(self.items) > 1 else self.items[0]


@dataclass
class StageEyes:
    """The eyes of a stage."""

    stage: Stage

    def items(self, frame: CameraFrame, place: Place) -> list[Detection]:
        return self.stage.items_seen()

    def labels(self, frames: Sequence[CameraFrame]) -> dict[str, str]:
        return {"bin_1": "A"}

    def labels_from_above(self, frame: CameraFrame) -> dict[str, str]:
        return dict(self.stage.from_above)

    def strays(self, frame: CameraFrame) -> list[tuple[float, float]]:
        return list(self.stage.strays)

    def lid(self, frame: CameraFrame, place: Place) -> Lid | None:
        return self.stage.lid


def staged(**bent: Any) -> Callable[[], tuple[SkillContext, Callable[[Request], Any]]]:
    """A stage for a conformance call: fresh every time."""

    def make() -> tuple[SkillContext, Callable[[Request], Any]]:
        stage = Stage(**{name: list(v) if isinstance(v, list) else v for name, v in bent.items()})
        return stage.context(), stage.answer

    return make


def held(width: float = 0.05) -> Held:
    return Held(0.03, (width / 2 + 0.01, 0.07, 0.025), width)  # as pick makes it


def play(skill: Any, stage: Stage, args: dict[str, Any]) -> tuple[Any, SkillContext]:
    """Runs a skill to its end; its result and the context it left."""
    context = stage.context()
    return play_on(skill, stage, context, args), context


def play_on(skill: Any, stage: Stage, context: SkillContext, args: dict[str, Any]) -> Any:
    """The same in a context that there is already; the result alone."""
    routine = skill.run(context, args)
    reply = None
    while True:
        try:
            request = routine.send(reply)
        except StopIteration as done:
            return done.value
        reply = stage.answer(request)


def asked(stage: Stage, kind: type) -> list[Any]:
    return [request for request in stage.asked if isinstance(request, kind)]


def drive(stage: Stage, routine: Any) -> Any:
    reply = None
    while True:
        try:
            request = routine.send(reply)
        except StopIteration as done:
            return done.value
        reply = stage.answer(request)
