"""Everything about the cell that varies, drawn from one seed and open to overrides."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from numbers import Integral
from typing import Literal, TypeAlias, get_args

import numpy as np

from moravec.core.errors import BadInput
from moravec.worlds.cell.conditions.conditions import Conditions
from moravec.worlds.cell.conditions.light import Light
from moravec.worlds.cell.conveyor import Conveyor
from moravec.worlds.cell.mishaps import Mishap

ITEM_COUNT = (6, 12)
Walk: TypeAlias = Literal["visits", "straight"]
WITHOUT_A_PARCEL = ("slip", "swapped-bins", "dark", "full-bin", "wrong-code")  # mishaps that need none
LARGEST_SCATTER = 0.03  # [m] of things around the pockets of a fixture
LARGEST_SHIFT = (0.03, 0.03, 0.15)  # [m], [m], [rad] how far the parcel may stand from its drawn place


@dataclass(frozen=True, slots=True)
class Lighting:
    """The cell's lamps. `level` scales the brightness; `warmth` in [-1, 1] shifts from cool to warm.

    The last three come from the conditions, see `Light`; nothing else draws them.
    """

    level: float = 1.0
    warmth: float = 0.0
    azimuth: float = 0.7  # [rad] where the main lamp stands
    mired: float = 0.0  # how much warmer all lamps are
    turn: float = 0.0  # [rad] the main lamp about the vertical through what it shines at
    lowered: float = 0.0  # [rad] nearer to the horizon


@dataclass(frozen=True, slots=True)
class CellConfig:
    """One delivery. A field left at None is drawn from the seed."""

    seed: int = 0
    items: int | None = None  # 1 to 12; drawn: 6 to 12
    damaged_share: float = 0.2
    tagged_share: float = 0.6
    parcel_shift: tuple[float, float, float] | None = None  # x, y [m], yaw [rad]
    labels: tuple[str, ...] | None = None  # the label of bin_1, bin_2, ...
    lighting: Lighting | None = None
    person: bool = False  # somebody comes to the table again and again
    walk: Walk = "visits"  # how: strolling to any side, or "straight" up to the edge in front of the arm
    mishaps: tuple[Mishap, ...] = ()  # each kind at most once
    conveyor: Conveyor | None = None  # things come on a belt instead of in a parcel
    fixture: float | None = None  # [m] how far things lie off known pockets, see pockets.py; None: as they fall
    conditions: Conditions = field(default_factory=Conditions)  # how the cell differs from its drawing
    image: tuple[int, int] = (480, 640)  # height, width of the cameras [px]
    renderer: str | None = None  # "egl", "osmesa", "rays"; None takes the best that works

    def __post_init__(self) -> None:
        if not (_is_whole(self.seed) and self.seed >= 0):
            raise BadInput("the seed", self.seed, "a whole number of 0 or more")
        if self.items is not None and not (_is_whole(self.items) and 1 <= self.items <= ITEM_COUNT[1]):
            raise BadInput("the number of items", self.items, f"1 to {ITEM_COUNT[1]}")
        for name in ("damaged_share", "tagged_share"):
            if not 0.0 <= getattr(self, name) <= 1.0:
                raise BadInput(name, getattr(self, name), "0 to 1")
        shift = self.parcel_shift
        if shift is not None and not (len(shift) == 3 and np.all(np.abs(shift) <= LARGEST_SHIFT)):
            raise BadInput("parcel_shift", shift, f"x, y [m] and yaw [rad] within +-{LARGEST_SHIFT}")
        if self.walk not in get_args(Walk):
            raise BadInput("walk", self.walk, get_args(Walk))
        kinds = [mishap.kind for mishap in self.mishaps]
        if len(kinds) != len(set(kinds)):
            raise BadInput("mishaps", kinds, "each kind at most once")
        if self.conveyor is not None and not set(kinds) <= set(WITHOUT_A_PARCEL):
            raise BadInput("mishaps with a conveyor", kinds, WITHOUT_A_PARCEL)
        if self.fixture is not None and not 0.0 <= self.fixture <= LARGEST_SCATTER:
            raise BadInput("the fixture's scatter", self.fixture, f"0 to {LARGEST_SCATTER:g} m")
        if self.fixture is not None and self.conveyor is not None:
            raise BadInput("a fixture", "with a conveyor", "in a parcel")
        if self.fixture is not None and self.conditions.objects.clutter > 0:
            raise BadInput("a fixture", "with objects.clutter", "as many things as were drawn")
        if not (len(self.image) == 2 and all(_is_whole(side) and side > 0 for side in self.image)):
            raise BadInput("image", self.image, "height and width, whole numbers of pixels above 0")


def _is_whole(value: object) -> bool:
    return isinstance(value, Integral) and not isinstance(value, bool)


@dataclass(frozen=True, slots=True)
class Drawn:
    """A configuration with nothing left open, and the streams of randomness that belong to it."""

    items: int
    parcel_shift: tuple[float, float, float]
    labels: tuple[str, ...]
    lighting: Lighting
    streams: dict[str, np.random.Generator] = field(repr=False)


def draw(config: CellConfig, labels: tuple[str, ...]) -> Drawn:
    """Draws what `config` leaves open. Each concern has its own stream, so that overriding one moves no other."""
    names = (
        "items", "parcel", "labels", "lighting", "settle", "camera_overhead", "camera_wrist", "body", "scanner", "person",
        "mishaps", "belt", "imaging", "objects", "strays", "joints", "start", "ground",
    )  # fmt: skip
    children = np.random.SeedSequence(config.seed).spawn(len(names))
    streams = {name: np.random.default_rng(child) for name, child in zip(names, children, strict=True)}
    count = int(streams["items"].integers(ITEM_COUNT[0], ITEM_COUNT[1] + 1))
    shift = streams["parcel"].uniform((-0.010, -0.012, -0.05), (0.010, 0.012, 0.05))
    order = streams["labels"].permutation(len(labels))
    lamp = streams["lighting"].uniform((0.85, -0.3, 0.3), (1.1, 0.3, 1.1))
    if config.fixture is not None:  # then everything stands where the drawing has it
        shift, order = np.zeros(3), np.arange(len(labels))
    lighting = config.lighting or Lighting(float(lamp[0]), float(lamp[1]), float(lamp[2]))
    return Drawn(
        items=count if config.items is None else int(config.items),
        parcel_shift=config.parcel_shift or (float(shift[0]), float(shift[1]), float(shift[2])),
        labels=tuple(labels[i] for i in order) if config.labels is None else config.labels,
        lighting=_under(lighting, config.conditions.light),
        streams=streams,
    )


def _under(lighting: Lighting, light: Light) -> Lighting:
    """The lamps that were drawn, under the conditions of `light`."""
    level = lighting.level * light.level
    return replace(lighting, level=level, mired=light.mired, turn=light.turn, lowered=light.lowered)
