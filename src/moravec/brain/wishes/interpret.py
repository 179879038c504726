"""From wishes to a goal, with the talk so far and what is believed of the cell. Pure: nothing here looks, asks or moves.

What is open raises `Open`, what is not done `Denied`, and what only a closer look can tell `Need`; see `open.py`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import final

from moravec.brain.goal import RULE, Clause, Destination, Goal, Selection
from moravec.brain.remember import Inventory, natural
from moravec.brain.tasks import assign
from moravec.brain.wishes import places
from moravec.brain.wishes.asking import asked_again, questions
from moravec.brain.wishes.claims import Claim, settled_claims
from moravec.brain.wishes.conditions import holds
from moravec.brain.wishes.destinations import destination
from moravec.brain.wishes.open import Denied, Need, Open
from moravec.brain.wishes.talk import Talk
from moravec.brain.wishes.things import Chosen, Sense, stranger
from moravec.brain.wishes.wish import Amount, Spot, Things, Wish

_WHY = {
    "unsafe": ("unsafe", "That could hurt somebody, break something or weaken a protection."),
    "impossible": ("no-skill", "That is nothing I have a skill for."),
    "not-a-job": ("not-a-job", "That is no job and no question about the items."),
}
IT = Things(refers="it")


@dataclass(frozen=True, slots=True)
class Meaning:
    """What a phase means: its goal, and what there is to say without doing anything."""

    goal: Goal
    said: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Stage:
    """A phase that was thought through: its goal, what it moves where, and what was believed before it."""

    goal: Goal
    moves: Mapping[str, str]
    inventory: Inventory


@final
@dataclass(slots=True)
class _Phase:
    """One phase while it is put together: wishes that need not wait for each other."""

    sense: Sense
    key: str
    claims: list[Claim] = field(default_factory=list)
    spared: list[Chosen] = field(default_factory=list)
    clauses: list[Clause] = field(default_factory=list)
    said: list[str] = field(default_factory=list)


def phases(wishes: Sequence[Wish]) -> list[tuple[Wish, ...]]:
    """The wishes split where one has to wait for all before it. What is to be left alone is so from the start."""
    out: list[list[Wish]] = []
    early = [wish for wish in wishes if wish.kind == "leave" and all(t.categories or t.codes or t.at for t in wish.what)]
    waits = False
    for wish in (wish for wish in wishes if wish not in early):
        waits = waits or wish.then
        if not out or (waits and (wish.kind != "leave" or any(things.refers for things in wish.what))):
            out.append([])
            waits = False
        out[-1].append(wish)
    if early:
        out[:1] = [[*out[0], *early] if out else early]
    return [tuple(phase) for phase in out]


def objection(wishes: Sequence[Wish], sense: Sense) -> Denied | None:
    """Why the wishes are not done, as far as that is known without looking at anything."""
    if wishes and all(wish.kind == "agree" for wish in wishes):
        return Denied("not-a-job", "There is no question that this could answer.")
    for wish in _all_wishes(wishes):
        if wish.kind == "refuse":
            return Denied(*_WHY[wish.why or "impossible"])
        spots, things = _named_in(wish)
        workplace = sense.inventory.workplace
        problems = [stranger(t, workplace) for t in things] + [places.objection(spot, workplace) for spot in spots]
        found = next((problem for problem in problems if problem is not None), None)
        if found is not None:
            return found
    return None


def _named_in(wish: Wish) -> tuple[list[Spot], list[Things]]:
    """The places and things that a wish itself names."""
    condition = wish.condition
    things = [*wish.what, *wish.others]
    spots = [wish.to] if wish.to is not None else []
    if condition is not None:
        things += condition.what
        spots += [condition.at] if condition.at is not None else []
    things += [spot.things for spot in spots if spot.things is not None]
    return [*spots, *(t.at for t in things if t.at is not None)], things


def _all_wishes(wishes: Sequence[Wish]) -> Iterator[Wish]:
    for wish in wishes:
        yield wish
        yield from _all_wishes((*wish.wishes, *wish.otherwise))


def rehearse(wishes: Sequence[Wish], sense: Sense) -> list[Stage]:
    """All phases, each by what is believed once those before it are done: so that what is open or impossible is known before
    anything moves. Raises Open, Denied or Need."""
    problem = objection(wishes, sense)
    if problem is not None:
        raise problem
    stages: list[Stage] = []
    left = phases(wishes)
    while left:
        meaning, more = interpret(left.pop(0), sense, str(len(stages)), later=[w for phase in left for w in phase])
        left = more + left
        moves = {task.item: task.to for task in assign(meaning.goal, sense.inventory).tasks if task.to is not None}
        stages.append(Stage(meaning.goal, moves, sense.inventory))
        sense.inventory = sense.inventory.supposing(moves)
    return stages


def interpret(
    wishes: Sequence[Wish], sense: Sense, key: str, later: Sequence[Wish] = ()
) -> tuple[Meaning, list[tuple[Wish, ...]]]:
    """What one phase means, and the phases that its conditions add after it. `later`: what the sentence goes on to name."""
    phase = _Phase(sense, key)
    if any(t.refers == "rest" for wish in _all_wishes(wishes) for t in wish.what):
        _name((*_decided(wishes, replace(sense, named=set()), key), *later), phase)
    more = _take(wishes, phase, key)
    moves = settled_claims(phase.claims, phase.spared, sense, key)
    clauses = tuple(moves) + tuple(phase.clauses)
    left = tuple(chosen.what for chosen in phase.spared)
    sense.talk = replace(sense.talk, left=(*sense.talk.left, *left))
    if any(clause.kind == "stop" for clause in clauses):
        return Meaning(Goal((Clause("stop"),))), []
    return Meaning(Goal(clauses), tuple(phase.said)), more


def _take(wishes: Sequence[Wish], phase: _Phase, key: str) -> list[tuple[Wish, ...]]:
    """Adds what the wishes mean, one after the other, so that a condition may speak of what was named before it; and returns the
    phases of their own that come after: what a branch does "then", and all behind it."""
    for number, wish in enumerate(wishes):
        here = f"{key}.{number}"
        if wish.kind != "if" or wish.condition is None:
            _add(wish, wishes[number + 1] if number + 1 < len(wishes) else None, phase, here)
            continue
        first, *more = phases(_branch(wish, phase.sense, here)) or [()]
        deeper = _take(first, phase, f"{here}.do")
        if more or deeper:
            rest = [replace(wishes[number + 1], then=True), *wishes[number + 2 :]] if wishes[number + 1 :] else []
            return [*deeper, *more, *phases(rest)]
    return []


def _branch(wish: Wish, sense: Sense, key: str) -> tuple[Wish, ...]:
    """What is wanted by the condition of `wish`."""
    assert wish.condition is not None  # it is an "if"
    return wish.wishes if holds(wish.condition, sense, f"{key}.if") else wish.otherwise


def _decided(wishes: Sequence[Wish], sense: Sense, key: str) -> list[Wish]:
    """The wishes with every condition decided."""
    now: list[Wish] = []
    for number, wish in enumerate(wishes):
        here = f"{key}.{number}"
        if wish.kind != "if" or wish.condition is None:
            now.append(wish)
        else:
            now += _decided(_branch(wish, sense, here), sense, f"{here}.do")
    return now


def _name(wishes: Sequence[Wish], phase: _Phase) -> None:
    """Notes what the sentence names, for "the rest"."""
    trial = replace(phase.sense, named=set())
    for number, wish in enumerate(wishes):
        for slot, things in enumerate((*wish.what, *wish.others)):
            if things.refers == "rest":
                continue
            try:
                chosen = trial.choose(things, f"{phase.key}.{number}.{slot}")
            except (Open, Denied, Need) as open_point:
                names = open_point.question.items if isinstance(open_point, Open) else ()
            else:
                names = chosen.items
            trial.speak_of(names)
    phase.sense.named |= trial.named


def _add(wish: Wish, following: Wish | None, phase: _Phase, key: str) -> None:
    """Adds what one wish means."""
    sense = phase.sense
    wish = asked_again(wish, sense.talk) or wish
    if wish.kind in ("move", "name"):
        _move(wish, following, phase, key)
    elif wish.kind == "swap":
        _swap(wish, phase, key)
    elif wish.kind == "inspect":
        for chosen in _chosen(wish.what or (IT,), sense, key):
            phase.clauses.append(Clause("inspect", chosen.what))
    elif wish.kind == "open":
        kind = "parcel" if wish.to is None or wish.to.kind != "place" else wish.to.name
        if (wish.to is not None and wish.to.kind not in ("place", "same")) or kind != "parcel":
            raise Denied("no-skill", "Only a parcel has a lid that can be opened.")
        phase.clauses.append(Clause("open", Selection(place=sense.inventory.workplace.of_kind(kind)[0].name)))
        sense.speak_of_place(Destination("place", kind))
    elif wish.kind == "leave":
        phase.spared += _left_alone(wish, sense, key)
    elif wish.kind == "undo":
        _undo(phase)
    elif wish.kind == "ask":
        clauses, said = questions(wish, sense, key)
        phase.clauses += clauses
        phase.said += said
    elif wish.kind in ("home", "stop"):
        phase.clauses.append(Clause("home" if wish.kind == "home" else "stop"))
    elif wish.kind == "decline":
        phase.said.append("Then nothing is done.")


def _chosen(what: Sequence[Things], sense: Sense, key: str, spared: bool = False) -> list[Chosen]:
    """What each phrase means; they are spoken of together."""
    chosen = [sense.choose(things, f"{key}.{slot}") for slot, things in enumerate(what)]
    for slot, things in enumerate(what):
        sense.speak_of(_excepted(things, chosen[slot], sense, f"{key}.{slot}"), spared=True)
    names = tuple(dict.fromkeys(name for c in chosen for name in c.items))
    if chosen:
        sense.speak_of(names, chosen[-1].what if len(chosen) == 1 else Selection(items=names, place="cell"), spared=spared)
    return chosen


def _left_alone(wish: Wish, sense: Sense, key: str) -> list[Chosen]:
    """What is not to be touched: where it is open which one, all that it may be."""
    certain: list[Things] = []
    for slot, things in enumerate(t for t in wish.what if t.refers != "rest"):
        try:
            sense.choose(things, f"{key}.{slot}")
        except Denied:
            continue  # what is not there needs no sparing
        except Open:
            things = replace(sense.with_head(things), definite=False, amount=Amount())
        certain.append(things)
    left = _chosen(certain, sense, key, spared=True)
    sense.named |= {name for chosen in left for name in chosen.items}
    return left


def _excepted(things: Things, chosen: Chosen, sense: Sense, key: str) -> tuple[str, ...]:
    """What "all but those" leaves out: it was spoken of as well."""
    if not things.exceptions or things.amount.kind != "all":
        return ()
    try:
        everything = sense.choose(replace(things, exceptions=()), key)
    except (Open, Denied, Need):
        return ()
    return tuple(name for name in everything.items if name not in chosen.items)


def _move(wish: Wish, following: Wish | None, phase: _Phase, key: str) -> None:
    sense = phase.sense
    if wish.kind == "name" and not wish.what and wish.to is None:
        raise Denied("not-a-job", "I understand too little of that to act on it.")
    what = wish.what
    if not what and wish.kind == "name" and (last := sense.talk.last_done()) is not None:
        sense.speak_of(tuple(last.moved))
        what = (Things(refers="it"),)
    before = sense.talk
    chosen = _chosen(what or (IT,), sense, key)
    if wish.to is None and following is not None and any(t.refers == "it" for t in (*following.what, *following.others)):
        return  # "take the can and put it into bin B"
    if wish.to is not None and wish.to.kind == "back":
        _back([name for c in chosen for name in c.items], phase)
        return
    beside = wish.to is not None and wish.to.kind == "of" and wish.to.things is not None and wish.to.things.refers == "it"
    if wish.to is None and phase.claims:
        to = phase.claims[-1].clause.to or RULE  # where the wish before puts things
    else:
        to = _beside(wish, before, phase, f"{key}.to") if beside else destination(wish.to, sense, f"{key}.to")
    sense.speak_of_place(to)
    wanted = [c for c in chosen if c.items or not c.free]
    phase.claims += [Claim(Clause("move", _elsewhere(c, to, sense), to), c.items, c.free) for c in wanted]


def _beside(wish: Wish, before: Talk, phase: _Phase, key: str) -> Destination:
    """Where that will lie which was spoken of `before` what is to lie "with it"."""
    assert wish.to is not None  # only then it is asked for
    sense = replace(phase.sense, talk=before)
    things = (wish.to.things or IT,)
    names = {name for t in things for name in sense.choose(replace(t, definite=True), f"{key}.of").items}
    to = next((claim.clause.to for claim in reversed(phase.claims) if names and names <= set(claim.items)), None)
    if to == RULE:
        to = places.by_rule(sense.believed(tuple(names))[0], sense.inventory.workplace)
    return to or destination(wish.to, sense, key)


def _elsewhere(chosen: Chosen, to: Destination, sense: Sense) -> Selection:
    """Of what may be chosen freely, that which is not there already, as far as it suffices."""
    if not chosen.free or to == RULE:
        return chosen.what
    everything = [i for i in sense.inventory.items.values() if places.of_location(i.location, sense.inventory) == to]
    there = tuple(i.id for i in everything)
    probe = replace(chosen.what, exceptions=(*chosen.what.exceptions, Selection(items=there, place="cell")))
    left = len([n for n in chosen.items if n not in there])
    return probe if there and left >= (chosen.what.count or 0) else chosen.what


def _send(names: Sequence[str], location: str, phase: _Phase) -> None:
    to = places.of_location(location, phase.sense.inventory)
    ordered = tuple(sorted(names, key=natural))
    phase.claims.append(Claim(Clause("move", Selection(items=ordered, place="cell"), to), ordered))


def _back(names: Sequence[str], phase: _Phase) -> None:
    """Each to where it came from; what this talk has not moved is there already."""
    by_place: dict[str, list[str]] = {}
    for name in names:
        came_from = phase.sense.talk.came_from(name)
        if came_from is not None:
            by_place.setdefault(came_from, []).append(name)
    for place, those in by_place.items():
        _send(those, place, phase)


def _undo(phase: _Phase) -> None:
    """Reverses the last turn that moved something."""
    last = phase.sense.talk.last_done()
    if last is None:
        phase.said.append("There is nothing to undo.")
        return
    by_place: dict[str, list[str]] = {}
    for name, (before, _) in last.moved.items():
        by_place.setdefault(before, []).append(name)
    for place, those in by_place.items():
        _send(those, place, phase)
    phase.sense.speak_of(tuple(last.moved))


def _swap(wish: Wish, phase: _Phase, key: str) -> None:
    alone = not wish.others and len(wish.what) == 1
    sides = _apart(wish.what, phase.sense, key) if alone else []
    if not sides:
        pair = not wish.others and len(wish.what) == 2
        named = (wish.what[:1], wish.what[1:]) if pair else (wish.what or (IT,), wish.others or (IT,))
        sides = [_side(side, phase.sense, f"{key}.side{number}") for number, side in enumerate(named)]
    (some, here), (others, there) = sides
    if here != there:
        for names, to in ((some, there), (others, here)):
            if names:
                _send(names, to, phase)


def _apart(what: tuple[Things, ...], sense: Sense, key: str) -> list[tuple[tuple[str, ...], str]]:
    """What one phrase means, as "them" or "the two balls", and where it lies, where that are two places; else nothing."""
    items = sense.believed(tuple(name for c in _chosen(what, sense, key) for name in c.items))
    spots = list(dict.fromkeys(item.location for item in items))
    return [(tuple(i.id for i in items if i.location == spot), spot) for spot in spots] if len(spots) == 2 else []


def _side(side: Sequence[Things], sense: Sense, key: str) -> tuple[tuple[str, ...], str]:
    """What trades its place, and where it lies. Raises Denied for more than one place."""
    lenient = tuple(replace(t, definite=t.definite and t.at is None) for t in side)
    items = sense.believed(tuple(name for c in _chosen(lenient, sense, key) for name in c.items))
    spots = list(dict.fromkeys(i.location for i in items)) or _named_places(side, sense)
    if len(spots) != 1:
        raise Denied("contradiction", "What lies in several places cannot trade places with something.")
    return tuple(i.id for i in items), spots[0]


def _named_places(side: Sequence[Things], sense: Sense) -> list[str]:
    """The places that an empty side of a swap names."""
    inventory, found = sense.inventory, []
    for at in (things.at for things in side if things.at is not None):
        found += inventory.bins_labelled(at.name) if at.kind == "bin" else []
        found += [p.name for p in inventory.workplace.of_kind(at.name)] if at.kind == "place" else []
    return found
