"""Between two steps: what was said meanwhile is taken in and done as a turn of the talk, and the older job does what is left.

Nothing is dropped for it: what is in the hand is first put down where the job would have put it.
"""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import replace
from typing import Any, Protocol, TypeAlias

from moravec.brain.goal import goal_to_json
from moravec.brain.job import Amid, Context, Job, JobReport
from moravec.brain.midjob.bearing import bearing
from moravec.brain.midjob.give_way import Taken, taken_by, turned_up
from moravec.brain.midjob.orders import Order, Orders, Owed
from moravec.brain.reading import Reading
from moravec.brain.recover import Limits
from moravec.brain.remember import Inventory
from moravec.brain.wishes.talk import Talk
from moravec.skills.contract import Note, Request

Routine: TypeAlias = Generator[Request, Any, Any]


class Attentive(Protocol):
    """What the executive does for it."""

    inventory: Inventory
    limits: Limits
    orders: Orders
    talk: Talk

    def read(self, text: str, context: Context) -> Generator[Request, Any, Reading]:
        """What a sentence means."""
        ...

    def pursue(self, job: Job) -> Routine:
        """Plan and act until the job's goal is reached, or a limit."""
        ...

    def conclude(self, job: Job) -> None:
        """Says what became of the job's goal."""
        ...

    def turn(self, job: Job, reading: Reading) -> Generator[Request, Any, JobReport]:
        """One turn of the talk, whose sentence was read."""
        ...


def attend(hands: Attentive, job: Job) -> Routine:
    """Takes in what was said, and does it as soon as the job itself is understood, the hand is empty and nothing lies half
    done on the station; True where the plan under way is not to go on."""
    yield from listen(hands, job.context, job)
    orders = hands.orders
    if hands.inventory.holding() is not None:
        return False
    if orders.over:
        job.end(orders.over)
        return True
    order = next(iter(orders.waiting), None)
    if order is not None and order.bearing in ("back", "drop"):
        job.take_back(order.text)
        yield Note("taken_back", {"instruction": job.instruction, "by": order.text, "begun": job.so_far is not None})
        return True
    if order is None or job.so_far is None or _under_way(job):
        return False
    del orders.waiting[0]
    yield from _amid(hands, job, order)
    return True


def _under_way(job: Job) -> bool:
    """Whether something lies on the station that has still to go elsewhere: that is finished first."""
    here = [item.id for item in job.inventory.at(job.station or "") if item.origin != job.station and item.id not in job.aside]
    tasks = [job.assignment().task_of(name) for name in here]
    return any(task is None or task.to != job.station for task in tasks)


def listen(hands: Attentive, context: Context, job: Job | None = None) -> Routine:
    """Reads what was said by now. Beyond the bound on orders only what ends everything counts; `job` tells what was not done."""
    orders = hands.orders
    for text in orders.ear.heard(context.now()):
        t = context.now()
        yield Note("heard", {"text": text, "t": t})
        reading = yield from hands.read(text, context)
        order = Order(text, t, reading, bearing(reading))
        orders.count += 1
        if order.bearing in ("stop", "harm"):
            orders.waiting.clear()
            orders.last.append(order)
            orders.over = orders.over or f"ended by what was said at {t:.0f} s: {text!r}"
        elif orders.count > hands.limits.orders:
            why = f"{text!r} was not done: at most {hands.limits.orders} orders are taken while a job runs"
            yield Note("not_done", {"text": text, "why": why})
            if job is not None:
                job.problems.append(why)
        elif not orders.over:
            orders.waiting.append(order)


def afterwards(hands: Attentive, context: Context) -> Generator[Request, Any, list[JobReport]]:
    """After a turn: what was said too late to interrupt it is done as turns that follow, and what ended it has its own report."""
    orders, reports = hands.orders, list[JobReport]()
    yield from listen(hands, context)
    while orders.waiting and not orders.over:
        order = orders.waiting.pop(0)
        job = Job(order.text, hands.inventory, context, hands.limits)
        if order.bearing == "drop" and hands.talk.pending is None:
            job.answer = "It is left as it is."
            reports.append(replace(job.report(), heard=order.heard))
            continue
        yield Note("order", {"instruction": order.text, "heard": order.heard})
        reports.append(replace((yield from hands.turn(job, order.reading)), heard=order.heard))
        yield from listen(hands, context)
    reports += yield from _turned_up(hands, context)
    while orders.last:
        order = orders.last.pop(0)
        job = Job(order.text, hands.inventory, context, hands.limits)
        yield from _end(job, order)
        reports.append(replace(job.report(), heard=order.heard))
    return reports


def _turned_up(hands: Attentive, context: Context) -> Generator[Request, Any, list[JobReport]]:
    """What turned up after newer words were done, and the older job left alone for them, is done by them; the newest first."""
    orders, reports = hands.orders, list[JobReport]()
    known: set[str] = set()
    while orders.owed:
        owed = orders.owed.pop()
        goal = turned_up(owed.goal, owed.known | known, hands.inventory)
        known |= {name for clause in goal.clauses for name in clause.what.items}
        if not goal.clauses or orders.over:
            continue
        job = Job(owed.order.text, hands.inventory, context, hands.limits, goal=goal)
        yield Note("order", {"instruction": job.instruction, "heard": owed.order.heard})
        yield Note("goal", {"goal": goal_to_json(goal), "text": goal.describe()})
        yield from hands.pursue(job)
        hands.conclude(job)
        reports.append(replace(job.report(), heard=owed.order.heard))
    return reports


def _end(job: Job, order: Order) -> Routine:
    """The report of an order that ends everything."""
    refusal, wishes = order.reading.refusal, order.reading.meant[0].wishes if order.reading.meant else ()
    if order.bearing == "stop":
        job.answer = "Stopped."
        yield Note("answer", {"text": job.answer, "success": True, "problems": []})
        return
    rule = "unsafe" if refusal is None else refusal.rule
    assert refusal is not None or wishes  # one of both makes an order harmful
    job.refuse(str(refusal) if refusal is not None else f"That is not done. (rule {rule})")
    yield Note("refused", {"rule": rule, "why": job.refused})


def _amid(hands: Attentive, job: Job, order: Order) -> Routine:
    """Does `order` before `job` goes on; what it names is no longer the job's."""
    assert job.so_far is not None  # only then it may be interrupted
    inventory = hands.inventory
    before = list(inventory.items.values())
    yield Note("interrupted", {"instruction": job.instruction, "by": order.text})
    yield Note("order", {"instruction": order.text, "heard": order.heard})
    talk = hands.talk = job.so_far()
    steps = len(job.steps)
    newer = Job(order.text, inventory, job.context, hands.limits, within=True)
    report = replace((yield from hands.turn(newer, order.reading)), heard=order.heard)
    job.amid.append(Amid(steps, report))
    taken = _taken(newer, order, talk, hands)
    inventory.came_from({item.id: item.origin for item in before})
    job.give_way(taken, {item.id: item.location for item in before})
    inventory.came_from({name: inventory.item(name).location for name in taken.items})  # to there it goes back, if it has to
    if report.refused is None:
        hands.orders.owed.append(Owed(order, newer.goal, frozenset(inventory.items)))
    if not hands.orders.over:
        yield Note("resumed", {"instruction": job.instruction, "taken": sorted(taken.items)})
        if job.goal.wanted.clauses:
            yield Note("goal", {"goal": goal_to_json(job.goal), "text": job.goal.describe()})


def _taken(newer: Job, order: Order, before: Talk, hands: Attentive) -> Taken:
    """What a turn that came in has named, and what came in while it ran. `before`: the talk before it."""
    if newer.refused is not None:
        return newer.taken
    left = [what for what in hands.talk.left if what not in before.left]
    taken = taken_by(newer.goal, newer.assignment(), left, hands.inventory) | newer.taken
    wishes = order.reading.meant[0].wishes if order.reading.meant else ()
    if not any(wish.to is not None and wish.to.kind == "back" for wish in wishes):
        return taken
    spoken = (group.items for group in hands.talk.groups if group.turn == before.turn + 1)
    return taken | Taken(frozenset(name for items in spoken for name in items))  # also what lies there already
