"""Power and force limiting: how fast a moving robot may touch a part of somebody's body.

Values: ISO/TS 15066:2016, Annex A, tables A.2 and A.3 (taken over into ISO 10218-2:2025), from two public transcriptions that
agree with each other; the standard itself was not at hand. Pressures are the lowest listed for a region.
They stem from one study of pain onset in 100 adults with a flat probe of 1.4 cm x 1.4 cm: they hold neither for children nor
for sharp tools. Contact with skull, forehead and face is not permitted (A.3.2).

    1/2 mu v^2 = F^2 / 2k    with    1/mu = 1/m_H + 1/m_R    and    m_R = M/2 + m_L
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

from moravec.core.errors import GuardConfigError

Contact = Literal["quasi-static", "transient"]

# A transient contact may be this much harder than a quasi-static one, where it is permitted at all (A.3.3).
TRANSIENT_FACTOR = 2.0


@dataclass(frozen=True, slots=True)
class BodyRegion:
    """One row of the table: what a part of the body bears, how stiff it is, and how heavy.

    force     [N], quasi-static
    pressure  [N/cm^2], quasi-static, the lowest of the region's sites
    stiffness [N/mm]
    mass      [kg], effective
    permitted whether a contact with the region may be planned for at all
    """

    name: str
    force: float
    pressure: float
    stiffness: float
    mass: float
    permitted: bool = True


REGIONS: tuple[BodyRegion, ...] = (
    BodyRegion("skull and forehead", 130.0, 110.0, 150.0, 4.4, permitted=False),
    BodyRegion("face", 65.0, 110.0, 75.0, 4.4, permitted=False),
    BodyRegion("neck", 150.0, 140.0, 50.0, 1.2),
    BodyRegion("back and shoulders", 210.0, 160.0, 35.0, 40.0),
    BodyRegion("chest", 140.0, 120.0, 25.0, 40.0),
    BodyRegion("abdomen", 110.0, 140.0, 10.0, 40.0),
    BodyRegion("pelvis", 180.0, 210.0, 25.0, 40.0),
    BodyRegion("upper arm and elbow", 150.0, 190.0, 30.0, 3.0),
    BodyRegion("lower arm and wrist", 160.0, 180.0, 40.0, 2.0),
    BodyRegion("hand and finger", 140.0, 190.0, 75.0, 0.6),
    BodyRegion("thigh and knee", 220.0, 220.0, 50.0, 75.0),
    BodyRegion("lower leg", 130.0, 210.0, 60.0, 75.0),
)


@dataclass(frozen=True, slots=True)
class MovingMass:
    """What would hit somebody: the robot's `moving` parts and its `payload` with the tool [kg]; the smaller contact `area`
    [cm^2]. Raises GuardConfigError for a value that is not finite and above zero (the payload may be zero)."""

    moving: float
    payload: float
    area: float

    def __post_init__(self) -> None:
        for name, least in (("moving", 1e-6), ("payload", 0.0), ("area", 1e-6)):
            value = getattr(self, name)
            if isinstance(value, bool) or not isinstance(value, int | float) or not least <= value <= 1e6:
                raise GuardConfigError(f"contact: {name} is {value!r}; allowed: {least:g} to 1e+06")

    @property
    def effective(self) -> float:
        """m_R = M/2 + m_L [kg]."""
        return self.moving / 2.0 + self.payload


def region(name: str) -> BodyRegion:
    """The row called `name`. Raises GuardConfigError."""
    for row in REGIONS:
        if row.name == name:
            return row
    raise GuardConfigError(f"a body region: found {name!r}; allowed: {', '.join(row.name for row in REGIONS)}")


def reduced_mass(body: BodyRegion, robot: MovingMass) -> float:
    """mu of body and robot [kg]."""
    return 1.0 / (1.0 / body.mass + 1.0 / robot.effective)


def contact_speed(body: BodyRegion, robot: MovingMass, contact: Contact) -> float:
    """The fastest [m/s] at which `robot` may touch `body`: the lower of what force and pressure allow; 0 where no contact is
    permitted."""
    if not body.permitted:
        return 0.0
    factor = TRANSIENT_FACTOR if contact == "transient" else 1.0
    hardest = factor * min(body.force, body.pressure * robot.area)
    return hardest / math.sqrt(reduced_mass(body, robot) * body.stiffness * 1e3)


def slowest_contact_speed(regions: tuple[BodyRegion, ...], robot: MovingMass, contact: Contact) -> float:
    """The fastest [m/s] that all of `regions` bear. Raises GuardConfigError for none at all: nothing may be left out unsaid."""
    if not regions:
        raise GuardConfigError("contact: no body region named; allowed: the regions that can be touched in this workplace")
    return min(contact_speed(body, robot, contact) for body in regions)
