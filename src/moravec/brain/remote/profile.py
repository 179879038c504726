"""How each family of models writes coordinates. The table is a beginning; `selftest` finds out what a model really does."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any, Literal, TypeAlias

from moravec.core.errors import BadInput

Scale: TypeAlias = Literal["unit", "thousand", "pixels"]
Order: TypeAlias = Literal["xy", "yx"]
Style: TypeAlias = Literal["point_2d", "point", "tags"]
SCALES: tuple[Scale, ...] = ("unit", "thousand", "pixels")
ORDERS: tuple[Order, ...] = ("xy", "yx")
STYLES: tuple[Style, ...] = ("point_2d", "point", "tags")


@dataclass(frozen=True, slots=True)
class Profile:
    """One family's convention. Raises BadInput.

    `scale`: coordinates from 0 to 1, from 0 to 1000, or pixels of the picture that was sent. `style`: {"point_2d": [..]},
    {"point": [..]}, or a pair in round brackets within tags. Pictures are sent with sides that are multiples of `multiple`
    [px], so that the model's own resizing changes nothing, and at most `max_side` [px] long; beyond `max_aspect`, long side
    over short side, they are padded to a square, because grounding drifts on them.
    """

    family: str
    scale: Scale = "thousand"
    order: Order = "xy"
    style: Style = "point_2d"
    multiple: int = 32
    max_side: int = 1280
    max_aspect: float = 2.5

    def __post_init__(self) -> None:
        for name, value, allowed in (("scale", self.scale, SCALES), ("order", self.order, ORDERS), ("style", self.style, STYLES)):
            if value not in allowed:
                raise BadInput(f"the {name} of a model's coordinates", value, allowed)
        for name, side, low, high in (("multiple", self.multiple, 1, 256), ("max_side", self.max_side, 64, 8192)):
            if not isinstance(side, int) or isinstance(side, bool) or not low <= side <= high:
                raise BadInput(f"the {name} of a model's pictures", side, f"a whole number from {low} to {high}")
        if self.max_side < self.multiple:
            raise BadInput("the max_side of a model's pictures", self.max_side, f"at least its multiple, {self.multiple}")
        if not isinstance(self.family, str) or not self.family.isprintable():
            raise BadInput("the family of a model", self.family, "a name on one line")
        aspect = self.max_aspect
        if not isinstance(aspect, int | float) or isinstance(aspect, bool) or not 1.0 <= aspect <= 100.0:
            raise BadInput("the max_aspect of a model's pictures", self.max_aspect, "a number from 1 to 100")

    @property
    def pair(self) -> str:
        """The order as the model is told of it."""
        return "x, y" if self.order == "xy" else "y, x"


UNKNOWN = Profile("unknown")
# The first pattern that is found in the model's name, in lower case, counts.
TABLE: tuple[tuple[re.Pattern[str], Profile], ...] = (
    (re.compile(r"rynn-?brain"), Profile("RynnBrain", style="tags")),
    (re.compile(r"qwen[-_.]?2[._]5[-_.]?vl"), Profile("Qwen2.5-VL", scale="pixels", multiple=28, max_side=1260)),
    (re.compile(r"qwen[-_.]?3(?:[._]\d)?[-_.]?vl|qwen[-_.]?3[._][58]"), Profile("Qwen3-VL")),
    (re.compile(r"gemini"), Profile("Gemini", order="yx", style="point")),
)


def profile_for(model: str, changes: Mapping[str, Any] | None = None) -> Profile:
    """The profile of the family that `model` belongs to by its name, with `changes` from a settings file. Raises BadInput."""
    name = model.lower()
    found = next((profile for pattern, profile in TABLE if pattern.search(name)), UNKNOWN)
    known = asdict(UNKNOWN)
    for field in changes or {}:
        if field not in known:
            raise BadInput("a setting of a model's profile", field, known)
    return replace(found, **(changes or {}))
