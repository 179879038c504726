"""Small drawings as SVG text: a timeline of steps and strips of measured values over the same time axis.

Colours are CSS classes of the page, so that a drawing follows its light or dark theme.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from itertools import pairwise

import numpy as np

from moravec.console.collect import Event, StepSeen
from moravec.core.frames import Matrix

WIDTH = 1000  # [user units], of every drawing
LEFT = 76  # room for words at the left
RIGHT = 14
ROW = 22
STRIP = 96  # height of one strip
COLUMNS = 500  # most points of one line


@dataclass(frozen=True, slots=True)
class Axis:
    """Time [s] from `start` to `end` along a drawing's width."""

    start: float
    end: float

    def x(self, t: float) -> float:
        """Where `t` [s] is drawn."""
        span = max(self.end - self.start, 1e-9)
        return LEFT + (WIDTH - LEFT - RIGHT) * (min(max(t, self.start), self.end) - self.start) / span

    def ticks(self) -> list[float]:
        """Round times [s], six to twelve of them."""
        span = max(self.end - self.start, 1e-9)
        steps = [m * 10.0**e for e in range(-2, 5) for m in (1, 2, 5)]
        step = next((s for s in steps if span / s <= 10), steps[-1])
        first = int(np.ceil(self.start / step - 1e-9))
        return [i * step for i in range(first, int(np.floor(self.end / step + 1e-9)) + 1)]


def timeline(steps: Sequence[StepSeen], events: Sequence[Event], axis: Axis) -> str:
    """One row for each skill, one bar for each call, a dashed line for each new plan."""
    skills = list(dict.fromkeys(step.skill for step in steps))
    height = ROW * max(len(skills), 1) + 30
    parts = [grid(axis, 4, height - 26)]
    for row, skill in enumerate(skills):
        y = 4 + ROW * row
        parts.append(f'<text class="label" x="{LEFT - 10}" y="{y + 15}" text-anchor="end">{escape(skill)}</text>')
    for number, step in enumerate(steps, start=1):
        parts.append(_bar(number, step, 4 + ROW * skills.index(step.skill), axis))
    for event in events:
        if event.kind == "replan":
            x = axis.x(event.t)
            parts.append(
                f'<g class="replan"><title>{event.t:.1f} s: new plan, {escape(event.text)}</title>'
                f'<line x1="{x:.1f}" x2="{x:.1f}" y1="0" y2="{height - 24}"/></g>'
            )
    parts.append(times(axis, height - 8))
    return drawing(height, f"Timeline of {len(steps)} steps over {axis.end - axis.start:.0f} s", parts)


def _bar(number: int, step: StepSeen, y: int, axis: Axis) -> str:
    end = axis.end if step.end is None else step.end
    x, width = axis.x(step.start), max(axis.x(end) - axis.x(step.start) - 1.0, 2.0)
    words = f"{number}. {step.words}, {end - step.start:.1f} s, {step.status}"
    if step.status == "failed":
        words += f" ({step.code}) {step.message}"
    return (
        f'<g class="bar {escape(step.status)}"><title>{escape(words)}</title>'
        f'<rect x="{x:.1f}" y="{y + 3}" width="{width:.1f}" height="{ROW - 7}" rx="3"/></g>'
    )


@dataclass(frozen=True, slots=True)
class Line:
    """A value (m,) over the strip's time; `filled` draws the area beneath it."""

    values: Matrix
    css: str
    filled: bool = False


def strip(
    t: Matrix, lines: Sequence[Line], axis: Axis, top: float, limit: float | None, unit: str, title: str
) -> str:
    """Values over time `t` (m,) [s], from 0 to `top` in `unit`, with a line at `limit`."""
    base = STRIP - 20.0

    def y(value: float) -> float:
        return base - (base - 8.0) * min(max(value / top, 0.0), 1.0)

    parts = [grid(axis, 8, base)]
    for line in lines:
        points = [(axis.x(s), y(v)) for s, v in peaks(t, line.values)]
        path = "L".join(f"{px:.1f} {py:.1f}" for px, py in points)
        if line.filled and points:
            area = f"M{points[0][0]:.1f} {base:.1f}L{path}L{points[-1][0]:.1f} {base:.1f}Z"
            parts.append(f'<path class="area {line.css}" d="{area}"/>')
        if points:
            parts.append(f'<path class="line {line.css}" d="M{path}"/>')
    if limit is not None:
        parts.append(f'<line class="limit" x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{y(limit):.1f}" y2="{y(limit):.1f}"/>')
        parts.append(f'<text class="limit-label" x="{LEFT - 10}" y="{y(limit) + 4:.1f}" text-anchor="end">'
                     f"{limit:g} {escape(unit)}</text>")  # fmt: skip
    parts.append(f'<text class="label" x="{LEFT - 10}" y="{base + 2:.1f}" text-anchor="end">0</text>')
    parts.append(times(axis, STRIP - 4))
    return drawing(STRIP, title, parts)


def peaks(t: Matrix, values: Matrix) -> list[tuple[float, float]]:
    """(time, value) points, at most about 500: the largest value of each stretch, so that no peak is lost."""
    if len(t) <= COLUMNS:
        return [(float(a), float(b)) for a, b in zip(t, values, strict=True)]
    edges = np.linspace(0, len(t), COLUMNS + 1).astype(int)
    best = [a + int(np.argmax(values[a:b])) for a, b in pairwise(edges)]
    return [(float(t[i]), float(values[i])) for i in best]


def grid(axis: Axis, top: float, bottom: float) -> str:
    """Faint lines at round times."""
    lines = "".join(f"M{axis.x(s):.1f} {top}V{bottom:.1f}" for s in axis.ticks())
    return f'<path class="grid" d="{lines}"/>' if lines else ""


def times(axis: Axis, y: float) -> str:
    """The round times in words, at height `y`."""
    ticks = axis.ticks()
    last = ticks[-1] if ticks else None
    return "".join(
        f'<text class="label" x="{axis.x(s):.1f}" y="{y}" text-anchor="middle">{s:g}{" s" if s == last else ""}</text>'
        for s in ticks
    )


def drawing(height: int, title: str, parts: Sequence[str]) -> str:
    """One drawing of the page's width, `title` for those who cannot see it."""
    return (
        f'<div class="scroll" tabindex="0" role="group" aria-label="{escape(title)}"><svg viewBox="0 0 {WIDTH} {height}" '
        f'role="img" aria-label="{escape(title)}">{"".join(parts)}</svg></div>'
    )
