"""The hard-coded skills of a delivery, by name."""

from __future__ import annotations

from moravec.skills.contract import Skill
from moravec.skills.lid import Open
from moravec.skills.looking import AskPerson, Home, Inspect, Look
from moravec.skills.picking import Pick
from moravec.skills.putting import Discard, PutDown, Stow


def delivery_skills() -> dict[str, Skill]:
    """One of each."""
    skills: tuple[Skill, ...] = (Look(), Open(), Pick(), Inspect(), PutDown(), Stow(), Discard(), Home(), AskPerson())
    return {skill.manifest.name: skill for skill in skills}
