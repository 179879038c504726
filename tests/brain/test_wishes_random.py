"""Random wishes in random small cells: a turn always ends within bounds, nothing unnamed moves for good, undo restores."""

from __future__ import annotations

import random
from typing import Any

import pytest
from helpers_wishes import Talk, item

from moravec.brain.recover import Limits
from moravec.brain.wishes.talk import GROUPS
from moravec.brain.wishes.wish import Amount, Condition, Size, Spot, Things, Wish

CATEGORIES, COLOURS = ("box", "can", "ball"), ("red", "blue")
PLACES = ("parcel", "table", "station", "reject")


def scene(rng: random.Random, twins: bool) -> dict[str, Any]:
    """Some items; with `twins` several may look alike."""
    closed, items = rng.random() < 0.3, []
    for n in range(rng.randint(1, 7)):
        name = f"{rng.choice(COLOURS)}-{rng.choice(CATEGORIES)}-{n}"
        at = "parcel" if closed else rng.choice(("parcel", "parcel", "table", "bin:A", "bin:B", "reject"))
        code = f"MV-{n:03d}" if "box" in name and rng.random() < 0.5 else None
        size, length = float(rng.choice((100, 100, 200, 400, 900))), float(rng.choice((5, 8, 12, 20)))
        size *= 1.0 if twins else 2.0**n
        items.append(item(name, at, size, length, damaged=rng.random() < 0.2, code=code))
    return {"about": "drawn", "closed": closed, "items": items}


def spot(rng: random.Random, depth: int) -> Spot:
    kind = rng.choice(("bin", "bin", "bin", "place", "bins", "rule", "same", "back", "of", "other", "unknown"))
    if kind == "of":
        return Spot("of", things=things(rng, depth - 1)) if depth else Spot("rule")
    return Spot(kind, {"bin": rng.choice("ABCZ"), "place": rng.choice(PLACES), "unknown": "the moon"}.get(kind, ""))


def things(rng: random.Random, depth: int = 2) -> Things:
    def sometimes(share: float, value: Any, otherwise: Any = None) -> Any:
        return value if rng.random() < share else otherwise

    size = Size(
        rng.choice(("smallest", "middle", "largest", "smaller", "small", "large", "larger", "below", "above", "about")),
        rng.choice(("volume", "length")), rng.choice((1e-4, 2e-4, 0.1)), rng.random() < 0.5,
        things(rng, depth - 1) if depth and rng.random() < 0.3 else None,
    )  # fmt: skip
    return Things(
        sometimes(0.3, rng.choice(("it", "other", "rest", "former", "latter")), ""),
        sometimes(0.6, (rng.choice(CATEGORIES),), ()), sometimes(0.3, (rng.choice(COLOURS),), ()),
        sometimes(0.1, (f"MV-{rng.randint(0, 6):03d}",), ()), sometimes(0.03, ("banana",), ()),
        sometimes(0.1, rng.choice(("damaged", "intact"))), sometimes(0.1, rng.random() < 0.5), sometimes(0.25, size),
        sometimes(0.3, spot(rng, depth)),
        Amount(rng.choice(("all", "all", "exactly", "exactly", "at most", "at least", "some", "half")), rng.randint(1, 3)),
        rng.random() < 0.6,
        (things(rng, depth - 1),) if depth and rng.random() < 0.15 else (),
    )  # fmt: skip


def wish(rng: random.Random, depth: int = 2) -> Wish:
    kinds = ("swap", "inspect", "open", "home", "leave", "undo", "ask", "name", "agree", "decline", "if")
    kind = rng.choice(("move",) * 6 + kinds)
    what = tuple(things(rng, depth) for _ in range(rng.choice((1, 1, 1, 2, 0))))
    to = spot(rng, depth) if rng.random() < 0.8 else None
    then = rng.random() < 0.2
    if kind == "if" and depth:
        holds = rng.choice(("any", "none", "all", "more", "fewer", "exactly", "full", "empty"))
        condition = Condition(holds, what or (Things(),), rng.randint(0, 3), to if holds in ("full", "empty") else None)
        inner = tuple(wish(rng, depth - 1) for _ in range(rng.randint(1, 2)))
        return Wish("if", condition=condition, wishes=inner, otherwise=(wish(rng, depth - 1),), then=then)
    if kind == "if":
        kind = "home"
    query = rng.choice(("what", "how many", "where", "any", "all", "which place", "help", "why", "doing"))
    others = (things(rng, depth),) if kind == "swap" else ()
    return Wish(kind, what, to, others, query if kind == "ask" else None, then=then)


@pytest.mark.parametrize("seed", range(60))
def test_every_turn_ends_within_bounds(seed: int) -> None:
    rng = random.Random(seed)
    talk = Talk(scene(rng, twins=True))
    for _ in range(4):
        answers = tuple(rng.choice((0, 0, -1)) for _ in range(6))
        moved = talk.say(*(wish(rng) for _ in range(rng.choice((1, 1, 2, 3)))), answers=answers)
        report, limits = talk.turn.report, Limits()
        assert len(talk.turn.asked) <= limits.questions
        assert len(report.steps) <= 400
        assert talk.cell.held is None
        if report.refused is not None:
            assert moved == {}, report.refused
        assert all(_wanted(place, talk) for place in moved.values()), (report.goal, moved)
        assert len(talk.player.agent.talk.groups) <= GROUPS


def _wanted(place: str, talk: Talk) -> bool:
    """Whether some clause sends things there."""
    to = [str(clause["to"]).removeprefix("place:") for clause in talk.turn.report.goal if clause["kind"] == "move"]
    return place in to or "rule" in to


@pytest.mark.parametrize("seed", range(40))
def test_undo_restores(seed: int) -> None:
    rng = random.Random(1000 + seed)
    talk = Talk(scene(rng, twins=False))
    moved: dict[str, str] = {}
    for _ in range(8):
        before = talk.cell.locations()
        moved = talk.say(wish(rng), answers=(0,) * 6)
        if moved and not any(place == "hand" for place in moved.values()):
            break
    if not moved:
        return
    talk.say(Wish("undo"))
    assert talk.refused is None
    assert talk.cell.locations() == before
