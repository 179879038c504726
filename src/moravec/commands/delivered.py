"""The deliveries that demonstrations are made of."""

from __future__ import annotations

from moravec.worlds.registry import World, WorldOptions, open_world


def delivered(seed: int) -> World:
    """The cell with the delivery of `seed`. In a worker."""
    return open_world("cell", WorldOptions(seed))
