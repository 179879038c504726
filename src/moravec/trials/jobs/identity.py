"""Which true thing a mind means by a name of its inventory."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from moravec.worlds.registry import Thing


def identified(inventory: Mapping[str, Any], things: Mapping[str, Thing]) -> dict[str, str]:
    """The brain's name of each item -> the simulator's, by where it lies and what it looks like; the surest pairs first."""
    pairs = []
    for item in inventory.get("items", ()):
        for name, thing in things.items():
            code = item["code"] is not None and item["code"] == thing.code
            unlike = (item["category"] != thing.category) + (item["colour"] != thing.colour)
            unlike += 2 * (item["location"] not in (thing.place, thing.location)) + (item["damaged"] != thing.damaged)
            pairs.append((unlike - 10 * code, str(item["id"]), name))
    found: dict[str, str] = {}
    for _, item_id, name in sorted(pairs):
        if item_id not in found and name not in found.values():
            found[item_id] = name
    return found
