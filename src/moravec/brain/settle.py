"""When a thing need not go over the station: what the hand took came alone, and was seen so surely that a closer look would tell
nothing more."""

from __future__ import annotations

from collections.abc import Sequence

from moravec.brain.conduct.overseer import Overseer
from moravec.brain.goal import Selection
from moravec.brain.job import Job
from moravec.brain.steps import Plan, Step
from moravec.brain.validate import validate
from moravec.perception.detection import Detection
from moravec.perception.outlines import apart
from moravec.skills.contract import SkillResult

# Probability of a category, of a colour, and of damage or of none, from which a look counts as an inspection, and for what stands
# apart. How many are so sure, and how many of them are seen rightly, stands in docs/results.md.
SURE, SURE_APART = 0.99, 0.98
DETOUR = ("place", "inspect", "pick")  # over the station and back into the hand
CLOSELY = ("inspect", "examin", "check", "close")  # such words are asked to be taken at their word, however they were understood
_MOVING = ("move", "open", "home")  # kinds of clauses that ask nothing of what only a close look tells


def settled(job: Job, overseer: Overseer, step: Step, result: SkillResult, rest: Sequence[Step]) -> Detection | None:
    """What the pick `step` took, as seen before, where the detour over the station that `rest` begins with tells nothing more.

    Else None; so too where somebody asked for an inspection or for codes, or a rule forbids to go on without one. It stays
    uninspected: whether it bears a code, only a closer look would tell.
    """
    seen = result.data.get("target")
    if not result.data.get("alone") or seen is None or not sure(seen, result.data["detections"]):
        return None
    if not _is_detour(job, step, rest) or any(word in job.instruction.lower() for word in CLOSELY):
        return None
    if any(clause.kind not in _MOVING or _asks_codes(clause.what) for clause in job.goal.clauses):
        return None
    inventory, assignment = job.inventory, job.assignment()
    task, known = assignment.task_of(str(step.item)), inventory.item(str(step.item))
    same = (known.category, known.colour, known.damaged) == (seen.category, seen.colour, seen.damaged)
    if task is None or task.check or task.to is None or not same:
        return None
    shorter = Plan(tuple(rest[len(DETOUR) :]))
    lawful = validate(shorter, inventory.state(), inventory.workplace, conduct=overseer.conduct(inventory, assignment)).ok
    return seen if lawful else None


def sure(seen: Detection, others: Sequence[Detection]) -> bool:
    """Whether a look that also showed `others`, itself among them or not, leaves no doubt of what it is, nor of its damage."""
    overlaps = any(apart(seen, other) == 0.0 for other in others if other is not seen)
    needed = SURE if overlaps else SURE_APART
    told = min(seen.category_p, seen.colour_p) > needed
    return told and not 1.0 - needed < seen.damaged_p < needed


def _asks_codes(what: Selection) -> bool:
    """Whether printed codes, or that there is none, decide what is meant."""
    return bool(what.codes) or what.coded is not None or any(_asks_codes(exception) for exception in what.exceptions)


def _is_detour(job: Job, step: Step, rest: Sequence[Step]) -> bool:
    """Whether `rest` begins with the station and goes on elsewhere, with the same item."""
    if len(rest) <= len(DETOUR) or any(s.item != step.item for s in rest[: len(DETOUR) + 1]):
        return False
    over = tuple(s.skill for s in rest[: len(DETOUR)]) == DETOUR and rest[0].place == job.station
    return over and rest[len(DETOUR)].place != job.station
