"""A place between for what no one robot can bring where it goes."""

from __future__ import annotations

import random

import pytest
from helpers_schedule import KINDS, delivery, drawn_plan, errand, problem, start
from hypothesis import given, settings
from hypothesis import strategies as st

from moravec.brain.schedule.arrange import arrange
from moravec.brain.schedule.relay import relayed
from moravec.brain.schedule.site import Robot, Site, same_robots, site_of
from moravec.brain.schedule.touched import touched
from moravec.brain.steps import Step
from moravec.core.errors import BadInput
from moravec.skills.manifests import BY_NAME

LEFT = Robot("left", places=frozenset({"parcel", "station", "table"}))
MIDDLE = Robot("middle", places=frozenset({"table", "station"}))
RIGHT = Robot("right", places=frozenset({"station", "bin_1", "bin_2", "reject"}))
STRAIGHT = [Step.of("pick", item="item-1"), Step.of("stow", item="item-1", place="bin_1")]


def site(*robots: Robot) -> Site:
    return site_of(robots, KINDS)


def test_what_nobody_reaches_at_both_ends_changes_robots_on_the_plate() -> None:
    way = relayed([*STRAIGHT, Step("home")], start(1), site(LEFT, RIGHT), cuts=(2,))
    assert [str(step) for step in way.steps] == [
        "pick(item-1)", "place(item-1, station)", "pick(item-1)", "stow(item-1, bin_1)", "home()",
    ]  # fmt: skip
    assert (way.cuts, way.added) == ((4,), (1, 2))
    schedule = arrange(problem(way.steps, start(1), (LEFT, RIGHT), cuts=way.cuts))
    assert {slot.step: slot.robot for slot in schedule.slots if slot.step < 4} == {0: "left", 1: "left", 2: "right", 3: "right"}


def test_two_places_between_where_one_is_not_enough() -> None:
    far = Robot("far", places=frozenset({"parcel", "table"}))
    way = relayed(STRAIGHT, start(1), site(far, MIDDLE, RIGHT))
    assert [step.place for step in way.steps if step.skill == "place"] == ["table", "station"]
    assert arrange(problem(way.steps, start(1), (far, MIDDLE, RIGHT))).makespan > 0


def test_what_one_robot_can_do_stays_as_it_is_and_so_does_what_nobody_can() -> None:
    for robots in ((Robot("all"), LEFT), (LEFT,), (LEFT, Robot("bins", places=frozenset({"bin_1"})))):
        assert relayed(STRAIGHT, start(1), site(*robots)).steps == tuple(STRAIGHT)
    with pytest.raises(BadInput, match="does not reach"):
        arrange(problem(relayed(STRAIGHT, start(1), site(LEFT)).steps, start(1), (LEFT,)))
    for plan, items in ((delivery(3), 3), (errand("item-1"), 1)):
        assert relayed(plan, start(items), site(LEFT, RIGHT)).added == ()  # it passes the plate anyway


def test_a_robot_that_may_not_pick_takes_nothing_over() -> None:
    lame = Robot("lame", skills=frozenset({"stow"}), places=RIGHT.places)
    assert relayed(STRAIGHT, start(1), site(LEFT, lame)).added == ()


@given(st.integers(0, 2**32))
@settings(max_examples=50, deadline=None)
def test_any_plan_with_what_was_put_in_can_be_done_and_leaves_everything_where_it_would_be(seed: int) -> None:
    steps, state = drawn_plan(random.Random(seed), 3, 12)
    way = relayed(steps, state, site(LEFT, MIDDLE, RIGHT), cuts=range(len(steps) + 1))
    touched(way.steps, state, BY_NAME)  # raises where a step cannot be done in its turn
    kept = [step for n, step in enumerate(way.steps) if n not in way.added]
    assert kept == steps and way.cuts[-1] == len(way.steps)
    assert relayed(steps, state, site(*same_robots(2))).added == ()
