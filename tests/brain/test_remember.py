"""The inventory: identity over looks, moves, losses and finds."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest
from helpers_brain import CELL
from hypothesis import given, settings
from hypothesis import strategies as st

from moravec.brain.goal import Selection
from moravec.brain.match import match
from moravec.brain.remember import Inventory, natural
from moravec.brain.select import answering, candidates, fit
from moravec.brain.steps import Step
from moravec.core.errors import BadInput
from moravec.perception.detection import Detection


def seen(
    x: float, y: float = 0.0, category: str = "can", colour: str = "red", place: str = "parcel",
    size: float = 0.05, code: str | None = None, p: float = 0.8, damaged: bool = False,
) -> Detection:  # fmt: skip
    extent = (size, size, size)
    return Detection(
        place, (x, y, 0.0), extent, 0.0, (0.002,) * 3, colour, 0.9, category, p, damaged, 0.9, code, "c", (0, 0, 1, 1)
    )


def test_identity_survives_a_look_in_another_order() -> None:
    inventory = Inventory(CELL)
    a, b, c = seen(0.0), seen(0.1, colour="blue"), seen(0.2)
    assert inventory.update("parcel", [a, b, c], 0.0).new == ("item-1", "item-2", "item-3")
    changed = inventory.update("parcel", [replace(c, position=(0.21, 0.01, 0.0)), a, b], 1.0)
    assert not changed.new and not changed.missing
    assert inventory.item("item-3").position == (0.21, 0.01, 0.0)


def test_neighbours_that_roll_keep_their_colours() -> None:
    inventory = Inventory(CELL)
    inventory.update("parcel", [seen(0.0), seen(0.06, colour="blue")], 0.0)
    inventory.update("parcel", [seen(0.06), seen(0.0, colour="blue")], 1.0)  # they changed places
    assert inventory.item("item-1").colour == "red" and inventory.item("item-1").position[0] == 0.06


def test_one_that_jumped_far_is_known_by_its_looks() -> None:
    inventory = Inventory(CELL)
    inventory.update("parcel", [seen(0.0)], 0.0)
    assert not inventory.update("parcel", [seen(0.3)], 1.0).new
    assert inventory.update("parcel", [seen(0.3), seen(0.0, colour="green")], 2.0).new == ("item-2",)


def test_unseen_once_is_missing_and_twice_is_gone() -> None:
    inventory = Inventory(CELL)
    inventory.update("parcel", [seen(0.0), seen(0.2, colour="blue")], 0.0)
    first = inventory.update("parcel", [seen(0.0)], 1.0)
    assert first.missing == ("item-2",) and not first.gone and inventory.item("item-2").location == "parcel"
    second = inventory.update("parcel", [seen(0.0)], 2.0)
    assert second.gone == ("item-2",) and inventory.item("item-2").location == "gone"
    back = inventory.update("table", [seen(0.9, colour="blue", place="table")], 3.0)
    assert back.found == ("item-2",) and inventory.item("item-2").location == "table"


def test_bins_hide_their_lower_items() -> None:
    inventory = Inventory(CELL)
    inventory.update("bin_1", [seen(0.0, place="bin_1")], 0.0)
    for t in range(5):
        inventory.update("bin_1", [], float(t))
    assert inventory.item("item-1").location == "bin_1"


def test_different_codes_are_different_items() -> None:
    inventory = Inventory(CELL)
    inventory.update("parcel", [seen(0.0, code="MV-001")], 0.0)
    assert inventory.update("parcel", [seen(0.0, code="MV-002")], 1.0).new == ("item-2",)


def test_inspection_outranks_looks() -> None:
    inventory = Inventory(CELL)
    inventory.update("parcel", [seen(0.0)], 0.0)
    differing = inventory.inspected("item-1", seen(0.0, category="part", p=0.6, damaged=True, code="MV-9"), 1.0)
    assert differing == ("category", "damaged")
    inventory.update("parcel", [seen(0.0, category="can", p=0.99)], 2.0)
    item = inventory.item("item-1")
    assert item.category == "part" and item.damaged and item.inspected and item.code == "MV-9"


def test_a_surer_look_replaces_a_less_sure_one_only() -> None:
    inventory = Inventory(CELL)
    inventory.update("parcel", [seen(0.0, p=0.5)], 0.0)
    inventory.update("parcel", [seen(0.0, category="part", p=0.4)], 1.0)
    assert inventory.item("item-1").category == "can"
    inventory.update("parcel", [seen(0.0, category="part", p=0.7)], 2.0)
    assert inventory.item("item-1").category == "part"


def test_skills_move_items_and_opening_makes_a_look_due() -> None:
    inventory = Inventory(CELL)
    inventory.after(Step.of("look", place="parcel"), 0.0)
    inventory.after(Step.of("open", place="parcel"), 1.0)
    assert inventory.fluents["open", "parcel"] is True and inventory.fluents["seen", "parcel"] is False
    inventory.update("parcel", [seen(0.0)], 2.0)
    inventory.after(Step.of("pick", item="item-1"), 3.0)
    assert inventory.holding() == "item-1" and inventory.whereabouts("item-1") is None
    inventory.after(Step.of("stow", item="item-1", place="bin_2"), 4.0)
    assert inventory.holding() is None and inventory.item("item-1").location == "bin_2"
    assert [e["event"] for e in inventory.history] == ["new", "moved", "moved"]
    json.dumps(inventory.snapshot())


def test_whereabouts_is_what_was_seen() -> None:
    inventory = Inventory(CELL)
    inventory.update("parcel", [seen(0.1)], 0.0)
    assert inventory.whereabouts("item-1") == seen(0.1) and inventory.whereabouts("item-7") is None


def test_a_neighbour_that_came_along_keeps_its_name() -> None:
    inventory = Inventory(CELL)
    inventory.update("parcel", [seen(0.0), seen(0.05, colour="blue")], 0.0)
    inventory.after(Step.of("pick", item="item-1"), 1.0)
    inventory.after(Step.of("place", item="item-1", place="station"), 2.0)
    station = CELL.place("station").centre[0]
    both = [seen(station, place="station"), seen(station + 0.05, colour="blue", place="station")]
    inventory.update("station", both, 3.0)
    assert inventory.item("item-2").location == "station" and len(inventory.items) == 2


@pytest.mark.parametrize("call", ["update", "item", "after", "labels"])
def test_unknown_names_are_refused(call: str) -> None:
    inventory = Inventory(CELL)
    with pytest.raises(BadInput):
        if call == "update":
            inventory.update("moon", [], 0.0)
        elif call == "item":
            inventory.item("item-1")
        elif call == "after":
            inventory.after(Step.of("fly"), 0.0)
        else:
            inventory.read_labels({"moon": "A"})


@given(st.integers(0, 9999), st.integers(0, 8), st.integers(0, 8))
@settings(max_examples=60, deadline=None)
def test_matching_is_one_to_one_and_finds_what_did_not_move(seed: int, n: int, extra: int) -> None:
    rng = np.random.default_rng(seed)
    spots = rng.permutation(25)[: n + extra]
    known = [seen(0.2 * (s % 5), 0.2 * (s // 5)) for s in spots[:n]]
    now = [replace(k, position=(k.position[0] + 0.01, k.position[1], 0.0)) for k in known]
    now += [seen(0.2 * (s % 5), 0.2 * (s // 5), colour="blue") for s in spots[n:]]
    order = rng.permutation(len(now))
    pairs = match(known, [now[i] for i in order])
    assert len({i for i, _ in pairs}) == len({j for _, j in pairs}) == len(pairs)
    assert sorted((i, int(order[j])) for i, j in pairs) == [(i, i) for i in range(n)]


# ── selections over the inventory ────────────────────────────────────────────────────────────────────────────────
def stocked() -> Inventory:
    inventory = Inventory(CELL)
    inventory.update("parcel", [seen(0.0, size=0.03), seen(0.1, size=0.06), seen(0.2, colour="blue", size=0.05)], 0.0)
    return inventory


def ids(what: Selection) -> list[str]:
    inventory = stocked()
    return [i.id for i in candidates(what, inventory, inventory.items.values())[0]]


def test_sizes_compare_with_the_others_that_fit() -> None:
    assert ids(Selection(sizes=("small",), colours=("red",))) == ["item-1"]
    assert ids(Selection(sizes=("largest",))) == ["item-2"]
    assert ids(Selection(sizes=("small",), colours=("blue",))) == []  # one alone is neither small nor large
    assert ids(Selection(exceptions=(Selection(sizes=("smallest",)),))) == ["item-2", "item-3"]
    assert ids(Selection(exceptions=(Selection(categories=("can",), count=2),))) == ["item-3"]


def test_what_a_closer_look_may_change_is_not_sure() -> None:
    inventory = stocked()
    item = inventory.item("item-1")
    damaged = fit(item, Selection(condition="damaged"), inventory)
    assert not damaged.match and not damaged.sure
    assert fit(item, Selection(colours=("blue",), condition="damaged"), inventory).sure
    assert not fit(item, Selection(codes=("MV-001",)), inventory).sure
    inventory.inspected("item-1", seen(0.0), 1.0)
    assert fit(inventory.item("item-1"), Selection(condition="damaged"), inventory).sure


def test_a_bin_that_moved_took_along_what_is_in_it() -> None:
    inventory = Inventory(CELL)
    inventory.read_labels({"bin_1": "A", "bin_2": "B", "bin_3": "C"})
    for x, place in enumerate(("bin_1", "bin_2", "bin_3")):
        inventory.update(place, [seen(float(x), place=place)], 1.0)
    inventory.fluents["full", "bin_1"] = True
    inventory.read_labels({"bin_1": "B", "bin_2": "A"}, 2.0)
    assert [item.location for item in inventory.items.values()] == ["bin_2", "bin_1", "bin_3"]
    assert inventory.labels == {"bin_1": "B", "bin_2": "A", "bin_3": "C"}
    assert [inventory.fluents.get(("full", place)) for place in ("bin_1", "bin_2")] == [False, True]


def test_a_label_that_is_read_elsewhere_is_no_longer_where_it_was() -> None:
    inventory = Inventory(CELL)
    inventory.read_labels({"bin_1": "A", "bin_2": "B"})
    inventory.read_labels({"bin_4": "A"})
    assert inventory.labels == {"bin_2": "B", "bin_4": "A"}
    inventory.read_labels({"bin_4": "A", "bin_2": "B"})
    assert inventory.labels == {"bin_2": "B", "bin_4": "A"} and not inventory.items


def test_questions_reach_into_the_bins() -> None:
    inventory = stocked()
    inventory.read_labels({"bin_1": "C"})
    inventory.after(Step.of("pick", item="item-1"), 1.0)
    inventory.fluents["open", "parcel"] = True
    inventory.after(Step.of("stow", item="item-1", place="bin_1"), 1.0)
    assert [i.id for i in answering(Selection(place="bin:C"), inventory)] == ["item-1"]
    assert [i.id for i in answering(Selection(categories=("can",)), inventory)] == ["item-1", "item-2", "item-3"]
    assert [i.id for i in answering(Selection(place="parcel"), inventory)] == ["item-2", "item-3"]


def test_items_sort_by_number() -> None:
    assert sorted(["item-10", "item-2", "x"], key=natural) == ["item-2", "item-10", "x"]


def test_two_bins_with_the_same_label_both_keep_it_and_what_lies_in_them() -> None:
    inventory = Inventory(CELL)
    for _ in range(2):
        inventory.read_labels({"bin_1": "B", "bin_2": "A", "bin_3": "B"})
        assert inventory.labels == {"bin_1": "B", "bin_2": "A", "bin_3": "B"}
    inventory.read_labels({"bin_1": "B", "bin_2": "B", "bin_3": "A"}, 1.0)  # bins 2 and 3 changed places
    assert inventory.labels == {"bin_1": "B", "bin_2": "B", "bin_3": "A"}
