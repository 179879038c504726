"""What need not go over the station, and what must."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import pytest
from helpers_brain import CELL, STORE, FakeSkill, FakeWorld, Ran, all_belong, delivery, run_job
from told import told_mind

from moravec.brain.agent import Agent
from moravec.brain.conduct.charter import Charter
from moravec.brain.conduct.overseer import Overseer
from moravec.brain.conduct.rules_file import charter_of
from moravec.brain.settle import SURE, SURE_APART, sure
from moravec.core.clock import ManualClock
from moravec.perception.detection import Detection
from moravec.skills.contract import SkillResult
from moravec.skills.manifests import ALL

INSPECTED_FIRST = """
[rules.inspected-first]
sentence = "what goes into a bin was inspected before"
formula = "every item x: {} stow(x, any) implies once done inspect(x)"
"""


@dataclass
class ClearWorld(FakeWorld):
    """A world in which picks tell whether the thing came alone, and looks are as sure as `far` says of things named there."""

    alone: Mapping[str, bool] = field(default_factory=dict)  # by default it did
    far: Mapping[str, tuple[float, float]] = field(default_factory=dict)  # name -> probability of category, of damage

    def detection(self, thing: Any, near: bool) -> Detection:
        seen = super().detection(thing, near)
        category_p, damaged_p = self.far.get(thing.name, (0.995, 0.995 if seen.damaged else 0.005))
        return seen if near else replace(seen, category_p=category_p, colour_p=0.999, damaged_p=damaged_p)


class ClearSkill(FakeSkill):
    """Its picks say what they saw."""

    def _work(self, name: str, args: Mapping[str, Any]) -> SkillResult:
        world: Any = self.world
        if name != "pick" or (thing := world.named(args["item"])) is None:
            return super()._work(name, args)
        was = world.things[thing]
        here = [world.detection(t, False) for t in world.at(was.place)]
        data = {"target": world.detection(was, False), "detections": here}
        if was.place == "parcel":
            data["alone"] = world.alone.get(thing, True)
        return replace(super()._work(name, args), data=data)


def run(instruction: str, world: ClearWorld, charter: Charter | None = None) -> Ran:
    clock = ManualClock()
    agent = Agent(
        {m.name: ClearSkill(world, m, clock) for m in ALL}, CELL, told_mind(), overseer=Overseer(charter or Charter(), CELL)
    )
    return run_job(instruction, world, agent=agent)


def inspected(ran: Ran) -> list[str]:
    return sorted(str(args["item"]) for args in ran.did("inspect"))


def test_what_is_sure_and_came_alone_goes_straight_to_its_bin() -> None:
    ran = run(STORE, ClearWorld(delivery()))
    assert all_belong(ran.world) and ran.report.success
    assert not inspected(ran) and len(ran.did("pick")) == 8 and len(ran.of("settled")) == 8
    assert ran.report.replans == 0, "a shorter way is no surprise"
    assert not any(item["inspected"] for item in ran.report.inventory["items"]), "a code may still be found"


@pytest.mark.parametrize("far", [(SURE_APART, 0.005), (0.995, 0.021), (0.995, 0.979), (0.995, 0.5), (0.6, 0.005)])
def test_what_is_not_sure_goes_over_the_station(far: tuple[float, float]) -> None:
    ran = run(STORE, ClearWorld(delivery(), far={"can3": far}))
    assert all_belong(ran.world) and len(inspected(ran)) == 1 and len(ran.of("settled")) == 7


def test_what_may_not_have_come_alone_goes_over_the_station() -> None:
    ran = run(STORE, ClearWorld(delivery(), alone={"ball1": False, "box2": False}))
    assert all_belong(ran.world) and len(inspected(ran)) == 2


@pytest.mark.parametrize(
    "words",
    ["inspect everything", "put MV-017 in bin C", "unpack the delivery, inspect the items and store them"],
)
def test_where_a_closer_look_was_asked_for_it_is_taken(words: str) -> None:
    ran = run(words, ClearWorld(delivery()))
    assert not ran.of("settled") and inspected(ran)


def test_what_is_only_to_be_found_out_is_inspected() -> None:
    """Whether the others are damaged is what the closer look is for."""
    ran = run("put everything damaged in the reject bin", ClearWorld(delivery()))
    assert ran.places()["box1"] == "reject" and len(inspected(ran)) == 7
    assert [note["item"] for note in ran.of("settled")] == [args["item"] for args in ran.did("discard")]


@pytest.mark.parametrize("phase", ["begins", "done"])
def test_a_rule_that_wants_an_inspection_is_kept(phase: str) -> None:
    ran = run(STORE, ClearWorld(delivery()), charter_of(INSPECTED_FIRST.format(phase), CELL))
    assert all_belong(ran.world) and ran.report.success
    # box1 is damaged, and the rule speaks of stowing only
    assert len(inspected(ran)) == 7 and [note["item"] for note in ran.of("settled")] == [
        args["item"] for args in ran.did("discard")
    ]


def test_what_overlaps_another_has_to_be_surer() -> None:
    world = ClearWorld(delivery())
    seen = replace(world.detection(world.things["can3"], False), category_p=(SURE + SURE_APART) / 2)
    beside, over = (replace(seen, position=(seen.position[0] + x, *seen.position[1:])) for x in (0.06, 0.03))
    assert sure(seen, ()) and sure(seen, [seen, beside]) and not sure(seen, [beside, over])
    assert sure(replace(seen, category_p=0.995), [over]) and not sure(replace(seen, category_p=SURE_APART), ())
    assert not sure(replace(seen, colour_p=0.9), ())
    assert sure(replace(seen, damaged_p=1.0), ()) and not sure(replace(seen, damaged_p=0.97), ())


def test_what_the_last_look_shows_otherwise_is_not_settled() -> None:
    """The belief keeps the surer of two looks: where the last one, sure too, says another thing, nobody knows."""
    looks = iter([(0.999, 0.001)])

    class Turning(ClearWorld):
        def detection(self, thing: Any, near: bool) -> Detection:
            found = super().detection(thing, near)
            if thing.name != "can3" or near or next(looks, None) is not None:
                return found
            return replace(found, category="tool", category_p=0.99)

    ran = run(STORE, Turning(delivery(), far={"can3": (0.999, 0.005)}))
    assert len(inspected(ran)) >= 1 and all_belong(ran.world)
