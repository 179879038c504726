"""The things in a delivery: what they are, drawn by seed. How they are built: `things/`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

CATEGORIES = ("box", "can", "bottle", "ball", "tool", "part")
COLOURS: dict[str, tuple[float, float, float]] = {
    "red": (0.80, 0.16, 0.14),
    "blue": (0.12, 0.36, 0.74),
    "green": (0.14, 0.56, 0.30),
    "yellow": (0.95, 0.76, 0.10),
    "white": (0.93, 0.93, 0.91),
    "purple": (0.50, 0.24, 0.62),
}
MASS_RANGE = (0.03, 0.8)  # [kg]


@dataclass(frozen=True, slots=True)
class ItemSpec:
    """One thing. `size` holds the category's own measures [m]; see `things/usual.py`. `code` is its AprilTag's number.

    `mass` is what the papers of the delivery say; it may weigh otherwise (`Objects.mass`). `form` and `pattern` are "" for what
    is usual, else names of `things/unseen.py` and `things/patterns.py`.
    """

    name: str
    category: str
    colour: str
    size: tuple[float, ...]
    mass: float  # [kg]
    damaged: bool
    code: int | None
    shape_seed: int
    form: str = ""
    pattern: str = ""


def _draw_size(category: str, rng: np.random.Generator) -> tuple[float, ...]:
    u = rng.uniform
    if category == "box":  # half length, half width, half height
        return (u(0.034, 0.062), u(0.020, 0.034), u(0.017, 0.036))
    if category == "can":  # radius, half height
        return (u(0.025, 0.034), u(0.034, 0.043))
    if category == "bottle":  # radius, half height of the body, neck radius, neck half length
        return (u(0.021, 0.030), u(0.042, 0.052), u(0.009, 0.012), u(0.011, 0.015))
    if category == "ball":  # radius
        return (u(0.021, 0.034),)
    if category == "tool":  # half handle length, half handle thickness, half head length, half head thickness
        return (u(0.052, 0.066), u(0.009, 0.012), u(0.026, 0.034), u(0.010, 0.013))
    return (u(0.026, 0.044), u(0.024, 0.033), u(0.017, 0.027))  # part: half axes of the blob its corners lie on


def draw_items(
    count: int, rng: np.random.Generator, damaged_share: float, tagged_share: float, kinds: Sequence[str] = ()
) -> tuple[ItemSpec, ...]:
    """`count` items; about one in six repeats an earlier one in category, colour and size. With `kinds`, of those categories."""
    items: list[ItemSpec] = []
    for index in range(count):
        earlier = [item for item in items if not kinds or item.category == kinds[index]]
        twin = earlier[int(rng.integers(len(earlier)))] if earlier and rng.random() < 1 / 6 else None
        drawn = twin.category if twin else str(rng.choice(CATEGORIES))
        category = kinds[index] if kinds else drawn
        colour = twin.colour if twin else str(rng.choice(list(COLOURS)))
        size = twin.size if twin else _draw_size(category, rng)
        mass = float(np.exp(rng.uniform(*np.log(MASS_RANGE)))) if category != "ball" else float(rng.uniform(0.03, 0.3))
        damaged = bool(rng.random() < damaged_share)
        code = None
        if category == "box":  # both are drawn for every box, so that another share moves nothing else
            tagged, number = rng.random() < tagged_share, int(rng.integers(0, 500))
            code = number if tagged else None
        items.append(ItemSpec(f"thing_{index}", category, colour, size, mass, damaged, code, int(rng.integers(2**31))))
    return tuple(items)
