"""A schedule as one standalone SVG picture: a row for each robot, under these one for each shared resource, bars over time."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

from moravec.brain.schedule.schedule import Schedule, Slot
from moravec.brain.steps import Step

WIDTH, LEFT, RIGHT, TOP, ROW = 1200, 110, 20, 56, 26  # [user units]
COLOURS = {
    "look": "#8a6d00", "open": "#7a4aa0", "pick": "#1f5fa8", "place": "#2f7d4f", "inspect": "#c0531c", "stow": "#2b8a8a",
    "discard": "#a83232", "home": "#5a5f66",
}  # fmt: skip
OTHER = "#444444"
_LETTER = 6.2  # width of a letter


def gantt(schedule: Schedule, steps: Sequence[Step], robots: Sequence[str]) -> str:
    """Bars by robot, then by resource in the order of their names; those of the critical path have a thick edge."""
    shared = sorted({name for slot in schedule.slots for name in slot.resources})
    rows = [*robots, *shared]
    height = TOP + ROW * len(rows) + 40
    scale = (WIDTH - LEFT - RIGHT) / max(schedule.makespan, 1e-9)
    parts = [_frame(rows, len(robots), height, schedule.makespan, scale)]
    critical = set(schedule.critical)
    for place, slot in enumerate(schedule.slots):
        step = steps[slot.step]
        parts.append(_bar(slot, step, rows.index(slot.robot), scale, place in critical))
        parts += [_bar(slot, step, len(robots) + shared.index(name), scale, False, slot.robot) for name in slot.resources]
    title = (
        f"{len(steps)} steps, {len(robots)} robot{'s' * (len(robots) != 1)}: {schedule.makespan:.1f} s "
        f"(at least {schedule.bound:.1f} s; one after the other {schedule.alone:.1f} s)"
    )
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" font-family="sans-serif" font-size="11" '
        f'role="img" aria-label="{escape(title)}"><rect width="{WIDTH}" height="{height}" fill="white"/>'
        f'<text x="{LEFT}" y="20" font-size="14" font-weight="bold">{escape(title)}</text>{_legend(steps)}'
        f"{''.join(parts)}</svg>\n"
    )


def _bar(slot: Slot, step: Step, row: int, scale: float, critical: bool, by: str = "") -> str:
    x, y, width = LEFT + scale * slot.start, TOP + ROW * row + 3, scale * (slot.end - slot.start)
    words = f"{slot.step}. {step}, {slot.start:.1f} to {slot.end:.1f} s" + (f", {by}" if by else "")
    label = by or (step.item or step.place or "").removeprefix("item-")
    edge = 'stroke="black" stroke-width="2"' if critical else 'stroke="white" stroke-width="0.5"'
    colour = COLOURS.get(step.skill, OTHER)
    text = ""
    if label and width > _LETTER * len(label) + 4:
        text = f'<text x="{x + width / 2:.1f}" y="{y + 14}" text-anchor="middle" fill="white">{escape(label)}</text>'
    return (
        f'<g><title>{escape(words)}</title><rect x="{x:.1f}" y="{y}" width="{max(width, 1.0):.1f}" height="{ROW - 6}" rx="2" '
        f'fill="{colour}" fill-opacity="{0.45 if by else 1}" {edge}/>{text}</g>'
    )


def _frame(rows: Sequence[str], robots: int, height: int, makespan: float, scale: float) -> str:
    """Names of rows and round times."""
    bottom = TOP + ROW * len(rows)
    parts = [
        f'<text x="{LEFT - 8}" y="{TOP + ROW * i + 17}" text-anchor="end" font-weight="{"bold" if i < robots else "normal"}">'
        f"{escape(name)}</text>"
        for i, name in enumerate(rows)
    ]
    for t in marks(makespan):
        x = LEFT + scale * t
        parts.append(f'<line x1="{x:.1f}" x2="{x:.1f}" y1="{TOP}" y2="{bottom}" stroke="#dddddd"/>')
        parts.append(f'<text x="{x:.1f}" y="{bottom + 16}" text-anchor="middle">{t:g}</text>')
    line = TOP + ROW * robots
    parts.append(f'<line x1="0" x2="{WIDTH}" y1="{line}" y2="{line}" stroke="#999999"/>')
    parts.append(f'<text x="{(LEFT + WIDTH - RIGHT) / 2}" y="{height - 8}" text-anchor="middle">seconds</text>')
    return "".join(parts)


def marks(makespan: float) -> list[float]:
    """Round times [s] from 0 to `makespan`, at most about twelve of them."""
    steps = [m * 10.0**e for e in range(-2, 7) for m in (1, 2, 5)]
    step = next((s for s in steps if makespan / s <= 12), steps[-1])
    return [i * step for i in range(int(makespan / step + 1e-9) + 1)]


def _legend(steps: Sequence[Step]) -> str:
    parts, x = [], LEFT
    for skill in dict.fromkeys(step.skill for step in steps):
        parts.append(f'<rect x="{x}" y="32" width="12" height="12" fill="{COLOURS.get(skill, OTHER)}"/>')
        parts.append(f'<text x="{x + 16}" y="42">{escape(skill)}</text>')
        x += 34 + int(_LETTER * len(skill))
    parts.append(f'<rect x="{x}" y="32" width="12" height="12" fill="white" stroke="black" stroke-width="2"/>')
    parts.append(f'<text x="{x + 16}" y="42">critical path</text>')
    return "".join(parts)
