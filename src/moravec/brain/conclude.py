"""What is said at the end of a goal: the answers, what was done, and what stays open."""

from __future__ import annotations

from collections.abc import Sequence

from moravec.brain.answer import answer, listed, open_points, structured, summary, where
from moravec.brain.job import Job
from moravec.brain.memory.recollect import Recollection
from moravec.brain.remember import Inventory, Item, natural


def conclude(job: Job, recollection: Recollection) -> None:
    """Adds to what the job says; what was said of its earlier goals stays."""
    inventory, clauses = job.inventory, job.goal.clauses
    questions = [clause for clause in clauses if clause.kind == "question"]
    job.said += [answer(clause, inventory) for clause in questions]
    job.answers += [structured(clause, inventory) for clause in questions]
    job.said += [text for clause in clauses if (text := recollection.recalled(clause, inventory))]
    assignment = job.assignment()
    points = [] if job.taken_back else open_points(job.goal, assignment, inventory, job.aside, job.overflow)
    job.problems += [p for p in points if p not in job.problems]
    if job.goal.moves:
        job.said.append(summary(assignment, inventory))
    if any(clause.kind == "stop" for clause in clauses):
        job.said.append("Stopped; nothing was moved.")
    back = [f"Taken back, as was said: {job.taken_back!r}."] if job.taken_back else []
    others = [inventory.item(name) for name in sorted(job.contested, key=natural) if name in inventory.items]
    said = [*job.said, *back, *_as_said_last(others, inventory)]
    job.answer = " ".join([*said, *(f"Open: {p}." for p in job.problems)]) or "Done."


def _as_said_last(items: Sequence[Item], inventory: Inventory) -> list[str]:
    """What newer words put elsewhere than this job wanted it."""
    by_place: dict[str, list[Item]] = {}
    for item in items:
        by_place.setdefault(where(item, inventory), []).append(item)
    return [
        f"{listed(there)} {'stays' if len(there) == 1 else 'stay'} in {place}, as was said last."
        for place, there in by_place.items()
    ]
