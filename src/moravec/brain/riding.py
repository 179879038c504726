"""What rides on a belt, in the mind: it is believed to move on, it has to be taken by a deadline, and it may go past."""

from __future__ import annotations

from collections.abc import Generator
from math import inf
from typing import Any, Protocol

from moravec.brain.job import Job
from moravec.brain.plan import needed_looks
from moravec.brain.remember import Inventory, Item
from moravec.skills.belt import QUICKEST, leaves, rides
from moravec.skills.contract import Note, Request

LATELY = 10.0  # [s] since a look in which nothing came: it is not waited for again
WENT_PAST = "it rode past before it could be taken"


class Hands(Protocol):
    """What the executive does to see whether more comes."""

    def glance(self, job: Job, place: str) -> Generator[Request, Any, None]:
        """Look at `place` again, as far as that is possible."""
        ...


def let_pass(job: Job) -> Generator[Request, Any, None]:
    """What cannot be reached in time any more is let go; the job says so of what it wanted."""
    inventory, now = job.inventory, job.context.now()
    for item in _riding(inventory):
        if not rides(item) or leaves(item, inventory.workplace.place(item.location)) >= now + QUICKEST:
            continue
        if job.assignment().task_of(item.id) is not None:
            job.aside.setdefault(item.id, WENT_PAST)
        inventory.passed(item.id, now)
        yield Note("passed", {"item": item.id, "what": item.describe(), "wanted": item.id in job.aside})


def wants_more(job: Job) -> bool:
    """Whether the goal means things that may still come: not where those it counts or names are known."""
    return any(c.what.count is None and not c.what.items for c in job.goal.moves) or bool(job.assignment().problems)


def more_comes(hands: Hands, job: Job) -> Generator[Request, Any, bool]:
    """Whether something wanted is on a belt that the goal's things come from, or comes before nothing has come for a while."""
    inventory = job.inventory
    belts = [place for place in needed_looks(job.goal, inventory)[0] if inventory.kinds.get(place) == "belt"]
    if job.ended or not wants_more(job):
        return False
    before = job.assignment().key()
    for belt in belts:
        while not job.ended and job.context.now() - inventory.nothing_on.get(belt, -inf) >= LATELY:
            yield from hands.glance(job, belt)
            if job.beyond() or job.assignment().key() != before:
                return not job.ended
            if job.steps[-1]["status"] != "succeeded":
                break  # it cannot be looked at
            yield from let_pass(job)
    return False


def _riding(inventory: Inventory) -> list[Item]:
    return [item for item in inventory.items.values() if inventory.kinds.get(item.location) == "belt"]
