"""Losses and success over the steps of a training, as one standalone SVG picture."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from html import escape

WIDTH, HEIGHT = 860, 420  # [user units]
LEFT, RIGHT, TOP, BOTTOM = 64, 150, 24, 44
COLOURS = ("#1f5fa8", "#c0531c", "#2f7d4f", "#7a4aa0", "#8a6d00", "#5a5f66")
POINTS = 400  # most of one line
LEAST = 1e-4  # what a logarithm is drawn of, at least


@dataclass(frozen=True, slots=True)
class Scale:
    """How high a value is drawn, as a share of the frame, which heights have a name, and how a value is written."""

    share: Callable[[float], float]
    marks: Sequence[tuple[float, str]]
    words: Callable[[float], str]


def curves(history: Sequence[Mapping[str, float]], title: str = "losses of training, logarithmic") -> str:
    """One line for each number of the history but `step`, on a logarithmic scale."""
    values = [max(LEAST, value) for row in history for name, value in row.items() if name != "step"]
    low = math.floor(math.log10(min(values))) if values else 0
    high = max(low + 1, math.ceil(math.log10(max(values)))) if values else 1
    marks = [(10.0**power, f"{10.0**power:g}") for power in range(low, high + 1)]
    share = lambda value: (math.log10(max(LEAST, value)) - low) / (high - low)  # noqa: E731
    return _drawn(history, title, Scale(share, marks, "{:.3g}".format))


def successes(history: Sequence[Mapping[str, float]], title: str = "success while training") -> str:
    """One line for each share of the history, which are from 0 to 1, with a dot for each measurement."""
    marks = [(tenths / 5.0, f"{20 * tenths} %") for tenths in range(6)]
    return _drawn(history, title, Scale(lambda value: value, marks, "{:.0%}".format), dots=True)


def _drawn(history: Sequence[Mapping[str, float]], title: str, scale: Scale, dots: bool = False) -> str:
    names = [name for name in (history[-1] if history else {}) if name != "step"]
    last = max((row["step"] for row in history), default=1.0)
    parts = [_frame(scale, last, title)]
    for index, name in enumerate(names):
        every = [row for row in history if name in row]
        rows = every[:: -(-len(every) // (POINTS - 1))]
        rows += [] if rows[-1] is every[-1] else every[-1:]
        colour = COLOURS[index % len(COLOURS)]
        places = [(_x(row["step"], last), _y(scale.share(row[name]))) for row in rows]
        line = " ".join(f"{x:.1f},{y:.1f}" for x, y in places)
        parts.append(f'<polyline points="{line}" fill="none" stroke="{colour}" stroke-width="1.6"/>')
        parts += [f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3" fill="{colour}"/>' for x, y in places if dots or len(places) == 1]
        y = TOP + 18 * index + 10
        parts.append(
            f'<rect x="{WIDTH - RIGHT + 14}" y="{y - 8}" width="14" height="4" fill="{colour}"/>'
            f'<text x="{WIDTH - RIGHT + 34}" y="{y}">{escape(name)} {scale.words(rows[-1][name])}</text>'
        )
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" font-family="sans-serif" font-size="12">'
        f'<rect width="{WIDTH}" height="{HEIGHT}" fill="white"/>{"".join(parts)}</svg>\n'
    )


def _frame(scale: Scale, last: float, title: str) -> str:
    parts = [f'<text x="{LEFT}" y="15" font-weight="bold">{escape(title)}</text>']
    for value, name in scale.marks:
        y = _y(scale.share(value))
        parts.append(f'<line x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{y:.1f}" y2="{y:.1f}" stroke="#ddd"/>')
        parts.append(f'<text x="{LEFT - 8}" y="{y + 4:.1f}" text-anchor="end">{name}</text>')
    for share in (0.0, 0.25, 0.5, 0.75, 1.0):
        x = _x(share * last, last)
        parts.append(f'<line x1="{x:.1f}" x2="{x:.1f}" y1="{TOP}" y2="{HEIGHT - BOTTOM}" stroke="#eee"/>')
        parts.append(f'<text x="{x:.1f}" y="{HEIGHT - BOTTOM + 18}" text-anchor="middle">{share * last:,.0f}</text>')
    parts.append(f'<text x="{(LEFT + WIDTH - RIGHT) / 2}" y="{HEIGHT - 8}" text-anchor="middle">step</text>')
    return "".join(parts)


def _x(step: float, last: float) -> float:
    return LEFT + (WIDTH - LEFT - RIGHT) * step / max(last, 1e-9)


def _y(share: float) -> float:
    return HEIGHT - BOTTOM - (HEIGHT - TOP - BOTTOM) * min(1.0, max(0.0, share))
