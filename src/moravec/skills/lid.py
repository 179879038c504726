"""open: take the lid by its handle, lift it off, lay it aside."""

from __future__ import annotations

from collections.abc import Generator, Mapping
from typing import Any, final

import numpy as np

from moravec.core.frames import Matrix
from moravec.skills.context import SkillContext
from moravec.skills.contract import Compute, Pause, Request
from moravec.skills.guarded import HardCoded
from moravec.skills.manifests import OPEN
from moravec.skills.moves import above, fail, go, grip, line_to, look_from
from moravec.skills.symbols import Value

Steps = Generator[Request, Any, dict[str, Any]]

GRIP_FORCE = 45.0  # [N]
HANDLE_OPENING = 0.06  # [m]
HANDLE_DEPTH = 0.030  # [m] the tips go this far below the handle's top
EMPTY_WIDTH = 0.008  # [m] fingers closer than this do not hold the handle
LID_HALF = (0.18, 0.24, 0.02)  # [m] how much room the lid takes on the way
PULL = 40.0  # [N] a lid that holds against this is stuck; a loose one weighs a thirtieth of it
CLEAR_OF_HANDLE = 0.06  # [m] of the tips above the handle's top
LIFT = 0.14  # [m] above the rim
DOWN_SPEED = 0.25  # [m/s] of the open fingers
LID_SPEED = 0.15  # [m/s] of the lid where it comes off and where it is put down
LID_HEIGHT = 0.064  # [m] from what the lid lies on to the handle's top


@final
class Open(HardCoded):
    """Takes a parcel's lid off and lays it on the lid rest."""

    manifest = OPEN

    def steps(self, context: SkillContext, args: Mapping[str, Value]) -> Steps:
        """`data` is the "frames" that were seen."""
        place = context.workplace.place(str(args["place"]))
        pictures = yield from look_from(context, place.kind, "open")
        frame = pictures["wrist"]
        lid = yield Compute(lambda: context.eyes.lid(frame, place), "lid")
        if lid is None:
            fail("no_handle", "the lid's handle is not to be seen")
        x, y, top = lid.handle
        closing = lid.yaw + np.pi / 2
        yield from grip(HANDLE_OPENING, GRIP_FORCE)
        yield from go(context, above(context, np.array([x, y, top + 0.06]), closing), "open")
        yield from line_to(context, np.array([x, y, top - HANDLE_DEPTH]), "open", 0.5, 25.0, DOWN_SPEED)
        held = yield from grip(0.0, GRIP_FORCE)
        if held.width < EMPTY_WIDTH:
            fail("no_handle", f"the fingers closed to {held.width:.3f} m beside the handle")
        yield from self._lift(context, np.array([x, y, place.rim + LIFT + HANDLE_DEPTH]), top)
        yield from self._lay_aside(context, held.width)
        return {"frames": [frame]}

    def _lift(self, context: SkillContext, high: Matrix, top: float) -> Generator[Request, Any, None]:
        """Pulls the lid up to `high` (3,) [m]. One that holds is let go of: a hand that stays there pulls at whatever comes."""
        pulled = yield from line_to(context, high, "open", 0.35, PULL, LID_SPEED)
        if pulled.end != "contact":
            return
        yield from grip(HANDLE_OPENING, GRIP_FORCE)
        yield Pause(0.2)  # until arm and lid have swung back
        yield from line_to(context, np.array([high[0], high[1], top + CLEAR_OF_HANDLE]), "open", 0.35)
        fail("stuck", f"the lid does not come off: {pulled.reason}")

    def _lay_aside(self, context: SkillContext, width: float) -> Generator[Request, Any, None]:
        (rest,) = context.workplace.of_kind("lid_rest")
        spot = np.array([*rest.centre, 0.28])
        context.arm.hold(LID_HALF, 0.02)
        try:
            yield from go(context, above(context, spot, 0.0), "open", 0.8, 0.25)
        finally:
            context.arm.hold(None)
        if context.state().grip_width < width - 0.004:
            fail("stuck", "the lid was lost on the way")
        tip = rest.floor + LID_HEIGHT - HANDLE_DEPTH
        yield from line_to(context, np.array([*rest.centre, tip - 0.006]), "open", 0.35, 12.0, LID_SPEED)
        yield from grip(HANDLE_OPENING, 20.0)
        yield Pause(0.1)
        yield from line_to(context, np.array([*rest.centre, 0.25]), "open", 0.6)
