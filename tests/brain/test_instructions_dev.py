"""The instructions of tests/brain/instructions_dev hold together, and with their readings the talks come right."""

from __future__ import annotations

import json
import re
import unicodedata
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from helpers_instructions import (
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
from helpers_wishes import ToldMind
from judge_instructions import verdict_on

from moravec.brain.reader.written import read, write
from moravec.models.reader.text import split

FOLDER = Path(__file__).parent / "instructions_dev"
SCENES: dict[str, dict[str, Any]] = json.loads((FOLDER / "scenes.json").read_text(encoding="utf-8"))
ENGLISH, CHINESE = lines_of(FOLDER / "english.jsonl"), lines_of(FOLDER / "chinese.jsonl")
ENTRIES = [*ENGLISH, *CHINESE]
BY_ID = {entry["id"]: entry for entry in ENTRIES}
LEFT = {  # entry -> why it does not come right
    "en-178": 'the reading of "sorry, the blue box I meant" says no more than that of "the blue box"',
}
READ = {entry["text"]: read(entry["wishes"]) for entry in ENTRIES}
each_entry = pytest.mark.parametrize("entry", ENTRIES, ids=[entry["id"] for entry in ENTRIES])


@pytest.mark.parametrize("scene", SCENES)
def test_a_scene_is_one_the_cell_could_show(scene: str) -> None:
    check_scene(SCENES[scene])


@each_entry
def test_an_entry_has_its_form(entry: dict[str, Any]) -> None:
    assert set(entry) == {"id", "scene", "before", "text", "want", "wishes", "tags"}
    check_want(entry["want"], places_before(entry, BY_ID, SCENES))
    check_talk(entry, BY_ID)
    check_tags(entry)


@each_entry
def test_a_reading_is_one_that_a_reader_could_write(entry: dict[str, Any]) -> None:
    assert list(write(read(entry["wishes"]), split(entry["text"]))) == entry["wishes"]


def test_no_two_are_alike_and_every_kind_is_there() -> None:
    assert [entry["id"] for entry in ENGLISH] == [f"en-{n:03d}" for n in range(1, len(ENGLISH) + 1)]
    assert [entry["id"] for entry in CHINESE] == [f"zh-{n:03d}" for n in range(1, len(CHINESE) + 1)]
    bare = Counter("".join(c for c in unicodedata.normalize("NFKC", e["text"]).casefold() if c.isalnum()) for e in ENTRIES)
    assert [text for text, count in bare.items() if count > 1] == []
    assert not any(re.search("[\u4e00-\u9fff]", entry["text"]) for entry in ENGLISH)
    assert all(re.search("[\u4e00-\u9fff]", entry["text"]) for entry in CHINESE)
    assert {kind_of(entry["want"]) for entry in ENTRIES} == set(KINDS)
    assert {e["want"]["refuse"] for e in ENTRIES if "refuse" in e["want"]} == REASONS


@each_entry
def test_with_the_right_reading_it_comes_right(entry: dict[str, Any]) -> None:
    verdict = verdict_on(entry, BY_ID, SCENES, ToldMind(READ.__getitem__))
    assert verdict.right is (entry["id"] not in LEFT), verdict.why or "it comes right by now"
    assert verdict.reason is not False, "refused for another reason"
