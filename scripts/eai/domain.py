"""VirtualHome's household, as the benchmark's simulator runs it, in the language in which our skills say what they need.

One manifest for each action with its objects, so that the brain's own search plans in it as it plans in the cell. What the
simulator asks of an action is taken from its executors; the fluents are:

("near",) the object walked to last; ("facing",); ("posture",) up, sit or lie; ("right",) and ("left",) what a hand holds, ""
for nothing; ("open", x); ("power", x) on or off; ("clean", x); ("edge", relation, x, y) whether it holds, for those that a
goal names; ("done", n) whether the n-th wanted action was done, after those before it; ("acted",), since the benchmark
refuses an empty plan.

Left out: a thing is put down only where a goal wants it (`DROP` frees a hand everywhere), and nearness of things that can be
carried counts only for the thing itself.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from typing import Any, TypeAlias

from moravec.skills.contract import Manifest
from moravec.skills.symbols import Condition, Effect, Fluent, Value

Need: TypeAlias = tuple[Fluent, Value, bool]  # fluent, value, and whether it has to have that (or must not)
Write: TypeAlias = tuple[Fluent, Value]

NOTHING = ""
HANDS = ("right", "left")
HELD = {"right": "HOLDS_RH", "left": "HOLDS_LH"}
SEATS = {"couch": 4, "bed": 4, "chair": 1, "loveseat": 2, "sofa": 4, "toilet": 1, "pianobench": 2, "bench": 2}
BEDS = {"couch": 2, "bathtub": 2, "bed": 3, "loveseat": 2, "sofa": 2, "bench": 1}
STATES = {  # of a node goal: fluent and value
    "OPEN": ("open", True), "CLOSED": ("open", False), "ON": ("power", "on"), "OFF": ("power", "off"), "CLEAN": ("clean", True),
    "DIRTY": ("clean", False), "PLUGGED_IN": ("plugged", True), "PLUGGED_OUT": ("plugged", False),
}  # fmt: skip
POSTURES = {"SITTING": "sit", "LYING": "lie"}


@dataclass(frozen=True, slots=True)
class Call:
    """One action on certain objects: what must hold, and what it writes."""

    name: str
    objects: tuple[int, ...] = ()
    needs: tuple[Need, ...] = ()
    writes: tuple[Write, ...] = ()

    def and_needs(self, *needs: Need) -> Call:
        """The same with more conditions."""
        return replace(self, needs=self.needs + needs)


@dataclass(frozen=True)
class Problem:
    """One problem as `problems.py` wrote it."""

    data: dict[str, Any]
    edges: set[tuple[int, str, int]] = field(init=False)

    def __post_init__(self) -> None:
        """The edges as tuples."""
        object.__setattr__(self, "edges", {(a, r, b) for a, r, b in self.data["edges"]})

    @property
    def me(self) -> int:
        """The acting person."""
        return int(self.data["character"])

    @property
    def things(self) -> list[int]:
        """What may be named in an action."""
        return [i for i in self.data["relevant"] if i != self.me]

    def of(self, thing: int) -> dict[str, Any]:
        """Class, category, properties and states of a thing."""
        return dict(self.data["objects"][str(thing)])

    def has(self, thing: int, *properties: str) -> bool:
        """Whether it has one of these properties."""
        return any(p in self.of(thing)["properties"] for p in properties)

    def room(self, thing: int) -> bool:
        """Whether it is a room."""
        return bool(self.of(thing)["category"] == "Rooms")


def near(p: Problem, thing: int) -> list[Need]:
    """The ways to be near `thing`: each alone is enough."""
    spots = [thing]
    if not p.has(thing, "GRABBABLE"):
        spots += [x for x in p.things if x != thing and not p.has(x, "GRABBABLE") and not p.room(x) and close(p, thing, x)]
        return [(("near",), str(x), True) for x in spots]
    return [(("near",), str(thing), True), *((((hand,), str(thing), True)) for hand in HANDS)]


def close(p: Problem, a: int, b: int) -> bool:
    """Whether the scene counts them as close."""
    return bool({(a, "CLOSE", b), (b, "CLOSE", a)} & p.edges)


def free(p: Problem) -> list[Need]:
    """The ways to have a free hand."""
    return [((hand,), NOTHING, True) for hand in HANDS]


def each(call: Call, *alternatives: Iterable[Need]) -> Iterator[Call]:
    """`call` once for every choice of one of each of the alternatives."""
    for chosen in itertools.product(*alternatives):
        yield call.and_needs(*chosen)


def calls(p: Problem) -> Iterator[Call]:
    """Everything that may be done."""
    up, moved = (("posture",), "up", True), (("facing",), NOTHING)
    yield Call("STANDUP", (), ((("posture",), "up", False),), ((("posture",), "up"),))
    yield Call("SLEEP", (), ((("posture",), "up", False),))
    for x in p.things:
        yield Call("WALK", (x,), (up,), ((("near",), str(x)), moved, *entered(p, x)))
        yield Call("TURNTO", (x,), (), ((("facing",), str(x)),))
        yield Call("LOOKAT", (x,), ((("facing",), str(x), True),))
        if p.room(x):
            continue
        yield from resting(p, x)
        yield from states(p, x)
        yield from deeds(p, x)
        if p.has(x, "GRABBABLE") or p.of(x)["class_name"] in ("water", "child"):
            yield from carrying(p, x)


def entered(p: Problem, x: int) -> tuple[Write, ...]:
    """What a walk to `x` does to the rooms that a goal wants the person in."""
    there = {x} | {b for a, r, b in p.edges if (a, r) == (x, "INSIDE")}
    return tuple((("edge", r, str(a), str(b)), b in there) for a, r, b in p.data["edge_goals"] if (a, r) == (p.me, "INSIDE"))


def resting(p: Problem, x: int) -> Iterator[Call]:
    """Sitting and lying."""
    on = (("edge", "ON", str(p.me), str(x)), True)
    taken = sum(r == "ON" and b == x for _, r, b in p.edges)
    for name, prop, posture, room in (("SIT", "SITTABLE", "sit", SEATS), ("LIE", "LIEABLE", "lie", BEDS)):
        if p.has(x, prop) and taken < room.get(p.of(x)["class_name"], 1):
            call = Call(name, (x,), ((("posture",), posture, False),), ((("posture",), posture), on))
            yield from each(call, near(p, x))


def states(p: Problem, x: int) -> Iterator[Call]:
    """Opening, closing, switching, washing."""
    if p.has(x, "CAN_OPEN") or p.of(x)["class_name"] in ("desk", "window"):
        shut = ((("open", str(x)), False, True), (("power", str(x)), "on", False))
        yield from each(Call("OPEN", (x,), shut, ((("open", str(x)), True),)), near(p, x), free(p))
        yield from each(Call("CLOSE", (x,), ((("open", str(x)), True, True),), ((("open", str(x)), False),)), near(p, x))
    if p.has(x, "HAS_SWITCH"):
        off = ((("power", str(x)), "off", True), (("plugged", str(x)), False, False))
        yield from each(Call("SWITCHON", (x,), off, ((("power", str(x)), "on"),)), near(p, x))
        on = ((("power", str(x)), "on", True),)
        yield from each(Call("SWITCHOFF", (x,), on, ((("power", str(x)), "off"),)), near(p, x))
    for name in ("WASH", "RINSE", "SCRUB"):
        yield from each(Call(name, (x,), (), ((("clean", str(x)), True),)), near(p, x))


def deeds(p: Problem, x: int) -> Iterator[Call]:
    """What changes nothing that is recorded."""
    out = within_reach(p, x)
    if out is None:
        return
    yield from each(Call("TOUCH", (x,), out), near(p, x))
    if p.has(x, "LOOKABLE"):
        yield from each(Call("WATCH", (x,), (*out, (("facing",), str(x), True))), near(p, x))
    if p.has(x, "MOVABLE"):
        for name in ("PUSH", "PULL", "MOVE"):
            yield from each(Call(name, (x,), out), near(p, x), free(p))
    if p.has(x, "HAS_SWITCH") or p.of(x)["class_name"] == "keyboard":
        yield from each(Call("TYPE", (x,)), near(p, x))
    if p.has(x, "EATABLE"):
        yield from each(Call("EAT", (x,)), near(p, x))
    for name, properties in (("DRINK", ("DRINKABLE", "RECIPIENT")), ("READ", ("READABLE",))):
        if p.has(x, *properties):
            yield from each(Call(name, (x,)), [((hand,), str(x), True) for hand in HANDS])


def within_reach(p: Problem, x: int) -> tuple[Need, ...] | None:
    """That what `x` lies in is open; None where it is closed and nothing that may be named."""
    needs = []
    for a, relation, b in sorted(p.edges):
        if (a, relation) == (x, "INSIDE") and not p.room(b) and "CLOSED" in p.of(b)["states"]:
            if b not in p.things:
                return None
            needs.append((("open", str(b)), True, True))
    return tuple(needs)


def carrying(p: Problem, x: int) -> Iterator[Call]:
    """Taking a thing, and where it may be put."""
    out = within_reach(p, x)
    if out is None:
        return
    me, thing = str(p.me), str(x)
    lying = ("ON", "INSIDE", "CLOSE")
    gone = tuple((("edge", r, thing, str(b)), False) for a, r, b in p.data["edge_goals"] if a == x and r in lying)
    hands = {"right": [(("right",), NOTHING, True)], "left": [(("left",), NOTHING, True), (("right",), NOTHING, False)]}
    for hand in HANDS:
        apart = tuple(((other,), thing, False) for other in HANDS)
        taken = (((hand,), thing), (("edge", HELD[hand], me, thing), True))
        yield Call("GRAB", (x,), (*out, *apart, *hands[hand], (("near",), thing, True)), (*taken, *gone))
        held = ((hand,), thing, True)
        let_go = (((hand,), NOTHING), (("edge", HELD[hand], me, thing), False))
        yield Call("DROP", (x,), (held,), let_go)
        if p.has(x, "CLOTHES"):
            yield Call("PUTON", (x,), (held,), (*let_go, (("edge", "ON", thing, me), True)))
        for y in p.things:
            yield from putting(p, x, y, held, let_go)


def putting(p: Problem, x: int, y: int, held: Need, let_go: tuple[Write, ...]) -> Iterator[Call]:
    """Putting `x` on or into `y`, and pouring it, where a goal is about both."""
    wanted = {r for a, r, b in p.data["edge_goals"] if (a, b) == (x, y) or ((b, a) == (x, y) and r == "CLOSE")}
    pours = any("POUR" in group for group in p.data["action_goals"])
    at = (("edge", "CLOSE", str(x), str(y)), True), (("edge", "CLOSE", str(y), str(x)), True)
    if wanted & {"ON", "CLOSE"}:
        put = (*let_go, *at, (("edge", "ON", str(x), str(y)), True))
        yield from each(Call("PUTBACK", (x, y), (held,), put), near(p, y))
    if "INSIDE" in wanted:
        lid = ((("open", str(y)), True, True),) if p.has(y, "CAN_OPEN") else ()
        put = (*let_go, *at, (("edge", "INSIDE", str(x), str(y)), True))
        yield from each(Call("PUTIN", (x, y), (held, *lid), put), near(p, y))
    takes = p.has(y, "RECIPIENT") or p.of(y)["class_name"] in ("hands_both", "sponge", "face")
    if (pours or "INSIDE" in wanted) and takes and y != x and p.has(x, "POURABLE", "DRINKABLE"):
        yield from each(Call("POUR", (x, y), (held,), ((("edge", "INSIDE", str(x), str(y)), True),)), near(p, y))


def start(p: Problem) -> dict[Fluent, Value]:
    """The state before the first action."""
    mine = p.of(p.me)["states"]
    state: dict[Fluent, Value] = {("near",): NOTHING, ("facing",): NOTHING, ("acted",): False, ("done", "0"): True}
    state["posture",] = next((POSTURES[s] for s in mine if s in POSTURES), "up")
    for hand in HANDS:
        state[hand,] = next((str(b) for a, r, b in sorted(p.edges) if (a, r) == (p.me, HELD[hand])), NOTHING)
    for x in p.things:
        for word in p.of(x)["states"]:
            if word in STATES:
                state[STATES[word][0], str(x)] = STATES[word][1]
    for a, r, b in p.data["edge_goals"]:
        if r != "FACING" or a != p.me:
            state["edge", r, str(a), str(b)] = (a, r, b) in p.edges
    return state


def goal(p: Problem) -> dict[Fluent, Value]:
    """What has to hold at the end."""
    wanted: dict[Fluent, Value] = {("acted",): True}
    for thing, word in p.data["node_goals"]:
        if word in POSTURES:
            wanted["posture",] = POSTURES[word]
        else:
            wanted[STATES[word][0], str(thing)] = STATES[word][1]
    held = {b for a, r, b in p.data["edge_goals"] if a == p.me and r in HELD.values()}
    for a, r, b in p.data["edge_goals"]:
        if r == "FACING" and a == p.me:
            wanted["facing",] = str(b)
        elif r == "CLOSE" and p.me in (a, b):
            other = b if a == p.me else a
            if other not in held:
                wanted["near",] = str(other)
        else:
            wanted["edge", r, str(a), str(b)] = True
    if p.data["action_goals"]:
        wanted["done", str(len(p.data["action_goals"]))] = True
    return wanted


def counted(p: Problem, call: Call) -> Iterator[Call]:
    """The call, and once more for each wanted action that it is."""
    for n, options in enumerate(p.data["action_goals"]):
        if any(option.upper().replace(" ", "") in call.name for option in options):
            done = replace(call, writes=(*call.writes, (("done", str(n + 1)), True)))
            yield done.and_needs((("done", str(n)), True, True))
    yield call


def relevant(found: list[Call], wanted: dict[Fluent, Value]) -> list[Call]:
    """The calls that write what a goal needs, or what another such call needs; of those that need nothing else, a walk."""
    needed, kept, size = {(f, v) for f, v in wanted.items() if f != ("acted",)}, list[Call](), -1
    anything: set[Fluent] = set()
    while size != len(kept):
        size = len(kept)
        kept = [c for c in found if any(w in needed or w[0] in anything for w in c.writes)]
        needed |= {(f, v) for c in kept for f, v, holds in c.needs if holds}
        anything |= {f for c in kept for f, _, holds in c.needs if not holds}
    return kept or [c for c in found if c.name in ("WALK", "STANDUP")]


def manifests(p: Problem) -> tuple[dict[str, Manifest], dict[str, Call]]:
    """The calls as manifests without parameters, by name, and the calls behind them."""
    made: dict[str, Manifest] = {}
    behind: dict[str, Call] = {}
    for call in relevant([one for found in calls(p) for one in counted(p, found)], goal(p)):
        name = f"{call.name}-{len(made)}"
        needs = tuple(Condition(f, v, f"{f} is not {v!r}", "is" if holds else "differs") for f, v, holds in call.needs)
        effects = tuple(Effect(f, v) for f, v in (*call.writes, (("acted",), True)))
        made[name], behind[name] = Manifest(name, call.name, (), needs, effects), call
    return made, behind
