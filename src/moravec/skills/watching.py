"""Looking at a belt: pictures from above until it is known what rides on it and how fast, or nothing has come for a while."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import replace
from functools import partial
from typing import Any

from moravec.core.observation import CameraFrame
from moravec.core.workplace import Place
from moravec.perception.detection import Detection
from moravec.perception.riders import sightings
from moravec.perception.track import Track, advanced
from moravec.skills.belt import ahead, leaves
from moravec.skills.context import SkillContext
from moravec.skills.contract import Capture, Compute, Note, Pause, Request

PATIENCE = 45.0  # [s] in which nothing comes, until a look ends
NEXT_LOOK = 0.25  # [s] after one that showed something,
IDLE_LOOK = 0.8  # [s] and after one that showed nothing
SURE = 5  # sightings before a thing is told of
STILL = 8  # of one that does not move: noise does not come back to the same place so often
TIME_LEFT = 4.0  # [s] within reach, for anything to be done with it


def watch_belt(context: SkillContext, belt: Place) -> Generator[Request, Any, dict[str, Any]]:
    """`data`: "detections" of what rides on `belt`, with velocities, where it is at the last picture; "frames": that picture.
    Waits for something that there is time to take; what rode out of reach meanwhile is told of as well."""
    tracks: tuple[Track, ...] = ()
    told: dict[int, Detection] = {}  # of what rode out of reach meanwhile as well
    end = context.now() + PATIENCE
    while True:
        pictures: dict[str, CameraFrame] = yield Capture(("overhead",))
        frame = pictures["overhead"]
        found = yield Compute(partial(context.eyes.items, frame, belt), "items")
        tracks = advanced(tracks, sightings(found, frame), frame.t)
        riders = {track.name: _as_seen(track, frame.t) for track in tracks if _is_known(track)}
        told |= riders
        waiting = any(track.t == frame.t and track.sightings > 1 and not _is_known(track) for track in tracks)
        if any(leaves(rider, belt) > frame.t + TIME_LEFT for rider in riders.values()) and not waiting:
            break
        if frame.t >= end:
            yield Note("belt", {"place": belt.name, "nothing_for": PATIENCE})
            break
        yield Pause(NEXT_LOOK if tracks else IDLE_LOOK)
    now = [replace(d, position=(*ahead(d, frame.t), d.position[2]), t=frame.t) for d in told.values()]
    return {"detections": now, "frames": [frame]}


def _is_known(track: Track) -> bool:
    return track.looks is not None and track.sightings >= (SURE if track.is_moving else STILL)


def _as_seen(track: Track, t: float) -> Detection:
    assert track.looks is not None  # what is known has looks
    x, y = track.at(t)
    return replace(track.looks, position=(x, y, track.looks.position[2]), velocity=track.velocity, t=t)
