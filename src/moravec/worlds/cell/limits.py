"""The UR5e's limit table for this cell: what stands in it, and how it watches for people.

The safety scanner is simulated (`scanner.py`); its terms are the project's choices, after what makers of such scanners quote,
and unverified. A real cell measures them: SAFETY.md says how.
"""

from __future__ import annotations

from dataclasses import replace

from moravec.guard.limits import LimitTable
from moravec.guard.parts import Box, Obstacle
from moravec.guard.separation import WALKING_SPEED, Separation
from moravec.robots.ur5e.limits import JOINT_SPEED_PUBLISHED, RANGE_MARGIN, TOOL_SPEED_HARD, ur5e_limits
from moravec.worlds.cell import layout

TABLE = Box((-0.75, -1.05, -0.80), (1.05, 1.10, 0.0))

SEPARATION = Separation(
    human_speed=WALKING_SPEED,
    reaction_time=0.02,  # one command's largest age; the reading's own age is measured
    reading_age_max=0.2,
    braking=3.0,  # measured in the simulated cell: see docs/results.md
    intrusion=0.12,  # ISO 13855: of a body whose legs are seen; see SAFETY.md
    # Measured (tests/worlds/test_cell_scanner.py), how much farther from a part people seem than they are: up to 0.13 m from
    # 0.5 m on, 99 % below 0.15 m nearer than that; up to 0.33 m where a part all but touches them, which takes the intrusion
    # and the way walked within the smallest age and reaction time as well.
    human_uncertainty=0.15,
    robot_uncertainty=0.01,
)


def obstacles(conveyor: bool = False) -> tuple[Obstacle, ...]:
    """The cell's fixed bodies: table, plinth, station, the walls of everything that is open at the top, or the conveyor."""
    (px, py), (pw, pd) = layout.PLINTH_CENTRE, layout.PLINTH_SIZE
    (sx, sy), (sw, sd) = layout.STATION_CENTRE, layout.STATION_SIZE
    plinth = Box((px - pw / 2, py - pd / 2, 0.0), (px + pw / 2, py + pd / 2, layout.UPPER_ROW[1]))
    station = Box((sx - sw / 2, sy - sd / 2, 0.0), (sx + sw / 2, sy + sd / 2, layout.STATION_HEIGHT))
    solid = (Obstacle("table", TABLE), Obstacle("plinth", plinth), Obstacle("station", station))
    parcel = _tray("parcel", layout.PARCEL_CENTRE, layout.PARCEL_INNER, layout.PARCEL_WALL, layout.PARCEL_HEIGHT)
    reject = _tray("reject", layout.REJECT_CENTRE, layout.REJECT_INNER, layout.REJECT_WALL, layout.REJECT_HEIGHT)
    brings = _conveyor() if conveyor else parcel
    return (*solid, *brings, *reject, *_row("lower", *layout.LOWER_ROW), *_row("upper", *layout.UPPER_ROW))


def _tray(
    name: str, centre: tuple[float, float], inner: tuple[float, float], wall: float, rim: float
) -> tuple[Obstacle, ...]:
    """Four walls that stand on the table."""
    (x, y), dx, dy = centre, inner[0] / 2, inner[1] / 2
    return (
        Obstacle(f"{name}'s near wall", Box((x - dx - wall, y - dy - wall, 0.0), (x - dx, y + dy + wall, rim))),
        Obstacle(f"{name}'s far wall", Box((x + dx, y - dy - wall, 0.0), (x + dx + wall, y + dy + wall, rim))),
        Obstacle(f"{name}'s right wall", Box((x - dx, y - dy - wall, 0.0), (x + dx, y - dy, rim))),
        Obstacle(f"{name}'s left wall", Box((x - dx, y + dy, 0.0), (x + dx, y + dy + wall, rim))),
    )


def _conveyor() -> tuple[Obstacle, ...]:
    """The belt down to the table, and its two rails."""
    (x, y), dx, dy = layout.BELT_CENTRE, layout.BELT_SIZE[0] / 2, layout.BELT_SIZE[1] / 2
    rails = ((x - dx - layout.RAIL, x - dx), (x + dx, x + dx + layout.RAIL))
    return (
        Obstacle("belt", Box((x - dx, y - dy, 0.0), (x + dx, y + dy, layout.BELT_FLOOR))),
        *(Obstacle(f"belt's {name} rail", Box((low, y - dy, 0.0), (high, y + dy, layout.BELT_RIM)))
          for name, (low, high) in zip(("near", "far"), rails, strict=True)),
    )  # fmt: skip


def _row(name: str, y: float, floor: float) -> tuple[Obstacle, ...]:
    """A row of bins: the wall in front with the labels' ledge, the one behind, and those to the sides and between."""
    rim, xs = floor + layout.BIN_HEIGHT, sorted(layout.BIN_X)
    dx, dy, wall = layout.BIN_INNER[0] / 2, layout.BIN_INNER[1] / 2, layout.BIN_WALL
    left, right, front, back = xs[0] - dx - wall, xs[-1] + dx + wall, y - dy, y + dy
    edges = [left, *(edge for x in xs for edge in (x - dx, x + dx)), right]
    between = [
        Obstacle(f"{name} bins' wall {i}", Box((a, front, 0.0), (b, back, rim)))
        for i, (a, b) in enumerate(zip(edges[::2], edges[1::2], strict=True), start=1)
    ]
    ledge = Box((left, front - wall - layout.LEDGE_DEPTH, 0.0), (right, front, rim + layout.LEDGE_OVER))
    behind = Box((left, back, 0.0), (right, back + wall, rim))
    return (Obstacle(f"{name} bins' ledge", ledge), Obstacle(f"{name} bins' back", behind), *between)


def cell_limits(conveyor: bool = False) -> LimitTable:
    """The limit table of the arm in this cell."""
    return replace(ur5e_limits(), obstacles=obstacles(conveyor), separation=SEPARATION)


BODY_LAG = 0.01  # [m] the body's tool is off its set-point by less


def true_limits(conveyor: bool = False) -> LimitTable:
    """What the body must keep by the simulator's measure; the guard holds set-points to less, because servos overshoot."""
    limits = cell_limits(conveyor)
    allowed = tuple(
        Box((b.low[0] - BODY_LAG, b.low[1] - BODY_LAG, b.low[2] - BODY_LAG), tuple(x + BODY_LAG for x in b.high))  # type: ignore[arg-type]
        for b in limits.allowed
    )
    return replace(
        limits,
        position_min=tuple(x - RANGE_MARGIN for x in limits.position_min),
        position_max=tuple(x + RANGE_MARGIN for x in limits.position_max),
        velocity=(JOINT_SPEED_PUBLISHED,) * limits.joints,
        tool_speed=TOOL_SPEED_HARD,
        allowed=allowed,
    )
