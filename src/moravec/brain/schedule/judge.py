"""The judge of schedules: written apart from what makes them, and asked before anything moves. Pure.

It plays the schedule through in symbols: at every beginning the step's preconditions have to hold with what the robot itself has
in its hand, at every end its effects come true, and at the last end everything has to be as after the plan in its own order.
Beside that it looks at every robot, every resource and every pair of steps of which one needs the other, and holds every event
against the charter where a conduct is given. It shares with the scheduler what a precedence is (which it checks beside the play,
not instead of it) and the figures of the site, and nothing else.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import pairwise

from moravec.brain.conduct.conduct import Conduct
from moravec.brain.schedule.errors import Clash, Disorder, NotDone, Unable
from moravec.brain.schedule.play import Scene
from moravec.brain.schedule.precedence import precedence
from moravec.brain.schedule.problem import Problem
from moravec.brain.schedule.schedule import ROUNDING, Schedule, Slot
from moravec.brain.schedule.touched import Touched, touched


def judge(schedule: Schedule, problem: Problem, conduct: Conduct | None = None) -> None:
    """Whether the schedule may be carried out. Uses `conduct` up. Raises a ScheduleError that says what is wrong, and BadInput
    where the plan itself cannot be done in its own order."""
    steps = touched(problem.steps, problem.state, problem.manifests)
    _check_times(schedule, problem)
    _check_once(schedule.slots, steps)
    _check_able(schedule.slots, steps, problem)
    _check_robots(schedule.slots, problem)
    _check_own(schedule.slots, steps, problem)
    _check_precedence(schedule.slots, steps, problem)
    _check_arms(schedule.slots, steps, problem)
    Scene(problem, steps).play(schedule.slots, conduct)


def _check_times(schedule: Schedule, problem: Problem) -> None:
    """Every slot is one of the plan's steps, at a time, and as long as its robot is expected to take."""
    for slot in schedule.slots:
        if not 0 <= slot.step < len(problem.steps):
            raise NotDone(f"step {slot.step}: the plan has {len(problem.steps)} steps")
        if slot.robot not in [robot.name for robot in problem.site.robots]:
            raise Unable(f"{_words(slot, problem)}: there is no robot {slot.robot!r}")
        if not (math.isfinite(slot.start) and math.isfinite(slot.end) and 0.0 <= slot.start < slot.end):
            raise NotDone(f"{_words(slot, problem)}: from {slot.start} to {slot.end} s is no time")
        wanted = problem.expected[slot.step].total / problem.site.robot(slot.robot).speed
        if abs(slot.end - slot.start - wanted) > ROUNDING:
            raise NotDone(f"{_words(slot, problem)}: {slot.end - slot.start:g} s; {wanted:g} s are expected")
    end = max((slot.end for slot in schedule.slots), default=0.0)
    if abs(schedule.makespan - end) > ROUNDING:
        raise NotDone(f"the makespan is {schedule.makespan} s; the last step ends at {end} s")


def _check_once(slots: Sequence[Slot], steps: Sequence[Touched]) -> None:
    """Every step stands in one slot; one that concerns a robot itself may stand in several, of different robots."""
    for number, step in enumerate(steps):
        robots = [slot.robot for slot in slots if slot.step == number]
        if not robots:
            raise NotDone(f"step {number}, {step.step}, is not done")
        if len(robots) > (len(set(robots)) if step.scope == "own" else 1):
            raise NotDone(f"step {number}, {step.step}, is done {len(robots)} times")


def _check_able(slots: Sequence[Slot], steps: Sequence[Touched], problem: Problem) -> None:
    for slot in slots:
        lacks = problem.site.robot(slot.robot).lacks(steps[slot.step].step, steps[slot.step].places)
        if lacks:
            raise Unable(f"{_words(slot, problem)}: {lacks}")


def _check_robots(slots: Sequence[Slot], problem: Problem) -> None:
    """A robot does one thing at a time."""
    for robot in problem.site.robots:
        mine = sorted((slot for slot in slots if slot.robot == robot.name), key=lambda slot: slot.start)
        for one, other in pairwise(mine):
            if other.start < one.end - ROUNDING:
                raise Clash(f"{robot.name} does {_words(one, problem)} and {_words(other, problem)} at once")


def _check_own(slots: Sequence[Slot], steps: Sequence[Touched], problem: Problem) -> None:
    """What concerns a robot itself is done by every robot that did something since the last such step and can do it, after what
    came before it in the plan and before what comes after it."""
    own = [number for number, step in enumerate(steps) if step.scope == "own"]
    for since, number in pairwise([-1, *own]):
        for robot in problem.site.robots:
            mine = [slot for slot in slots if slot.robot == robot.name]
            did = any(since < slot.step < number for slot in mine)
            done = next((slot for slot in mine if slot.step == number), None)
            if done is None:
                if did and robot.can(steps[number].step, ()):
                    raise NotDone(f"step {number}, {steps[number].step}, is not done by {robot.name}, which worked before it")
                continue
            for slot in mine:
                late = slot.end > done.start + ROUNDING if slot.step < number else slot.start < done.end - ROUNDING
                if late and slot is not done:
                    raise Disorder(f"{_words(slot, problem)} and {_words(done, problem)} of {robot.name} are not in their order")


def _check_precedence(slots: Sequence[Slot], steps: Sequence[Touched], problem: Problem) -> None:
    of = {slot.step: slot for slot in slots}
    for a, b in sorted(precedence(steps, problem.over, problem.cuts)):
        if of[b].start < of[a].end - ROUNDING:
            raise Disorder(f"{_words(of[b], problem)} begins before {_words(of[a], problem)} is done")


def _check_arms(slots: Sequence[Slot], steps: Sequence[Touched], problem: Problem) -> None:
    """No more robots in a resource at once than it has room for, and every slot tells what it takes up."""
    for slot in slots:
        taken = {resource.name for resource in problem.site.resources_at(steps[slot.step].places)}
        if taken != set(slot.resources):
            raise Clash(f"{_words(slot, problem)} takes up {sorted(taken)}; it says {sorted(slot.resources)}")
    for resource in problem.site.resources:
        there = [slot for slot in slots if steps[slot.step].places & resource.places]
        most, when = crowd([(slot.start, slot.end) for slot in there])
        if most > resource.arms:
            now = [_words(slot, problem) for slot in there if slot.start <= when < slot.end - ROUNDING]
            raise Clash(f"{' and '.join(now)} at once in {resource.name}; room for {resource.arms}")


def crowd(spans: Sequence[tuple[float, float]]) -> tuple[int, float]:
    """How many (start, end) [s] overlap at most by more than rounding, and since when [s]."""
    events = sorted([(start + ROUNDING / 2, 1) for start, _ in spans] + [(end - ROUNDING / 2, -1) for _, end in spans])
    now = most = 0
    since = 0.0
    for t, change in events:
        now += change
        if now > most:
            most, since = now, t
    return most, since


def _words(slot: Slot, problem: Problem) -> str:
    return f"{slot.step}. {problem.steps[slot.step]}"
