"""A cell of symbols in which every skill does exactly what its manifest says, for judging what was understood."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, final

from moravec.brain.agent import Agent
from moravec.brain.job import JobReport
from moravec.brain.mind import Mind
from moravec.brain.recover import Limits
from moravec.core.clock import ManualClock
from moravec.core.workplace import Place, Workplace
from moravec.perception.detection import Detection
from moravec.skills.contract import Ask, Note, Skill, SkillResult
from moravec.skills.manifests import ALL

BINS = {f"bin_{n}": label for n, label in enumerate("CAFBED", start=1)}
MOST_REQUESTS = 50_000
_KINDS = {"parcel": "parcel", "station": "station", "reject": "reject", "shelf": "shelf", "table": "table"}
_RULE = {"box": "A", "can": "B", "bottle": "C", "ball": "D", "tool": "E", "part": "F", "damaged": "reject"}
WORKPLACE = Workplace(
    "cell",
    tuple(
        Place(name, kind, (float(n), 0.0), (0.4, 0.3), 0.0, 0.1)
        for n, (name, kind) in enumerate((_KINDS | dict.fromkeys(BINS, "bin")).items())
    ),
    ("red", "blue", "green", "yellow", "white", "purple"),
    ("box", "can", "bottle", "ball", "tool", "part"),
    tuple("ABCDEF"),
    tuple(_RULE.items()),
    (0.0,) * 6,
    (),
)


@dataclass(frozen=True, slots=True)
class Thing:
    """An item as it is. `size` [cm^3] is its volume, `length` [cm] its longest side; `place` is the workplace's name."""

    name: str
    category: str
    colour: str
    size: float
    length: float
    damaged: bool
    code: str | None
    place: str


def place_named(location: str) -> str:
    """The workplace's name of "bin:B", "parcel", ..."""
    return next(name for name, label in BINS.items() if label == location[4:]) if location.startswith("bin:") else location


def location_named(place: str) -> str:
    """ "bin:B", "parcel", ... of the workplace's name."""
    return f"bin:{BINS[place]}" if place in BINS else place


@dataclass(slots=True)
class Cell:
    """The truth. `seen_closely` holds what was inspected, `put` where things were put in order, both since the turn began."""

    things: dict[str, Thing]
    closed: bool
    held: str | None = None
    at_rest: bool = True
    calls: int = 0
    seen_closely: list[str] = field(default_factory=list)
    put: list[tuple[str, str]] = field(default_factory=list)
    known: set[str] = field(default_factory=set)  # whose codes were read; they are not confused again

    @staticmethod
    def of(scene: Mapping[str, Any]) -> Cell:
        """The cell of a scene in the form of `scenes.json`."""
        things = {}
        for item in scene["items"]:
            fields = {key: value for key, value in item.items() if key != "location"}
            things[item["name"]] = Thing(**fields, place=place_named(item["location"]))
        return Cell(things, bool(scene["closed"]))

    def locations(self) -> dict[str, str]:
        """Where everything lies, in the scenes' words."""
        return {name: location_named(thing.place) for name, thing in self.things.items()}

    def move(self, name: str, place: str) -> None:
        """From now on it lies there."""
        self.things[name] = replace(self.things[name], place=place)

    def begin_turn(self) -> None:
        """What is counted by the turn begins anew."""
        self.calls, self.seen_closely, self.put = 0, [], []

    def visible(self, place: str) -> list[Thing]:
        """What lies open at `place`."""
        hidden = self.closed and place == "parcel"
        return [] if hidden else [thing for thing in self.things.values() if thing.place == place]

    def detection(self, thing: Thing, near: bool) -> Detection:
        """How it is seen: as it is, its code only from near, or once it was read."""
        index = list(self.things).index(thing.name)
        x, y = WORKPLACE.place(thing.place).centre
        side = (thing.size / thing.length) ** 0.5 / 100.0
        position = (x + 0.015 * (index % 4), y + 0.015 * (index // 4), 0.02)
        code = thing.code if near or thing.name in self.known else None
        return Detection(
            thing.place, position, (thing.length / 100.0, side, side), 0.0, (0.001,) * 3, thing.colour, 0.95, thing.category,
            0.95, thing.damaged, 0.95 if thing.damaged else 0.05, code, "wrist", (0, 0, 9, 9),
        )  # fmt: skip


@final
class CellSkill(Skill):
    """One delivery skill in the cell of symbols."""

    def __init__(self, cell: Cell, manifest: Any, agent: Agent) -> None:
        self.manifest, self.cell, self.agent = manifest, cell, agent

    def run(self, context: Any, args: Mapping[str, Any]) -> Any:
        yield Note("did", {"skill": self.manifest.name})
        cell, name = self.cell, self.manifest.name
        cell.calls += 1
        cell.at_rest = name == "home"
        place, thing = str(args.get("place")), self._thing(args)
        if name == "look":
            if WORKPLACE.place(place).kind == "shelf":
                return SkillResult("succeeded", data={"labels": dict(BINS)})
            return SkillResult("succeeded", data={"detections": [cell.detection(t, False) for t in cell.visible(place)]})
        if name == "open":
            cell.closed = False
        elif name == "inspect":
            cell.seen_closely.append(str(thing))
            cell.known.add(str(thing))
            seen = [cell.detection(t, True) for t in cell.visible("station")]
            return SkillResult("succeeded", data={"detections": seen})
        elif name == "pick":
            assert cell.held is None
            assert thing is not None, f"nothing there is {args['item']}"
            cell.held = thing
            cell.move(thing, "hand")
        elif name in ("place", "stow", "discard"):
            assert cell.held is not None
            cell.move(cell.held, place)
            cell.put.append((cell.held, location_named(place)))
            cell.held = None
        return SkillResult("succeeded")

    def _thing(self, args: Mapping[str, Any]) -> str | None:
        """Which thing the agent's item is: the one at its place that looks most like it."""
        if "item" not in args:
            return None
        return named(self.cell, self.agent, str(args["item"]))


def named(cell: Cell, agent: Agent, item: str) -> str | None:
    """The thing that the agent's `item` is."""
    known = agent.inventory.item(item)
    if known.location == "hand":
        return cell.held

    def unlike(thing: Thing) -> float:
        seen = cell.detection(thing, False)
        gap = sum(abs(a - b) for a, b in zip(known.position[:2], seen.position[:2], strict=True))
        size = sum(abs(a - b) for a, b in zip(known.extent, seen.extent, strict=True))
        code = known.code is not None and known.code != thing.code
        looks = (known.category != thing.category) + (known.colour != thing.colour) + (known.damaged != thing.damaged)
        return looks + 10.0 * size + gap + 9.0 * code

    here = [thing for thing in cell.things.values() if thing.place == known.location]
    return min(here, key=unlike).name if here else None


@dataclass(frozen=True, slots=True)
class Asked:
    """A question that came back, and where everything lay when it came."""

    ask: Ask
    at: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Turn:
    """What became of one turn."""

    report: JobReport
    asked: tuple[Asked, ...]
    notes: tuple[Note, ...]


class Player:
    """A talk with one agent in one cell."""

    def __init__(self, cell: Cell, mind: Mind, limits: Limits | None = None) -> None:
        self.cell, self.clock, self.workplace = cell, ManualClock(), WORKPLACE
        self.agent = Agent({}, WORKPLACE, mind, limits)
        self.agent.skills = {manifest.name: CellSkill(cell, manifest, self.agent) for manifest in ALL}

    def now(self) -> float:
        return self.clock.now()

    def state(self) -> Any:
        raise AssertionError("the agent reads no joints")

    def say(self, text: str, answers: Sequence[int] = ()) -> Turn:
        """One turn to its end; the n-th question gets the n-th option of `answers`, then the default."""
        self.cell.begin_turn()
        given: Iterator[int] = iter(answers)
        asked: list[Asked] = []
        notes: list[Note] = []
        routine, reply = self.agent.run(text, self), None
        for _ in range(MOST_REQUESTS):
            try:
                request = routine.send(reply)
            except StopIteration as end:
                return Turn(end.value, tuple(asked), tuple(notes))
            reply = None
            self.clock.advance(0.1)
            if isinstance(request, Note):
                notes.append(request)
            elif isinstance(request, Ask):
                asked.append(Asked(request, self.cell.locations()))
                chosen = next(given, None)
                reply = request.default if chosen is None else request.options[chosen]
        raise AssertionError(f"the turn does not end: {text!r}")
