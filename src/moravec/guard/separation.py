"""Speed and separation monitoring: its terms, and how fast a robot may be at a given distance.

The decision itself stands in `moravec.guard.kernel.people`, with the formula and its sources; here is what an integrator
declares, and the inverse of the formula, for whoever wants to slow down in time rather than be stopped.
Every term is a required argument: a term left at zero is the commonest mistake in public implementations of this formula.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, fields

from moravec.core.errors import GuardConfigError

# Walking speed of a person whose speed is not measured, and of a reaching arm [m/s]. ISO 13855, K = 1600 and 2000 mm/s.
WALKING_SPEED = 1.6
REACHING_SPEED = 2.0
# Terms larger than this [m, s, m/s, m/s^2] belong to no robot; they are taken for a wrong unit.
LARGEST = 1e3


@dataclass(frozen=True, slots=True)
class Separation:
    """The terms of the protective separation distance; none has a default.

    human_speed        v_h, towards the robot [m/s]; WALKING_SPEED where it is not measured
    reaction_time      the part of T_r behind the sensor: network, computing, actuation [s]; the reading's own age is measured
    reading_age_max    older readings of where people are stop the robot [s]
    braking            a, the deceleration of every part that is kept at every load and reach [m/s^2]
    intrusion          C, how far a body part gets in before it is detected [m]; 0 where the sensor's data sheet says so
    human_uncertainty  Z_d, of where the sensor says somebody is [m]
    robot_uncertainty  Z_r, of where the robot says it is [m]

    Raises GuardConfigError for a term that is not finite, negative, zero where nothing real is, or out of all proportion.
    """

    human_speed: float
    reaction_time: float
    reading_age_max: float
    braking: float
    intrusion: float
    human_uncertainty: float
    robot_uncertainty: float

    def __post_init__(self) -> None:
        for field in fields(self):
            value = getattr(self, field.name)
            may_be_zero = field.name == "intrusion"
            fitting = isinstance(value, int | float) and not isinstance(value, bool)
            if not (fitting and (0.0 if may_be_zero else 1e-9) <= value <= LARGEST):
                allowed = "0 or more" if may_be_zero else "more than 0"
                raise GuardConfigError(f"separation: {field.name} is {value!r}; allowed: {allowed}, up to {LARGEST:g}")


def distance_at_rest(age: float, terms: Separation) -> float:
    """S_p [m] of a part that stands still, people having been seen `age` [s] ago."""
    human = terms.human_speed * (terms.reaction_time + age)
    return human + terms.intrusion + terms.human_uncertainty + terms.robot_uncertainty


def allowed_speed(separation: float, age: float, terms: Separation) -> float:
    """The fastest [m/s] a part may be at `separation` [m], people having been seen `age` [s] ago; 0 where even a creeping
    one is too near.

    The positive root of v^2/a + v (T_r + v_h/a) + S_p(0) - S = 0, in the form that loses no digits where the root is small.
    0 for a separation that is not a number.
    """
    spare = separation - distance_at_rest(age, terms)
    if not spare > 0.0:
        return 0.0
    slope = terms.reaction_time + age + terms.human_speed / terms.braking
    return 2.0 * spare / (slope + math.sqrt(slope * slope + 4.0 * spare / terms.braking))
