"""The form of instructions and scenes, as instructions/README.md describes it, checked."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from moravec.worlds.cell.items import CATEGORIES, COLOURS
from moravec.worlds.cell.layout import LABELS

ITEM = {"name", "category", "colour", "size", "length", "damaged", "code", "location"}
PLACES = {"parcel", "station", "table", "reject", *(f"bin:{label}" for label in LABELS)}
REASONS = {"unsafe", "impossible", "unknown", "not-a-job"}
KINDS = ("final", "any", "answer", "inspect", "open", "home", "stop", "refuse", "ask")

Want = dict[str, Any]
Entry = dict[str, Any]
Scenes = Mapping[str, Any]


def lines_of(path: Path) -> list[Entry]:
    """The entries of a file."""
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def kind_of(want: Want) -> str:
    """What is wanted, in a word; the keys beside it must be those it may have."""
    (kind,) = [kind for kind in KINDS if kind in want]
    beside = {"final": {"order"}, "refuse": {"why"}}.get(kind, set())
    assert set(want) - {kind} <= beside
    return kind


def places_before(entry: Entry, by_id: Mapping[str, Entry], scenes: Scenes) -> dict[str, str]:
    """Where everything lies when the entry is said."""
    at = {item["name"]: item["location"] for item in scenes[entry["scene"]]["items"]}
    for earlier in entry["before"]:
        at |= by_id[earlier]["want"].get("final", {})
    return at


def check_final(want: Want, at: dict[str, str]) -> None:
    for item, place in want["final"].items():
        assert item in at
        assert place in PLACES
        assert place != at[item], f"{item} is there already"
    pairs = [tuple(pair) for pair in want.get("order", [])]
    assert "order" not in want or pairs
    assert len(set(pairs)) == len(pairs)
    for first, second in pairs:
        assert {first, second} <= set(want["final"])
    after = {item: {b for a, b in pairs if a == item} for item in want["final"]}
    while after:  # what nothing comes before is taken out, until nothing is left or a circle is
        free = [item for item in after if not any(item in later for later in after.values())]
        assert free, "the order goes in a circle"
        after = {item: later for item, later in after.items() if item not in free}


def check_answer(answer: dict[str, Any], at: dict[str, str]) -> None:
    assert set(answer) == {"kind", "value"}
    kind, value = answer["kind"], answer["value"]
    if kind == "count":
        assert type(value) is int
        assert 0 <= value <= len(at)
    elif kind == "items":
        assert len(set(value)) == len(value)
        assert set(value) <= set(at)
    elif kind == "place":
        assert value in PLACES
    else:
        assert (kind, type(value)) == ("yesno", bool)


def check_want(want: Want, at: dict[str, str]) -> None:
    kind = kind_of(want)
    value = want[kind]
    if kind == "final":
        check_final(want, at)
    elif kind == "answer":
        check_answer(value, at)
    elif kind == "any":
        assert set(value) == {"of", "count", "to"}
        assert value["to"] in PLACES
        assert 0 < value["count"] < len(value["of"]) == len(set(value["of"]))
        assert all(at[item] != value["to"] for item in value["of"])
    elif kind == "inspect":
        assert value
        assert set(value) <= set(at)
    elif kind == "refuse":
        assert value in REASONS
        assert 0 < len(want["why"]) <= 80
    elif kind == "ask":
        assert len({json.dumps(outcome, sort_keys=True) for outcome in value}) == len(value) >= 2
        for outcome in value:
            assert kind_of(outcome) != "ask"
            check_want(outcome, at)
    else:
        assert value == ("parcel" if kind == "open" else True)


def check_scene(told: Mapping[str, Any]) -> None:
    assert set(told) == {"about", "closed", "items"}
    assert isinstance(told["closed"], bool)
    items = told["items"]
    assert 8 <= len(items) <= 14
    assert len({item["name"] for item in items}) == len(items)
    codes = [item["code"] for item in items if item["code"] is not None]
    assert len(set(codes)) == len(codes)
    for item in items:
        assert set(item) == ITEM
        assert item["category"] in CATEGORIES
        assert item["colour"] in COLOURS
        assert item["size"] > 0
        assert item["length"] > 0
        assert isinstance(item["damaged"], bool)
        assert item["code"] is None or (item["category"] == "box" and re.fullmatch(r"MV-\d{3}", item["code"]))
        assert item["location"] in PLACES
    assert sum(item["location"] == "station" for item in items) <= 1
    check_sizes(items)


def check_sizes(items: Sequence[Mapping[str, Any]]) -> None:
    """No two items have the same size and length but those that nobody can tell apart."""
    seen: dict[float, dict[str, Any]] = {}
    for item in items:
        if item["category"] in seen.setdefault(item["size"], {}):
            twin = seen[item["size"]][item["category"]]
            assert all(item[key] == twin[key] for key in ("colour", "length", "damaged", "code", "location"))
        seen[item["size"]][item["category"]] = item


def check_talk(entry: Entry, by_id: Mapping[str, Entry]) -> None:
    """Each turn names all turns before it, oldest first; so a chain can have no circle and no gap."""
    earlier = entry["before"]
    order = list(by_id)
    assert all(order.index(turn) < order.index(entry["id"]) for turn in earlier)
    if earlier:
        last = by_id[earlier[-1]]
        assert earlier == [*last["before"], last["id"]]
        assert last["scene"] == entry["scene"]
        assert last["id"][:3] == entry["id"][:3]
        assert kind_of(last["want"]) in ("final", "answer", "ask"), "it must be plain what the turn before left behind"
        if "ask" in last["want"]:
            assert entry["want"] in last["want"]["ask"], "an answer picks one of the outcomes that the question listed"


def check_tags(entry: Entry) -> None:
    """Some tags follow from what is wanted, and from the text."""
    tags, want = set(entry["tags"]), entry["want"]
    assert entry["tags"] == sorted(tags)
    assert ("ambiguity" in tags) == ("ask" in want)
    assert ("refusal" in tags) == ("refuse" in want)
    assert ("question" in tags) == ("answer" in want)
    assert ("order" in tags) == ("order" in want)
    assert ("multi-turn" in tags) == bool(entry["before"])
    assert ("nothing-to-do" in tags) == (want.get("final") == {})
    assert ("no-punctuation" in tags) == (re.search(r"[.,!?;:，。！？；：、…]", entry["text"]) is None)
    assert "upper-case" not in tags or entry["text"].isupper()
