"""What the brain believes of the workplace: which items there are, where, and what they are; with a history.

An item keeps its name over time: through being moved by a neighbour, hidden, carried, dropped and found again. What an
inspection found outranks what was seen from afar.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from copy import copy
from dataclasses import asdict, dataclass, field, replace
from math import inf
from typing import Any, final

from moravec.brain.match import match, unlikeness
from moravec.brain.shelf import bins_moved
from moravec.brain.state import GONE, HAND, HOLDING, NOTHING, SymbolicState, place_fluents
from moravec.brain.steps import Step
from moravec.core.errors import BadInput
from moravec.core.workplace import Workplace
from moravec.perception.detection import Detection
from moravec.skills.belt import ahead, leaves
from moravec.skills.manifests import BY_NAME
from moravec.skills.symbols import Fluent, Value, changes

MISSES_UNTIL_GONE = 2
_WATCHED = ("parcel", "table", "station")  # where one look shows all; in a bin one item hides another
# Where what lies unasked in a place of this kind may come from, the likelier first.
_FALLEN_FROM: dict[str, tuple[tuple[str, ...], ...]] = {
    "station": (("parcel", "belt"),),
    "table": (("parcel", "belt", "station"), ("bin", "reject")),
}


@dataclass(frozen=True, slots=True)
class Item:
    """One thing and what is believed of it. Lengths [m] in the world frame; probabilities in [0, 1].

    `location` is a place, "hand" or "gone" (nobody knows); `origin` is where it lay when the job began.
    """

    id: str
    location: str
    origin: str
    position: tuple[float, float, float]
    extent: tuple[float, float, float]
    yaw: float
    sigma: tuple[float, float, float]
    colour: str
    colour_p: float
    category: str
    category_p: float
    damaged: bool
    damaged_p: float
    code: str | None
    inspected: bool = False
    missing: int = 0  # looks in a row that did not show it
    camera: str = ""
    box: tuple[int, int, int, int] = (0, 0, 0, 0)  # in the last picture that showed it [px]
    velocity: tuple[float, float] = (0.0, 0.0)  # over the floor [m/s]
    t: float = 0.0  # [s] when what moves was at `position`

    @property
    def volume(self) -> float:
        """Of its bounding box [m^3]."""
        return self.extent[0] * self.extent[1] * self.extent[2]

    def describe(self) -> str:
        """In words, as "red can (damaged, MV-017)"."""
        extra = [word for word in ("damaged" if self.damaged else "", self.code or "") if word]
        return f"{self.colour} {self.category}" + (f" ({', '.join(extra)})" if extra else "")


@dataclass(frozen=True, slots=True)
class Changes:
    """What one look changed, by item."""

    new: tuple[str, ...] = ()
    found: tuple[str, ...] = ()  # was lost, is here
    missing: tuple[str, ...] = ()  # not seen this time
    gone: tuple[str, ...] = ()  # not seen so often that it counts as lost
    altered: tuple[str, ...] = ()  # believed category, colour, damage or code changed


@dataclass(slots=True)
class _Events:
    entries: list[dict[str, Any]] = field(default_factory=list)

    def add(self, t: float, item: str, event: str, **more: Any) -> None:
        self.entries.append({"t": t, "item": item, "event": event, **more})


@final
class Inventory:
    """The belief, changed by looks and by skills that succeeded."""

    def __init__(self, workplace: Workplace) -> None:
        self.workplace = workplace
        self.items: dict[str, Item] = {}
        self.labels: dict[str, str] = {}  # bin -> its label
        self.fluents: dict[Fluent, Value] = dict(place_fluents(workplace))
        self.kinds = {place.name: place.kind for place in workplace.places}
        self.blind: set[str] = set()  # places that no camera sees into
        self.past: set[str] = set()  # items that rode out of reach
        self.nothing_on: dict[str, float] = {}  # belt -> when nothing had come on it for a while [s]
        self.avoid: frozenset[str] = frozenset()  # places that are used after others that would do as well
        # category, place -> seconds that putting such a thing there is expected to take, all tries counted
        self.effort: Callable[[str, str], float] = lambda category, place: 1.0
        self._events = _Events()
        self._next = 1
        self._handled = 0  # how often something was moved
        self._handled_by: dict[str, int] = {}  # place -> the same, when it was looked at last

    # ── looking ──────────────────────────────────────────────────────────────────────────────────────────────────
    def update(self, place: str, detections: Sequence[Detection], t: float, whole: bool = True) -> Changes:
        """Take in what a look at `place` showed at time `t` [s]. `whole`: it showed all that lies open there.

        Raises BadInput for a place the workplace does not have.
        """
        self.workplace.place(place)
        belt = self.kinds[place] == "belt"
        if belt:
            detections = self._ride_on(place, detections, t)
        here = [item for item in self.items.values() if item.location == place]
        lost = [item for item in self.items.values() if item.location == GONE and item.id not in self.past]
        left = list(detections)
        seen: list[tuple[Item, Detection]] = []
        for known, gate in ((here, True), ([] if belt else here, False), (lost, False)):  # what rides does not jump
            waiting = [item for item in known if all(item is not done for done, _ in seen)]
            pairs = match(waiting, left) if gate else match(waiting, left, gate=None)
            seen += [(waiting[i], left[j]) for i, j in pairs]
            taken = {j for _, j in pairs}
            left = [d for j, d in enumerate(left) if j not in taken]
        since = self._handled > self._handled_by.get(place, 0)  # nothing falls while nothing is moved
        if left and since and self.kinds[place] in _FALLEN_FROM:
            left = self._came_along(left, seen, _FALLEN_FROM[self.kinds[place]])
        found = tuple(item.id for item, _ in seen if item.location == GONE)
        altered = tuple(item.id for item, d in seen if self._saw(item, d, place, t))
        from_where = here[0].origin if here and self.kinds[place] == "station" else place
        new = tuple(self._add(d, place, from_where, t) for d in left)
        missing, gone = self._missed(place, {item.id for item, _ in seen}, here, t) if whole else ((), ())
        if whole:
            self._handled_by[place] = self._handled
            self.fluents["seen", place] = True
        if detections and whole:
            self.fluents["open", place] = True  # what can be seen does not lie under a lid
        return Changes(new, found, missing, gone, altered)

    def likeliest(self, item: str, detections: Sequence[Detection]) -> Detection:
        """Which of `detections`, at least one, is `item` by its looks; the first of equals."""
        known = self.item(item)
        return min(detections, key=lambda d: unlikeness(known, d))

    def inspected(self, item: str, detection: Detection, t: float) -> tuple[str, ...]:
        """Take in an inspection; it outranks all looks. The names of the fields that turned out otherwise."""
        old = self.item(item)
        fresh = replace(_with(old, detection, trust=True), inspected=True, missing=0)
        self.items[item] = fresh
        fields = ("category", "colour", "damaged") + (("code",) if old.code else ())
        differing = tuple(name for name in fields if getattr(old, name) != getattr(fresh, name))
        self._events.add(t, item, "inspected", was=old.describe(), now=fresh.describe())
        return differing

    def _came_along(
        self, left: list[Detection], seen: list[tuple[Item, Detection]], sources: Sequence[tuple[str, ...]]
    ) -> list[Detection]:
        """What lies somewhere unasked was taken along with its neighbour, or fell out of a bin: which of those that are
        believed elsewhere is it? Adds to `seen` and returns what is still unknown."""
        for kinds in sources:
            known = [i for i in self.items.values() if self.kinds.get(i.location) in kinds and i not in (s for s, _ in seen)]
            others = [i for i in known if self.kinds[i.location] != "parcel" or not i.inspected]
            pairs = match(others, left, gate=None)
            seen += [(others[i], left[j]) for i, j in pairs]
            taken = {j for _, j in pairs}
            left = [d for j, d in enumerate(left) if j not in taken]
        return left

    def _saw(self, item: Item, detection: Detection, place: str, t: float) -> bool:
        fresh = replace(_with(item, detection, trust=False), location=place, missing=0)
        self.items[item.id] = fresh
        if item.location == GONE:
            self._events.add(t, item.id, "found", place=place)
        return any(getattr(item, n) != getattr(fresh, n) for n in ("category", "colour", "damaged", "code"))

    def _add(self, d: Detection, place: str, origin: str, t: float) -> str:
        name = f"item-{self._next}"
        self._next += 1
        looks = (d.position, d.extent, d.yaw, d.sigma, d.colour, d.colour_p, d.category, d.category_p)
        seen = {"camera": d.camera, "box": d.box, "velocity": d.velocity, "t": d.t}
        self.items[name] = Item(name, place, origin, *looks, d.damaged, d.damaged_p, d.code, **seen)
        self._events.add(t, name, "new", place=place, now=self.items[name].describe())
        return name

    def _missed(
        self, place: str, seen: set[str], here: Sequence[Item], t: float
    ) -> tuple[tuple[str, ...], tuple[str, ...]]:
        if self.kinds[place] not in _WATCHED:
            return (), ()
        missing: list[str] = []
        gone: list[str] = []
        for item in here:
            if item.id in seen:
                continue
            misses = item.missing + 1
            lost = misses >= MISSES_UNTIL_GONE
            self.items[item.id] = replace(item, missing=misses, location=GONE if lost else place)
            (gone if lost else missing).append(item.id)
            if lost:
                self._events.add(t, item.id, "gone", place=place)
        return tuple(missing), tuple(gone)

    def _ride_on(self, belt: str, detections: Sequence[Detection], t: float) -> list[Detection]:
        """What rides on `belt` is believed to be where it has come to by the time of the picture; `detections` without what was
        let go and is still to be seen."""
        seen = max((d.t for d in detections), default=t)
        riding = [*self.at(belt), *(self.items[name] for name in self.past)]
        known = [replace(item, position=(*ahead(item, seen), item.position[2]), t=seen) for item in riding]
        self.items |= {item.id: item for item in known}
        gone = {j for i, j in match(known, detections) if known[i].id in self.past}
        left = [d for j, d in enumerate(detections) if j not in gone]
        self.nothing_on[belt] = -inf if any(leaves(d, self.workplace.place(belt)) > t for d in left) else t
        return left

    # ── acting ───────────────────────────────────────────────────────────────────────────────────────────────────
    def after(self, step: Step, t: float) -> None:
        """Take in that `step` succeeded, by its manifest's effects."""
        manifest = BY_NAME.get(step.skill)
        if manifest is None:
            raise BadInput("a skill", step.skill, BY_NAME)
        for fluent, value in changes(manifest.effects, step.arguments, self.state()).items():
            if fluent[0] == "location":
                self._move(fluent[1], str(value), t)
            elif fluent[0] == "inspected":
                self.items[fluent[1]] = replace(self.item(fluent[1]), inspected=bool(value))
            else:
                self.fluents[fluent] = value
            if fluent[0] == "open" and value is True:
                self.fluents["seen", fluent[1]] = False  # what the lid hid has not been seen yet

    def doubt(self, item: str) -> None:
        """Its inspection counts no more: it was not seen whole."""
        self.items[item] = replace(self.item(item), inspected=False)

    def told(self, item: str, says: Mapping[str, Any], t: float) -> None:
        """A person said what it is: its category, colour, or whether it is damaged; that outranks what was seen."""
        certain: dict[str, Any] = {f"{key}_p": float(value) if key == "damaged" else 1.0 for key, value in says.items()}
        self.items[item] = replace(self.item(item), **says, **certain)
        self._events.add(t, item, "told", now=self.items[item].describe())

    def lost(self, item: str, t: float) -> None:
        """The item left the hand, nobody knows where to."""
        self._move(item, GONE, t)
        if self.fluents[HOLDING] == item:
            self.fluents[HOLDING] = NOTHING

    def passed(self, item: str, t: float) -> None:
        """The item rode out of reach; it is not looked for again."""
        self.past.add(item)
        self.items[item] = replace(self.item(item), location=GONE)
        self._events.add(t, item, "passed")

    def mark_full(self, place: str, t: float) -> None:
        """Nothing more fits into `place`."""
        self.fluents["full", place] = True
        self._events.add(t, "", "full", place=place)

    def read_labels(self, labels: Mapping[str, str], t: float = 0.0) -> None:
        """Take in what the bins' labels say at time `t` [s]. A bin that changed its place took along what lies in it.

        Raises BadInput for a place the workplace does not have.
        """
        read = {self.workplace.place(place).name: str(label) for place, label in labels.items()}
        ways = bins_moved(self.labels, read)
        self.labels = {place: label for place, label in self.labels.items() if place not in ways} | read
        self.fluents |= {("full", to): self.fluents.get(("full", was)) is True for was, to in ways.items()}
        for item in [item for item in self.items.values() if item.location in ways]:
            self._move(item.id, ways[item.location], t)

    def begin_job(self, again: bool = True) -> None:
        """Where items lie now counts as where they came from; looks are due `again`, but where nothing can be seen."""
        for name, item in self.items.items():
            if item.location not in (HAND, GONE):
                self.items[name] = replace(item, origin=item.location, missing=0)
        for place in self.kinds if again else ():
            self.fluents["seen", place] = place in self.blind

    def came_from(self, origins: Mapping[str, str]) -> None:
        """Where items lay when the job began that goes on now, item -> place."""
        self.items |= {name: replace(self.item(name), origin=origin) for name, origin in origins.items()}

    def supposing(self, locations: Mapping[str, str]) -> Inventory:
        """The same belief with items elsewhere, item -> place, to think with; it is not to be changed."""
        other = copy(self)
        other.fluents = dict(self.fluents)
        other.items = {
            name: replace(item, location=locations.get(name, item.location), origin=locations.get(name, item.location))
            for name, item in self.items.items()
        }
        return other

    def _move(self, item: str, location: str, t: float) -> None:
        known = self.item(item)
        self._handled += 1
        position = known.position
        if location in self.kinds:
            place = self.workplace.place(location)
            position = (*place.centre, place.floor)  # until it is seen there
        self.items[item] = replace(known, location=location, position=position, missing=0, velocity=(0.0, 0.0))
        self._events.add(t, item, "moved", was=known.location, now=location)

    # ── asking ───────────────────────────────────────────────────────────────────────────────────────────────────
    def item(self, name: str) -> Item:
        """The item called `name`. Raises BadInput."""
        if name not in self.items:
            raise BadInput("an item of the inventory", name, self.items)
        return self.items[name]

    def whereabouts(self, name: str) -> Detection | None:
        """What is believed of an item in the form of a detection, for skills; None while nobody knows or it is held."""
        item = self.items.get(name)
        if item is None or item.location not in self.kinds:
            return None
        return Detection(
            item.location, item.position, item.extent, item.yaw, item.sigma, item.colour, item.colour_p, item.category,
            item.category_p, item.damaged, item.damaged_p, item.code, item.camera, item.box, item.velocity, item.t,
        )  # fmt: skip

    def at(self, place: str) -> list[Item]:
        """The items believed to be at `place`."""
        return [item for item in self.items.values() if item.location == place]

    def holding(self) -> str | None:
        """The item in the hand."""
        value = self.fluents[HOLDING]
        return None if value == NOTHING else str(value)

    def never_seen(self, kind: str) -> list[str]:
        """The places of `kind` that were never looked at."""
        return [place for place, other in self.kinds.items() if other == kind and place not in self._handled_by]

    def bins_labelled(self, label: str) -> list[str]:
        """The bins that carry `label`."""
        return [place for place, text in self.labels.items() if text == label]

    def state(self) -> SymbolicState:
        """The belief as fluents, for planner and validator."""
        fluents = dict(self.fluents)
        for item in self.items.values():
            fluents["location", item.id] = item.location
            fluents["inspected", item.id] = item.inspected
        return SymbolicState(fluents)

    @property
    def history(self) -> tuple[dict[str, Any], ...]:
        """What happened to items, in order."""
        return tuple(self._events.entries)

    def snapshot(self) -> dict[str, Any]:
        """The belief as plain JSON data, readable by a person."""
        return {
            "items": [asdict(item) for item in sorted(self.items.values(), key=lambda i: natural(i.id))],
            "labels": dict(self.labels),
            "holding": self.holding(),
            "history": list(self._events.entries),
        }


def natural(name: str) -> tuple[str, int]:
    """Sort key that puts item-2 before item-10."""
    found = re.search(r"(\d+)$", name)
    return (name[: found.start()], int(found[0])) if found else (name, -1)


def _with(item: Item, d: Detection, trust: bool) -> Item:
    """`item` as `d` shows it. Without `trust` only what is more certain than before replaces a belief about what it is,
    and an inspected item only moves."""
    item = replace(item, position=d.position, yaw=d.yaw, sigma=d.sigma, camera=d.camera, box=d.box, velocity=d.velocity, t=d.t)
    if trust:
        return replace(
            item,
            extent=d.extent,
            colour=d.colour,
            colour_p=d.colour_p,
            category=d.category,
            category_p=d.category_p,
            damaged=d.damaged,
            damaged_p=d.damaged_p,
            code=d.code or item.code,
        )
    if item.inspected:
        return item
    if d.colour_p >= item.colour_p:
        item = replace(item, colour=d.colour, colour_p=d.colour_p)
    if d.category_p >= item.category_p:
        item = replace(item, category=d.category, category_p=d.category_p, extent=d.extent)
    if abs(d.damaged_p - 0.5) >= abs(item.damaged_p - 0.5):
        item = replace(item, damaged=d.damaged, damaged_p=d.damaged_p)
    return replace(item, code=item.code or d.code)
