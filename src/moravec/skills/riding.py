"""Taking what rides by on a belt: follow it with the eyes, meet it, go along while the fingers close, lift."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np

from moravec.core.observation import CameraFrame
from moravec.core.workplace import Place
from moravec.perception.detection import Detection
from moravec.perception.riders import sightings
from moravec.perception.track import Track, advanced
from moravec.skills.belt import QUICKEST, ahead, leaves, rides, stretch_in_reach
from moravec.skills.context import Held, SkillContext
from moravec.skills.contract import Capture, Closing, Compute, Follow, Followed, Note, Pause, Request
from moravec.skills.grasp import Grasp
from moravec.skills.meeting import Meeting, Rider, meeting
from moravec.skills.moves import CONTACT_FORCE, GRIP_FORCE, Failed, fail, grip, look_at, retreat
from moravec.skills.taking import (
    EMPTY_WIDTH,
    LIFT_HEIGHT,
    SLIP_SHARE,
    Scene,
    Steps,
    held_reach,
    sound_grasps,
)

LENS = 0.50  # [m] over the table: sees the belt over a stretch of 0.5 m
AHEAD = 0.10  # [m] of where the thing is when the camera has come there
TRAVEL = 1.6  # [s] until it has
IN_VIEW = 0.16  # [m] to either side of the lens: farther out a picture shows more of a thing's side than of its top
BELOW = 0.08  # [m] to either side of the lens, where grasps are seen well
NEXT_LOOK = 0.08  # [s] after one
SURE = 0.004  # [m] one standard deviation of where it will be while the fingers close,
WHEN = 2.5  # [s] from now
FEWEST, MOST = 5, 60  # looks before the way down is planned, and at most
STILL = 8  # sightings, from which what does not seem to move lies still
UNSEEN = 6  # looks without it, until it counts as not seen
LEAD = 0.5  # [s] from the last picture to the start of the motion, in which it is planned; longer where that was not enough
LATE = 0.02  # [s]
HURRY = 4.5  # [s] of time left within reach, in which whatever is known has to do
ALIKE = 0.12  # [m] between where it is thought to be and where it is seen first
PIECE = 0.26  # [m] of belt around it, in which grasps are looked for
ALONG_COST = 0.6  # of fingers that close along its way, in units of a grasp's score: where it will be is less sure that way
GRASPS = 4  # that are tried to be met, the likeliest first
MEETINGS = 3  # plans that are made in vain, until the thing is given up


def belt_under(context: SkillContext, item: str) -> Place | None:
    """The belt that `item` is believed to ride on; None where it lies elsewhere."""
    believed = context.whereabouts(item)
    place = None if believed is None else context.workplace.place(believed.place)
    return place if place is not None and place.kind == "belt" else None


def pick_riding(context: SkillContext, item: str, belt: Place) -> Steps:
    """The steps of a pick from `belt`. `data` as that of `taking.pick`. Fails as passed where it gets away."""
    believed = context.whereabouts(item)
    assert believed is not None  # it is believed to lie on the belt
    frame, track, detections = yield from _follow_with_eyes(context, item, believed, belt)
    data: dict[str, Any] = {"detections": detections, "frames": [frame]}
    tried = context.hand.tried.setdefault(item, [])
    for number in range(1, MEETINGS + 1):
        assert track.looks is not None  # sightings of riders always have them
        near = replace(belt, centre=(belt.centre[0], track.looks.position[1]), size=(belt.size[0], PIECE))
        others = [d for d in detections if d is not track.looks]
        scene = Scene(frame, near, track.looks, others, tried)
        grasps = yield Compute(partial(_grasps, scene, track), "grasps")
        if not grasps:
            raise Failed("no_grasp", f"no free grasp on {item}", data)
        yield from grip(max(g.opening for g in grasps), GRIP_FORCE)
        start = context.now() + number * LEAD
        found = yield Compute(partial(_first, context, belt, track, grasps, start), "meeting")
        if found is not None and context.now() <= start + LATE:
            met, grasp = found
            yield Note("meeting", _told(item, track, met, start))
            held = yield from _take(context, scene, met, grasp)
            tried.clear()
            context.hand.held, context.hand.beside = replace(held, seen=f"{track.looks.colour} {track.looks.category}"), ()
            return {**data, "width": held.width, "target": track.looks}
        if found is None and leaves(_now(track, context.now()), belt) < context.now() + QUICKEST:
            break
        frame, track, detections = yield from _follow_with_eyes(context, item, _now(track, context.now()), belt)
        data = {"detections": detections, "frames": [frame]}
    raise Failed("passed", f"{item} could not be met before it rode out of reach", data)


def _follow_with_eyes(
    context: SkillContext, item: str, believed: Detection, belt: Place
) -> Generator[Request, Any, tuple[CameraFrame, Track, list[Detection]]]:
    """Looks until it is known how the thing moves: the last picture, the thing's track, and what that picture shows."""
    reach = stretch_in_reach(belt)
    tracks: tuple[Track, ...] = ()
    mine: int | None = None
    looks = unseen = 0
    lens: float | None = None
    while True:
        now = context.now()
        if not rides(believed) and leaves(believed, belt) < now:
            fail("unreachable", f"{item} lies on the belt out of the arm's reach, and does not move")
        if leaves(believed, belt) < now + QUICKEST:
            fail("passed", f"{item} leaves the arm's reach {leaves(believed, belt) - now:+.1f} s from now")
        y = ahead(believed, now)[1]
        if lens is None or (y - lens) * np.copysign(1.0, believed.velocity[1]) > IN_VIEW:  # it has ridden on out of view
            lens = _post(believed, now + TRAVEL, reach)
            yield from look_at(context, np.array([belt.centre[0], lens, LENS, np.pi / 2]), "over the belt", "pick", ())
            continue
        if abs(y - lens) > IN_VIEW:
            yield Pause(min(1.0, max(0.1, (abs(y - lens) - IN_VIEW) / max(np.hypot(*believed.velocity), 0.01))))
            continue
        frame: CameraFrame = (yield Capture(("wrist",)))["wrist"]
        detections = yield Compute(partial(context.eyes.items, frame, belt), "items")
        well = [d for d in detections if abs(d.position[1] - lens) < IN_VIEW + BELOW / 2]
        tracks = advanced(tracks, sightings(well, frame), frame.t)
        track = _mine(tracks, mine, believed, frame.t)
        if track is None or track.t < frame.t:
            unseen += 1
            if unseen >= UNSEEN:
                fail("not_seen", f"{item} is not on the belt where it should be")
        else:
            looks, mine = looks + 1, track.name
            settled = track.is_moving or track.sightings >= STILL
            if settled and looks >= FEWEST:
                believed = _now(track, frame.t)
            left = leaves(believed, belt) - context.now()
            known = track.sigma_at(frame.t + WHEN) < SURE and abs(track.mean[1] - lens) < BELOW
            if looks >= MOST or (settled and looks >= FEWEST and (known or left < HURRY)):
                moved = [replace(d, t=frame.t, velocity=track.velocity) for d in detections]
                own = next(d for d, old in zip(moved, detections, strict=True) if old is track.looks)
                return frame, replace(track, looks=own), moved
        yield Pause(NEXT_LOOK)


def _post(believed: Detection, t: float, reach: tuple[float, float]) -> float:
    """Where (y) [m] the camera waits for it: a little ahead of it, and where the arm can follow it from."""
    y = ahead(believed, t)[1] + np.copysign(AHEAD, believed.velocity[1])
    return float(np.clip(y, reach[0] + IN_VIEW, reach[1] - AHEAD))


def _mine(tracks: tuple[Track, ...], name: int | None, believed: Detection, t: float) -> Track | None:
    """The track called `name`, or the one that is nearest to where the thing should be; its colour decides between near ones."""
    if name is not None:
        return next((track for track in tracks if track.name == name), None)

    def cost(track: Track) -> float:
        off = np.array(track.at(t)) - ahead(believed, t)
        other = track.looks is not None and track.looks.colour != believed.colour
        return float(np.hypot(*off)) + 0.05 * other

    return min((track for track in tracks if cost(track) < ALIKE + 0.05), key=cost, default=None)


def _now(track: Track, t: float) -> Detection:
    """What is tracked, as it lies at `t` [s]."""
    assert track.looks is not None
    x, y = track.at(t)
    return replace(track.looks, position=(x, y, track.looks.position[2]), velocity=track.velocity, t=t)


def _grasps(scene: Scene, track: Track) -> list[Grasp]:
    """Sound grasps, the likeliest first."""
    v = np.array(track.velocity)
    along = v / max(float(np.hypot(*v)), 1e-9)

    def mark(pair: tuple[float, Grasp]) -> float:
        return pair[0] - ALONG_COST * abs(float(along @ (np.cos(pair[1].yaw), np.sin(pair[1].yaw))))

    return [grasp for _, grasp in sorted(sound_grasps(scene), key=mark, reverse=True)][:GRASPS]


def _first(
    context: SkillContext, belt: Place, track: Track, grasps: list[Grasp], start: float
) -> tuple[Meeting, Grasp] | None:
    """The first grasp that can be met, and how."""
    assert track.looks is not None
    context.arm.fingers(max(g.opening for g in grasps))
    for grasp in grasps:
        rider = Rider(grasp, track.looks.t, track.velocity)
        met = meeting(context.arm, context.posture(), rider, start, stretch_in_reach(belt), LIFT_HEIGHT, context.limits)
        if met is not None:
            return met, grasp
    return None


def _take(
    context: SkillContext, scene: Scene, met: Meeting, grasp: Grasp
) -> Generator[Request, Any, Held]:
    """The meeting itself, and whether anything came of it. Fails with the hand open and above."""
    yield Pause(max(0.0, met.start - context.now()))
    followed: Followed = yield Follow(met.chunk, CONTACT_FORCE, Closing(met.close_at, 0.0, GRIP_FORCE))
    if followed.end == "stopped":
        fail("stopped", f"the guard stopped the motion: {followed.reason}")
    if followed.end == "contact":
        yield from retreat(context, LIFT_HEIGHT)
        scene.tried.append(grasp)
        fail("missed", f"something was touched on the way down to what rides by: {followed.reason}")
    state = yield Pause(0.05)
    if state.grip_width < max(EMPTY_WIDTH, SLIP_SHARE * grasp.width):
        scene.tried.append(grasp)
        yield from grip(grasp.opening, GRIP_FORCE)
        fail("missed", f"the fingers closed to {state.grip_width:.3f} m on what rode by")
    below = max(0.004, grasp.position[2] - scene.place.floor)
    return Held(below, (*held_reach(scene.target, grasp, state.grip_width), below / 2 + 0.01), state.grip_width)


def _told(item: str, track: Track, met: Meeting, start: float) -> dict[str, Any]:
    x, y = track.at(start + met.close_at)
    return {
        "item": item, "velocity": list(track.velocity), "velocity_sigma": track.velocity_sigma, "sightings": track.sightings,
        "at": [x, y], "sigma": track.sigma_at(start + met.close_at), "seconds": met.chunk.duration,
    }  # fmt: skip
