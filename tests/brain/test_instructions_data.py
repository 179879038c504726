"""The instructions of tests/brain/instructions hold together: their form, scenes, talks and counts. Nothing reads them here."""

from __future__ import annotations

import json
import re
import unicodedata
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from moravec.worlds.cell.items import CATEGORIES, COLOURS
from moravec.worlds.cell.layout import LABELS

FOLDER = Path(__file__).parent / "instructions"
ENTRY = {"id", "scene", "before", "text", "want", "tags"}
ITEM = {"name", "category", "colour", "size", "length", "damaged", "code", "location"}
PLACES = {"parcel", "station", "table", "reject", *(f"bin:{label}" for label in LABELS)}
REASONS = {"unsafe", "impossible", "unknown", "not-a-job"}
KINDS = ("final", "any", "answer", "inspect", "open", "home", "stop", "refuse", "ask")
LEAST_OF_KIND = {"refuse": 25, "ask": 25, "answer": 30, "any": 8, "inspect": 3, "open": 3, "home": 2, "stop": 2}
LEAST_OF_TAG = {
    "ambiguity": 25, "code": 20, "conditional": 10, "correction": 5, "damage": 20, "injection": 3, "long": 5,
    "mixed-language": 4, "multi-turn": 40, "negation": 20, "no-punctuation": 20, "non-native": 4, "nothing-to-do": 4,
    "number-words": 20, "order": 10, "paraphrase": 10, "plain": 20, "polite": 10, "quantity": 20, "question": 30,
    "reference": 40, "refusal": 25, "rest": 10, "rule": 20, "sequence": 5, "short": 20, "size": 10, "spoken": 8,
    "swap": 5, "typo": 30, "undo": 3, "units": 5, "upper-case": 3,
}  # fmt: skip

Want = dict[str, Any]


def _lines(name: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (FOLDER / name).read_text(encoding="utf-8").splitlines()]


SCENES: dict[str, dict[str, Any]] = json.loads((FOLDER / "scenes.json").read_text(encoding="utf-8"))
ENGLISH, CHINESE = _lines("english.jsonl"), _lines("chinese.jsonl")
ENTRIES = [*ENGLISH, *CHINESE]
BY_ID = {entry["id"]: entry for entry in ENTRIES}
each_entry = pytest.mark.parametrize("entry", ENTRIES, ids=[entry["id"] for entry in ENTRIES])
each_scene = pytest.mark.parametrize("scene", SCENES)


def kind_of(want: Want) -> str:
    """What is wanted, in a word; the keys beside it must be those it may have."""
    (kind,) = [kind for kind in KINDS if kind in want]
    beside = {"final": {"order"}, "refuse": {"why"}}.get(kind, set())
    assert set(want) - {kind} <= beside
    return kind


def places_at_start(scene: str) -> dict[str, str]:
    return {item["name"]: item["location"] for item in SCENES[scene]["items"]}


def places_before(entry: dict[str, Any]) -> dict[str, str]:
    """Where everything lies when the entry is said."""
    at = places_at_start(entry["scene"])
    for earlier in entry["before"]:
        at |= BY_ID[earlier]["want"].get("final", {})
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


@each_scene
def test_a_scene_is_one_the_cell_could_show(scene: str) -> None:
    told = SCENES[scene]
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


@each_scene
def test_smallest_and_largest_are_plain(scene: str) -> None:
    """No two items have the same size and length but those that nobody can tell apart."""
    seen: dict[float, dict[str, Any]] = {}
    for item in SCENES[scene]["items"]:
        if item["category"] in seen.setdefault(item["size"], {}):
            twin = seen[item["size"]][item["category"]]
            assert all(item[key] == twin[key] for key in ("colour", "length", "damaged", "code", "location"))
        seen[item["size"]][item["category"]] = item


def test_the_scenes_differ_as_promised() -> None:
    def looks(item: dict[str, Any]) -> tuple[Any, ...]:
        return tuple(item[key] for key in sorted(ITEM - {"name"}))

    assert len(SCENES) == 5
    items = {name: scene["items"] for name, scene in SCENES.items()}
    assert {"bin:A", "bin:B", "bin:C", "bin:D", "table", "station", "reject"} <= {i["location"] for i in items["midway"]}
    assert sum(i["category"] == "can" and i["colour"] == "red" for i in items["delivery"]) == 2
    assert max(Counter(looks(item) for item in items["twins"]).values()) == 2
    assert not any(item["category"] == "bottle" for item in items["no-bottles"])
    boxes = [item for item in items["codes"] if item["category"] == "box"]
    assert sum(item["code"] is not None for item in boxes) > len(boxes) / 2
    assert {scene["closed"] for scene in SCENES.values()} == {True, False}
    assert all(i["location"] == "parcel" for scene in SCENES.values() if scene["closed"] for i in scene["items"])


@each_entry
def test_an_entry_has_its_form(entry: dict[str, Any]) -> None:
    assert set(entry) == ENTRY
    assert entry["scene"] in SCENES
    assert entry["text"].strip() == entry["text"] != ""
    assert entry["tags"] == sorted(set(entry["tags"]))
    assert entry["tags"]
    assert set(entry["tags"]) <= set(LEAST_OF_TAG)
    check_want(entry["want"], places_before(entry))


@each_entry
def test_a_talk_goes_back_to_its_first_turn(entry: dict[str, Any]) -> None:
    """Each turn names all turns before it, oldest first; so a chain can have no circle and no gap."""
    earlier = entry["before"]
    order = list(BY_ID)
    assert all(order.index(turn) < order.index(entry["id"]) for turn in earlier)
    if earlier:
        last = BY_ID[earlier[-1]]
        assert earlier == [*last["before"], last["id"]]
        assert last["scene"] == entry["scene"]
        assert last["id"][:3] == entry["id"][:3]
        assert kind_of(last["want"]) in ("final", "answer", "ask"), "it must be plain what the turn before left behind"


@each_entry
def test_tags_follow_from_what_is_wanted(entry: dict[str, Any]) -> None:
    tags, want = set(entry["tags"]), entry["want"]
    assert ("ambiguity" in tags) == ("ask" in want)
    assert ("refusal" in tags) == ("refuse" in want)
    assert ("question" in tags) == ("answer" in want)
    assert ("order" in tags) == ("order" in want)
    assert ("multi-turn" in tags) == bool(entry["before"])
    assert ("nothing-to-do" in tags) == (want.get("final") == {})
    assert ("no-punctuation" in tags) == (re.search(r"[.,!?;:，。！？；：、…]", entry["text"]) is None)
    assert "upper-case" not in tags or entry["text"].isupper()


def test_the_answer_to_a_question_is_one_of_its_outcomes() -> None:
    """What is said after a question back picks one of the outcomes that it listed."""
    answers = [entry for entry in ENTRIES if entry["before"] and "ask" in BY_ID[entry["before"][-1]]["want"]]
    assert len(answers) >= 10
    for entry in answers:
        assert entry["want"] in BY_ID[entry["before"][-1]]["want"]["ask"]


def test_three_hundred_and_no_two_alike() -> None:
    assert [entry["id"] for entry in ENGLISH] == [f"en-{n:03d}" for n in range(1, 201)]
    assert [entry["id"] for entry in CHINESE] == [f"zh-{n:03d}" for n in range(1, 101)]
    bare = Counter("".join(c for c in unicodedata.normalize("NFKC", e["text"]).casefold() if c.isalnum()) for e in ENTRIES)
    assert [text for text, count in bare.items() if count > 1] == []
    assert not any(re.search("[\u4e00-\u9fff]", entry["text"]) for entry in ENGLISH)
    assert all(re.search("[\u4e00-\u9fff]", entry["text"]) for entry in CHINESE)


def test_every_scene_kind_and_tag_is_well_covered() -> None:
    kinds = Counter(kind_of(entry["want"]) for entry in ENTRIES)
    tags = Counter(tag for entry in ENTRIES for tag in entry["tags"])
    assert set(kinds) == set(KINDS)
    assert {kind: kinds[kind] for kind, least in LEAST_OF_KIND.items() if kinds[kind] < least} == {}
    assert {tag: tags[tag] for tag, least in LEAST_OF_TAG.items() if tags[tag] < least} == {}
    assert {entry["want"].get("refuse") for entry in ENTRIES} == {None, *REASONS}
    assert {e["want"]["answer"]["kind"] for e in ENTRIES if "answer" in e["want"]} == {"count", "items", "place", "yesno"}
    assert min(Counter(entry["scene"] for entry in ENTRIES).values()) >= 35


def test_the_readme_counts_right() -> None:
    """Each row "| name | meaning | English | Chinese |" of its tables, and no kind or tag without a row."""
    text = (FOLDER / "README.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| `([\w-]+)` \|.*\| (\d+) \| (\d+) \|$", text, re.MULTILINE)
    told = {name: (int(english), int(chinese)) for name, english, chinese in rows}
    assert len(told) == len(rows)

    def counts(entries: list[dict[str, Any]]) -> Counter[str]:
        return Counter(name for e in entries for name in (kind_of(e["want"]), *e["tags"]))

    english, chinese = counts(ENGLISH), counts(CHINESE)
    assert told == {name: (english[name], chinese[name]) for name in english | chinese}
