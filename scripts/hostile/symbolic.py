"""A workplace of symbols that does whatever it is told, so that every mistake of a plan becomes a fact that can be judged.

Its skills ask nobody: a pick with a full hand, a putting down of nothing, a bin that overflows are done and kept. What they find
and where things go is the truth of this world; the brain under test sees it only through looks.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from types import SimpleNamespace
from typing import Any, final

import numpy as np

from moravec.core.clock import ManualClock
from moravec.core.workplace import Place, Workplace
from moravec.perception.detection import Detection
from moravec.skills.contract import Pause, Skill, SkillResult
from moravec.skills.manifests import BY_NAME
from moravec.worlds.cell.layout import workplace

ARM = 0.95  # [m] from the base to the farthest point this world's arm gets to
GATE = (2.0, -1.0, 3.0, 1.0)  # the zone that is kept clear [m]
FAR = (1.3, 0.6)  # where a place stands that the arm does not get to [m]


@dataclass(frozen=True)
class Thing:
    """One item of the truth. Sizes [m], weight [kg]."""

    name: str
    category: str
    colour: str
    damaged: bool
    size: tuple[float, float, float]
    place: str
    origin: str
    at: tuple[float, float]
    code: str | None = None


@dataclass
class Truth:
    """What is so. `lids`: the parcels that are closed; `stopped`: the guard has stopped a motion; `person`: in the zone."""

    places: dict[str, Place]
    labels: dict[str, str]
    things: dict[str, Thing]
    lids: set[str]
    held: str | None = None
    stopped: bool = False
    person: bool = False

    def clone(self) -> Truth:
        """An independent one."""
        return replace(self, things=dict(self.things), lids=set(self.lids))

    def carry_out(self, skill: str, thing: str | None, place: str | None) -> None:
        """What a call does that comes off, however foolish it is."""
        if skill == "open" and place is not None:
            self.lids.discard(place)
        if skill == "pick" and thing is not None:
            self.held = thing
            self.move(thing, "hand")
        if skill in ("place", "stow", "discard") and self.held is not None and place is not None:
            self.move(self.held, place)
            self.held = None

    def move(self, thing: str, place: str) -> None:
        """A thing goes elsewhere."""
        where = self.places[place].centre if place in self.places else (0.0, 0.0)
        at = (where[0] + 0.004 * (int(thing[1:]) % 12) - 0.02, where[1] + 0.05 * (int(thing[1:]) % 3) - 0.05)
        self.things[thing] = replace(self.things[thing], place=place, at=at)


def cell() -> Workplace:
    """The cell's own drawing, with a bin more that stands too far away."""
    found = workplace()
    far = Place("bin_far", "bin", FAR, (0.2, 0.2), 0.0, 0.1)
    return replace(found, places=(*found.places, far))


@final
class SymbolicCell:
    """The truth, its skills, and a context for an agent. `faults`: number of a call -> how it fails."""

    def __init__(self, truth: Truth, drawing: Workplace, faults: Mapping[int, str], enters: int) -> None:
        self.truth, self.workplace, self.faults, self.enters = truth, drawing, faults, enters
        self.clock, self.calls = ManualClock(), 0
        self.done: list[tuple[Truth, str, str | None, str | None]] = []  # what was true, skill, thing, place
        self.agent: Any = None
        self.skills = {name: _Told(self, name) for name in BY_NAME}

    # ── the agent's context ──────────────────────────────────────────────────────────────────────────────────────
    def now(self) -> float:
        """Seconds."""
        return self.clock.now()

    def state(self) -> Any:
        """Who is near."""
        people = [(2.5, 0.0)] if self.truth.person else []
        return SimpleNamespace(people=np.reshape(people, (-1, 2)), people_t=self.now())

    def unknown(self, points: Any) -> list[Any]:
        """Nothing has to be asked: `reaches` knows at once."""
        return []

    def reaches(self, point: Any) -> bool:
        """Whether the arm is long enough."""
        return float(np.hypot(point[0], point[1])) < ARM

    # ── what is seen and done ────────────────────────────────────────────────────────────────────────────────────
    def thing_of(self, item: Any) -> str | None:
        """The thing that the agent calls `item`: no two are of the same length."""
        known = self.agent.inventory.items.get(str(item))
        if known is None:
            return None
        return min(self.truth.things.values(), key=lambda t: abs(t.size[0] - known.extent[0])).name

    def seen(self, thing: Thing) -> Detection:
        """As it is."""
        return Detection(
            thing.place, (*thing.at, thing.size[2] / 2), thing.size, 0.0, (0.001,) * 3, thing.colour, 0.95, thing.category, 0.95,
            thing.damaged, 0.95 if thing.damaged else 0.05, thing.code, "wrist", (0, 0, 9, 9),
        )  # fmt: skip

    def call(self, skill: str, args: Mapping[str, Any]) -> SkillResult:
        """One call, done or failed, and kept."""
        self.calls += 1
        self.clock.advance(1.0)
        thing, place = self.thing_of(args.get("item")), args.get("place")
        place = None if place is None else str(place)
        self.done.append((self.truth.clone(), skill, thing, place))
        self.truth.person = self.calls >= self.enters
        fault = self.faults.get(self.calls)
        if fault is not None and any(error.code == fault for error in BY_NAME[skill].errors):
            if fault in ("lost", "slipped") and self.truth.held is not None:
                self.truth.move(self.truth.held, "table")
                self.truth.held = None
            self.truth.stopped |= fault == "stopped"
            return SkillResult("failed", fault, "made to fail", BY_NAME[skill].error(fault).recoverable)
        if skill == "pick" and (thing is None or self.truth.things[thing].place not in self.truth.places):
            return SkillResult("failed", "not_seen", "there is no such thing", True)
        self.truth.carry_out(skill, thing, place)
        return SkillResult("succeeded", data=self._found(skill, place))

    def _found(self, skill: str, place: str | None) -> dict[str, Any]:
        if skill == "look" and place in self.truth.places:
            if self.truth.places[place].kind == "shelf":
                return {"labels": dict(self.truth.labels)}
            here = [t for t in self.truth.things.values() if t.place == place and place not in self.truth.lids]
            return {"detections": [self.seen(t) for t in here]}
        if skill == "inspect":
            return {"detections": [self.seen(t) for t in self.truth.things.values() if t.place == "station"]}
        return {}


@final
class _Told(Skill):
    def __init__(self, world: SymbolicCell, name: str) -> None:
        self.manifest, self._world = BY_NAME[name], world

    def run(self, context: Any, args: Mapping[str, Any]) -> Any:
        """Done at once."""
        yield Pause(1.0)
        return self._world.call(self.manifest.name, args)


@dataclass(frozen=True)
class Mission:
    """What a person asked for, in words, and as where a thing may be put: a bin's label, a place's name, or "" for nowhere."""

    words: str
    wanted: Callable[[Thing], str]
    touched: Callable[[Thing], bool] = lambda t: True  # what may be picked up at all: to see it from near, where that is needed


RULE = {"box": "A", "can": "B", "bottle": "C", "ball": "D", "tool": "E", "part": "F"}
MISSIONS = (
    Mission("unpack the delivery and store everything", lambda t: "reject" if t.damaged else RULE[t.category]),
    Mission("put all cans into bin A", lambda t: "A" if t.category == "can" else "", lambda t: t.category == "can"),
    Mission("put everything into bin C", lambda t: "C"),
    Mission("put the damaged items into the reject bin", lambda t: "reject" if t.damaged else ""),
    Mission("move the red items to the table", lambda t: "table" if t.colour == "red" else "", lambda t: t.colour == "red"),
    Mission("how many cans are there?", lambda t: "", lambda t: False),
)


def drawn(rng: np.random.Generator, drawing: Workplace, texts: tuple[str, ...]) -> Truth:
    """A truth: 2 to 8 things in the parcel, in bins, on the table, some of them out of reach."""
    places = {place.name: place for place in drawing.places}
    labels = dict(zip((p.name for p in drawing.of_kind("bin")), rng.permutation(list("ABCDEF")).tolist(), strict=False))
    things = {}
    for i in range(int(rng.integers(2, 9))):
        home = str(rng.choice(["parcel"] * 6 + ["table", "bin_1", "bin_5"]))
        (x, y), far = places[home].centre, home == "table" and rng.random() < 0.5
        at = (1.2, 0.1 * i) if far else (x + 0.04 * (i % 3) - 0.04, y + 0.05 * (i // 3) - 0.05)
        wide = 0.25 if rng.random() < 0.05 else 0.05
        size = (max(0.06, wide) + 0.001 * i, wide, 0.05)
        code = str(rng.choice(texts)) if rng.random() < 0.4 else None
        # What lay in a bin before is known to nobody: a rule cannot speak of it, so nothing fragile lies there.
        categories = ["box", "part", "tool"] if home.startswith("bin") else drawing.categories
        things[f"t{i}"] = Thing(
            f"t{i}", str(rng.choice(categories)), str(rng.choice(drawing.colours)), bool(rng.random() < 0.2), size,
            home, home, at, code,
        )  # fmt: skip
    return Truth(places, labels, things, {"parcel"})
