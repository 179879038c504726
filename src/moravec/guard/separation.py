"""Speed and separation monitoring: how far away somebody must be for the robot to move as fast as it does.

ISO/TS 15066:2016, 5.5.4 (taken over into ISO 10218-2:2025), as analysed by Marvel and Norcross, "Implementing speed and
separation monitoring in collaborative robot workcells", 2017 (PMC5117641):

    S_p = v_h (T_r + T_s) + v_r T_r + S_s + C + Z_d + Z_r

Every term is a required argument: a term left at zero is the commonest mistake in public implementations of this formula.
Pure functions; what is not provably far enough is too near (a comparison with NaN is false, and false means no).
"""

from __future__ import annotations

import math
from dataclasses import dataclass, fields

from moravec.core.errors import GuardConfigError
from moravec.guard.checks import Finding

# Walking speed of a person whose speed is not measured, and of a reaching arm [m/s]. ISO 13855, K = 1600 and 2000 mm/s.
WALKING_SPEED = 1.6
REACHING_SPEED = 2.0
# Terms larger than this [m, s, m/s, m/s^2] belong to no robot; they are taken for a wrong unit.
LARGEST = 1e3


@dataclass(frozen=True, slots=True)
class Separation:
    """The terms of the protective separation distance; none has a default.

    human_speed        v_h, towards the robot [m/s]; WALKING_SPEED where it is not measured
    reaction_time      T_r, from a step into view to the first deceleration: sensor, network, computing, actuation [s]
    braking            a, the deceleration of the protected point that is kept at every load and reach [m/s^2]
    intrusion          C, how far a body part gets in before it is detected [m]; 0 where the sensor's data sheet says so
    human_uncertainty  Z_d, of where the sensor says somebody is [m]
    robot_uncertainty  Z_r, of where the robot says it is [m]

    Raises GuardConfigError for a term that is not finite, negative, zero where nothing real is, or out of all proportion.
    """

    human_speed: float
    reaction_time: float
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


def stop_time(speed: float, terms: Separation) -> float:
    """T_s [s] from `speed` [m/s] with constant braking."""
    return speed / terms.braking


def stop_distance(speed: float, terms: Separation) -> float:
    """S_s [m] from `speed` [m/s] with constant braking."""
    return speed * speed / (2.0 * terms.braking)


def protective_distance(speed: float, terms: Separation) -> float:
    """S_p [m] at the robot's `speed` [m/s] towards the person: nearer than this it must not be as fast."""
    human = terms.human_speed * (terms.reaction_time + stop_time(speed, terms))
    robot = speed * terms.reaction_time + stop_distance(speed, terms)
    return human + robot + terms.intrusion + terms.human_uncertainty + terms.robot_uncertainty


def allowed_speed(separation: float, terms: Separation) -> float:
    """The fastest [m/s] whose protective distance is not more than `separation` [m]; 0 where even standing still is too near.

    The positive root of v^2/2a + v (T_r + v_h/a) + v_h T_r + C + Z_d + Z_r - S = 0, in the form that loses no digits where
    the root is small. 0 for a separation that is not a number.
    """
    spare = separation - protective_distance(0.0, terms)
    if not spare > 0.0:
        return 0.0
    slope = terms.braking * terms.reaction_time + terms.human_speed
    return 2.0 * terms.braking * spare / (slope + math.sqrt(slope * slope + 2.0 * terms.braking * spare))


def check_separation(separation: float, speed: float, terms: Separation) -> Finding:
    """Whether `separation` [m] protects from the robot's `speed` [m/s]. `value` is the separation, `limit` the distance it
    must have; unlike other checks it holds above its limit. NaN in either is too near."""
    needed = protective_distance(speed, terms)
    if math.isnan(separation) or math.isnan(needed):
        return Finding("separation", -1, 0.0, protective_distance(0.0, terms), -1.0, -1.0)
    margin = separation - needed
    return Finding("separation", -1, separation, needed, margin, margin / needed)
