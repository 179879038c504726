"""The drawings of an incident as SVG text: verdicts and values over time. Colours are CSS classes of the page."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from html import escape
from itertools import pairwise

import numpy as np

from moravec.console.incident.track import Track
from moravec.console.svg import COLUMNS, LEFT, RIGHT, WIDTH, Axis, drawing, grid, times
from moravec.core.frames import Matrix

BAND = 20  # height of the verdicts' band
CURVE = 104  # height of one drawing of values
HAIR = 1.6  # narrowest bar that can be seen
ROOM = 7.0  # width of one letter


@dataclass(frozen=True, slots=True)
class Moment:
    """A vertical line: "stop", "rest" or "told", at `t` [s], with its words."""

    t: float
    kind: str
    words: str


@dataclass(frozen=True, slots=True)
class Curve:
    """A value (m,) over time in a CSS class; `low`: of many points the lowest is drawn, not the highest."""

    values: Matrix
    css: str
    low: bool = False
    filled: bool = False


def bands(track: Track, axis: Axis, moments: Sequence[Moment], check: str) -> str:
    """Which verdicts were given when; the moment of the stop bears the name of the check that decided."""
    parts = [grid(axis, 20, 20 + BAND + 6)]
    for start, end, kind, words in runs(track, axis):
        x, width = axis.x(start), max(axis.x(end) - axis.x(start), HAIR)
        label = f'<text x="{x + 6:.1f}" y="{20 + BAND - 6}">{words}</text>' if width > ROOM * len(words) + 12 else ""
        parts.append(
            f'<g class="band {kind}"><title>{words}, {start:+.3f} to {end:+.3f} s</title>'
            f'<rect x="{x:.1f}" y="20" width="{width:.1f}" height="{BAND}"/>{label}</g>'
        )
    parts.append(_moments(axis, moments, 14, 20 + BAND + 6))
    stop = next((m for m in moments if m.kind == "stop"), None)
    if stop is not None:
        rest = next((m.words for m in moments if m.kind == "rest"), "")
        parts.append(_flag(axis.x(stop.t), 12, f"{check}, {rest}" if rest else check, "stop-label"))
    parts.append(times(axis, 20 + BAND + 22))
    return drawing(20 + BAND + 28, f"Verdicts over time; the stop was decided by {check}", parts)


def _flag(x: float, y: float, words: str, css: str) -> str:
    """Words beside a line, on the side where there is room."""
    left = x + ROOM * len(words) + 8 > WIDTH - RIGHT
    anchor, at = ("end", x - 5) if left else ("start", x + 5)
    return f'<text class="{css}" x="{at:.1f}" y="{y}" text-anchor="{anchor}">{escape(words)}</text>'


def runs(track: Track, axis: Axis) -> list[tuple[float, float, str, str]]:
    """Start, end [s], class and words of each stretch of equal verdicts within the axis."""
    inside = np.flatnonzero((track.t >= axis.start) & (track.t <= axis.end))
    if not inside.size:
        return []
    kinds = track.decision * 10 + np.where(track.decision == 2, track.category, 0)
    edges = [int(inside[0]), *(int(i) for i in inside[1:] if kinds[i] != kinds[i - 1]), int(inside[-1]) + 1]
    found = []
    for a, b in pairwise(edges):
        category = int(track.category[a])
        kind, words = [("pass", "pass"), ("limit", "limited"), (f"stop{category}", f"stop, category {category}")][
            int(track.decision[a])
        ]
        found.append((float(track.t[a]), float(track.t[min(b, len(track.t) - 1)]), kind, words))
    return found


def curve(
    t: Matrix, curves: Sequence[Curve], axis: Axis, limit: float | None, unit: str, title: str,
    moments: Sequence[Moment], top: float | None = None,
) -> str:  # fmt: skip
    """Values over `t` (m,) [s] within the axis, from 0 to `top` or to a little above the largest, in `unit`."""
    inside = (t >= axis.start) & (t <= axis.end)
    highest = max([limit or 0.0, *(_highest(c.values[inside]) for c in curves)])
    top = top or 1.12 * highest or 1.0
    base = CURVE - 20.0

    def y(value: float) -> float:
        return base - (base - 8.0) * min(max(value / top, 0.0), 1.0)

    parts = [grid(axis, 8, base)]
    for c in curves:
        parts += [_path(piece, c, axis, y, base) for piece in pieces(t[inside], c.values[inside], c.low)]
    if limit is not None:
        parts.append(f'<line class="limit" x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{y(limit):.1f}" y2="{y(limit):.1f}"/>')
        parts.append(_scale(y(limit) + 4, f"{limit:g} {unit}", "limit-label"))
    else:
        tick = _round_below(highest)
        parts.append(_scale(y(tick) + 4, f"{tick:g} {unit}", "label"))
    parts += [_scale(base + 2, "0", "label"), _moments(axis, moments, 4, base), times(axis, CURVE - 4)]
    return drawing(CURVE, title, parts)


def _highest(values: Matrix) -> float:
    known = values[np.isfinite(values)]
    return float(known.max()) if known.size else 0.0


def _round_below(value: float) -> float:
    """The largest of 1, 2, 5 times a power of ten that is not above `value`."""
    if not value > 0.0:
        return 1.0
    power = 10.0 ** math.floor(math.log10(value))
    return next(float(f"{m * power:.3g}") for m in (5.0, 2.0, 1.0) if m * power <= value * (1.0 + 1e-9))


def _scale(y: float, words: str, css: str) -> str:
    return f'<text class="{css}" x="{LEFT - 10}" y="{y:.1f}" text-anchor="end">{escape(words)}</text>'


def _path(points: Sequence[tuple[float, float]], c: Curve, axis: Axis, y: Callable[[float], float], base: float) -> str:
    path = "L".join(f"{axis.x(s):.1f} {y(v):.1f}" for s, v in points)
    area = ""
    if len(points) == 1:
        path += f"h{HAIR}"
    if c.filled:
        first, last = axis.x(points[0][0]), axis.x(points[-1][0])
        area = f'<path class="area {c.css}" d="M{first:.1f} {base:.1f}L{path}L{last:.1f} {base:.1f}Z"/>'
    return f'{area}<path class="line {c.css}" d="M{path}"/>'


def pieces(t: Matrix, values: Matrix, low: bool) -> list[list[tuple[float, float]]]:
    """The stretches without gaps, at most about 500 points in all: of each part its highest or lowest, so that none is lost."""
    known = np.flatnonzero(np.isfinite(values))
    if not known.size:
        return []
    breaks = np.flatnonzero(np.diff(known) > 1) + 1
    found = []
    for stretch in np.split(known, breaks):
        count = max(2, COLUMNS * len(stretch) // len(known))
        if len(stretch) > count:
            edges = np.linspace(0, len(stretch), count + 1).astype(int)
            pick = np.argmin if low else np.argmax
            stretch = np.array([stretch[a + int(pick(values[stretch[a:b]]))] for a, b in pairwise(edges)])
        found.append([(float(t[i]), float(values[i])) for i in stretch])
    return found


def _moments(axis: Axis, moments: Sequence[Moment], top: float, bottom: float) -> str:
    drawn = ""
    for m in moments:
        if axis.start <= m.t <= axis.end:
            x = f'x1="{axis.x(m.t):.1f}" x2="{axis.x(m.t):.1f}" y1="{top}" y2="{bottom:.1f}"'
            css = "" if m.kind == "told" else f' class="mark-{m.kind}"'
            drawn += f'<g class="{m.kind}"><title>{m.t:+.3f} s: {escape(m.words)}</title><line{css} {x}/></g>'
    return drawn
