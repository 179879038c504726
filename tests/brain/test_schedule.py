"""Schedules: precedence, laws over random plans and sites, what several robots share, and bad input."""

from __future__ import annotations

import math
import random
from dataclasses import replace
from itertools import pairwise
from typing import Any

import pytest
from helpers_schedule import KINDS, delivery, drawn_problem, errand, problem, start, times, with_robots
from hypothesis import given, settings
from hypothesis import strategies as st

from moravec.brain.schedule.arrange import arrange
from moravec.brain.schedule.blocks import blocks_of
from moravec.brain.schedule.bound import lower_bound
from moravec.brain.schedule.dispatch import carried_out, likely, waits_of
from moravec.brain.schedule.expect import CELL_SECONDS, Expected, expected
from moravec.brain.schedule.judge import judge
from moravec.brain.schedule.precedence import precedence
from moravec.brain.schedule.problem import model_of
from moravec.brain.schedule.schedule import Schedule, schedule_to_json
from moravec.brain.schedule.site import Resource, Robot, Site, same_robots, site_of
from moravec.brain.schedule.touched import touched
from moravec.brain.steps import Step
from moravec.core.errors import BadInput
from moravec.skills.manifests import BY_NAME

LEFT = Robot("left", places=frozenset({"parcel", "station", "table"}))
RIGHT = Robot("right", places=frozenset({"station", "bin_1", "bin_2", "reject"}))
SEEDS = st.integers(0, 2**32)


def ordered(steps: list[Step], state: dict[Any, Any], **more: Any) -> set[tuple[str, str]]:
    """The pairs of a plan in words."""
    found = precedence(touched(steps, state, BY_NAME), **more)
    return {(str(steps[a]), str(steps[b])) for a, b in found}


def by_step(schedule: Schedule) -> dict[int, tuple[str, float, float]]:
    return {slot.step: (slot.robot, slot.start, slot.end) for slot in schedule.slots}


# ── precedence ───────────────────────────────────────────────────────────────────────────────────────────────────
def test_what_is_done_with_one_thing_stays_in_order_and_two_things_are_free() -> None:
    steps = errand("item-1") + errand("item-2")
    pairs = ordered(steps, start(2))
    for own in (errand("item-1"), errand("item-2")):
        chain = [str(step) for step in own]
        assert set(pairwise(chain)) <= pairs
    assert not [pair for pair in pairs if "item-1" in pair[0] and "item-2" in pair[1]]


def test_what_is_opened_is_looked_at_before_and_after_and_then_reached_into() -> None:
    state = start(2) | {("open", "parcel"): False}
    look, lid, pick = Step.of("look", place="parcel"), Step.of("open", place="parcel"), Step.of("pick", item="item-1")
    pairs = ordered([look, lid, look, pick, Step.of("look", place="bin_1")], state)
    assert pairs >= {(str(look), str(lid)), (str(lid), str(look)), (str(lid), str(pick)), (str(look), str(pick))}
    assert not any("bin_1" in b for _, b in pairs)


def test_what_lies_on_top_is_taken_first_and_then_means_then() -> None:
    steps = errand("item-1")[:2] + errand("item-2", station="table")[:2]
    assert ordered(steps, start(2)) == {("pick(item-1)", "place(item-1, station)"), ("pick(item-2)", "place(item-2, table)")}
    assert ("pick(item-1)", "pick(item-2)") in ordered(steps, start(2), over={"item-2": {"item-1"}})
    assert ("pick(item-2)", "pick(item-1)") not in ordered(steps, start(2), over={"item-1": {"item-2"}})
    assert ("place(item-1, station)", "pick(item-2)") in ordered(steps, start(2), cuts=(2,))


def test_nothing_passes_a_question_and_going_home_is_everybodys_own() -> None:
    ask = Step.of("ask", question="Go on?", options="yes|no")
    steps = [Step.of("look", place="bin_1"), ask, Step.of("look", place="bin_2"), Step("home")]
    assert ordered(steps, start(0)) == {("look(bin_1)", str(ask)), (str(ask), "look(bin_2)")}


def test_a_robot_keeps_what_it_has_until_it_puts_it_down() -> None:
    looks = [Step.of("look", place="bin_1"), Step.of("look", place="table")]
    steps = [Step.of("pick", item="item-1"), *looks, Step.of("stow", item="item-1", place="bin_1")]
    found = touched(steps, start(1), BY_NAME)
    assert [block.steps for block in blocks_of(found, precedence(found)).blocks] == [(1,), (0, 3), (2,)]


# ── laws ─────────────────────────────────────────────────────────────────────────────────────────────────────────
@given(SEEDS)
@settings(max_examples=60, deadline=None)
def test_any_plan_gets_a_schedule_that_the_judge_lets_pass_not_below_the_bound(seed: int) -> None:
    drawn = drawn_problem(seed)
    schedule = arrange(drawn, work=100)
    judge(schedule, drawn)
    assert schedule.bound == lower_bound(model_of(drawn)) <= schedule.makespan + 1e-6
    chain = [schedule.slots[i] for i in schedule.critical]
    assert chain[-1].end == schedule.makespan
    assert chain[0].start <= 1e-6 or drawn.steps[chain[0].step].skill == "pick"  # taken no earlier than it can be put down
    assert all(math.isclose(a.end, b.start, abs_tol=1e-6) for a, b in pairwise(chain))


@given(SEEDS)
@settings(max_examples=40, deadline=None)
def test_one_robot_takes_the_sum_and_more_of_the_same_never_go_below_their_bound_nor_raise_it(seed: int) -> None:
    drawn = drawn_problem(seed)
    one = arrange(with_robots(drawn, 1), work=50)
    assert math.isclose(one.makespan, one.alone) and math.isclose(one.alone, sum(e.total for e in drawn.expected))
    bounds = [lower_bound(model_of(with_robots(drawn, n))) for n in (1, 2, 3)]
    assert bounds == sorted(bounds, reverse=True) and bounds[0] <= one.alone + 1e-6
    assert arrange(with_robots(drawn, 3), work=50).makespan >= bounds[2] - 1e-6


@given(SEEDS, st.floats(0.1, 1.0))
@settings(max_examples=40, deadline=None)
def test_shorter_steps_lower_the_bound_and_keep_to_it(seed: int, share: float) -> None:
    drawn = drawn_problem(seed)
    number = seed % len(drawn.steps)
    quick = list(drawn.expected)
    quick[number] = Expected(quick[number].seconds * share, quick[number].success)
    faster = replace(drawn, expected=tuple(quick))
    assert lower_bound(model_of(faster)) <= lower_bound(model_of(drawn)) + 1e-9
    assert arrange(faster, work=50).makespan >= lower_bound(model_of(faster)) - 1e-6


@given(SEEDS)
@settings(max_examples=20, deadline=None)
def test_the_same_problem_gives_the_same_schedule(seed: int) -> None:
    assert arrange(drawn_problem(seed), work=200) == arrange(drawn_problem(seed), work=200)


@given(SEEDS)
@settings(max_examples=20, deadline=None)
def test_more_search_never_makes_it_worse(seed: int) -> None:
    drawn = drawn_problem(seed)
    assert arrange(drawn, work=400).makespan <= arrange(drawn, work=0).makespan


# ── several robots ───────────────────────────────────────────────────────────────────────────────────────────────
def test_two_robots_share_a_delivery_and_the_plate_is_what_holds_them_up() -> None:
    """Each thing occupies the plate from being laid down to being taken away: 4 + 1 + 5 s, and 5 s before the first, and after
    the last 5.5 s and 3 s to go home."""
    schedules = [arrange(problem(delivery(10), start(10), n)) for n in (1, 2, 3, 4)]
    assert [round(s.makespan, 3) for s in schedules[:1]] == [10 * 20.5 + 3.0]
    assert all(s.bound == 5.0 + 10 * 10.0 + 5.5 + 3.0 for s in schedules[1:])
    assert schedules[1].gap < 0.03 and schedules[2].gap == schedules[3].gap == 0.0
    plate = sorted((slot.start, slot.end) for slot in schedules[3].slots if "station" in slot.resources)
    assert all(a[1] <= b[0] + 1e-9 for a, b in pairwise(plate))


def test_robots_that_reach_different_places_hand_over_on_the_plate() -> None:
    steps = delivery(4)
    shared = problem(steps, start(4), (LEFT, RIGHT))
    schedule = arrange(shared)
    for number, (robot, *_) in by_step(schedule).items():
        step = steps[number]
        if step.place in ("bin_1", "bin_2"):
            assert robot == "right" and by_step(schedule)[number - 1][0] == "right"
        if step.place == "station":
            assert robot == "left"
    assert schedule.makespan < schedule.alone and {slot.robot for slot in schedule.slots if slot.step == 20} == {"left", "right"}


def test_a_fast_robot_gets_more_to_do() -> None:
    steps = [step for i in range(12) for step in (errand(f"item-{i + 1}", ("bin_1", "bin_2")[i % 2])[0::4])]
    crew = (Robot("slow", speed=0.25), Robot("fast"))
    schedule = arrange(problem(steps, start(12), crew, resources=(Resource("opening", frozenset({"parcel"}), 2),)))
    done = [slot.robot for slot in schedule.slots]
    assert 0 < done.count("slow") < done.count("fast")


def test_a_zone_is_for_one_arm_at_a_time_and_room_lets_more_in() -> None:
    steps = [Step.of("look", place=place) for place in ("bin_1", "bin_2", "table")]
    free, zone = problem(steps, start(0), 3), Resource("zone", frozenset({"bin_1", "bin_2", "table"}))
    assert arrange(free).makespan == 1.5
    assert arrange(problem(steps, start(0), 3, resources=(zone,))).makespan == 4.5
    assert arrange(problem(steps, start(0), 3, resources=(replace(zone, arms=2),))).makespan == 3.0


def test_more_room_on_the_plate_lets_more_things_wait_there() -> None:
    wide = Resource("station", frozenset({"station"}), arms=2, things=3)
    narrow, roomy = (arrange(problem(delivery(6), start(6), 3, resources=r)) for r in ((), (wide,)))
    assert roomy.makespan < narrow.makespan


def test_a_plan_that_leaves_two_things_on_the_plate_may() -> None:
    steps = [*errand("item-1")[:2], *errand("item-2")[:2]]
    assert arrange(problem(steps, start(2), 2)).makespan < 18.0
    with pytest.raises(BadInput, match="find room"):
        arrange(problem(steps, start(2), 2, resources=(Resource("station", frozenset({"station"}), things=1),)))


def test_each_robot_that_worked_goes_home_and_all_do_where_nobody_did() -> None:
    looked = arrange(problem([Step.of("look", place="bin_1"), Step("home")], start(0), 3))
    assert [slot.step for slot in looked.slots] == [0, 1] and len({slot.robot for slot in looked.slots}) == 1
    assert len(arrange(problem([Step("home")], start(0), 3)).slots) == 3


def test_what_is_held_at_first_is_in_the_first_robots_hand() -> None:
    state = start(2) | {("location", "item-1"): "hand", ("holding",): "item-1"}
    steps = [Step.of("place", item="item-1", place="table"), *errand("item-2")]
    schedule = arrange(problem(steps, state, 3))
    assert by_step(schedule)[0][:2] == ("robot-1", 0.0) and by_step(schedule)[1][1] >= by_step(schedule)[0][2]


def test_an_empty_plan_takes_no_time() -> None:
    schedule = arrange(problem([], start(1), 2))
    assert (schedule.slots, schedule.makespan, schedule.bound, schedule.gap, schedule.critical) == ((), 0.0, 0.0, 0.0, ())


def test_json_tells_who_does_what_when() -> None:
    steps = delivery(1)
    data = schedule_to_json(arrange(problem(steps, start(1), 2)), tuple(steps))
    assert data["slots"][0] == {
        "step": 0, "skill": "pick", "args": {"item": "item-1"}, "robot": "robot-1", "start": 0.0, "end": 5.0,
        "resources": ["parcel"], "critical": True,
    }  # fmt: skip
    assert (data["makespan"], data["bound"], data["gap"], data["alone"]) == (23.5, 23.5, 0.0, 23.5)


# ── expected times ───────────────────────────────────────────────────────────────────────────────────────────────
def test_what_fails_half_of_the_time_takes_twice_as_long() -> None:
    assert Expected(4.0, 0.5).total == 8.0 and expected(BY_NAME["pick"], None).seconds == CELL_SECONDS["pick"]
    sure, unsure = (arrange(problem(delivery(2), start(2), 2, expected=times(delivery(2), p))) for p in (1.0, 0.5))
    assert math.isclose(unsure.makespan, 2 * sure.makespan) and math.isclose(unsure.success, 0.5 ** len(delivery(2)))


# ── bad input ────────────────────────────────────────────────────────────────────────────────────────────────────
@pytest.mark.parametrize("seconds", [math.nan, math.inf, -1.0, 0.0])
def test_a_time_that_is_none_is_refused(seconds: float) -> None:
    with pytest.raises(BadInput, match="how long a step takes"):
        Expected(seconds)


@pytest.mark.parametrize("success", [0.0, -0.1, 1.1, math.nan])
def test_a_share_that_is_none_is_refused(success: float) -> None:
    with pytest.raises(BadInput, match="how likely"):
        Expected(1.0, success)


@pytest.mark.parametrize(
    "more", [{"arms": 0}, {"arms": -1}, {"things": 0}, {"arms": 1.5}, {"arms": True}, {"places": frozenset()}]
)
def test_a_resource_without_room_is_refused(more: dict[str, Any]) -> None:
    with pytest.raises(BadInput):
        Resource(**{"name": "plate", "places": frozenset({"station"}), **more})


@pytest.mark.parametrize(
    ("robots", "said"),
    [
        ((Robot("a"), Robot("a")), "each name once"),
        ((Robot("a", places=frozenset({"bin_9"})),), "did you mean 'bin_"),
        ((Robot("a", skills=frozenset({"pik"})),), "did you mean 'pick'"),
        ((), "1 to 8"),
        (tuple(Robot(f"r{i}") for i in range(9)), "1 to 8"),
    ],
)
def test_a_site_that_cannot_be_is_refused(robots: tuple[Robot, ...], said: str) -> None:
    with pytest.raises(BadInput, match=said):
        site_of(robots, KINDS)


@pytest.mark.parametrize("robot", [{"name": ""}, {"speed": 0.0}, {"speed": math.nan}, {"speed": -1.0}])
def test_a_robot_that_cannot_be_is_refused(robot: dict[str, Any]) -> None:
    with pytest.raises(BadInput):
        Robot(**{"name": "a", **robot})


def test_a_resource_at_no_place_is_refused() -> None:
    with pytest.raises(BadInput, match="did you mean 'station'"):
        site_of(same_robots(1), KINDS, (Resource("plate", frozenset({"statoin"})),))


def test_how_many_robots_is_bounded() -> None:
    for n in (0, 9):
        with pytest.raises(BadInput):
            same_robots(n)


def test_what_no_robot_can_do_is_told_with_what_each_lacks() -> None:
    with pytest.raises(BadInput, match="left does not reach bin_1; right does not reach parcel"):
        arrange(problem([Step.of("pick", item="item-1"), Step.of("stow", item="item-1", place="bin_1")], start(1), (LEFT, RIGHT)))
    with pytest.raises(BadInput, match="has no skill 'home'"):
        arrange(problem([Step("home")], start(0), (Robot("a", skills=frozenset({"look"})),)))


@pytest.mark.parametrize(
    ("steps", "said"),
    [
        ([Step("fly")], "skill of step 0.*'fly'"),
        ([Step("home"), Step.of("stow", item="item-1", place="bin_1")], "step 1 in its turn.*does not hold"),
        ([Step.of("pick", thing="item-1")], "arguments of step 0"),
    ],
)
def test_a_plan_that_cannot_be_done_is_not_scheduled(steps: list[Step], said: str) -> None:
    with pytest.raises(BadInput, match=said):
        arrange(problem(steps, start(1), 2))


def test_expectations_and_cuts_fit_the_plan() -> None:
    with pytest.raises(BadInput, match="one for each step"):
        arrange(problem(delivery(1), start(1), 1, expected=()))
    with pytest.raises(BadInput, match="where a plan is cut"):
        arrange(problem(delivery(1), start(1), 1, cuts=(9,)))


def test_a_site_without_resources_lets_everybody_in() -> None:
    steps = [Step.of("look", place="bin_1"), Step.of("pick", item="item-1")]
    open_to_all = replace(problem(steps, start(1)), site=Site(same_robots(2)))
    assert arrange(open_to_all).makespan == 5.0


# ── carried out in symbols ───────────────────────────────────────────────────────────────────────────────────────
@given(SEEDS)
@settings(max_examples=50, deadline=None)
def test_whatever_the_times_turn_out_to_be_the_judge_lets_it_pass(seed: int) -> None:
    """The same order with other times: no two at one place, nothing before what it needs, nobody waits for ever."""
    drawn, rng = drawn_problem(seed), random.Random(seed)
    schedule = arrange(drawn, work=50)
    took = tuple(Expected(e.seconds * rng.choice([0.2, 1.0, 1.0, 3.0, 20.0]), e.success) for e in drawn.expected)
    otherwise = replace(drawn, expected=took)
    seconds = [took[s.step].total / drawn.site.robot(s.robot).speed for s in schedule.slots]
    carried = carried_out(schedule, waits_of(schedule, drawn), seconds)
    judge(carried, otherwise)
    assert carried.makespan >= lower_bound(model_of(otherwise)) - 1e-6


@given(SEEDS)
@settings(max_examples=20, deadline=None)
def test_as_expected_it_takes_no_longer_than_expected(seed: int) -> None:
    drawn = drawn_problem(seed)
    schedule = arrange(drawn, work=50)
    seconds = [slot.end - slot.start for slot in schedule.slots]
    assert carried_out(schedule, waits_of(schedule, drawn), seconds).makespan <= schedule.makespan + 1e-6


def test_what_fails_often_takes_longer_than_what_never_does() -> None:
    steps = delivery(4)
    sure, unsure = (problem(steps, start(4), 2, expected=times(steps, p)) for p in (1.0, 0.6))
    schedule = arrange(sure)
    assert likely(schedule, sure) == pytest.approx((schedule.makespan, schedule.makespan))
    half, most = likely(arrange(unsure), unsure)
    assert schedule.makespan < half < most and likely(arrange(unsure), unsure) == (half, most)
