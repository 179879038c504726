"""The workplace from above at the moment of a stop: the robot's parts, where people stood, and the distance between them."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

import numpy as np

from moravec.console.incident.examine import Incident
from moravec.core.frames import Matrix
from moravec.guard.parts import Box

SIZE = 520.0  # [user units], width of the drawing
NEAR = 2.5  # [m] people farther than this from the robot's base are not drawn
EDGE = 0.006  # [m] of light around a part, to tell it from what lies below
MARGIN = 0.25  # [m] around what is drawn
TRAIL = 2.0  # [s] of the way before the stop
WALK_EVERY = 0.2  # [s] between two places that somebody walked over


@dataclass(frozen=True, slots=True)
class View:
    """From metres, x to the right and y up, to the drawing."""

    low: tuple[float, float]
    high: tuple[float, float]

    @property
    def scale(self) -> float:
        """Units for one metre."""
        return SIZE / (self.high[0] - self.low[0])

    @property
    def height(self) -> float:
        """Of the drawing [user units]."""
        return (self.high[1] - self.low[1]) * self.scale

    def at(self, point: Sequence[float] | Matrix) -> tuple[float, float]:
        """Where a point (x, y, ...) [m] is drawn."""
        return (float(point[0]) - self.low[0]) * self.scale, (self.high[1] - float(point[1])) * self.scale


def plan_view(incident: Incident) -> str:
    """The drawing. Parts at the last set-point before the stop; people as seen in its tick."""
    track, limits, before = incident.track, incident.limits, incident.before
    people = _near(track.people[incident.cut.begin])
    parts = track.parts[before]
    view = _view(incident, people, parts)
    drawn = [_box(view, o.box, "cell", o.name) for o in limits.obstacles]
    drawn += [_box(view, box, "room", "space allowed to the tool") for box in limits.allowed]
    drawn += [_box(view, z.box, "zone", f"{z.kind} zone {z.name}") for z in limits.zones]
    deciding = incident.deciding_part
    needed = None if incident.protective is None else incident.protective[1]
    if deciding >= 0 and needed is not None:
        around = limits.bodies[deciding].radius + needed
        drawn.append(_capsule(view, parts[deciding], around, "reach", f"protective distance {needed:.2f} m"))
    for b in np.argsort(parts[:, :, 2].max(axis=1)) if len(parts) else ():  # what is highest lies on top
        css = "arm deciding" if b == deciding else "arm"
        edge = limits.bodies[b].radius + EDGE
        drawn += [_capsule(view, parts[b], edge, "edge", ""), _capsule(view, parts[b], edge - EDGE, css, limits.bodies[b].name)]
    drawn.append(_trail(view, track.tool[(track.t >= -TRAIL) & (track.t <= 0.0)], "trail"))
    braked = 0.0 if incident.halt is None else incident.halt.time
    drawn.append(_trail(view, track.tool[(track.t >= 0.0) & (track.t <= braked)], "trail braking"))
    drawn.append(_people(view, incident, people))
    if deciding >= 0 and len(people) and incident.protective is not None:
        drawn.append(_apart(view, people, parts[deciding], limits.bodies[deciding].radius))
    drawn.append(_ruler(view))
    words = f"From above: the robot's parts and {len(people)} people at the moment of the stop"
    return f'<svg viewBox="0 0 {SIZE:.0f} {view.height:.0f}" role="img" aria-label="{words}">{"".join(drawn)}</svg>'


def _near(people: Matrix) -> Matrix:
    found: Matrix = people[np.linalg.norm(people, axis=1) <= NEAR] if len(people) else people
    return found


def _view(incident: Incident, people: Matrix, parts: Matrix) -> View:
    points = [*people, *parts.reshape(-1, 3)[:, :2], incident.track.tool[incident.before][:2], np.zeros(2)]
    for box in incident.limits.allowed:
        points += [np.clip(box.low[:2], -1.2, 1.2), np.clip(box.high[:2], -1.2, 1.2)]
    low, high = np.min(points, axis=0) - MARGIN, np.max(points, axis=0) + MARGIN
    narrow = 0.7 * (high[0] - low[0]) - (high[1] - low[1])  # a very flat drawing shows nothing
    pad = max(narrow, 0.0) / 2
    return View((float(low[0]), float(low[1] - pad)), (float(high[0]), float(high[1] + pad)))


def _box(view: View, box: Box, css: str, name: str) -> str:
    (x, y), (right, bottom) = view.at((box.low[0], box.high[1])), view.at((box.high[0], box.low[1]))
    return (
        f'<rect class="{css}" x="{x:.1f}" y="{y:.1f}" width="{right - x:.1f}" height="{bottom - y:.1f}" rx="3">'
        f"<title>{escape(name)}</title></rect>"
    )


def _capsule(view: View, ends: Matrix, radius: float, css: str, name: str) -> str:
    (x1, y1), (x2, y2) = view.at(ends[0]), view.at(ends[1])
    nudge = 0.01 if (x1, y1) == (x2, y2) else 0.0  # a line of no length is not drawn
    return (
        f'<line class="{css}" x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2 + nudge:.2f}" y2="{y2:.1f}" '
        f'stroke-width="{2 * radius * view.scale:.1f}"><title>{escape(name)}</title></line>'
    )


def _trail(view: View, points: Matrix, css: str) -> str:
    if len(points) < 2:
        return ""
    some = points[:: max(1, len(points) // 100)]
    path = "L".join(f"{x:.1f} {y:.1f}" for x, y in (view.at(p) for p in [*some, points[-1]]))
    return f'<path class="{css}" d="M{path}"/>'


def _people(view: View, incident: Incident, people: Matrix) -> str:
    track = incident.track
    drawn, last = "", -math.inf
    for t, places in zip(track.t, track.people, strict=True):
        if -TRAIL <= t < -0.5 * WALK_EVERY and t - last >= WALK_EVERY:
            last = float(t)
            drawn += "".join('<circle class="walked" cx="{:.1f}" cy="{:.1f}" r="4"/>'.format(*view.at(p)) for p in _near(places))
    for place in people:
        x, y = view.at(place)
        drawn += (
            f'<circle class="person" cx="{x:.1f}" cy="{y:.1f}" r="9"><title>somebody at x {place[0]:.2f} m, '
            f"y {place[1]:.2f} m</title></circle>"
        )
    return drawn


def _apart(view: View, people: Matrix, ends: Matrix, radius: float) -> str:
    """The shortest way, as seen from above, from the nearest of `people` to a part."""
    a, along = ends[0, :2], ends[1, :2] - ends[0, :2]
    square = float(along @ along)
    best: tuple[float, Matrix, Matrix] | None = None
    for person in people:
        share = float(np.clip(along @ (person - a) / square, 0.0, 1.0)) if square > 0.0 else 0.0
        foot = a + share * along
        away = float(np.linalg.norm(person - foot))
        if best is None or away < best[0]:
            best = (away, person, foot + (person - foot) * min(radius / max(away, 1e-9), 1.0))
    if best is None:
        return ""
    (x1, y1), (x2, y2) = view.at(best[1]), view.at(best[2])
    words = f"{best[0] - radius:.2f} m"
    return (
        f'<line class="apart" x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}"/>'
        f'<text class="strong" x="{(x1 + x2) / 2 + 6:.1f}" y="{(y1 + y2) / 2 - 6:.1f}">{words}</text>'
    )


def _ruler(view: View) -> str:
    x, y, length = 16.0, view.height - 16.0, 0.5 * view.scale
    return (
        f'<path class="ruler" fill="none" d="M{x} {y - 4:.1f}V{y + 4:.1f}M{x} {y:.1f}h{length:.1f}m0 -4v8"/>'
        f'<text class="label" x="{x + length + 8:.1f}" y="{y + 4:.1f}">0.5 m; x to the right, y up</text>'
    )
