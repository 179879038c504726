"""What is said at the end of a goal: the answers, what was done, and what stays open."""

from __future__ import annotations

from moravec.brain.answer import answer, open_points, structured, summary
from moravec.brain.job import Job
from moravec.brain.memory.recollect import Recollection


def conclude(job: Job, recollection: Recollection) -> None:
    """Adds to what the job says; what was said of its earlier goals stays."""
    inventory, clauses = job.inventory, job.goal.clauses
    questions = [clause for clause in clauses if clause.kind == "question"]
    job.said += [answer(clause, inventory) for clause in questions]
    job.answers += [structured(clause, inventory) for clause in questions]
    job.said += [text for clause in clauses if (text := recollection.recalled(clause, inventory))]
    assignment = job.assignment()
    points = open_points(job.goal, assignment, inventory, job.aside, job.overflow)
    job.problems += [p for p in points if p not in job.problems]
    if job.goal.moves:
        job.said.append(summary(assignment, inventory))
    if any(clause.kind == "stop" for clause in clauses):
        job.said.append("Stopped; nothing was moved.")
    job.answer = " ".join([*job.said, *(f"Open: {p}." for p in job.problems)]) or "Done."
