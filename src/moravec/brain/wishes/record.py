"""What a turn leaves in the talk: what was moved, and what was spoken of, by what became of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from moravec.brain.goal import Clause, Goal
from moravec.brain.job import Job
from moravec.brain.select import answering, candidates
from moravec.brain.wishes.talk import Done, Talk


def after_turn(talk: Talk, job: Job, last: Goal, before: Mapping[str, str]) -> Talk:
    """`talk` after a turn. `last` is the goal of its last phase; `before` says where each item lay when the turn began to act."""
    inventory = job.inventory
    moved = {}
    for item in inventory.items.values():
        came_from = before.get(item.id, item.origin)
        location = job.parted.get(item.id, item.location)  # what newer words took since is no doing of this turn
        if location != came_from and {location, came_from} <= inventory.kinds.keys():
            moved[item.id] = (came_from, location)
    last_done, done = talk.last_done(), list(talk.done)
    if moved and last_done is not None and {n: (b, a) for n, (a, b) in last_done.moved.items()} == moved:
        done.remove(last_done)  # taken back: it is as if neither turn had been
    else:
        to = next((clause.to for clause in reversed(last.clauses) if clause.to is not None), None)
        done.append(Done(talk.turn, job.instruction, moved, to))
    return replace(talk, done=tuple(done), said=job.answer).bounded()


def as_it_came(talk: Talk, job: Job) -> Talk:
    """`talk` with the items that were taken where any would have done."""
    taken = {c.what: _meant(c, job) for c in job.goal.clauses if c.kind == "move" and c.what.count is not None}
    plain = {replace(what, exceptions=()): names for what, names in taken.items()}
    groups = []
    for group in talk.groups:
        names = plain.get(replace(group.what, exceptions=())) if group.turn == talk.turn else None
        groups.append(replace(group, items=names) if names else group)
    return replace(talk, groups=tuple(groups))


def _meant(clause: Clause, job: Job) -> tuple[str, ...]:
    if clause.kind == "question":
        return tuple(item.id for item in answering(clause.what, job.inventory))
    if clause.kind not in ("move", "inspect"):
        return ()
    index = job.goal.clauses.index(clause)
    names = tuple(task.item for task in job.assignment().tasks if task.clause == index and not task.check)
    return names or tuple(i.id for i in candidates(clause.what, job.inventory, job.inventory.items.values())[0])
