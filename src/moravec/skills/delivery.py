"""The skills of a delivery, by name."""

from __future__ import annotations

from moravec.skills.contract import Skill
from moravec.skills.learned.pick import LearnedPick
from moravec.skills.learned.pilot import Pilot
from moravec.skills.lid import Open
from moravec.skills.looking import AskPerson, Home, Inspect, Look
from moravec.skills.picking import Pick
from moravec.skills.putting import Discard, PutDown, Stow


def delivery_skills(pilot: Pilot | None = None) -> dict[str, Skill]:
    """One of each. Things are picked by the hard-coded skill, or led by `pilot`."""
    picks: Skill = Pick() if pilot is None else LearnedPick(pilot)
    skills: tuple[Skill, ...] = (Look(), Open(), picks, Inspect(), PutDown(), Stow(), Discard(), Home(), AskPerson())
    return {skill.manifest.name: skill for skill in skills}
