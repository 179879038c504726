"""look, inspect, home, ask: the skills that only see or say."""

from __future__ import annotations

from collections.abc import Generator, Mapping
from functools import partial
from typing import Any, final

import numpy as np

from moravec.core.observation import CameraFrame
from moravec.core.workplace import Place
from moravec.perception.detection import Detection
from moravec.skills.context import SkillContext
from moravec.skills.contract import Ask, Capture, Compute, Note, Request
from moravec.skills.guarded import HardCoded
from moravec.skills.manifests import ASK, HOME, INSPECT, LOOK
from moravec.skills.moves import Failed, fail, go, look_at, look_from, post_over, surroundings
from moravec.skills.symbols import Value

Steps = Generator[Request, Any, dict[str, Any]]

MOST_STRAYS = 6  # that one look at the table visits
STRAY_RADIUS = 0.07  # [m] between where something was seen from above and from near

_VIEWS: dict[str, tuple[str, ...]] = {
    "parcel": ("parcel",),
    "station": ("station",),
    "reject": ("reject",),
    "shelf": ("shelf_right", "shelf_left"),
}


@final
class Look(HardCoded):
    """Looks at a place with the wrist camera; at the shelf it reads the bins' labels."""

    manifest = LOOK

    def steps(self, context: SkillContext, args: Mapping[str, Value]) -> Steps:
        """`data`: "detections" of what lies there, or "labels" of the shelf's bins; "frames" that were seen."""
        name = str(args["place"])
        place = context.workplace.place(name)
        if place.kind == "table":
            return (yield from _look_over(context, place))
        frames = []
        for view in _VIEWS.get(place.kind, ()):
            pictures = yield from look_from(context, view, "look")
            frames.append(pictures["wrist"])
        if not frames:
            fail("blind", f"there is no camera post for {name!r}")
        if place.kind == "shelf":
            labels = yield Compute(lambda: context.eyes.labels(frames), "labels")
            return {"labels": labels, "frames": frames}
        detections = yield Compute(lambda: context.eyes.items(frames[0], place), "items")
        return {"detections": detections, "frames": frames}


def _look_over(context: SkillContext, table: Place) -> Steps:
    """From above, with the arm aside, for where something lies; then from near for what it is."""
    yield from go(context, np.array(context.workplace.home_q), "look")
    pictures: dict[str, CameraFrame] = yield Capture(("overhead",))
    overhead = pictures["overhead"]
    spots = yield Compute(partial(context.eyes.strays, overhead), "strays")
    detections: list[Detection] = []
    frames = [overhead]
    for spot in spots[:MOST_STRAYS]:
        around = surroundings(table, spot)
        try:
            near = (yield from look_at(context, post_over(spot, table), "over a stray", "look"))["wrist"]
        except Failed as failure:
            if failure.code != "unreachable":
                raise
            yield Note("stray", {"at": list(spot), "why": str(failure)})
            continue
        found = yield Compute(partial(context.eyes.items, near, around), "items")
        detections += [d for d in found if np.hypot(d.position[0] - spot[0], d.position[1] - spot[1]) < STRAY_RADIUS]
        frames.append(near)
    return {"detections": detections, "frames": frames}


@final
class Inspect(HardCoded):
    """Looks closely at what lies on the inspection station."""

    manifest = INSPECT

    def steps(self, context: SkillContext, args: Mapping[str, Value]) -> Steps:
        """`data`: "detections" on the station, the one nearest its middle first."""
        (station,) = context.workplace.of_kind("station")
        pictures = yield from look_from(context, "station", "inspect")
        frame = pictures["wrist"]
        detections = yield Compute(lambda: context.eyes.items(frame, station), "items")
        if not detections:
            fail("not_seen", "nothing lies on the station")
        middle = np.array(station.centre)
        ordered = sorted(detections, key=lambda d: float(np.hypot(*(np.array(d.position[:2]) - middle))))
        return {"detections": ordered, "frames": [frame]}


@final
class Home(HardCoded):
    """Brings the arm to its resting posture."""

    manifest = HOME

    def steps(self, context: SkillContext, args: Mapping[str, Value]) -> Steps:
        """`data` is empty."""
        yield from go(context, np.array(context.workplace.home_q), "home")
        return {}


@final
class AskPerson(HardCoded):
    """Puts a question to a person."""

    manifest = ASK

    def steps(self, context: SkillContext, args: Mapping[str, Value]) -> Steps:
        """`data`: the "answer", one of the options."""
        options = tuple(option.strip() for option in str(args["options"]).split("|") if option.strip())
        if not options:
            fail("no_options", "a question needs at least one option")
        answer = yield Ask(str(args["question"]), options, options[0], "a skill asks")
        return {"answer": answer}
