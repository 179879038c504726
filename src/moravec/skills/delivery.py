"""The skills of a delivery, by name."""

from __future__ import annotations

from moravec.skills.contract import Skill
from moravec.skills.guarded import HardCoded
from moravec.skills.learned.pick import LearnedPick
from moravec.skills.learned.pilot import Pilot
from moravec.skills.learned.place import LearnedPlace
from moravec.skills.lid import Open
from moravec.skills.looking import AskPerson, Home, Inspect, Look
from moravec.skills.picking import Pick
from moravec.skills.putting import Discard, PutDown, Stow


def delivery_skills(pilot: Pilot | None = None) -> dict[str, Skill]:
    """One of each. Things are picked and put down by the hard-coded skills, or led by `pilot`."""
    picks: Skill = Pick() if pilot is None else LearnedPick(pilot)
    plain: tuple[HardCoded, ...] = (PutDown(), Stow(), Discard())
    puts = plain if pilot is None else tuple(LearnedPlace(skill, pilot) for skill in plain)
    skills: tuple[Skill, ...] = (Look(), Open(), picks, Inspect(), *puts, Home(), AskPerson())
    return {skill.manifest.name: skill for skill in skills}
