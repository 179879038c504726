"""A tiny symbolic world that answers the agent's requests: no robot, no pictures, only who lies where."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, final

from told import told_mind

from moravec.brain.agent import Agent
from moravec.brain.job import JobReport
from moravec.brain.midjob.ear import Ear
from moravec.brain.mind import Mind
from moravec.brain.recover import Limits
from moravec.core.clock import ManualClock
from moravec.core.workplace import Place, Workplace
from moravec.perception.detection import Detection
from moravec.runtime.talk import talk
from moravec.skills.contract import Ask, Compute, Note, Pause, Skill, SkillResult
from moravec.skills.manifests import ALL

LABELS = {"bin_1": "C", "bin_2": "A", "bin_3": "B", "bin_4": "F", "bin_5": "D", "bin_6": "E"}
BIN_OF = {label: place for place, label in LABELS.items()}


def cell(table: bool = True) -> Workplace:
    """The workplace of the tests; bins do not stand in the order of their labels."""
    kinds = [
        ("parcel", "parcel"),
        ("station", "station"),
        ("reject", "reject"),
        ("shelf", "shelf"),
        ("lid_rest", "lid_rest"),
    ]
    kinds += [("table", "table")] * table + [(name, "bin") for name in LABELS]
    places = tuple(Place(name, kind, (0.5 * i, 0.0), (0.4, 0.3), 0.0, 0.1) for i, (name, kind) in enumerate(kinds))
    rule = (
        ("box", "A"),
        ("can", "B"),
        ("bottle", "C"),
        ("ball", "D"),
        ("tool", "E"),
        ("part", "F"),
        ("damaged", "reject"),
    )
    colours = ("red", "blue", "green", "yellow", "white", "purple")
    categories = ("box", "can", "bottle", "ball", "tool", "part")
    return Workplace("cell", places, colours, categories, tuple("ABCDEF"), rule, (0.0,) * 6, ())


CELL = cell()


@dataclass(frozen=True)
class Thing:
    """One item of the truth. `looks` is what a look from afar takes it for, where that differs."""

    name: str
    category: str
    colour: str
    damaged: bool = False
    code: str | None = None
    place: str = "parcel"
    scale: float = 1.0
    looks: Mapping[str, Any] = field(default_factory=dict)
    hidden: bool = False  # under others, until something is taken


Fault = Callable[["FakeWorld", Mapping[str, Any]], "str | None"]


@dataclass
class FakeWorld:
    """The truth and the skills that act on it. `faults[(skill, n)]` is called at the n-th call of a skill (from 1) and
    may change the world; the code that it returns, if any, fails the call."""

    things: dict[str, Thing]
    faults: dict[tuple[str, int], Fault] = field(default_factory=dict)
    workplace: Workplace = CELL
    closed: bool = True
    labels: Mapping[str, str] = field(default_factory=lambda: dict(LABELS))
    certain: float = 0.95
    calls: Counter[str] = field(default_factory=Counter)
    held: str | None = None
    agent: Agent | None = None

    def detection(self, thing: Thing, near: bool) -> Detection:
        """How `thing` is seen; from `near` as it is, except that its code shows."""
        index = list(self.things).index(thing.name)
        place = self.workplace.place(thing.place)
        x, y = place.centre[0] + 0.05 * (index % 4), place.centre[1] + 0.05 * (index // 4)
        seen = thing if near else replace(thing, **thing.looks)
        size = 0.05 * thing.scale
        return Detection(
            thing.place, (x, y, size / 2), (size, size, size), 0.0, (0.002,) * 3, seen.colour, 0.9, seen.category,
            self.certain if near else 0.8, seen.damaged, 0.95 if seen.damaged else 0.05, seen.code if near else None,
            "wrist", (0, 0, 9, 9),
        )  # fmt: skip

    def at(self, place: str) -> list[Thing]:
        """What can be seen at `place`."""
        if self.workplace.place(place).kind == "parcel" and self.closed:
            return []
        return [t for t in self.things.values() if t.place == place and not t.hidden]

    def move(self, name: str, place: str) -> None:
        """Put a thing elsewhere; what it covered shows."""
        self.things = {n: replace(t, hidden=False) for n, t in self.things.items()}
        self.things[name] = replace(self.things[name], place=place)

    def named(self, item: str) -> str | None:
        """The thing that the agent's item is, by where the agent believes it to be."""
        assert self.agent is not None
        known = self.agent.inventory.item(item)
        if known.location == "hand":
            return self.held
        near = [
            (abs(d.position[0] - known.position[0]) + abs(d.position[1] - known.position[1]), t.name)
            for t in self.at(known.location)
            for d in [self.detection(t, near=False)]
        ]
        near = [(distance, name) for distance, name in near if distance < 0.03 or known.location == "station"]
        return min(near)[1] if near else None


@final
class FakeSkill(Skill):
    """One delivery skill in the fake world."""

    def __init__(self, world: FakeWorld, manifest: Any, clock: ManualClock) -> None:
        self.manifest = manifest
        self.world = world
        self.clock = clock

    def run(self, context: Any, args: Mapping[str, Any]) -> Any:
        world, name = self.world, self.manifest.name
        yield Pause(1.0)
        self.clock.advance(1.0)
        world.calls[name] += 1
        fault = world.faults.get((name, world.calls[name]))
        code = fault(world, args) if fault else None
        if code is not None:
            return SkillResult("cancelled", code) if code == "cancelled" else self.failed(code, "made to fail")
        return self._work(name, args)

    def _work(self, name: str, args: Mapping[str, Any]) -> SkillResult:
        world, place = self.world, str(args.get("place"))
        if name == "look":
            data: dict[str, Any] = {"detections": [world.detection(t, False) for t in world.at(place)]}
            if world.workplace.place(place).kind == "shelf":
                data = {"labels": dict(world.labels)}
            return SkillResult("succeeded", data=data)
        if name == "open":
            world.closed = False
        if name == "pick":
            thing = world.named(args["item"])
            if thing is None:
                assert world.agent is not None
                believed = world.agent.inventory.item(args["item"]).location
                here = world.at(believed) if believed in world.agent.inventory.kinds else []
                seen = [world.detection(t, False) for t in here]
                return self.failed("not_seen", "it is not there", detections=seen)
            world.held = thing
            world.move(thing, "hand")
        if name == "inspect":
            on = world.at("station")
            if not on:
                return self.failed("not_seen", "nothing there")
            return SkillResult("succeeded", data={"detections": [world.detection(t, True) for t in on]})
        if name in ("place", "stow", "discard"):
            if world.held is None:
                return self.failed("lost", "the hand is empty")
            if name == "place" and place == "station" and world.at("station"):
                raise AssertionError("two items on the station")
            world.move(world.held, place)
            world.held = None
        return SkillResult("succeeded")


class FakeContext:
    """What the agent needs of a context."""

    def __init__(self, workplace: Workplace, clock: ManualClock) -> None:
        self.workplace = workplace
        self.clock = clock

    def now(self) -> float:
        return self.clock.now()

    def state(self) -> Any:
        raise AssertionError("the agent reads no joints")


@dataclass
class Ran:
    """How a job went: the report, the notes by topic, the world after."""

    report: JobReport
    notes: list[Note]
    world: FakeWorld

    def of(self, topic: str) -> list[Mapping[str, Any]]:
        return [n.payload for n in self.notes if n.topic == topic]

    def places(self) -> dict[str, str]:
        return {name: thing.place for name, thing in self.world.things.items()}

    def did(self, skill: str) -> list[Mapping[str, Any]]:
        return [s["args"] for s in self.report.steps if s["skill"] == skill and s["status"] == "succeeded"]


def things(*entries: Thing) -> dict[str, Thing]:
    return {thing.name: thing for thing in entries}


def run_job(
    instruction: str,
    world: FakeWorld,
    answers: Mapping[str, str] | None = None,
    mind: Mind | None = None,
    limits: Limits | None = None,
    agent: Agent | None = None,
    look_again: bool = True,
    ear: Ear | None = None,
) -> Ran:
    """Runs a job to its end, with what `ear` hears meanwhile; questions are answered by the first key of `answers` they contain,
    else by the default."""
    clock = ManualClock()
    skills = {m.name: FakeSkill(world, m, clock) for m in ALL}
    agent = agent or Agent(skills, world.workplace, mind or told_mind(), limits, look_again, ear=ear)
    agent.skills = agent.skills or skills
    world.agent = agent
    routine, notes, reply = talk(agent, [instruction], FakeContext(world.workplace, clock)), [], None
    for _ in range(20_000):
        try:
            request = routine.send(reply)
        except StopIteration as end:
            return Ran(end.value, notes, world)
        reply = None
        if isinstance(request, Note):
            notes.append(request)
        elif isinstance(request, Compute):
            reply = request.work()
        elif isinstance(request, Ask):
            reply = next((a for key, a in (answers or {}).items() if key in request.text), request.default)
    raise AssertionError("the job does not end")


STORE = "unpack the delivery, classify the items, organise and store them"
BELONGS = {"box": "A", "can": "B", "bottle": "C", "ball": "D", "tool": "E", "part": "F"}


def delivery() -> dict[str, Thing]:
    return things(
        Thing("can1", "can", "red", code="MV-001"),
        Thing("can2", "can", "red", code="MV-002"),
        Thing("can3", "can", "blue"),
        Thing("box1", "box", "blue", damaged=True),
        Thing("box2", "box", "green", scale=1.5),
        Thing("ball1", "ball", "yellow"),
        Thing("tool1", "tool", "white", code="MV-017"),
        Thing("part1", "part", "purple"),
    )


def belongs(thing: Thing) -> str:
    return "reject" if thing.damaged else BIN_OF[BELONGS[thing.category]]


def all_belong(world: FakeWorld) -> bool:
    return all(t.place == belongs(t) for t in world.things.values())
