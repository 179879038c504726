"""look, inspect, home, ask: the skills that only see or say."""

from __future__ import annotations

from collections.abc import Generator, Mapping
from dataclasses import replace
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
from moravec.skills.watching import watch_belt

Steps = Generator[Request, Any, dict[str, Any]]

SURE = 0.9  # probability from which an inspection is content with one look
SECOND_LOOKS = (np.pi / 2, -np.pi / 2)  # [rad] turned by, until it is
SIDE = 0.06  # [m] from the first post
SAME_THING = 0.03  # [m]
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
        """`data`: "detections" of what lies there, or "labels" of the shelf's bins; "frames" that were seen. On a belt it waits
        for what comes, see `watching.watch_belt`."""
        name = str(args["place"])
        place = context.workplace.place(name)
        if place.kind == "table":
            return (yield from _look_over(context, place))
        if place.kind == "belt":
            return (yield from watch_belt(context, place))
        frames = []
        if place.kind == "bin":
            frames.append((yield from look_at(context, post_over(place.centre, place), name, "look"))["wrist"])
        for view in _VIEWS.get(place.kind, ()):
            pictures = yield from look_from(context, view, "look")
            frames.append(pictures["wrist"])
        if not frames:
            fail("blind", f"there is no camera post for {name!r}")
        if place.kind == "shelf":
            labels = yield Compute(lambda: context.eyes.labels(frames), "labels")
            context.hand.labels = labels
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
        frames = [frame]
        for turn in SECOND_LOOKS:
            if _is_sure(ordered[0]):
                break
            again = yield from _look_again(context, station, turn)
            if again is not None:
                frames.append(again[0])
                ordered[0] = _both(ordered[0], again[1])
        context.hand.beside = tuple(ordered[1:])
        return {"detections": ordered, "frames": frames}


def _is_sure(thing: Detection) -> bool:
    return thing.category_p > SURE and not 1.0 - SURE < thing.damaged_p < SURE


def _look_again(
    context: SkillContext, station: Place, turn: float
) -> Generator[Request, Any, tuple[CameraFrame, list[Detection]] | None]:
    """From another side: the picture and what it shows; None where the arm cannot get there."""
    x, y, z, yaw = context.view("station")
    post = np.array([x + SIDE * np.cos(turn), y + SIDE * np.sin(turn), z, yaw + turn])
    try:
        frame = (yield from look_at(context, post, "station, from the side", "inspect"))["wrist"]
    except Failed as failure:
        if failure.code != "unreachable":
            raise
        return None
    return frame, (yield Compute(partial(context.eyes.items, frame, station), "items"))


def _both(first: Detection, again: list[Detection]) -> Detection:
    """`first` with what the second look says of the same thing: the surer category, and the odds of damage of both."""
    near = [d for d in again if np.hypot(d.position[0] - first.position[0], d.position[1] - first.position[1]) < SAME_THING]
    if not near:
        return first
    second = min(near, key=lambda d: float(np.hypot(d.position[0] - first.position[0], d.position[1] - first.position[1])))
    surer = max(first, second, key=lambda d: d.category_p)
    odds = [np.log(p / (1.0 - p)) for p in np.clip([first.damaged_p, second.damaged_p], 1e-6, 1.0 - 1e-6)]
    damaged_p = float(1.0 / (1.0 + np.exp(-np.sum(odds))))
    return replace(
        first, category=surer.category, category_p=surer.category_p, damaged=damaged_p > 0.5, damaged_p=damaged_p,
        code=first.code or second.code,
    )  # fmt: skip


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
