"""A schedule played through in symbols, every robot with a hand of its own."""

from __future__ import annotations

from collections import ChainMap
from collections.abc import Sequence
from typing import final

from moravec.brain.conduct.conduct import Conduct
from moravec.brain.schedule.errors import Clash, Crossed, Disorder, Forbidden
from moravec.brain.schedule.problem import Problem
from moravec.brain.schedule.schedule import ROUNDING, Slot
from moravec.brain.schedule.touched import Touched
from moravec.brain.state import HAND, HOLDING, NOTHING
from moravec.skills.symbols import Fluent, State, Value, changes, unmet


@final
class Scene:
    """What is true while it is played: one state for all, and what each robot holds. The first one holds what is held."""

    def __init__(self, problem: Problem, steps: Sequence[Touched]) -> None:
        self._problem, self._steps = problem, steps
        self._state: dict[Fluent, Value] = {f: v for f, v in problem.state.items() if f != HOLDING}
        self._held: dict[str, Value] = {robot.name: NOTHING for robot in problem.site.robots}
        self._held[problem.site.robots[0].name] = problem.state.get(HOLDING, NOTHING)
        self._working: dict[str, Slot] = {}  # thing -> the slot that handles it now
        self._coming: dict[str, str] = {}  # thing -> the place it is being put down at
        self._fits = _most_things(problem)

    def play(self, slots: Sequence[Slot], conduct: Conduct | None = None) -> None:
        """Raises a ScheduleError for the first event that cannot or must not be, and for an end that is not the plan's."""
        self._check_room(None)
        events = [(slot.start + ROUNDING / 2, True, i) for i, slot in enumerate(slots)]
        events += [(slot.end - ROUNDING / 2, False, i) for i, slot in enumerate(slots)]
        for _, begins, i in sorted(events):
            if begins:
                self._begin(slots[i], conduct)
            else:
                self._end(slots[i], conduct)
        self._check_outcome()

    def _seen_by(self, robot: str) -> State:
        """The state as it is for a robot, with what it has in its own hand."""
        return ChainMap({HOLDING: self._held[robot]}, self._state)

    def _begin(self, slot: Slot, conduct: Conduct | None) -> None:
        touched = self._steps[slot.step]
        step, item = touched.step, touched.item
        manifest, state = self._problem.manifests[step.skill], self._seen_by(slot.robot)
        words = f"{slot.step}. {step} of {slot.robot}"
        if item is not None and item in self._working:
            other = self._working[item]
            raise Clash(f"{words}: {item} is handled by {other.robot}, {other.step}. {self._steps[other.step].step}")
        holders = [robot for robot, held in self._held.items() if held == item and item is not None]
        if holders and holders != [slot.robot]:
            raise Crossed(f"{words}: {item} is in the hand of {holders[0]}; it has to be put down before another robot takes it")
        broken = unmet(manifest.preconditions, step.arguments, state)
        if broken:
            raise Disorder(f"{words}: {broken[0].why}")
        if conduct is not None and (fault := conduct.begins(manifest, step, state)) is not None:
            raise Forbidden(f"{words}: {fault.why}")
        if item is not None:
            self._working[item] = slot
            goes = changes(manifest.effects, step.arguments, state).get(("location", item))
            if goes is not None and goes != HAND:
                self._coming[item] = str(goes)
                self._check_room(slot)

    def _end(self, slot: Slot, conduct: Conduct | None) -> None:
        step = self._steps[slot.step].step
        manifest = self._problem.manifests[step.skill]
        after = changes(manifest.effects, step.arguments, self._seen_by(slot.robot))
        self._held[slot.robot] = after.pop(HOLDING, self._held[slot.robot])
        self._state.update(after)
        if step.item is not None:
            self._working.pop(step.item, None)
            self._coming.pop(step.item, None)
        if conduct is not None and (fault := conduct.done(manifest, step, self._seen_by(slot.robot))) is not None:
            raise Forbidden(f"{slot.step}. {step} of {slot.robot}: {fault.why}")

    def _check_room(self, slot: Slot | None) -> None:
        """Things that lie somewhere, are being taken from there or are on their way there take up room."""
        lying = {f[1]: str(v) for f, v in self._state.items() if f[0] == "location"} | self._coming
        for resource in self._problem.site.resources:
            there = sorted(thing for thing, place in lying.items() if place in resource.places)
            if len(there) > self._fits[resource.name]:
                when = "at the beginning" if slot is None else f"with {slot.step}. {self._steps[slot.step].step}"
                raise Clash(f"{' and '.join(there)} at once in {resource.name} {when}; room for {self._fits[resource.name]}")

    def _check_outcome(self) -> None:
        """Everything is as after the plan in its own order."""
        wanted: dict[Fluent, Value] = dict(self._problem.state)
        for touched in self._steps:
            manifest = self._problem.manifests[touched.step.skill]
            wanted.update(changes(manifest.effects, touched.step.arguments, wanted))
        held = wanted.pop(HOLDING, NOTHING)
        wrong = sorted(f for f in wanted.keys() | self._state.keys() if wanted.get(f) != self._state.get(f))
        if wrong:
            raise Disorder(f"at the end {wrong[0]} is {self._state.get(wrong[0])!r}; the plan leaves {wanted.get(wrong[0])!r}")
        in_hands = sorted(str(thing) for thing in self._held.values() if thing != NOTHING)
        if in_hands != ([] if held == NOTHING else [str(held)]):
            raise Disorder(f"at the end {in_hands or 'nothing'} is in the hands; the plan leaves {held!r}")


def _most_things(problem: Problem) -> dict[str, int]:
    """Resource -> how many things fit in: what is declared, else the most that lie there in the plan's own order."""
    state = dict(problem.state)
    most = dict.fromkeys((resource.name for resource in problem.site.resources), 0)
    for step in (None, *problem.steps):
        if step is not None:
            state.update(changes(problem.manifests[step.skill].effects, step.arguments, state))
        for resource in problem.site.resources:
            lying = sum(f[0] == "location" and str(v) in resource.places for f, v in state.items())
            most[resource.name] = max(most[resource.name], lying)
    return {r.name: most[r.name] if r.things is None else r.things for r in problem.site.resources}
