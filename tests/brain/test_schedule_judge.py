"""The judge of schedules: every way to spoil a good one is found, and told by its kind; nothing it lets pass harms."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from helpers_schedule import delivery, drawn_problem, errand, problem, start, times
from hypothesis import given, settings
from hypothesis import strategies as st

from moravec.brain.conduct.charter import Charter, Rule
from moravec.brain.conduct.conduct import Conduct
from moravec.brain.conduct.watch import RuleBook, Watch
from moravec.brain.schedule.arrange import arrange
from moravec.brain.schedule.errors import Clash, Crossed, Disorder, Forbidden, NotDone, ScheduleError, Unable
from moravec.brain.schedule.judge import judge
from moravec.brain.schedule.problem import Problem
from moravec.brain.schedule.schedule import Schedule, Slot
from moravec.brain.schedule.site import Resource, Robot
from moravec.brain.schedule.touched import touched
from moravec.brain.steps import Step
from moravec.core.errors import MoravecError
from moravec.skills.preview import Surroundings

TWO = problem(delivery(3), start(3), (Robot("a"), Robot("b")))
GOOD = arrange(TWO)


def changed(schedule: Schedule, number: int, **fields: Any) -> Schedule:
    """The schedule with the (first) slot of one step changed; the makespan follows."""
    place = next(i for i, slot in enumerate(schedule.slots) if slot.step == number)
    slots = (*schedule.slots[:place], replace(schedule.slots[place], **fields), *schedule.slots[place + 1 :])
    return replace(schedule, slots=slots, makespan=max(slot.end for slot in slots))


def slot_of(schedule: Schedule, step: int) -> Slot:
    return next(slot for slot in schedule.slots if slot.step == step)


def moved(schedule: Schedule, step: int, seconds: float) -> Schedule:
    slot = slot_of(schedule, step)
    return changed(schedule, step, start=slot.start + seconds, end=slot.end + seconds)


def without(schedule: Schedule, step: int) -> Schedule:
    slots = tuple(slot for slot in schedule.slots if slot.step != step)
    return replace(schedule, slots=slots, makespan=max(slot.end for slot in slots))


def laid_out(given: Problem, rows: list[tuple[int, str, float]]) -> Schedule:
    """A schedule by hand: (step, robot, start)."""
    slots = []
    places = [step.places for step in touched(given.steps, given.state, given.manifests)]
    for step, robot, begin in rows:
        taken = tuple(r.name for r in given.site.resources if places[step] & r.places)
        slots.append(Slot(step, robot, begin, begin + given.expected[step].total / given.site.robot(robot).speed, taken))
    end = max(slot.end for slot in slots)
    return Schedule(tuple(slots), end, 0.0, (), 0.0, 1.0)


def test_the_good_one_passes() -> None:
    judge(GOOD, TWO)


@pytest.mark.parametrize(
    ("spoil", "kind", "said"),
    [
        (lambda s: without(s, 4), NotDone, "step 4, stow.* is not done"),
        (lambda s: replace(s, slots=(*s.slots, slot_of(s, 4))), NotDone, "done 2 times"),
        (lambda s: changed(s, 4, step=99), NotDone, "the plan has 16 steps"),
        (lambda s: changed(s, 4, step=-1), NotDone, "the plan has 16 steps"),
        (lambda s: changed(s, 4, start=float("nan")), NotDone, "is no time"),
        (lambda s: changed(s, 4, end=float("inf")), NotDone, "is no time"),
        (lambda s: moved(s, s.slots[0].step, -1.0), NotDone, "is no time"),
        (lambda s: changed(s, 4, end=slot_of(s, 4).end - 1.0), NotDone, "are expected"),
        (lambda s: replace(s, makespan=1.0), NotDone, "the makespan"),
        (lambda s: changed(s, 4, robot="c"), Unable, "no robot 'c'"),
        (lambda s: changed(s, 4, resources=()), Clash, "takes up"),
        (lambda s: moved(s, 2, -2.0), (Clash, Disorder), "inspect"),
        (lambda s: without(s, 15), NotDone, r"15, home\(\), is not done"),
    ],
)
def test_what_is_spoilt_is_found(spoil: Callable[[Schedule], Schedule], kind: type[ScheduleError], said: str) -> None:
    with pytest.raises(kind, match=said):
        judge(spoil(GOOD), TWO)


@pytest.mark.parametrize(
    ("lesser", "said"),
    [
        (Robot("b", places=frozenset({"parcel"})), "b does not reach"),
        (Robot("b", skills=frozenset({"inspect"})), "b has no skill"),
    ],
)
def test_a_robot_without_the_reach_or_the_skill_is_found(lesser: Robot, said: str) -> None:
    with pytest.raises(Unable, match=said):
        judge(GOOD, replace(TWO, site=replace(TWO.site, robots=(Robot("a"), lesser))))


def test_a_robot_in_two_steps_at_once_is_found() -> None:
    given = problem([Step.of("look", place="bin_1"), Step.of("look", place="bin_2")], start(0), (Robot("a"), Robot("b")))
    with pytest.raises(Clash, match=r"a does 0\. look.* at once"):
        judge(laid_out(given, [(0, "a", 0.0), (1, "a", 1.0)]), given)
    judge(laid_out(given, [(0, "a", 0.0), (1, "b", 1.0)]), given)


def test_two_robots_at_one_place_or_in_one_zone_are_found() -> None:
    same = problem([Step.of("look", place="bin_1"), Step.of("pick", item="item-1")], start(1, "bin_1"), (Robot("a"), Robot("b")))
    zone = Resource("zone", frozenset({"bin_1", "bin_2"}))
    near = problem([Step.of("look", place=p) for p in ("bin_1", "bin_2")], start(0), (Robot("a"), Robot("b")), resources=(zone,))
    steps = laid_out(near, [(0, "a", 0.0), (1, "b", 1.0)])
    with pytest.raises(Clash, match="at once in zone; room for 1"):
        judge(steps, near)
    wide = tuple(replace(r, arms=2) if r.name == "zone" else r for r in near.site.resources)
    judge(steps, replace(near, site=replace(near.site, resources=wide)))
    looks = [Slot(0, "a", 0.0, 1.5, ("bin_1",)), Slot(1, "b", 1.5, 6.5, ("bin_1",))]
    judge(Schedule(tuple(looks), 6.5, 0.0, (), 0.0, 1.0), same)


def test_what_one_took_another_must_not_put_down() -> None:
    given = problem(errand("item-1"), start(1), (Robot("a"), Robot("b")))
    rows = [(0, "a", 0.0), (1, "a", 5.0), (2, "b", 9.0), (3, "b", 10.0), (4, "b", 15.0)]
    judge(laid_out(given, rows), given)  # over the plate it may cross
    for number, robot in ((1, "b"), (4, "a")):
        crossed = [(n, robot if n == number else r, t) for n, r, t in rows]
        with pytest.raises(Crossed, match="in the hand of"):
            judge(laid_out(given, crossed), given)


def test_two_hands_take_two_things_but_one_hand_takes_one() -> None:
    steps = [*errand("item-1")[:1], Step.of("place", item="item-1", place="table"), Step.of("pick", item="item-2")]
    wide = (Resource("parcel", frozenset({"parcel"}), 2),)
    given = problem(steps, start(2), (Robot("a"), Robot("b")), resources=wide)
    with pytest.raises(Disorder):  # the plan ends with item-2 in a hand: it is taken last
        judge(laid_out(given, [(0, "a", 0.0), (1, "a", 5.0), (2, "b", 1.0)]), given)
    both = problem([*steps, Step.of("place", item="item-2", place="bin_1")], start(2), (Robot("a"), Robot("b")), resources=wide)
    judge(laid_out(both, [(0, "a", 0.0), (1, "a", 5.0), (2, "b", 1.0), (3, "b", 6.0)]), both)
    with pytest.raises(Disorder, match="the hand is not empty"):
        judge(laid_out(both, [(0, "a", 0.0), (2, "a", 5.0), (1, "a", 10.0), (3, "a", 14.0)]), both)


def test_two_things_on_the_plate_are_found_also_while_one_is_on_its_way() -> None:
    given = problem([*errand("item-1"), *errand("item-2")], start(2), (Robot("a"), Robot("b")))
    first = [(0, "a", 0.0), (1, "a", 5.0), (2, "a", 9.0), (3, "a", 10.0), (4, "a", 15.0)]
    later = [(5, "b", 10.0), (6, "b", 15.0), (7, "b", 19.0), (8, "b", 20.0), (9, "b", 25.0)]
    judge(laid_out(given, first + later), given)
    wide = tuple(replace(r, arms=2) for r in given.site.resources)
    early = [(n, r, t - 3.0) for n, r, t in later]
    with pytest.raises(Clash, match="item-1 and item-2 at once in station"):
        judge(laid_out(given, first + early), replace(given, site=replace(given.site, resources=wide)))


def test_what_needs_another_step_does_not_come_before_it() -> None:
    steps = [Step.of("open", place="parcel"), Step.of("look", place="parcel")]
    closed = start(0) | {("open", "parcel"): False}
    given = problem(steps, closed, (Robot("a"), Robot("b")))
    with pytest.raises(Disorder, match=r"1\. look.* begins before 0\. open"):
        judge(laid_out(given, [(1, "a", 0.0), (0, "b", 1.5)]), given)
    cut = problem([Step.of("look", place=p) for p in ("bin_1", "bin_2")], start(0), (Robot("a"), Robot("b")), cuts=(1,))
    with pytest.raises(Disorder):
        judge(laid_out(cut, [(0, "a", 0.0), (1, "b", 0.0)]), cut)


def test_going_home_comes_after_the_work_of_each() -> None:
    given = problem([Step.of("look", place="bin_1"), Step.of("look", place="bin_2"), Step("home")], start(0), 2)
    rows = [(0, "robot-1", 0.0), (1, "robot-2", 0.0), (2, "robot-1", 1.5)]
    with pytest.raises(NotDone, match="is not done by robot-2"):
        judge(laid_out(given, rows), given)
    judge(laid_out(given, [*rows, (2, "robot-2", 1.5)]), given)
    with pytest.raises(Disorder, match="not in their order"):
        judge(laid_out(given, [(0, "robot-1", 3.0), *rows[1:2], (2, "robot-1", 0.0), (2, "robot-2", 1.5)]), given)


# ── rules ────────────────────────────────────────────────────────────────────────────────────────────────────────
def conduct(given: Problem, formula: str) -> Conduct:
    """What a plan is judged by where one more rule holds."""
    kinds = {str(f[1]): str(v) for f, v in given.state.items() if f[0] == "kind"}
    things = {f[1]: {"category": "can"} for f in given.state if f[0] == "location"}
    charter = Charter(rules=(Rule("of-the-test", "as the test says", formula),))
    around = Surroundings(things, {name: {"kind": kind} for name, kind in kinds.items()})
    return Conduct(charter, around, Watch.fresh(RuleBook(charter.rules, charter.vocabulary(kinds))))


def test_a_rule_that_the_best_order_breaks_leads_to_the_plans_own_order() -> None:
    """The second bin may be looked at only after the first one; nothing else orders the two."""
    given = problem([Step.of("look", place="bin_1"), Step.of("look", place="bin_2")], start(0), 2)
    rule = "begins look(bin_2) implies once done look(bin_1)"
    assert arrange(given).makespan == 1.5
    with pytest.raises(Forbidden, match="as the test says"):
        judge(arrange(given), given, conduct(given, rule))
    assert arrange(given, conduct=lambda: conduct(given, rule)).makespan == 3.0


def test_a_plan_that_a_rule_forbids_in_any_order_is_not_scheduled() -> None:
    given = problem(delivery(1), start(1), 2)
    with pytest.raises(Forbidden, match="as the test says"):
        arrange(given, conduct=lambda: conduct(given, "begins stow(any, bin_1) implies once done look(bin_1)"))


# ── at random ────────────────────────────────────────────────────────────────────────────────────────────────────
def harmless(schedule: Schedule, given: Problem) -> bool:
    """What has to hold of any schedule that is carried out, said as plainly as can be."""
    slots = schedule.slots
    for i, one in enumerate(slots):
        for two in slots[i + 1 :]:
            at_once = min(one.end, two.end) - max(one.start, two.start) > 1e-5
            items = {given.steps[one.step].item, given.steps[two.step].item}
            if at_once and (one.robot == two.robot or (len(items) == 1 and None not in items)):
                return False
    for resource in given.site.resources:
        spans = [(s.start, s.end) for s in slots if resource.name in s.resources]
        if any(sum(a <= t + 1e-5 < b - 1e-5 for a, b in spans) > resource.arms for t, _ in spans):
            return False
    hands: dict[str, set[str]] = {}
    for slot in sorted(slots, key=lambda s: s.start):
        step, held = given.steps[slot.step], hands.setdefault(slot.robot, set())
        if step.skill in ("place", "stow", "discard"):
            if step.item not in held and given.state[("location", str(step.item))] != "hand":
                return False
            held.discard(str(step.item))
        elif step.skill == "pick":
            held.add(str(step.item))
            if len(held) > 1:
                return False
    return sorted(set(range(len(given.steps)))) == sorted({slot.step for slot in slots})


@given(st.integers(0, 2**32))
@settings(max_examples=100, deadline=None)
def test_what_is_spoilt_at_random_is_refused_or_does_no_harm(seed: int) -> None:
    rng = random.Random(seed)
    given = drawn_problem(seed)
    schedule = arrange(given, work=0)
    slots = list(schedule.slots)
    for _ in range(rng.randint(1, 3)):
        i = rng.randrange(len(slots))
        shift = rng.choice([-4.0, -1.0, -0.1, 0.1, 1.0, 4.0])
        slots[i] = rng.choice([
            replace(slots[i], start=slots[i].start + shift, end=slots[i].end + shift),
            replace(slots[i], robot=rng.choice(given.site.robots).name),
            replace(slots[i], step=rng.randrange(len(given.steps))),
        ])  # fmt: skip
    spoilt = replace(schedule, slots=tuple(slots), makespan=max(slot.end for slot in slots))
    try:
        judge(spoilt, given)
    except ScheduleError:
        return
    assert harmless(spoilt, given)


def test_a_refusal_is_an_error_of_the_house() -> None:
    assert issubclass(ScheduleError, MoravecError) and ScheduleError.exit_status == 1
    assert times(delivery(1))[0].total == 5.0
