"""The instructions of tests/brain/instructions hold together: their form, scenes, talks and counts. Nothing reads them here."""

from __future__ import annotations

import json
import re
import unicodedata
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from helpers_instructions import (
    ITEM,
    KINDS,
    REASONS,
    check_scene,
    check_tags,
    check_talk,
    check_want,
    kind_of,
    lines_of,
    places_before,
)

FOLDER = Path(__file__).parent / "instructions"
ENTRY = {"id", "scene", "before", "text", "want", "tags"}
LEAST_OF_KIND = {"refuse": 25, "ask": 25, "answer": 30, "any": 8, "inspect": 3, "open": 3, "home": 2, "stop": 2}
LEAST_OF_TAG = {
    "ambiguity": 25, "code": 20, "conditional": 10, "correction": 5, "damage": 20, "injection": 3, "long": 5,
    "mixed-language": 4, "multi-turn": 40, "negation": 20, "no-punctuation": 20, "non-native": 4, "nothing-to-do": 4,
    "number-words": 20, "order": 10, "paraphrase": 10, "plain": 20, "polite": 10, "quantity": 20, "question": 30,
    "reference": 40, "refusal": 25, "rest": 10, "rule": 20, "sequence": 5, "short": 20, "size": 10, "spoken": 8,
    "swap": 5, "typo": 30, "undo": 3, "units": 5, "upper-case": 3,
}  # fmt: skip

SCENES: dict[str, dict[str, Any]] = json.loads((FOLDER / "scenes.json").read_text(encoding="utf-8"))
ENGLISH, CHINESE = lines_of(FOLDER / "english.jsonl"), lines_of(FOLDER / "chinese.jsonl")
ENTRIES = [*ENGLISH, *CHINESE]
BY_ID = {entry["id"]: entry for entry in ENTRIES}
each_entry = pytest.mark.parametrize("entry", ENTRIES, ids=[entry["id"] for entry in ENTRIES])
each_scene = pytest.mark.parametrize("scene", SCENES)


@each_scene
def test_a_scene_is_one_the_cell_could_show(scene: str) -> None:
    check_scene(SCENES[scene])


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
    assert entry["tags"]
    assert set(entry["tags"]) <= set(LEAST_OF_TAG)
    check_want(entry["want"], places_before(entry, BY_ID, SCENES))


@each_entry
def test_a_talk_goes_back_to_its_first_turn(entry: dict[str, Any]) -> None:
    check_talk(entry, BY_ID)


@each_entry
def test_tags_follow_from_what_is_wanted(entry: dict[str, Any]) -> None:
    check_tags(entry)


def test_questions_are_answered() -> None:
    """That it is one of them, `check_talk` checks."""
    assert sum(bool(entry["before"]) and "ask" in BY_ID[entry["before"][-1]]["want"] for entry in ENTRIES) >= 10


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
