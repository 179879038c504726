"""Wishes in few words, a scene, and a talk in wishes, for tests."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any, TypeAlias, final

from symbolic_world import Cell, Player, Turn

from moravec.brain.mind import Situation, planned
from moravec.brain.reading import Reading
from moravec.brain.recover import Limits
from moravec.brain.steps import Plan
from moravec.brain.wishes.wish import Amount, Meant, Spot, Things, Wish
from moravec.core.workplace import Workplace

Reads: TypeAlias = Callable[[str], Sequence[Meant] | Sequence[Wish]]

ONE = Amount("exactly", 1)
IT = Things(refers="it", amount=ONE, definite=True)
THEM = Things(refers="it", definite=True)
REJECT = Spot("place", "reject")


def item(name: str, location: str = "parcel", size: float = 300.0, length: float = 10.0, **more: Any) -> dict[str, Any]:
    colour, category = name.split("-")[:2]
    told = {"name": name, "category": category, "colour": colour, "size": size, "length": length}
    return told | {"damaged": False, "code": None, "location": location} | more


SCENE = {
    "about": "a delivery",
    "closed": False,
    "items": [
        item("red-can-1", size=330.0),
        item("red-can-2", size=500.0, length=17.0),
        item("blue-can-1", size=250.0),
        item("blue-box-1", size=1000.0, length=21.0, code="MV-001"),
        item("green-box-1", size=1500.0, length=25.0, code="MV-002", damaged=True),
        item("white-box-1", size=700.0, length=14.0),
        item("yellow-ball-1", location="bin:D", size=270.0),
        item("red-ball-1", location="table", size=90.0, length=5.0),
        item("white-tool-1", location="bin:A", size=60.0, length=22.0),
    ],
}


def b(label: str) -> Spot:
    return Spot("bin", label)


def the(category: str = "", colour: str = "", n: int | None = 1, **more: Any) -> Things:
    amount = Amount() if n is None else Amount("exactly", n)
    return Things(categories=(category,) * bool(category), colours=(colour,) * bool(colour), amount=amount, definite=True, **more)


def a(category: str = "", colour: str = "", n: int | None = 1, **more: Any) -> Things:
    return replace(the(category, colour, n, **more), definite=False)


def move(what: Things, to: Spot | None = None, **more: Any) -> Wish:
    return Wish("move", (what,), to, **more)


@final
class ToldMind:
    """A mind that is told what sentences mean, and plans as ever. Sentences that are given no meaning are refused."""

    def __init__(self, reads: Reads) -> None:
        self._reads = reads

    def read(self, instruction: str, workplace: Workplace) -> Reading:
        found = tuple(self._reads(instruction))
        if not found:
            return Reading(meant=(Meant((Wish("refuse", why="not-a-job"),)),))
        ways = tuple(way for way in found if isinstance(way, Meant))
        return Reading(meant=ways or (Meant(tuple(wish for wish in found if isinstance(wish, Wish))),))

    def plan(self, situation: Situation) -> Plan:
        return planned(situation)


class Talk:
    """A talk in wishes: what each turn moved, by names."""

    def __init__(self, scene: dict[str, Any] = SCENE, limits: Limits | None = None) -> None:
        self.next: tuple[Wish, ...] | tuple[Meant, ...] = ()
        self.cell = Cell.of(scene)
        self.player = Player(self.cell, ToldMind(lambda text: self.next), limits)

    def say(self, *wishes: Any, answers: tuple[int, ...] = ()) -> dict[str, str]:
        self.next, before = wishes, self.cell.locations()
        self.turn: Turn = self.player.say("words", answers)
        return {name: place for name, place in self.cell.locations().items() if place != before[name]}

    @property
    def refused(self) -> str | None:
        return self.turn.report.refused

    @property
    def options(self) -> tuple[str, ...]:
        return self.turn.asked[0].ask.options if self.turn.asked else ()

    @property
    def answers(self) -> list[Any]:
        return [answer["value"] for answer in self.turn.report.answers]
