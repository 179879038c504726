"""Which workplaces there are. Built-in and installed ones come through the same door: entry points of one group."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass
from importlib.metadata import EntryPoint, entry_points
from typing import Any, Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from moravec.core.errors import BadInput, WorldError
from moravec.core.workplace import Workplace
from moravec.robots.protocol import Robot

GROUP = "moravec.worlds"
BUILT_IN = (EntryPoint("cell", "moravec.worlds.cell.entry:open_world", GROUP),)


@dataclass(frozen=True, slots=True)
class WorldOptions:
    """What every world understands. A field left at None is drawn from the seed."""

    seed: int = 0
    items: int | None = None
    renderer: str | None = None
    person: bool = False
    mishaps: tuple[str, ...] = ()  # what is to go wrong, in the world's own words
    conveyor: str = ""  # how things come on a belt, in the world's own words; "" for no belt
    conditions: tuple[str, ...] = ()  # how the place differs from its drawing, in the world's own words
    fixture: float | None = None  # [m] how far things lie off places known beforehand; None: as they come


@dataclass(frozen=True, slots=True)
class Thing:
    """One item as it really is. `size` is the volume [m^3] of its upright bounding box, only good for comparing.

    `location` is a bin's label, or else what `place` is: the workplace's name of where it lies, or "hand", "table", "floor".
    """

    category: str
    colour: str
    damaged: bool
    code: str | None
    size: float
    location: str
    belongs: str
    place: str = ""
    position: tuple[float, float, float] = (0.0, 0.0, 0.0)  # [m] of its middle, in the world
    length: float = 0.0  # [m] of its longest side, only good for comparing


class World(Protocol):
    """A simulated workplace. A runtime gets `robot` and `workplace`; the rest is for people and for scoring."""

    @property
    def robot(self) -> Robot:
        """The body that works there."""
        ...

    @property
    def workplace(self) -> Workplace:
        """What its integrator knows."""
        ...

    @property
    def renderer(self) -> str:
        """What draws the pictures."""
        ...

    def things(self) -> Mapping[str, Thing]:
        """The truth about every item, now."""
        ...

    def extremes(self) -> Mapping[str, Any]:
        """The worst of the run so far, by the simulator's own measure, as JSON data."""
        ...

    def portrait(self) -> NDArray[np.uint8]:
        """A pleasing picture (h, w, 3) for people."""
        ...

    def close(self) -> None:
        """Frees what it holds."""
        ...


class OpenWorld(Protocol):
    """What an entry point of the group loads."""

    def __call__(self, options: WorldOptions) -> World:
        """Builds the world. Raises BadInput, WorldError."""
        ...


@runtime_checkable
class Draws(Protocol):
    """What an entry point may have besides: the workplace, without building a world."""

    def workplace_for(self, options: WorldOptions) -> Workplace:
        """What the integrator of that world knows. Raises BadInput."""
        ...


@runtime_checkable
class Bends(Protocol):
    """What an entry point may have besides: its conditions, without building a world."""

    def as_drawn(self) -> Mapping[str, float]:
        """Each condition that its options take, by name, and its value where nothing differs from the drawing; an int, where it
        counts something."""
        ...


def world_entries() -> dict[str, EntryPoint]:
    """Every world by name. An installed one cannot take a built-in's name. Raises WorldError."""
    found: dict[str, EntryPoint] = {entry.name: entry for entry in BUILT_IN}
    for entry in entry_points(group=GROUP):
        if entry.name in found and found[entry.name].value != entry.value:
            raise WorldError(f"two worlds are called {entry.name!r}: {found[entry.name].value} and {entry.value}")
        found[entry.name] = entry
    return found


def open_world(name: str, options: WorldOptions) -> World:
    """The world called `name`. Raises BadInput for an unknown one, WorldError for one that cannot be loaded."""
    return _opener(name)(options)


def workplace_of(name: str, options: WorldOptions) -> Workplace:
    """The workplace of the world called `name`, which is built only where it cannot tell otherwise. Raises as `open_world`."""
    opener = _opener(name)
    if isinstance(opener, Draws):
        return opener.workplace_for(options)
    with closing(opener(options)) as world:
        return world.workplace


def drawn_conditions(name: str) -> Mapping[str, float]:
    """The conditions of the world called `name` as drawn; none where it does not tell. Raises as `open_world`."""
    opener = _opener(name)
    return opener.as_drawn() if isinstance(opener, Bends) else {}


def _opener(name: str) -> OpenWorld:
    entries = world_entries()
    if name not in entries:
        raise BadInput("the world", name, entries)
    try:
        opener: OpenWorld = entries[name].load()
    except (ImportError, AttributeError) as error:
        raise WorldError(f"the world {name!r} ({entries[name].value}) cannot be loaded: {error}") from error
    return opener
