"""The mind where things come on a belt: who is who while they ride, what goes first, what went past, and what was said."""

from __future__ import annotations

from collections.abc import Generator, Mapping
from dataclasses import replace
from math import inf
from typing import Any, final

import pytest
from helpers_brain import CELL, FakeContext, FakeSkill, FakeWorld, Thing, things
from told import told_mind

from moravec.brain.agent import Agent
from moravec.brain.arrivals import read_here
from moravec.brain.goal import RULE, Clause, Goal, Selection
from moravec.brain.job import JobReport
from moravec.brain.mind import SymbolicMind
from moravec.brain.plan import make_plan
from moravec.brain.reading import Reading
from moravec.brain.remember import Inventory
from moravec.brain.state import GONE
from moravec.brain.steps import Step
from moravec.brain.wishes.wish import Amount, Meant, Spot, Things, Wish
from moravec.core.clock import ManualClock
from moravec.core.workplace import Place, Workplace
from moravec.perception.detection import Detection
from moravec.skills.belt import QUICKEST, ahead, leaves, stretch_in_reach
from moravec.skills.contract import Ask, Compute, Note, Pause, Skill, SkillResult
from moravec.skills.manifests import ALL

BELT = Place("belt", "belt", (0.56, 0.02), (0.2, 1.84), 0.05, 0.058)
BELTED = replace(CELL, places=tuple(BELT if p.kind == "parcel" else p for p in CELL.places if p.kind != "lid_rest"))
START, PATIENCE = -0.8, 45.0  # [m], [s]
LOW, HIGH = stretch_in_reach(BELT)


def seen(y: float, t: float, colour: str = "red", category: str = "can", v: float = 0.06) -> Detection:
    looks = (colour, 0.9, category, 0.9, False, 0.05, None, "overhead", (0, 0, 9, 9))
    return Detection("belt", (0.56, y, 0.08), (0.08, 0.06, 0.06), 0.0, (0.003,) * 3, *looks, (0.0, v), t)


def belt_with(*detections: Detection, t: float = 0.0) -> Inventory:
    inventory = Inventory(BELTED)
    inventory.read_labels({"bin_1": "C", "bin_2": "A", "bin_3": "B", "bin_4": "F", "bin_5": "D", "bin_6": "E"})
    inventory.fluents["seen", "shelf"] = True
    inventory.update("belt", detections, t)
    return inventory


# ── who is who ───────────────────────────────────────────────────────────────────────────────────────────────────────
def test_what_rode_on_is_the_same_thing() -> None:
    inventory = belt_with(seen(-0.6, 0.0), seen(-0.2, 0.0, "blue"))
    inventory.update("belt", [seen(-0.01, 10.0), seen(0.41, 10.0, "blue")], 10.1)
    assert {name: item.colour for name, item in inventory.items.items()} == {"item-1": "red", "item-2": "blue"}
    assert inventory.item("item-1").position[1] == -0.01 and inventory.item("item-1").t == 10.0


def test_one_that_looks_the_same_and_comes_later_is_another_one() -> None:
    inventory = belt_with(seen(-0.1, 0.0))
    inventory.update("belt", [seen(-0.6, 8.0)], 8.0)
    assert set(inventory.items) == {"item-1", "item-2"}
    assert inventory.item("item-1").position[1] == pytest.approx(0.38)  # unseen, it rode on


def test_what_was_let_go_is_known_while_it_is_still_in_sight_and_never_taken_for_another() -> None:
    inventory = belt_with(seen(0.3, 0.0))
    inventory.passed("item-1", 2.0)
    changes = inventory.update("belt", [seen(0.6, 5.0)], 5.0)
    assert set(inventory.items) == {"item-1"} and inventory.item("item-1").location == GONE and not changes.new
    inventory.update("belt", [seen(-0.6, 60.0)], 60.0)
    assert set(inventory.items) == {"item-1", "item-2"} and inventory.item("item-1").location == GONE


def test_whereabouts_tell_the_motion_and_what_was_taken_rides_no_more() -> None:
    inventory = belt_with(seen(-0.6, 3.0))
    told = inventory.whereabouts("item-1")
    assert told is not None and told.velocity == (0.0, 0.06) and ahead(told, 13.0)[1] == pytest.approx(0.0)
    inventory.after(Step.of("pick", item="item-1"), 9.0)
    assert inventory.item("item-1").velocity == (0.0, 0.0)


# ── what goes first ──────────────────────────────────────────────────────────────────────────────────────────────────
def test_what_leaves_first_is_picked_first_whatever_its_name() -> None:
    inventory = belt_with(seen(-0.7, 0.0, "red"), seen(0.1, 0.0, "blue"), seen(-0.3, 0.0, "green"))
    plan = make_plan(Goal((Clause("move", Selection(), RULE),)), inventory)
    picks = [step.item for step in plan.steps if step.skill == "pick"]
    assert list(dict.fromkeys(picks)) == ["item-2", "item-3", "item-1"]
    deadlines = [leaves(inventory.item(str(name)), BELT) for name in dict.fromkeys(picks)]
    assert deadlines == sorted(deadlines) and deadlines[-1] < inf


read = told_mind().read


# ── what was said ────────────────────────────────────────────────────────────────────────────────────────────────────
def heard(text: str, workplace: Workplace) -> str:
    """What a mind is given to read."""
    said: list[str] = []

    def reads(words: str, here: Workplace) -> Reading:
        assert bool(here.of_kind("parcel")) and not (here != workplace and here.of_kind("belt"))
        said.append(words)
        return Reading(meant=(Meant((Wish("move", (Things(at=Spot("place", "parcel")),), Spot("rule")),)),))

    reading = read_here(reads, text, workplace)
    at = reading.meant[0].wishes[0].what[0].at
    assert at == Spot("place", "belt" if workplace is BELTED else "parcel")
    return said[0]


@pytest.mark.parametrize(
    ("text", "read"),
    [
        ("unpack the delivery", "unpack the delivery"),
        ("store everything from the belt", "store everything from the parcel"),
        ("put all items on the conveyor away", "put all items on the parcel away"),
        ("Store all from the Conveyor belt.", "Store all from the parcel."),
        ("what is on the conveyor-belt?", "what is on the parcel?"),
        ("把传送带上的东西都放好", "把包裹上的东西都放好"),
        ("tighten the beltway", "tighten the beltway"),
        ("", ""),
    ],
)
def test_the_delivery_is_what_the_belt_brings(text: str, read: str) -> None:
    assert heard(text, BELTED) == read and heard(text, CELL) == text


def test_words_of_every_kind_of_wish_are_put_right() -> None:
    parcel = Spot("place", "parcel")
    inner = Things(at=parcel, exceptions=(Things(at=Spot("of", things=Things(at=parcel))),))
    told = Wish("move", (inner,), Spot("bin", "A"), wishes=(Wish("open"), Wish("move", (Things(),), parcel)))
    said: list[str] = []

    def reads(text: str, workplace: Workplace) -> Reading:
        said.append(text)
        return Reading(meant=(Meant((told,), 0.9),))

    reading = read_here(reads, "take what is on the CONVEYOR BELT; 把传送带上的东西都放好", BELTED)
    assert said == ["take what is on the parcel; 把包裹上的东西都放好"] and reading.meant[0].p == 0.9
    assert "parcel" not in repr(reading.meant)
    (wish,) = reading.meant[0].wishes
    belt = Spot("place", "belt")
    assert wish.what[0].at == belt and wish.wishes[0].to == belt and wish.wishes[1].to == belt and wish.to == Spot("bin", "A")


# ── a job ────────────────────────────────────────────────────────────────────────────────────────────────────────────
class Line(FakeWorld):
    """Things ride in by the clock; `laid` [s] says when, `speed` [m/s] how fast."""

    clock: ManualClock
    laid: Mapping[str, float]
    speed: float

    def y(self, name: str) -> float:
        return START + self.speed * (self.clock.now() - self.laid[name])

    def at(self, place: str) -> list[Thing]:
        found = super().at(place)
        return [t for t in found if START <= self.y(t.name) < 0.86] if place == "belt" else found

    def detection(self, thing: Thing, near: bool) -> Detection:
        found = super().detection(thing, near)
        if thing.place != "belt":
            return found
        return replace(found, position=(0.56, self.y(thing.name), 0.08), velocity=(0.0, self.speed), t=self.clock.now())

    def named(self, item: str) -> str | None:
        assert self.agent is not None
        known = self.agent.inventory.item(item)
        if known.location != "belt":
            return super().named(item)
        y = ahead(known, self.clock.now())[1]
        near = [t.name for t in self.at("belt") if abs(self.y(t.name) - y) < 0.05 and t.colour == known.colour]
        return near[0] if near else None


@final
class LineSkill(Skill):
    """As in the fake world; a look at the belt waits, and what is out of reach cannot be picked."""

    def __init__(self, inner: FakeSkill) -> None:
        self.inner, self.manifest, self.world = inner, inner.manifest, inner.world

    def run(self, context: Any, args: Mapping[str, Any]) -> Any:
        world, clock = self.world, self.inner.clock
        assert isinstance(world, Line)
        if self.manifest.name == "look" and args["place"] == "belt":
            end, told = clock.now() + PATIENCE, {}
            while clock.now() < end and not any(leaves(d, BELT) > clock.now() + 4.0 for d in told.values()):
                clock.advance(1.0)
                told |= {t.name: world.detection(t, False) for t in world.at("belt")}
            yield Pause(0.0)
            now = [replace(d, position=(*ahead(d, clock.now()), 0.08), t=clock.now()) for d in told.values()]
            return SkillResult("succeeded", data={"detections": now})
        if self.manifest.name == "pick" and world.agent is not None:
            item = world.agent.inventory.item(args["item"])
            if item.location == "belt" and leaves(item, BELT) < clock.now() + QUICKEST:
                return self.failed("passed", "too late")
            if item.location == "belt":
                clock.advance(max(0.0, (LOW - ahead(item, clock.now())[1]) / world.speed) + 3.0)
        return (yield from self.inner.run(context, args))


FROM_BELT = Things(at=Spot("place", "parcel"))  # as a mind reads it that knows of parcels
STORE = Wish("move", (FROM_BELT,), Spot("rule"))
STORE_ALL = Wish("move", (Things(),), Spot("rule"))


def work(wish: Wish, world: Line) -> tuple[JobReport, list[Note]]:
    clock, mind = world.clock, SymbolicMind(lambda text, workplace: Reading(meant=(Meant((wish,)),)))
    agent = Agent({m.name: LineSkill(FakeSkill(world, m, clock)) for m in ALL}, world.workplace, mind)
    world.agent = agent
    routine: Generator[Any, Any, JobReport] = agent.run("as told", FakeContext(world.workplace, clock))  # type: ignore[arg-type]
    notes, reply = [], None
    for _ in range(20_000):
        try:
            request = routine.send(reply)
        except StopIteration as end:
            return end.value, notes
        reply = request.work() if isinstance(request, Compute) else request.default if isinstance(request, Ask) else None
        if isinstance(request, Note):
            notes.append(request)
    raise AssertionError("the job does not end")


def line(speed: float, every: float) -> Line:
    """Six things."""
    kinds = [("can", "red"), ("box", "blue"), ("ball", "green"), ("can", "red"), ("tool", "white"), ("part", "yellow")]
    named = [Thing(f"thing{n}", kind, colour, place="belt") for n, (kind, colour) in enumerate(kinds)]
    world = Line(things(*named), workplace=BELTED)
    world.clock, world.speed = ManualClock(), speed
    world.laid = {f"thing{n}": 5.0 + n * every for n in range(len(kinds))}
    return world


def stored(world: Line) -> int:
    return sum(thing.place.startswith("bin") for thing in world.things.values())


@pytest.mark.parametrize("wish", [STORE, STORE_ALL])
def test_everything_that_comes_is_stored_though_the_job_began_before_it_came(wish: Wish) -> None:
    world = line(0.03, 40.0)
    report, notes = work(wish, world)
    assert stored(world) == 6 and report.success, report.problems
    assert not [n for n in notes if n.topic == "passed"]


def test_what_went_past_is_said_and_the_rest_is_stored() -> None:
    world = line(0.2, 5.0)
    report, notes = work(STORE, world)
    past = [n.payload for n in notes if n.topic == "passed"]
    assert not report.success and 1 <= stored(world) < 6 and past
    assert len(past) == 6 - stored(world) and all(p["wanted"] for p in past)
    said = [p for p in report.problems if "rode past" in p or "too late" in p]
    assert len(said) == len(past) and not any("was lost" in p for p in report.problems)


def test_what_is_not_wanted_may_go_past() -> None:
    world = line(0.1, 30.0)
    report, notes = work(Wish("move", (replace(FROM_BELT, categories=("can",)),), Spot("bin", "B")), world)
    assert report.success, report.problems
    assert {t.name for t in world.things.values() if t.place == "bin_3"} == {"thing0", "thing3"}
    assert any(not n.payload["wanted"] for n in notes if n.topic == "passed")


def test_nobody_waits_for_more_than_was_wanted() -> None:
    world = line(0.06, 30.0)
    one = replace(FROM_BELT, categories=("can",), amount=Amount("exactly", 1), definite=True)
    report, _ = work(Wish("move", (one,), Spot("bin", "B")), world)
    assert report.success and world.things["thing0"].place == "bin_3" and stored(world) == 1
    assert world.clock.now() < world.laid["thing0"] + 60.0


def test_a_belt_that_brings_nothing_ends_the_job() -> None:
    world = line(0.1, 30.0)
    world.laid = dict.fromkeys(world.laid, 1e6)
    report, _ = work(STORE, world)
    assert stored(world) == 0 and world.clock.now() < 4 * PATIENCE and "No item was moved" in report.answer
