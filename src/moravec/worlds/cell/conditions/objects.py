"""The things: shapes nobody has seen, what weighs or slides otherwise, what else lies about."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from moravec.worlds.cell.items import ItemSpec
from moravec.worlds.cell.things.patterns import PATTERNS
from moravec.worlds.cell.things.unseen import FORMS
from moravec.worlds.measure import check, check_whole, measure


@dataclass(frozen=True, slots=True)
class Objects:
    """Shares are of the things in the delivery: the nearest whole number of them, and a larger share has those of a smaller
    one too. Declared is what a thing was drawn with; a rule or a charter knows no other weight."""

    mass: float = measure(1.0, "of the declared", 0.5, 1.5, "weight of every thing")
    friction: float = measure(1.0, "of the usual", 0.1, 1.5, "friction of things, of what they lie on and of the finger pads")
    unseen: float = measure(0.0, "of the things", 0.0, 1.0, "shapes that no training and no test has seen, in the same category")
    texture: float = measure(0.0, "of the things", 0.0, 1.0, "stripes or a label painted round them")
    distractors: float = measure(0.0, "things", 0.0, 8.0, "whole number of things on the bare table that nobody asked about")
    clutter: float = measure(0.0, "things", 0.0, 4.0, "whole number of things in the delivery beyond those that were drawn")

    def __post_init__(self) -> None:
        check(self, "objects")
        check_whole(self, "objects", ("distractors", "clutter"))

    def changed(self, items: tuple[ItemSpec, ...], rng: np.random.Generator) -> tuple[ItemSpec, ...]:
        """The same things, some of unseen forms, some with patterns. As much is drawn whatever the shares."""
        unseen, painted = (rng.permutation(len(items)).argsort() for _ in range(2))
        patterns = [str(rng.choice(PATTERNS)) for _ in items]
        return tuple(
            replace(
                item,
                form=FORMS[item.category] if unseen[i] < nearest(self.unseen * len(items)) else item.form,
                pattern=patterns[i] if painted[i] < nearest(self.texture * len(items)) else item.pattern,
            )
            for i, item in enumerate(items)
        )


def nearest(number: float) -> int:
    """The nearest whole number, halves up."""
    return int(number + 0.5)
